// Quotes in: each message on a price subject, decoded at once, in the order in which they come.
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { quoteBytesMax, quoteOfJson } from '#src/contracts/quote';
import { decodeSymbol, symbolToken } from '#src/contracts/subjects';
import { messageOf } from '#src/domain/errors';
import type { BusHost } from '#src/ports/bus';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { Open } from './kept-open.ts';
import { subscribed } from './subscription.ts';

/** Subjects whose symbol is remembered; beyond it all are forgotten. */
const subjectsMax = 10_000;
/** Most characters of a token that is no symbol which the log shows. */
const shownCharsMax = 64;

export class QuotesIn {
  private readonly host: BusHost;
  private readonly metrics: Metrics;
  private readonly logger: Logger;
  /** Subject → symbol, so that a subject is taken apart once. */
  private readonly symbols = new Map<string, string>();

  constructor(host: BusHost, { metrics, logger }: { metrics: Metrics; logger: Logger }) {
    this.host = host;
    this.metrics = metrics;
    this.logger = logger;
  }

  subscribe(connection: NatsConnection, subject: string): Open {
    return subscribed(connection, subject, (message) => this.take(message));
  }

  private take(message: Msg): void {
    try {
      this.metrics.count('quotes_received');
      const { subject, data } = message;
      const symbol = this.symbols.get(subject) ?? this.learn(subject);
      const quote =
        symbol === undefined || data.length > quoteBytesMax
          ? undefined
          : quoteOfJson(symbol, message.string(), this.host.now());
      if (quote !== undefined) this.host.quote(quote);
      else this.host.malformedQuote(symbol ?? symbolToken(subject).slice(0, shownCharsMax));
    } catch (error) {
      this.metrics.count('quotes_failed');
      this.logger.error({ error: messageOf(error) }, 'a quote failed inside');
    }
  }

  private learn(subject: string): string | undefined {
    const symbol = decodeSymbol(symbolToken(subject));
    if (symbol === undefined) return undefined;
    if (this.symbols.size >= subjectsMax) this.symbols.clear();
    this.symbols.set(subject, symbol);
    return symbol;
  }
}
