// The one place where everything is put together: ports, core, actors, adapters, settings.
import { hostname } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { Subject, type Observable, type Subscription } from 'rxjs';
import { Core } from '#actors/core';
import { LedgerProjector } from '#actors/ledger-projector.actor';
import { Outbox } from '#actors/outbox';
import { PriceFeed } from '#actors/price-feed';
import { publishedNote, recover } from '#actors/recovery';
import type { Inspect } from '#actors/supervisor.actor';
import { CommandDesk, type DeskHost } from './commands/desk.ts';
import { inProcessCommands, type InProcessCommands } from './commands/in-process.ts';
import { applySettings } from './commands/apply-settings.ts';
import { quoteOf, type QuoteInput } from './contracts/quote.ts';
import type { Settings, SettingsInput } from './contracts/settings.ts';
import { CloseoutError, messageOf } from './domain/errors.ts';
import type { RuntimeEvent } from './domain/events.ts';
import { refuse } from './domain/refusals.ts';
import { openDataDirectory, type DataDirectory } from './journal/data-directory.ts';
import { sqliteJournal } from './journal/sqlite-journal.ts';
import { mikroLedger } from './ledger/mikro-ledger.ts';
import { natsBus, type NatsBus } from './nats/nats-bus.ts';
import type { Clock, Cancel } from './ports/clock.ts';
import type { Ids } from './ports/ids.ts';
import type { Journal } from './ports/journal.ts';
import type { Ledger, LedgerFilter } from './ports/ledger.ts';
import type { Logger } from './ports/logger.ts';
import { memoryMetrics } from './ports/metrics.ts';
import { QuoteInbox } from './prices/quote-inbox.ts';
import { systemClock } from './system/clock.ts';
import { randomIds } from './system/ids.ts';
import { checkSettings, loadSettings } from './system/load-settings.ts';
import { version } from './version.ts';

/** How often books, peaks and published events are noted in the journal. */
const noteEveryMs = 1000;
/** How long `ledger.list` waits for the ledger to catch up. */
const ledgerWaitMs = 2000;
/** How long `stop` waits for what is under way, unless it is told otherwise. */
const drainMsDefault = 5000;

export interface RuntimeOptions {
  /** Keys of contract section 10; the environment is read where this is absent. */
  readonly settings?: SettingsInput | undefined;
  /** Quotes of this process, beside those of NATS. */
  readonly quotes$?: Observable<QuoteInput> | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  /** A pino logger, or anything with its four methods. */
  readonly logger?: Logger | undefined;
  /** XState's own option: sees every actor of the system. */
  readonly inspect?: Inspect | undefined;
  /** Told once when the runtime cannot go on, as when the journal's disk is full. */
  readonly onFailure?: ((error: CloseoutError) => void) | undefined;
}

export type Phase = 'created' | 'starting' | 'ready' | 'draining' | 'stopped' | 'failed';

export interface ComponentStatus {
  readonly isHealthy: boolean;
  readonly detail?: string;
}

export interface RuntimeStatus {
  readonly state: Phase;
  readonly version: string;
  readonly ready: boolean;
  readonly uptimeMs: number;
  readonly components: Readonly<Record<string, ComponentStatus>>;
  readonly counters: Readonly<Record<string, number>>;
}

export interface Runtime {
  /**
   * Recovers, arms, subscribes; resolves when the runtime is ready. Rejects with `CloseoutError`:
   * `data_directory_in_use`, `nats_unavailable`, `ledger_unavailable` (at the first start of a data
   * directory; later ones guard first and let history catch up), `ledger_foreign`, `journal_corrupt`.
   */
  start(): Promise<void>;
  /** Takes nothing new, finishes what is under way, at most `drainMs` (5,000), releases everything. */
  stop(options?: { drainMs?: number }): Promise<void>;
  /** The commands of contract section 8 by name: `commands.position.close(accountId, body)`. */
  readonly commands: InProcessCommands;
  /** Each event once it is durable; after a restart those that may not have left come again. */
  readonly events$: Observable<RuntimeEvent>;
  /** The XState actor system; there once the runtime has started. */
  readonly system: Core['system'];
  status(): RuntimeStatus;
}

