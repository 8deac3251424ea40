// A runtime in memory: the engine and the command desk put together as `src/runtime.ts` does, on a
// journal and a ledger in memory and a clock that the test moves.
import type { Core } from '#actors/core';
import type { Engine } from '#actors/engine';
import { recover } from '#actors/recovery';
import type { Inspect } from '#actors/supervisor.actor';
import { inProcessCommands, type InProcessCommands } from '#src/commands/in-process';
import { quoteOf, type QuoteInput } from '#src/contracts/quote';
import { parseSettings, type SettingsInput } from '#src/contracts/settings';
import { invariant } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { Host, type DeclaredSettings, type HostOptions } from '#src/host/host';
import { memoryJournal } from '#src/journal/memory-journal';
import { memoryLedger } from '#src/ledger/memory-ledger';
import type { CommandMessage } from '#src/ports/bus';
import type { Broker } from '#src/ports/broker';
import type { Chance } from '#src/ports/chance';
import type { Journal } from '#src/ports/journal';
import type { Ledger } from '#src/ports/ledger';
import { silentLogger, type Logger } from '#src/ports/logger';
import { memoryMetrics } from '#src/ports/metrics';
import type { RestingOrders } from '#src/ports/resting-orders';
import { countedIds } from '#src/system/ids';
import { ManualClock } from './manual-clock.ts';

/** 2026-01-05T00:00:00Z, a Monday. */
export const startTs = 1_767_571_200_000;

/** What outlives a restart. */
export interface CoreWorld {
  readonly clock: ManualClock;
  readonly journal: Journal;
  readonly ledger: Ledger;
}

export interface HarnessOptions {
  readonly world?: CoreWorld;
  readonly settings?: Pick<SettingsInput, keyof DeclaredSettings>;
  readonly brokers?: Readonly<Record<string, Broker>>;
  /** 0.5 always, where it is not given. */
  readonly chance?: Chance;
  readonly reconcileEveryS?: number;
  /** Whoever keeps orders that wait in the market. */
  readonly orders?: RestingOrders;
  /** Positions told of a crossing in one turn. */
  readonly crossingsPerSlice?: number;
  /** Quotes kept for looking for peaks later. */
  readonly peakQuotesMax?: number;
  readonly inspect?: Inspect;
  readonly logger?: Logger;
}

type Body = Record<string, unknown>;

/** Of a command: `gw1.acc1.position.close`, as behind `closeout.v1.cmd.`. */
export type Subject = string;

export interface AskOptions {
  readonly messageId?: string;
  readonly deadline?: string;
  /** Set where the answer is to leave the process. */
  readonly replyBytesMax?: number;
}

export class CoreHarness {
  readonly world: CoreWorld;
  readonly clock: ManualClock;
  readonly core: Core;
  readonly commands: InProcessCommands;
  readonly metrics = memoryMetrics();
  /** Of this start, in order, once durable. */
  readonly events: RuntimeEvent[] = [];
  phase = 'starting';
  private readonly options: HarnessOptions;
  readonly engine: Engine;
  private readonly host: Host;

  private constructor(
    options: HarnessOptions,
    world: CoreWorld,
    recovered: Pick<HostOptions, 'state' | 'ring' | 'epoch' | 'durableN'>,
  ) {
    this.options = options;
    this.world = world;
    this.clock = world.clock;
    const { journal, ledger, clock } = world;
    this.host = new Host({
      ...{ journal, ledger, clock, metrics: this.metrics, ...recovered },
      reopenLedger: undefined,
      ids: countedIds(),
      chance: options.chance ?? { next: () => 0.5 },
      logger: options.logger ?? silentLogger,
      inspect: options.inspect,
      brokerOf: (route) => options.brokers?.[route],
      reconcileEveryS: options.reconcileEveryS ?? 60,
      crossingsPerSlice: options.crossingsPerSlice,
      peakQuotesMax: options.peakQuotesMax,
      orders: options.orders,
      publish: (event) => void this.events.push(event),
      flush: () => Promise.resolve(),
      onFailure: () => (this.phase = 'failed'),
      status: () => ({ state: this.phase, counters: this.metrics.counters() }),
      unready: () => (this.phase === 'ready' ? undefined : this.phase),
      drain: () => (this.phase = 'draining'),
    });
    this.engine = this.host.engine;
    this.core = this.engine.core;
    this.commands = inProcessCommands((message) => this.host.desk.handle(message));
  }

  static async start(options: HarnessOptions = {}): Promise<CoreHarness> {
    const world = options.world ?? {
      clock: new ManualClock(startTs),
      journal: memoryJournal(),
      ledger: memoryLedger(),
    };
    const { epoch, directoryId, lastN } = await world.journal.open();
    await world.ledger.open(directoryId);
    const { state, unpublished, ring } = await recover(world.journal, lastN);
    const harness = new CoreHarness(options, world, { state, ring, epoch, durableN: lastN });
    await harness.arm(unpublished);
    return harness;
  }

  private async arm(unpublished: readonly RuntimeEvent[]): Promise<void> {
    this.events.push(...unpublished);
    const settings = parseSettings({ ...this.options.settings });
    invariant(settings.ok, 'the settings of a test are valid');
    await this.host.arm(settings.value);
    this.phase = 'ready';
  }

  /** Stops as a runtime does: takes nothing new, lets everything get where it belongs. */
  async stop(): Promise<void> {
    this.phase = 'draining';
    await this.engine.settle(Infinity);
    await this.kill();
  }

  /** Stops without a word. */
  async kill(): Promise<void> {
    this.engine.stop();
    await this.world.journal.close();
    this.phase = 'stopped';
  }

  /** Starts again on what is durable. */
  async restart(): Promise<CoreHarness> {
    return await CoreHarness.start({ ...this.options, world: this.world });
  }

  /** A quote as from `quotes$`; `ts` is now where it is not given. */
  quote(symbol: string, bid: QuoteInput['bid'], ask: QuoteInput['ask'], ts?: number): void {
    const now = this.clock.now();
    const quote = quoteOf({ symbol, bid, ask, ts: ts ?? now }, now);
    invariant(quote !== undefined, 'the quote of a test is one');
    this.engine.quote(quote);
  }

  /** A command as from NATS: text or bytes as they are, objects as JSON. */
  async ask(subject: Subject, body: unknown = {}, options: AskOptions = {}): Promise<Body> {
    const [client = '', accountId = '', resource = '', ...action] = subject.split('.');
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const message: CommandMessage = {
      ...{ client, accountId, resource, action: action.join('.') },
      body: body instanceof Uint8Array ? body : Buffer.from(text),
      messageId: options.messageId,
      deadline: options.deadline,
    };
    return (await this.host.desk.handle(message, options.replyBytesMax)) as Body;
  }

  /** All rows of the ledger, those of the last turn included. */
  async rows(): Promise<readonly LedgerRow[]> {
    await this.engine.projector.caughtUp(Infinity);
    return (await this.world.ledger.list({ limit: 1000 })).items;
  }

  counter(name: string): number {
    return this.metrics.counters()[name] ?? 0;
  }

  /** Names of the events, of all accounts where none is given. */
  eventNames(accountId?: string): string[] {
    const own = this.events.filter((e) => accountId === undefined || e.accountId === accountId);
    return own.map((e) => e.event);
  }
}
