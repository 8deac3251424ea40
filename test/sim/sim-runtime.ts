// One start of a runtime in a simulated world, and the ports between the two. Every call through a
// port is a place at which it may crash: before the call, or after it and before its answer.
import { recover } from '#actors/recovery';
import { quoteOf } from '#src/contracts/quote';
import { parseSettings, type SettingsInput } from '#src/contracts/settings';
import { CloseoutError, invariant } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { JournalRecord } from '#src/domain/records';
import { EarlyReports } from '#src/host/early-reports';
import { Host } from '#src/host/host';
import type { SimJournal } from './sim-disk.ts';
import { openLedger } from '#src/ledger/open-ledger';
import type { CloseOrder, OrderReply } from '#src/domain/provider';
import type { Broker } from '#src/ports/broker';
import type { CommandMessage } from '#src/ports/bus';
import type { Clock } from '#src/ports/clock';
import type { Journal } from '#src/ports/journal';
import { silentLogger } from '#src/ports/logger';
import { memoryMetrics } from '#src/ports/metrics';
import { Subject } from 'rxjs';
import type { Given } from './quote-source.ts';
import type { Route } from './routes.ts';
import type { World } from './world.ts';

export class SimRuntime {
  isDead = false;
  isReady = false;
  /** Why it takes no more records; a supervisor would restart it. */
  hasFailed = false;
  host: Host | undefined;
  readonly metrics = memoryMetrics();
  private readonly world: World;
  private readonly clock: Clock;
  private readonly journal: SimJournal;
  private readonly reports = new EarlyReports();

  constructor(world: World) {
    this.world = world;
    const isDead = (): boolean => this.isDead;
    this.clock = world.clock.faceOf(isDead, () => world.turnMs());
    this.journal = world.disk.journal(world.clock.faceOf(isDead), isDead);
  }

  /** Whether positions that a quote has reached were not told of it yet. */
  get isCrossing(): boolean {
    return this.host?.engine.feed.isBusy ?? false;
  }

  async start(settings: SettingsInput): Promise<void> {
    const { world, clock, journal } = this;
    const { epoch, directoryId, lastN } = await journal.open();
    const ledger = world.database.ledger(
      () => this.isDead,
      () => world.crashPoint(this),
    );
    const logger = silentLogger;
    const reopenLedger = await openLedger(ledger, { directoryId, lastN, logger });
    const { state, unpublished, ring } = await recover(journal, lastN);
    await world.exits.follow(this, state, lastN);
    await world.guards.follow(this, state, lastN);
    world.marketMemory.follow(this, state, lastN);
    if (this.isDead) return;
    for (const event of unpublished) this.publish(event);
    const brokers = new Map(world.routes.map((route) => [route.name, this.face(route)]));
    const host = new Host({
      journal: this.crashing(),
      ...{ ledger, reopenLedger, state, ring, durableN: lastN, epoch, clock, logger },
      metrics: this.metrics,
      ids: world.ids,
      chance: { next: () => world.random.next() },
      inspect: undefined,
      brokerOf: (route) => brokers.get(route),
      reconcileEveryS: 60,
      crossingsPerSlice: world.crossingsPerSlice,
      publish: (event) => this.publish(event),
      flush: async () => {
        if (world.is('bus away')) throw new Error('the bus is away');
      },
      onFailure: () => {
        this.hasFailed = true;
        this.isReady = false;
      },
      status: () => ({}),
      unready: () => (this.isReady ? undefined : 'starting'),
      drain: () => {},
    });
    this.host = host;
    world.exits.listen(this);
    world.guards.listen(this);
    world.marketMemory.listen(this);
    const parsed = parseSettings(settings);
    invariant(parsed.ok, 'the settings of the simulator are valid');
    await host.arm(parsed.value);
    if (this.isDead || this.hasFailed) return;
    this.reports.openTo((route, report) => host.engine.live.reports.take(route, report));
    this.isReady = true;
  }