/**
 * Makes a runtime; nothing is opened before `start`. Throws `CloseoutError` `settings_invalid`,
 * naming every fault.
 *
 * @example
 * const runtime = createRuntime({ settings: { CLOSEOUT_DATA_DIR: 'data' }, quotes$ });
 * await runtime.start();
 * await runtime.commands.position.close('acc1', { positionId: 'p1' });
 */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  refuseLater(options);
  const { settings } = options;
  return new RuntimeHost(options, settings === undefined ? loadSettings(process.env) : checkSettings(settings));
}

/** What a later version will take must not be believed to be in force. */
function refuseLater(options: RuntimeOptions): void {
  for (const key of ['brokers', 'notifiers']) {
    if (key in options && (options as Record<string, unknown>)[key] !== undefined) {
      throw new CloseoutError('settings_invalid', `${key}: is not supported by this version`);
    }
  }
}

class RuntimeHost implements Runtime {
  readonly commands: InProcessCommands;
  readonly events$: Observable<RuntimeEvent>;
  private readonly events = new Subject<RuntimeEvent>();
  private readonly options: RuntimeOptions;
  private readonly settings: Settings;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly metrics = memoryMetrics();
  private phase: Phase = 'created';
  private startedTs = 0;
  private parts: Parts | undefined;
  private readonly releases: (() => void | Promise<void>)[] = [];

  constructor(options: RuntimeOptions, settings: Settings) {
    this.options = options;
    this.settings = settings;
    this.clock = options.clock ?? systemClock();
    this.logger = options.logger ?? pino({ level: settings.CLOSEOUT_LOG_LEVEL, base: null });
    this.events$ = this.events.asObservable();
    this.commands = inProcessCommands((message) => this.desk().handle(message));
    for (const name of ['quotes_conflated', 'actor_restarts']) this.metrics.count(name, 0);
  }

  get system(): Core['system'] {
    if (this.parts === undefined) throw new CloseoutError('not_started', 'the runtime has not started');
    return this.parts.core.system;
  }

  async start(): Promise<void> {
    if (this.phase !== 'created') {
      throw new CloseoutError('already_started', `the runtime is ${this.phase}: make a new one`);
    }
    this.phase = 'starting';
    this.startedTs = this.clock.now();
    try {
      await this.open();
      this.phase = 'ready';
      this.logger.info({ version, dataDir: this.settings.CLOSEOUT_DATA_DIR }, 'ready');
    } catch (error) {
      this.phase = 'stopped';
      await this.release();
      throw error;
    }
  }

  async stop({ drainMs = drainMsDefault }: { drainMs?: number } = {}): Promise<void> {
    if (this.phase === 'stopped' || this.phase === 'draining') return;
    const wasReady = this.phase === 'ready';
    this.phase = 'draining';
    const { parts } = this;
    if (parts !== undefined && wasReady) {
      parts.quotes?.unsubscribe();
      await parts.bus?.stopReceiving();
      parts.feed.noteMarks();
      await this.settle(parts, drainMs);
    }
    await this.release();
    this.phase = 'stopped';
    this.events.complete();
  }

  status(): RuntimeStatus {
    const counters = { ...this.metrics.counters() };
    const { parts } = this;
    if (parts !== undefined) {
      counters['quotes_accepted'] = parts.feed.accepted;
      counters['quotes_refused'] = parts.feed.refused;
      counters['quotes_waiting'] = parts.inbox.waiting;
      counters['records_not_durable'] = parts.outbox.backlog;
    }
    return {
      state: this.phase,
      version,
      ready: this.phase === 'ready',
      uptimeMs: this.startedTs === 0 ? 0 : this.clock.now() - this.startedTs,
      components: this.components(),
      counters,
    };
  }

  private components(): Record<string, ComponentStatus> {
    const { parts } = this;
    if (parts === undefined) return {};
    const components: Record<string, ComponentStatus> = {
      priceFeed: { isHealthy: this.phase === 'ready' },
      journal: { isHealthy: this.phase !== 'failed' },
      ledger: ledgerStatus(parts.projector),
    };
    if (parts.bus !== undefined) {
      const { isConnected, since } = parts.bus.status();
      const detail = `${isConnected ? 'connected' : 'away'} since ${new Date(since).toISOString()}`;
      components['nats'] = { isHealthy: isConnected, detail };
    }
    return components;
  }

  private desk(): Pick<CommandDesk, 'handle'> {
    return this.parts?.desk ?? { handle: () => Promise.resolve(refuse('not_ready', `the runtime is ${this.phase}`)) };
  }

