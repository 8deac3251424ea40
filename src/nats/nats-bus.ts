// The bus on NATS: quotes and commands in, answers and events out, over one connection, so that what
// one publisher sent in order arrives in order.
import type { NatsConnection, Status } from '@nats-io/transport-node';
import { commandSubjects, priceSubjects } from '#src/contracts/subjects';
import { CloseoutError, invariant, messageOf } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Bus, BusHost } from '#src/ports/bus';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import { CommandService } from './command-service.ts';
import { connectNats, shownUrl, type NatsTarget } from './connection.ts';
import { EventsOut } from './events-out.ts';
import { KeptOpen } from './kept-open.ts';
import { QuotesIn } from './quotes-in.ts';
import { within } from './within.ts';

export interface NatsBusOptions extends NatsTarget {
  /** Of this program, as `$SRV.INFO` tells it. */
  readonly version: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export interface NatsStatus {
  readonly isConnected: boolean;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface NatsBus extends Bus {
  status(): NatsStatus;
}

/** How long the last answers, and what has arrived already, may take when the bus stops. */
const drainMs = 3000;

/**
 * A bus that is not connected before `start`, which throws `CloseoutError` `nats_unavailable`
 * (retryable) where no server answers, and `nats_refused` where it does not let this program in or
 * subscribe. Once started it comes back to a lost server for ever. `flush` rejects where events that
 * are owed wait for a lost server.
 */
export function natsBus(options: NatsBusOptions): NatsBus {
  return new NatsBusImpl(options);
}

class NatsBusImpl implements NatsBus {
  private readonly options: NatsBusOptions;
  private connection: NatsConnection | undefined;
  private events: EventsOut | undefined;
  private service: CommandService | undefined;
  private kept: KeptOpen[] = [];
  private current: NatsStatus = { isConnected: false, since: Date.now() };
  private isClosing = false;
  private lastError: string | undefined;

  constructor(options: NatsBusOptions) {
    this.options = options;
  }

  async start(host: BusHost): Promise<void> {
    invariant(this.connection === undefined, 'a bus is started once');
    const { url } = this.options;
    const connection = await connectNats(this.options, 'closeout');
    this.connection = connection;
    this.noteConnected(true);
    void this.watch(connection);
    this.events = new EventsOut(connection, this.options);
    try {
      await this.subscribe(connection, host);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.options.logger.info({ url: shownUrl(url) }, 'NATS: connected and subscribed');
  }

  publish(event: RuntimeEvent): void {
    this.events?.publish(event);
  }

  async flush(): Promise<void> {
    await this.events?.flush();
  }

  async stopReceiving(): Promise<void> {
    const drained = Promise.all(this.kept.map((kept) => kept.drain()));
    await this.patiently(drained, 'draining the subscriptions');
  }

  async close(): Promise<void> {
    const { connection } = this;
    if (connection === undefined || this.isClosing) return;
    await this.stopReceiving();
    if (this.service !== undefined) {
      await this.patiently(this.service.idle(), 'answering the last commands');
    }
    this.isClosing = true;
    if (this.current.isConnected)
      await this.patiently(connection.flush(), 'sending the last words');
    await connection.close();
    this.events?.connectionLost();
    this.noteConnected(false);
  }

  status(): NatsStatus {
    return this.current;
  }

  /** Throws where the server refuses a subscription: it says so before it answers the flush. */
  private async subscribe(connection: NatsConnection, host: BusHost): Promise<void> {
    const { metrics, logger, url } = this.options;
    const quotes = new QuotesIn(host, this.options);
    const service = new CommandService(connection, host, this.options);
    this.service = service;
    const all = [
      ...priceSubjects.map((subject) => ({
        what: subject,
        open: () => quotes.subscribe(connection, subject),
      })),
      { what: commandSubjects, open: () => service.open() },
    ].map(({ what, open }) => ({ what, kept: new KeptOpen({ what, open, metrics, logger }) }));
    this.kept = all.map(({ kept }) => kept);
    for (const kept of this.kept) await kept.open();
    await connection.flush();
    const refused = all.filter(({ kept }) => !kept.isOpen).map(({ what }) => what);
    if (refused.length === 0) return;
    throw new CloseoutError(
      'nats_refused',
      `NATS at ${shownUrl(url)} does not let this user subscribe to ${refused.join(', ')}; ` +
        'give it the permissions of the user runtime in nats.conf',
    );
  }

  /** What takes too long when the bus stops is left behind, and said so. */
  private async patiently(work: Promise<unknown>, what: string): Promise<void> {
    try {
      await within(drainMs, work, what);
    } catch (error) {
      this.options.logger.warn({ error: messageOf(error) }, 'NATS: not all was waited for');
    }
  }

  private async watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.onStatus(status);
    const reason = await connection.closed();
    if (this.isClosing) return;
    this.noteLost();
    await this.stopReceiving();
    const error = reason === undefined ? 'no reason given' : messageOf(reason);
    this.options.logger.error({ error }, 'NATS: the connection is closed for good; restart');
  }

  private onStatus(status: Status): void {
    const { metrics, logger } = this.options;
    switch (status.type) {
      case 'disconnect':
        this.noteLost();
        break;
      case 'reconnect':
        this.lastError = undefined;
        metrics.count('nats_reconnects');
        this.noteConnected(true);
        this.events?.connectionRestored();
        logger.info({ server: status.server }, 'NATS: connected again');
        break;
      case 'error':
        metrics.count('nats_errors');
        // The same refusal of every event or every attempt to come back is one line.
        if (status.error.message === this.lastError) break;
        this.lastError = status.error.message;
        logger.error({ error: status.error.message }, 'NATS: the server refused something');
        break;
      case 'staleConnection':
      case 'ldm':
        logger.warn(
          { status: status.type },
          'NATS: the server does not answer or is about to stop',
        );
        break;
      default:
        break;
    }
  }

  /** Every attempt to come back that fails says so again: only the first is news. */
  private noteLost(): void {
    if (!this.current.isConnected || this.isClosing) return;
    const { metrics, logger, url } = this.options;
    metrics.count('nats_disconnects');
    this.events?.connectionLost();
    this.noteConnected(false);
    logger.error({ url: shownUrl(url) }, 'NATS: the connection was lost; trying to come back');
  }

  private noteConnected(isConnected: boolean): void {
    this.current = { isConnected, since: Date.now() };
  }
}