  quote({ behindMs, ...given }: Given): void {
    const now = this.clock.now();
    const bookTs = this.host?.engine.core.markets.find(given.symbol)?.book.ts ?? 0;
    const isOld = behindMs !== undefined && bookTs > behindMs;
    const quote = quoteOf({ ...given, ts: isOld ? bookTs - behindMs : now }, now);
    if (quote === undefined) return;
    this.world.marketMemory.arrived(quote, () => this.host?.engine.quote(quote));
  }

  report(route: string, report: object): void {
    if (!this.isDead) this.reports.take(route, report);
  }

  /** The answer, if it lives to give one. */
  ask(message: CommandMessage, answer: (reply: object) => void): void {
    const { host } = this;
    if (this.isDead || host === undefined || !this.isReady) return;
    void this.answerOf(host, message, answer);
  }

  private async answerOf(
    { desk }: Host,
    message: CommandMessage,
    answer: (reply: object) => void,
  ): Promise<void> {
    const reply = await desk.handle(message);
    if (!this.isDead) answer(reply);
  }

  crash(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.isReady = false;
    this.journal.crash(this.world.random.next());
    this.host?.engine.stop();
  }

  private wrote(record: JournalRecord): void {
    this.world.exits.wrote(record);
    this.world.guards.wrote(record);
    this.world.marketMemory.wrote(record);
  }

  private publish(event: RuntimeEvent): void {
    if (!this.isDead) this.world.heard(event);
  }

  /** The journal, with a place to crash before each append and before it is told of. */
  private crashing(): Journal {
    const { journal, world } = this;
    return {
      open: async () => await journal.open(),
      append: (records, whenDurable) => {
        if (!this.isDead) for (const record of records) this.wrote(record);
        world.crashPoint(this);
        journal.append(records, (error) => {
          world.crashPoint(this);
          if (!this.isDead) whenDurable(error);
        });
      },
      read: async (after, limit) => await journal.read(after, limit),
      note: (name, value) => journal.note(name, value),
      notes: async (prefix) => await journal.notes(prefix),
      close: async () => await journal.close(),
    };
  }

  private async closeAt(provider: Route['provider'], order: CloseOrder): Promise<OrderReply> {
    const { closes } = this.world.marketMemory;
    closes.sends(order.clientOrderId);
    try {
      return await provider.close(order);
    } catch (error) {
      const isTaken = !(error instanceof CloseoutError && notTaken.has(error.code));
      if (!isTaken) closes.wasNotTaken(order.clientOrderId);
      throw error;
    }
  }

  /** A provider as this start sees it: what it is told after its end it never hears. */
  private face({ provider, hasStops }: Route): Broker {
    const through = async <T>(call: () => Promise<T>): Promise<T> => {
      this.world.crashPoint(this);
      if (this.isDead) return await never();
      const called = call();
      this.world.crashPoint(this);
      try {
        const reply = await called;
        return this.isDead ? await never() : reply;
      } catch (error) {
        if (this.isDead) return await never();
        throw error;
      }
    };
    return {
      capabilities: provider.capabilities,
      reports$: new Subject(),
      close: async (order) => await through(async () => await this.closeAt(provider, order)),
      query: async (request) =>
        await through(async () => {
          const reply = await provider.query(request);
          const { closes } = this.world.marketMemory;
          if (reply.status === 'notFound') closes.wasNotTaken(request.clientOrderId);
          return reply;
        }),
      positions: async (request) => await through(() => provider.positions(request)),
      ...(hasStops && {
        cancelCounterpart: async (cancel) =>
          await through(() => provider.cancelCounterpart(cancel)),
      }),
    };
  }
}

/** A provider was not there, or has refused the call. */
const notTaken = new Set(['broker_throttled', 'broker_unreachable']);

async function never(): Promise<never> {
  return await new Promise(() => {});
}
