// A runtime in memory: the engine and the command desk put together as `src/runtime.ts` does, on a
// journal and a ledger in memory and a clock that the test moves.
import type { Core } from '#actors/core';
import { Engine } from '#actors/engine';
import { recover } from '#actors/recovery';
import type { Inspect } from '#actors/supervisor.actor';
import { applySettings } from '#src/commands/apply-settings';
import { CommandDesk, type DeskHost } from '#src/commands/desk';
import { inProcessCommands, type InProcessCommands } from '#src/commands/in-process';
import { quoteOf, type QuoteInput } from '#src/contracts/quote';
import { parseSettings, type SettingsInput } from '#src/contracts/settings';
import { invariant } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { refuse } from '#src/domain/refusals';
import { memoryJournal } from '#src/journal/memory-journal';
import { memoryLedger } from '#src/ledger/memory-ledger';
import type { CommandMessage } from '#src/ports/bus';
import type { Journal } from '#src/ports/journal';
import type { Ledger } from '#src/ports/ledger';
import { silentLogger, type Logger } from '#src/ports/logger';
import { memoryMetrics } from '#src/ports/metrics';
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
  readonly settings?: Pick<SettingsInput, 'instruments' | 'accounts' | 'marketGuards'>;
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
  private readonly engine: Engine;
  private readonly host: DeskHost;
  private readonly desk: CommandDesk;

  private constructor(
    options: HarnessOptions,
    world: CoreWorld,
    recovered: { state: Core['state']; epoch: number; durableN: number },
  ) {
    this.options = options;
    this.world = world;
    this.clock = world.clock;
    const { journal, ledger, clock } = world;
    const engine = new Engine({
      ...{ journal, ledger, clock, metrics: this.metrics, ...recovered },
      reopenLedger: undefined,
      ids: countedIds(),
      logger: options.logger ?? silentLogger,
      inspect: options.inspect,
      publish: (event) => void this.events.push(event),
      flush: () => Promise.resolve(),
      onFailure: () => (this.phase = 'failed'),
    });
    this.engine = engine;
    const core = (this.core = engine.core);
    this.host = {
      context: {
        state: core.state,
        markets: core.markets,
        clock,
        ids: core.ids,
        status: () => ({ state: this.phase, counters: this.metrics.counters() }),
        listLedger: async (filter) => {
          await engine.projector.caughtUp(Infinity);
          return await ledger.list(filter);
        },
      },
      metrics: core.metrics,
      logger: core.logger,
      unready: () => (this.phase === 'ready' ? undefined : this.phase),
      turn: (work) => core.turn(work),
      commit: (draft) => core.commit(draft),
      requestClose: (request) => core.requestClose(request),
      onOutcome: (positionId, act) => core.onOutcome(positionId, act),
      whenDurable: (act) =>
        engine.outbox.whenDurable((failure) =>
          act(failure && refuse('not_ready', `the journal failed: ${failure.message}`)),
        ),
    };
    this.desk = new CommandDesk(this.host);
    this.commands = inProcessCommands((message) => this.desk.handle(message));
  }

  static async start(options: HarnessOptions = {}): Promise<CoreHarness> {
    const world = options.world ?? {
      clock: new ManualClock(startTs),
      journal: memoryJournal(),
      ledger: memoryLedger(),
    };
    const { epoch, directoryId, lastN } = await world.journal.open();
    await world.ledger.open(directoryId);
    const { state, unpublished } = await recover(world.journal, lastN);
    const harness = new CoreHarness(options, world, { state, epoch, durableN: lastN });
    await harness.arm(unpublished);
    return harness;
  }

  private async arm(unpublished: readonly RuntimeEvent[]): Promise<void> {
    this.events.push(...unpublished);
    this.engine.arm();
    const settings = parseSettings({ ...this.options.settings });
    invariant(settings.ok, 'the settings of a test are valid');
    const desk = new CommandDesk({ ...this.host, unready: () => undefined });
    await applySettings(settings.value, this.core.state, desk, this.host.logger);
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
    return (await this.desk.handle(message, options.replyBytesMax)) as Body;
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
