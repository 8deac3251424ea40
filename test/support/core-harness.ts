// A runtime in memory: core, price feed, outbox, projector and command desk put together as
// `src/runtime.ts` does, on a journal and a ledger in memory and a clock that the test moves.
import { Core } from '#actors/core';
import { LedgerProjector } from '#actors/ledger-projector.actor';
import { Outbox } from '#actors/outbox';
import { PriceFeed } from '#actors/price-feed';
import { publishedNote, recover } from '#actors/recovery';
import type { Inspect } from '#actors/supervisor.actor';
import { applySettings } from '#src/commands/apply-settings';
import { CommandDesk, type DeskHost } from '#src/commands/desk';
import { inProcessCommands, type InProcessCommands } from '#src/commands/in-process';
import { quoteOf, type QuoteInput } from '#src/contracts/quote';
import { parseSettings, type SettingsInput } from '#src/contracts/settings';
import { invariant } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { JournalRecord } from '#src/domain/records';
import { refuse } from '#src/domain/refusals';
import { memoryJournal } from '#src/journal/memory-journal';
import { memoryLedger } from '#src/ledger/memory-ledger';
import type { CommandMessage } from '#src/ports/bus';
import type { Journal } from '#src/ports/journal';
import type { Ledger } from '#src/ports/ledger';
import { silentLogger, type Logger } from '#src/ports/logger';
import { memoryMetrics } from '#src/ports/metrics';
import { QuoteInbox } from '#src/prices/quote-inbox';
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
  readonly feed: PriceFeed;
  readonly commands: InProcessCommands;
  readonly metrics = memoryMetrics();
  /** Of this start, in order, once durable. */
  readonly events: RuntimeEvent[] = [];
  readonly records: JournalRecord[] = [];
  phase = 'starting';
  private readonly options: HarnessOptions;
  private readonly inbox: QuoteInbox;
  private readonly outbox: Outbox;
  private readonly projector: LedgerProjector;
  private readonly host: DeskHost;
  private readonly desk: CommandDesk;

  private constructor(
    options: HarnessOptions,
    world: CoreWorld,
    { state, epoch, lastN }: { state: Core['state']; epoch: number; lastN: number },
  ) {
    this.options = options;
    this.world = world;
    const { journal, ledger } = world;
    const { metrics } = this;
    const clock = (this.clock = world.clock);
    const logger = options.logger ?? silentLogger;
    this.outbox = new Outbox({
      journal,
      durableN: lastN,
      publish: (event) => void this.events.push(event),
      onDurable: (n) => this.projector.recordsWritten(n),
      onFailure: () => (this.phase = 'failed'),
    });
    const core = new Core({
      state,
      clock,
      ids: countedIds(),
      metrics,
      logger,
      epoch,
      deadlinesBy: 'timer',
      deliver: (effects) => {
        this.records.push(...effects.records);
        this.outbox.deliver(effects);
      },
      inspect: options.inspect,
    });
    this.core = core;
    const reopen = undefined;
    this.projector = new LedgerProjector(core.supervisor, {
      ...{ journal, ledger, reopen, clock, logger, metrics },
    });
    const feed = (this.feed = new PriceFeed(core));
    this.inbox = new QuoteInbox({
      take: (quote) => void feed.take(quote),
      isAcceptable: (quote, lastTs) => {
        const fault = feed.faultAfter(quote, lastTs);
        if (fault !== undefined) feed.refuse(quote, fault);
        return fault === undefined;
      },
      soon: (act) => clock.soon(act),
      onConflated: (dropped) => metrics.count('quotes_conflated', dropped),
    });
    this.host = {
      context: {
        state: core.state,
        markets: core.markets,
        clock,
        ids: core.ids,
        status: () => ({ state: this.phase, counters: metrics.counters() }),
        listLedger: async (filter) => {
          await this.projector.caughtUp(Infinity);
          return await ledger.list(filter);
        },
      },
      metrics,
      logger,
      unready: () => (this.phase === 'ready' ? undefined : this.phase),
      turn: (work) => core.turn(work),
      commit: (draft) => core.commit(draft),
      requestClose: (request) => core.requestClose(request),
      onOutcome: (positionId, act) => core.onOutcome(positionId, act),
      whenDurable: (act) =>
        this.outbox.whenDurable((failure) =>
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
    const harness = new CoreHarness(options, world, { state, epoch, lastN });
    await harness.arm(unpublished, lastN);
    return harness;
  }

  private async arm(unpublished: readonly RuntimeEvent[], lastN: number): Promise<void> {
    this.core.arm();
    this.projector.recordsWritten(lastN);
    const settings = parseSettings({ ...this.options.settings });
    invariant(settings.ok, 'the settings of a test are valid');
    const desk = new CommandDesk({ ...this.host, unready: () => undefined });
    const logger = this.options.logger ?? silentLogger;
    await applySettings(settings.value, this.core.state, desk, logger);
    this.events.push(...unpublished);
    this.phase = 'ready';
  }

  /** Stops, as a runtime that has drained does. */
  async stop(): Promise<void> {
    this.phase = 'draining';
    this.feed.noteMarks();
    await this.projector.caughtUp(Infinity);
    this.notePublished();
    this.projector.stop();
    this.core.stop();
    await this.world.journal.close();
    this.phase = 'stopped';
  }

  /** Events so far have left, as the runtime notes once a second. */
  notePublished(): void {
    this.world.journal.note(publishedNote, this.outbox.durableN);
  }

  /** Stops without a word, as a kill does, and starts again on what is durable. */
  async killAndRestart(): Promise<CoreHarness> {
    this.phase = 'stopped';
    this.projector.stop();
    this.core.stop();
    await this.world.journal.close();
    return await CoreHarness.start({ ...this.options, world: this.world });
  }

  /** A quote as from `quotes$`; `ts` is now where it is not given. */
  quote(symbol: string, bid: QuoteInput['bid'], ask: QuoteInput['ask'], ts?: number): void {
    const now = this.clock.now();
    const quote = quoteOf({ symbol, bid, ask, ts: ts ?? now }, now);
    invariant(quote !== undefined, 'the quote of a test is one');
    this.inbox.push(quote);
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
    await this.projector.caughtUp(Infinity);
    return (await this.world.ledger.list({ limit: 1000 })).items;
  }

  counter(name: string): number {
    return this.metrics.counters()[name] ?? 0;
  }

  /** Of the events: their names, or `account name` where an account is not given. */
  eventNames(accountId?: string): string[] {
    const own = this.events.filter((e) => accountId === undefined || e.accountId === accountId);
    return own.map((e) => e.event);
  }
}