  private async open(): Promise<void> {
    const { settings, clock, logger } = this;
    const directory = openDataDirectory(settings.CLOSEOUT_DATA_DIR, {
      pid: process.pid,
      host: hostname(),
      now: clock.now(),
    });
    this.releases.push(() => directory.release());
    const journal = sqliteJournal({ directory: directory.path, logger });
    const { epoch, directoryId, lastN } = await journal.open();
    this.releases.push(() => journal.close());
    const { ledger, reopen } = await this.openLedger(directory, directoryId, lastN === 0);
    const { state, unpublished } = await recover(journal, lastN);
    const parts = this.assemble(journal, ledger, reopen, state, epoch, lastN);
    this.parts = parts;
    parts.core.arm();
    this.releases.push(() => parts.core.stop(), () => parts.projector.stop());
    parts.projector.recordsWritten(lastN);
    const settingsDesk = new CommandDesk({ ...parts.deskHost, unready: () => undefined });
    await applySettings(settings, state, settingsDesk, logger);
    await this.connect(parts);
    for (const event of unpublished) this.publish(event);
    this.releases.push(this.noteRegularly(parts, journal));
  }

  /** A database that is away keeps nobody unguarded, except at the first start: that is a mistake. */
  private async openLedger(
    directory: DataDirectory,
    directoryId: string,
    isFirstStart: boolean,
  ): Promise<{ ledger: Ledger; reopen: (() => Promise<void>) | undefined }> {
    const { CLOSEOUT_DATABASE_URL: url } = this.settings;
    const target = url === undefined ? { pgliteDirectory: join(directory.path, 'pglite') } : { url };
    const ledger = mikroLedger(target, { logger: this.logger });
    this.releases.push(() => ledger.close());
    try {
      await ledger.open(directoryId);
      return { ledger, reopen: undefined };
    } catch (error) {
      const mayWait = error instanceof CloseoutError && error.retryable && !isFirstStart;
      if (!mayWait) throw error;
      this.logger.error({ error: messageOf(error) }, 'the ledger is away: guarding goes first');
      return { ledger, reopen: () => ledger.open(directoryId) };
    }
  }

  private assemble(
    journal: Journal,
    ledger: Ledger,
    reopen: (() => Promise<void>) | undefined,
    state: Core['state'],
    epoch: number,
    durableN: number,
  ): Parts {
    const { clock, logger, metrics } = this;
    const outbox = new Outbox({
      journal,
      durableN,
      publish: (event) => this.publish(event),
      onDurable: (n) => projector.recordsWritten(n),
      onFailure: (error) => this.fail(error),
    });
    const core = new Core({
      state,
      clock,
      ids: this.options.ids ?? randomIds(),
      metrics,
      logger,
      epoch,
      deadlinesBy: 'timer',
      deliver: (effects) => outbox.deliver(effects),
      inspect: this.options.inspect,
    });
    const projector = new LedgerProjector(core.supervisor, { journal, ledger, reopen, clock, logger, metrics });
    const feed = new PriceFeed(core);
    const inbox = new QuoteInbox({
      take: (quote) => void feed.take(quote),
      isAcceptable: (quote, lastTs) => {
        const fault = feed.faultAfter(quote, lastTs);
        if (fault !== undefined) feed.refuse(quote, fault);
        return fault === undefined;
      },
      soon: (act) => clock.soon(act),
      onConflated: (dropped) => metrics.count('quotes_conflated', dropped),
    });
    const deskHost: DeskHost = {
      context: {
        state: core.state,
        markets: core.markets,
        clock,
        ids: core.ids,
        status: () => this.status(),
        listLedger: (filter) => listLedger(ledger, projector, filter),
      },
      metrics,
      logger,
      unready: () => (this.phase === 'ready' ? undefined : this.phase),
      turn: (work) => core.turn(work),
      commit: (draft) => core.commit(draft),
      requestClose: (request) => core.requestClose(request),
      onOutcome: (positionId, act) => core.onOutcome(positionId, act),
      whenDurable: (act) =>
        outbox.whenDurable((failure) =>
          act(failure && refuse('not_ready', `the journal failed: ${failure.message}`)),
        ),
    };
    const desk = new CommandDesk(deskHost);
    return { core, feed, inbox, outbox, projector, desk, deskHost, bus: undefined, quotes: undefined };
  }

