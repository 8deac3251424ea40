// The one place where everything is put together: ports, core, actors, adapters, settings.
import { hostname } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { Subject, type Observable, type Subscription } from 'rxjs';
import type { Core } from '#actors/core';
import { Engine } from '#actors/engine';
import type { LedgerProjector } from '#actors/ledger-projector.actor';
import { recover } from '#actors/recovery';
import type { Inspect } from '#actors/supervisor.actor';
import { CommandDesk, type DeskHost } from './commands/desk.ts';
import { inProcessCommands, type InProcessCommands } from './commands/in-process.ts';
import { listLedger } from './commands/ledger.ts';
import { applySettings } from './commands/apply-settings.ts';
import { quoteOf, type QuoteInput } from './contracts/quote.ts';
import type { Settings, SettingsInput } from './contracts/settings.ts';
import { CloseoutError, messageOf } from './domain/errors.ts';
import type { RuntimeEvent } from './domain/events.ts';
import type { Quote } from './domain/quote.ts';
import { refuse } from './domain/refusals.ts';
import { openDataDirectory } from './journal/data-directory.ts';
import { sqliteJournal } from './journal/sqlite-journal.ts';
import { mikroLedger } from './ledger/mikro-ledger.ts';
import { openLedger } from './ledger/open-ledger.ts';
import { natsBus, type NatsBus } from './nats/nats-bus.ts';
import type { Clock } from './ports/clock.ts';
import type { Ids } from './ports/ids.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Logger } from './ports/logger.ts';
import { memoryMetrics } from './ports/metrics.ts';
import { systemClock } from './system/clock.ts';
import { randomIds } from './system/ids.ts';
import { checkSettings, loadSettings } from './system/load-settings.ts';
import { version } from './version.ts';

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
   * directory; later ones guard first and let history catch up), `ledger_foreign`, `ledger_ahead`, `journal_corrupt`.
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
  return new RuntimeHost(
    options,
    settings === undefined ? loadSettings(process.env) : checkSettings(settings),
  );
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
  private starting: Promise<void> | undefined;
  private engine: Engine | undefined;
  private desk: CommandDesk | undefined;
  private bus: NatsBus | undefined;
  private quotes: Subscription | undefined;
  /** Events of before the bus was there. */
  private unsent: RuntimeEvent[] = [];
  private isPublishing = false;
  /** What has been opened, in order; it is closed in the opposite one. */
  private readonly releases: (() => void | Promise<void>)[] = [];

  constructor(options: RuntimeOptions, settings: Settings) {
    this.options = options;
    this.settings = settings;
    this.clock = options.clock ?? systemClock();
    this.logger = options.logger ?? pino({ level: settings.CLOSEOUT_LOG_LEVEL, base: null });
    this.events$ = this.events.asObservable();
    this.commands = inProcessCommands(async (message) => {
      return (
        (await this.desk?.handle(message)) ?? refuse('not_ready', `the runtime is ${this.phase}`)
      );
    });
  }

  get system(): Core['system'] {
    const { engine } = this;
    if (engine === undefined) throw new CloseoutError('not_started', 'the runtime has not started');
    return engine.core.system;
  }

  async start(): Promise<void> {
    if (this.phase !== 'created') {
      throw new CloseoutError('already_started', `the runtime is ${this.phase}: make a new one`);
    }
    this.phase = 'starting';
    this.startedTs = this.clock.now();
    this.starting = this.begin();
    await this.starting;
  }

  private async begin(): Promise<void> {
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
    // What is half open cannot be closed: a stop in the middle of a start waits for its end.
    await this.starting?.catch(() => {});
    if (this.phase === 'stopped' || this.phase === 'draining') return;
    const wasReady = this.phase === 'ready';
    this.phase = 'draining';
    this.quotes?.unsubscribe();
    if (wasReady) {
      await this.bus?.stopReceiving();
      await this.engine?.settle(drainMs);
    }
    await this.release();
    this.phase = 'stopped';
    this.events.complete();
  }

  status(): RuntimeStatus {
    const counters = this.metrics.counters();
    const { engine } = this;
    if (engine !== undefined) {
      counters['quotes_accepted'] = engine.feed.accepted;
      counters['quotes_refused'] = engine.feed.refused;
      counters['quotes_waiting'] = engine.waiting;
      counters['records_not_durable'] = engine.outbox.backlog;
    }
    return {
      state: this.phase,
      version,
      ready: this.phase === 'ready',
      uptimeMs: this.startedTs === 0 ? 0 : this.clock.now() - this.startedTs,
      components: engine === undefined ? {} : this.components(engine),
      counters,
    };
  }

  private components(engine: Engine): Record<string, ComponentStatus> {
    const components: Record<string, ComponentStatus> = {
      priceFeed: { isHealthy: this.phase === 'ready' },
      journal: { isHealthy: this.phase !== 'failed' },
      ledger: ledgerStatus(engine.projector),
    };
    if (this.bus !== undefined) {
      const { isConnected, since } = this.bus.status();
      const detail = `${isConnected ? 'connected' : 'away'} since ${new Date(since).toISOString()}`;
      components['nats'] = { isHealthy: isConnected, detail };
    }
    return components;
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
    const { CLOSEOUT_DATABASE_URL: url } = settings;
    const target =
      url === undefined ? { pgliteDirectory: join(directory.path, 'pglite') } : { url };
    const ledger = mikroLedger(target, { logger });
    this.releases.push(() => ledger.close());
    const reopenLedger = await openLedger(ledger, { directoryId, lastN, logger });
    const { state, unpublished } = await recover(journal, lastN);
    this.unsent = [...unpublished];
    const engine = new Engine({
      journal,
      ledger,
      reopenLedger,
      ...{ state, durableN: lastN, epoch, clock, logger },
      ids: this.options.ids ?? randomIds(),
      metrics: this.metrics,
      inspect: this.options.inspect,
      publish: (event) => this.publish(event),
      flush: async () => await this.bus?.flush(),
      onFailure: (error) => this.fail(error),
    });
    this.engine = engine;
    this.releases.push(() => engine.stop());
    engine.arm();
    const host = this.deskHost(engine, ledger);
    await applySettings(
      settings,
      state,
      new CommandDesk({ ...host, unready: () => undefined }),
      logger,
    );
    this.desk = new CommandDesk(host);
    await this.connect(engine, this.desk);
  }

  private deskHost({ core, outbox, projector }: Engine, ledger: Ledger): DeskHost {
    return {
      context: {
        state: core.state,
        markets: core.markets,
        clock: core.clock,
        ids: core.ids,
        status: () => this.status(),
        listLedger: (filter) => listLedger(ledger, (ms) => projector.caughtUp(ms), filter),
      },
      metrics: core.metrics,
      logger: core.logger,
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
  }

  private async connect(engine: Engine, desk: CommandDesk): Promise<void> {
    const { settings, logger, metrics } = this;
    if (settings.CLOSEOUT_NATS_URL !== undefined) {
      const bus = natsBus({
        url: settings.CLOSEOUT_NATS_URL,
        caFile: settings.CLOSEOUT_NATS_CA,
        credsFile: settings.CLOSEOUT_NATS_CREDS,
        ...{ version, metrics, logger },
      });
      this.releases.push(() => bus.close());
      await bus.start({
        now: () => this.clock.now(),
        quote: (quote) => engine.quote(quote),
        malformedQuote: (symbol) => engine.feed.refuse({ symbol }, 'malformed'),
        command: (message, replyBytesMax) => desk.handle(message, replyBytesMax),
      });
      this.bus = bus;
    }
    this.isPublishing = true;
    for (const event of this.unsent.splice(0)) this.publish(event);
    this.quotes = this.options.quotes$?.subscribe({
      next: (input) => this.take(engine, input),
      error: (error: unknown) => logger.error({ error: messageOf(error) }, 'quotes$ failed'),
      complete: () => logger.warn({}, 'quotes$ completed: no more quotes come from it'),
    });
  }

  /** A quote of this process; what throws when it is read is no quote. */
  private take(engine: Engine, input: QuoteInput): void {
    let quote: Quote | undefined;
    let symbol = '';
    try {
      quote = quoteOf(input, this.clock.now());
      symbol = symbolIn(input);
    } catch (error) {
      this.logger.debug({ error: messageOf(error) }, 'a quote that cannot be read');
    }
    if (quote === undefined) engine.feed.refuse({ symbol }, 'malformed');
    else engine.quote(quote);
  }

  private publish(event: RuntimeEvent): void {
    if (!this.isPublishing) {
      this.unsent.push(event);
      return;
    }
    this.bus?.publish(event);
    this.events.next(event);
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

function ledgerStatus(projector: LedgerProjector): ComponentStatus {
  const { downSince, lag } = projector;
  if (downSince !== undefined) {
    return { isHealthy: false, detail: `down since ${new Date(downSince).toISOString()}` };
  }
  return { isHealthy: true, detail: `${lag ?? 0} records behind` };
}

function symbolIn(input: unknown): string {
  const symbol =
    typeof input === 'object' && input !== null && 'symbol' in input ? input.symbol : '';
  return typeof symbol === 'string' ? symbol : '';
}
