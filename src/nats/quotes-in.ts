// Quotes in: each message on a price subject, decoded at once, in the order in which they come.
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { quoteBytesMax, quoteOfJson } from '#src/contracts/quote';
import { idPattern } from '#src/contracts/primitives';
import { decodeSymbol, feedToken, symbolToken } from '#src/contracts/subjects';
import { messageOf } from '#src/domain/errors';
import type { BusHost } from '#src/ports/bus';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { Open } from './kept-open.ts';
import { subscribed } from './subscription.ts';

/** Subjects whose symbol is remembered; beyond it all are forgotten. */
const subjectsMax = 10_000;
/** Most characters of a symbol's token which the log shows where the subject names no place. */
const shownCharsMax = 64;

/** What a price subject names. */
interface PricePlace {
  readonly symbol: string;
  readonly feed: string | undefined;
}

export class QuotesIn {
  private readonly host: BusHost;
  private readonly metrics: Metrics;
  private readonly logger: Logger;
  /** By subject, so that each is taken apart once. */
  private readonly places = new Map<string, PricePlace>();

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
      const place = this.places.get(subject) ?? this.learn(subject);
      const quote =
        place === undefined || data.length > quoteBytesMax
          ? undefined
          : quoteOfJson(place.symbol, message.string(), this.host.now(), place.feed);
      if (quote !== undefined) this.host.quote(quote);
      else {
        this.host.malformedQuote(place?.symbol ?? symbolToken(subject).slice(0, shownCharsMax));
      }
    } catch (error) {
      this.metrics.count('quotes_failed');
      this.logger.error({ error: messageOf(error) }, 'a quote failed inside');
    }
  }

  /** Undefined where a token is no symbol, or no id of a feed. */
  private learn(subject: string): PricePlace | undefined {
    const symbol = decodeSymbol(symbolToken(subject));
    const feed = feedToken(subject);
    if (symbol === undefined || (feed !== undefined && !idPattern.test(feed))) return undefined;
    if (this.places.size >= subjectsMax) this.places.clear();
    const place = { symbol, feed };
    this.places.set(subject, place);
    return place;
  }
}