  private async connect(parts: Parts): Promise<void> {
    const { settings, logger, metrics } = this;
    const take = (quote: Parameters<QuoteInbox['push']>[0]): void => {
      if (this.phase !== 'failed') parts.inbox.push(quote);
    };
    if (settings.CLOSEOUT_NATS_URL !== undefined) {
      const bus = natsBus({
        url: settings.CLOSEOUT_NATS_URL,
        caFile: settings.CLOSEOUT_NATS_CA,
        credsFile: settings.CLOSEOUT_NATS_CREDS,
        version,
        metrics,
        logger,
      });
      this.releases.push(() => bus.close());
      await bus.start({
        now: () => this.clock.now(),
        quote: take,
        malformedQuote: (symbol) => parts.feed.refuse({ symbol }, 'malformed'),
        command: (message, replyBytesMax) => parts.desk.handle(message, replyBytesMax),
      });
      parts.bus = bus;
    }
    parts.quotes = this.options.quotes$?.subscribe({
      next: (input) => {
        const quote = quoteOf(input, this.clock.now());
        if (quote === undefined) parts.feed.refuse({ symbol: symbolIn(input) }, 'malformed');
        else take(quote);
      },
      error: (error: unknown) => logger.error({ error: messageOf(error) }, 'quotes$ failed'),
      complete: () => logger.warn({}, 'quotes$ completed: no more quotes come from it'),
    });
  }

  private publish(event: RuntimeEvent): void {
    this.parts?.bus?.publish(event);
    this.events.next(event);
  }

  private noteRegularly(parts: Parts, journal: Journal): () => Promise<void> {
    let cancel: Cancel;
    const notePublished = async (): Promise<void> => {
      const n = parts.outbox.durableN;
      await parts.bus?.flush();
      journal.note(publishedNote, n);
    };
    const tick = (): void => {
      if (this.phase === 'ready') parts.feed.noteMarks();
      notePublished().catch((error: unknown) => {
        this.logger.debug({ error: messageOf(error) }, 'events are not flushed');
      });
      cancel = this.clock.at(this.clock.now() + noteEveryMs, tick);
    };
    cancel = this.clock.at(this.clock.now() + noteEveryMs, tick);
    return async () => {
      cancel();
      await notePublished().catch(() => {});
    };
  }

  /** Waits until all is durable and in the ledger, for `drainMs` at the most. */
  private async settle(parts: Parts, drainMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.clock.at(this.clock.now() + drainMs, resolve);
      parts.outbox.whenDurable(() => {
        cancel();
        resolve();
      });
    });
    const isCaughtUp = await parts.projector.caughtUp(drainMs);
    if (!isCaughtUp) this.logger.warn({ lag: parts.projector.lag }, 'the ledger catches up at the next start');
  }

  private fail(error: CloseoutError): void {
    this.phase = 'failed';
    this.logger.error({ error: error.message }, 'the journal takes no records: the runtime stops');
    this.options.onFailure?.(error);
  }

  private async release(): Promise<void> {
    for (let release = this.releases.pop(); release !== undefined; release = this.releases.pop()) {
      try {
        await release();
      } catch (error) {
        this.logger.warn({ error: messageOf(error) }, 'a part did not close cleanly');
      }
    }
  }
}

interface Parts {
  readonly core: Core;
  readonly feed: PriceFeed;
  readonly inbox: QuoteInbox;
  readonly outbox: Outbox;
  readonly projector: LedgerProjector;
  readonly desk: CommandDesk;
  readonly deskHost: DeskHost;
  bus: NatsBus | undefined;
  quotes: Subscription | undefined;
}

function ledgerStatus(projector: LedgerProjector): ComponentStatus {
  const { downSince, lag } = projector;
  if (downSince !== undefined) {
    return { isHealthy: false, detail: `down since ${new Date(downSince).toISOString()}` };
  }
  return { isHealthy: true, detail: `${lag ?? 0} records behind` };
}

async function listLedger(ledger: Ledger, projector: LedgerProjector, filter: LedgerFilter) {
  if (!(await projector.caughtUp(ledgerWaitMs))) {
    return refuse('ledger_unavailable', 'the ledger does not answer; nothing is lost, try later');
  }
  try {
    return await ledger.list(filter);
  } catch (error) {
    return refuse('ledger_unavailable', `the ledger does not answer: ${messageOf(error)}`);
  }
}

function symbolIn(input: unknown): string {
  const symbol = typeof input === 'object' && input !== null && 'symbol' in input ? input.symbol : '';
  return typeof symbol === 'string' ? symbol : '';
}
