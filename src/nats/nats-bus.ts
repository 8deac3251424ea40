// The bus on NATS: quotes, commands and reports in, answers, events and calls to providers out, over
// one connection, so that what one publisher sent in order arrives in order.
import { createInbox, type NatsConnection, type Status } from '@nats-io/transport-node';
import { commandSubjects, priceSubjects } from '#src/contracts/subjects';
import { CloseoutError, invariant, messageOf } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Bus, BusHost, ProviderLink, ReportHost } from '#src/ports/bus';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { Notifier } from '#src/ports/notifier';
import { CommandService } from './command-service.ts';
import { connectNats, inboxPrefix, shownUrl, type NatsTarget } from './connection.ts';
import { EventsOut } from './events-out.ts';
import { KeptOpen, type KeptOpenOptions, type Open } from './kept-open.ts';
import { natsNotifier } from './nats-notifier.ts';
import { natsProviderLink } from './provider-link.ts';
import { reportSubjects } from './provider-messages.ts';
import { QuotesIn } from './quotes-in.ts';
import { ReportsIn } from './reports-in.ts';
import { subscribed } from './subscription.ts';
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
  /** Rejects every call with `broker_unreachable` before `connect` and while the server is away. */
  readonly link: ProviderLink;
  /** One that publishes on this subject; `{account}` and `{event}` are put in. */
  notifier(subject: string): Notifier;
  status(): NatsStatus;
}

/** How long the last answers, and what has arrived already, may take when the bus stops. */
const drainMs = 3000;

/**
 * A bus whose `connect` throws `CloseoutError` `nats_unavailable` (retryable) where no server
 * answers, and `nats_refused` where it does not let this program in; so do `connect` and `start`
 * where it does not let it subscribe. Once connected it comes back to a lost server for ever. `flush`
 * rejects where events that are owed wait for a lost server.
 */
export function natsBus(options: NatsBusOptions): NatsBus {
  return new NatsBusImpl(options);
}

/** What is to be kept open, under the subject that the server's permissions name. */
type Subscribable = Pick<KeptOpenOptions, 'what' | 'open'>;

class NatsBusImpl implements NatsBus {
  readonly link: ProviderLink;
  private readonly options: NatsBusOptions;
  private connection: NatsConnection | undefined;
  private events: EventsOut | undefined;
  private service: CommandService | undefined;
  /** Reports are heard until the end: closes that are under way may wait for one. */
  private readonly keptToTheEnd: KeptOpen[] = [];
  private readonly kept: KeptOpen[] = [];
  private current: NatsStatus = { isConnected: false, since: Date.now() };
  private isClosing = false;
  private lastError: string | undefined;

  constructor(options: NatsBusOptions) {
    this.options = options;
    this.link = natsProviderLink(() => this.connected());
  }

  async connect(host: ReportHost): Promise<void> {
    invariant(this.connection === undefined, 'a bus is connected once');
    const connection = await connectNats(this.options, 'closeout');
    this.connection = connection;
    this.noteConnected(true);
    void this.watch(connection);
    this.events = new EventsOut(connection, this.options);
    const reports = new ReportsIn(host, this.options);
    // The client makes the inbox of its calls at the first one: too late to find that it may not.
    const inbox = (): Open => subscribed(connection, createInbox(inboxPrefix), () => {});
    await this.subscribe(connection, this.keptToTheEnd, [
      { what: reportSubjects, open: () => reports.subscribe(connection) },
      { what: `${inboxPrefix}.>`, open: inbox },
    ]);
  }

  async start(host: BusHost): Promise<void> {
    const { connection } = this;
    invariant(connection !== undefined, 'a bus is connected before it is started');
    invariant(this.service === undefined, 'a bus is started once');
    const quotes = new QuotesIn(host, this.options);
    const service = new CommandService(connection, host, this.options);
    this.service = service;
    await this.subscribe(connection, this.kept, [
      ...priceSubjects.map((subject) => ({
        what: subject,
        open: () => quotes.subscribe(connection, subject),
      })),
      { what: commandSubjects, open: () => service.open() },
    ]);
    const { logger, url } = this.options;
    logger.info({ url: shownUrl(url) }, 'NATS: connected and subscribed');
  }

  publish(event: RuntimeEvent): void {
    this.events?.publish(event);
  }

  async flush(): Promise<void> {
    await this.events?.flush();
  }

  async stopReceiving(): Promise<void> {
    await this.drain(this.kept);
  }

  async close(): Promise<void> {
    const { connection } = this;
    if (connection === undefined || this.isClosing) return;
    await this.drain([...this.kept, ...this.keptToTheEnd]);
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

  notifier(subject: string): Notifier {
    return natsNotifier(() => this.connected(), subject);
  }

  status(): NatsStatus {
    return this.current;
  }

  /** Nothing while it is being restored. */
  private connected(): NatsConnection | undefined {
    return this.current.isConnected ? this.connection : undefined;
  }

  /** Closes the bus and throws where the server refuses one. */
  private async subscribe(
    connection: NatsConnection,
    into: KeptOpen[],
    subscriptions: readonly Subscribable[],
  ): Promise<void> {
    try {
      for (const { what, open } of subscriptions) {
        const { metrics, logger } = this.options;
        const kept = new KeptOpen({ what, open, metrics, logger });
        into.push(kept);
        await kept.open();
      }
      // The server says that it refuses one before it answers this.
      await connection.flush();
      this.assertOpen(into, subscriptions);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  private assertOpen(kept: readonly KeptOpen[], subscriptions: readonly Subscribable[]): void {
    const refused = subscriptions.filter((_, i) => kept[i]?.isOpen !== true);
    if (refused.length === 0) return;
    throw new CloseoutError(
      'nats_refused',
      `NATS at ${shownUrl(this.options.url)} does not let this user subscribe to ` +
        `${refused.map(({ what }) => what).join(', ')}; ` +
        'give it the permissions of the user runtime in nats.conf',
    );
  }

  private async drain(all: readonly KeptOpen[]): Promise<void> {
    const drained = Promise.all(all.map((kept) => kept.drain()));
    await this.patiently(drained, 'draining the subscriptions');
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
    await this.drain([...this.kept, ...this.keptToTheEnd]);
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
