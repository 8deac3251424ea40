// The one place where everything is put together: ports, core, actors, adapters, settings.
import { hostname } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { Subject, type Observable, type Subscription } from 'rxjs';
import type { Core } from '#actors/core';
import type { Engine } from '#actors/engine';
import { Notifications } from '#actors/notifications';
import { recover } from '#actors/recovery';
import { natsBroker } from './brokers/nats-broker.ts';
import { inProcessCommands, type InProcessCommands } from './commands/in-process.ts';
import { quoteOf, type QuoteInput } from './contracts/quote.ts';
import type { Settings } from './contracts/settings.ts';
import { CloseoutError, invariant, messageOf } from './domain/errors.ts';
import type { RuntimeEvent } from './domain/events.ts';
import type { Quote } from './domain/quote.ts';
import { refuse } from './domain/refusals.ts';
import { EarlyReports } from './host/early-reports.ts';
import { Host } from './host/host.ts';
import { checkNotifiers, targetsOf } from './host/notifications.ts';
import { partsOf, readinessOf, type Surroundings } from './host/parts.ts';
import type { Phase, Runtime, RuntimeOptions, RuntimeStatus } from './host/types.ts';
import { serveHttp } from './http/http-server.ts';
import { openDataDirectory } from './journal/data-directory.ts';
import { sqliteJournal } from './journal/sqlite-journal.ts';
import { mikroLedger } from './ledger/mikro-ledger.ts';
import { openLedger } from './ledger/open-ledger.ts';
import { natsBus, type NatsBus } from './nats/nats-bus.ts';
import { webhookNotifier } from './notifiers/webhook-notifier.ts';
import type { Broker } from './ports/broker.ts';
import type { Clock } from './ports/clock.ts';
import { healthOf, type Part } from './ports/health.ts';
import type { Logger } from './ports/logger.ts';
import { memoryMetrics } from './ports/metrics.ts';
import { systemChance } from './system/chance.ts';
import { systemClock } from './system/clock.ts';
import { randomIds } from './system/ids.ts';
import { checkSettings, loadSettings } from './system/load-settings.ts';
import { sequenceTotals } from './prices/sequence.ts';
import { version } from './version.ts';

/** How long `stop` waits for what is under way, unless it is told otherwise. */
const drainMsDefault = 5000;
/** How long `runtime.drain` does. */
const drainCommandMs = 60_000;
/** The answer of `runtime.drain` leaves before the end begins. */
const drainAfterMs = 100;

export type { Runtime, RuntimeOptions };

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
  const { settings: given, notifiers = {} } = options;
  const settings = given === undefined ? loadSettings(process.env) : checkSettings(given);
  checkNotifiers(notifiers, settings.notifiers);
  return new RuntimeHost(options, settings);
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
  private phaseSince = 0;
  private host: Host | undefined;
  private isOpenForCommands = false;
  private bus: NatsBus | undefined;
  private notifications: Notifications | undefined;
  private journalFailure: Surroundings['journalFailure'];
  private http: Part = { isHealthy: false, since: 0, detail: 'not open' };
  private readonly reports = new EarlyReports();
  private readonly brokers = new Map<string, Broker>();
  private readonly subscriptions: Subscription[] = [];
  private readonly end = Promise.withResolvers<void>();
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
      const desk = this.isOpenForCommands ? this.host?.desk : undefined;
      return (await desk?.handle(message)) ?? refuse('not_ready', `the runtime is ${this.phase}`);
    });
  }

  get ended(): Promise<void> {
    return this.end.promise;
  }

  private get engine(): Engine | undefined {
    return this.host?.engine;
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
    this.startedTs = this.clock.now();
    this.enter('starting');
    this.starting = this.begin();
    await this.starting;
  }

  private async begin(): Promise<void> {
    try {
      await this.open();
      this.enter('ready');
      this.logger.info({ version, dataDir: this.settings.CLOSEOUT_DATA_DIR }, 'ready');
    } catch (error) {
      this.enter('stopped');
      await this.release();
      throw error;
    }
  }

  async stop({ drainMs = drainMsDefault }: { drainMs?: number } = {}): Promise<void> {
    // What is half open cannot be closed: a stop in the middle of a start waits for its end.
    await this.starting?.catch(() => {});
    if (this.phase === 'stopped' || this.phase === 'draining') return;
    const wasArmed = this.phase === 'ready' || this.phase === 'failed';
    this.enter('draining');
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    if (wasArmed) {
      await this.bus?.stopReceiving();
      await this.engine?.settle(drainMs);
    }
    await this.release();
    this.enter('stopped');
    this.events.complete();
    this.end.resolve();
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    this.phaseSince = this.clock.now();
  }

  status(): RuntimeStatus {
    const counters = this.metrics.counters();
    const { engine } = this;
    if (engine !== undefined) {
      counters['quotes_accepted'] = engine.feed.accepted;
      counters['quotes_refused'] = engine.feed.refused;
      counters['quotes_waiting'] = engine.waiting;
      counters['accounts_judged_exactly'] = engine.feed.accountJudge.exactLooks;
      counters['peaks_searched'] = engine.core.markets.peaks.searches;
      counters['records_not_durable'] = engine.outbox.backlog;
      Object.assign(counters, sequenceTotals(engine.core.markets.all()));
    }
    return {
      state: this.phase,
      version,
      ready: readinessOf(this.surroundings(), engine).ready,
      uptimeMs: this.startedTs === 0 ? 0 : this.clock.now() - this.startedTs,
      components: engine === undefined ? {} : healthOf(this.parts(), 0).workers.components,
      counters,
    };
  }

  private parts(): Record<string, Part> {
    return partsOf(this.surroundings(), this.engine);
  }

  private surroundings(): Surroundings {
    const { phase, phaseSince, startedTs, journalFailure, http } = this;
    const nats = this.bus?.status();
    return { phase, phaseSince, startedTs, journalFailure, http, nats };
  }

  private async open(): Promise<void> {
    const { settings, clock, logger, metrics } = this;
    await this.openHttp();
    const directory = openDataDirectory(settings.CLOSEOUT_DATA_DIR, {
      pid: process.pid,
      host: hostname(),
      now: clock.now(),
    });
    this.releases.push(() => directory.release());
    const journal = sqliteJournal({ directory: directory.path, logger });
    const { epoch, directoryId, lastN } = await journal.open();
    this.releases.push(() => journal.close());
    const bus = await this.connectBus();
    this.notifications = this.openNotifications();
    const { CLOSEOUT_DATABASE_URL: url } = settings;
    const target =
      url === undefined ? { pgliteDirectory: join(directory.path, 'pglite') } : { url };
    const ledger = mikroLedger(target, { logger });
    this.releases.push(() => ledger.close());
    const reopenLedger = await openLedger(ledger, { directoryId, lastN, logger });
    const { state, unpublished, ring } = await recover(journal, lastN);
    this.unsent = [...unpublished];
    const host = new Host({
      ...{ journal, ledger, reopenLedger, state, ring, durableN: lastN },
      ...{ epoch, clock, logger, metrics },
      ids: this.options.ids ?? randomIds(),
      chance: systemChance(),
      inspect: this.options.inspect,
      brokerOf: (route) => this.brokerOf(route),
      reconcileEveryS: settings.reconcileEveryS,
      publish: (event) => this.publish(event),
      flush: async () => await this.bus?.flush(),
      onFailure: (error) => this.fail(error),
      status: () => this.status(),
      unready: () => (this.phase === 'ready' ? undefined : this.phase),
      drain: () => {
        clock.at(clock.now() + drainAfterMs, () => void this.stop({ drainMs: drainCommandMs }));
      },
    });
    this.host = host;
    const { engine } = host;
    this.releases.push(() => engine.stop());
    await host.arm(settings);
    this.reports.openTo((route, report) => engine.live.reports.take(route, report));
    this.isOpenForCommands = true;
    await this.receive(host, bus);
  }

  /** Where the port is taken, guarding goes on without it, and says so. */
  private async openHttp(): Promise<void> {
    const { logger, settings } = this;
    const since = this.startedTs;
    try {
      const http = await serveHttp({
        port: settings.CLOSEOUT_HTTP_PORT,
        health: () => healthOf(this.parts(), this.clock.now() - this.startedTs),
        readiness: () => readinessOf(this.surroundings(), this.engine),
        ...{ logger, version },
      });
      this.releases.push(() => http.close());
      this.http = { isHealthy: true, since, detail: `port ${http.port}` };
      logger.info({ port: http.port }, 'HTTP: /health and /ready');
    } catch (error) {
      this.http = { isHealthy: false, since, detail: messageOf(error) };
      logger.error({ error: messageOf(error) }, 'no HTTP: guarding goes on without');
    }
  }

  /** Providers are asked before anything is armed, so the connection comes first. */
  private async connectBus(): Promise<NatsBus | undefined> {
    const { settings, logger, metrics } = this;
    for (const broker of Object.entries(this.options.brokers ?? {})) this.listen(...broker);
    if (settings.CLOSEOUT_NATS_URL === undefined) return undefined;
    const bus = natsBus({
      url: settings.CLOSEOUT_NATS_URL,
      caFile: settings.CLOSEOUT_NATS_CA,
      credsFile: settings.CLOSEOUT_NATS_CREDS,
      ...{ version, metrics, logger },
    });
    this.releases.push(() => bus.close());
    await bus.connect({ report: (route, report) => this.reports.take(route, report) });
    this.bus = bus;
    return bus;
  }

  /** Opened before the engine, so that the last that it tells of is told; closed before the bus. */
  private openNotifications(): Notifications {
    const { options, settings, bus, clock, metrics, logger } = this;
    const targets = targetsOf(options.notifiers ?? {}, settings.notifiers, {
      webhook: (spec) => webhookNotifier({ ...spec, version, now: () => clock.now() }),
      nats: (subject) => {
        invariant(bus !== undefined, 'a notifier on NATS comes with a bus');
        return bus.notifier(subject);
      },
    });
    const chance = systemChance();
    const notifications = new Notifications(targets, { clock, chance, metrics, logger });
    this.releases.push(() => notifications.stop());
    return notifications;
  }

  private listen(route: string, broker: Broker): void {
    this.brokers.set(route, broker);
    const reports = broker.reports$?.subscribe({
      next: (report) => this.reports.take(route, report),
      error: (error: unknown) => {
        this.logger.error({ route, error: messageOf(error) }, 'reports$ failed');
      },
    });
    if (reports !== undefined) this.releases.push(() => reports.unsubscribe());
  }

  private brokerOf(route: string): Broker | undefined {
    let broker = this.brokers.get(route);
    if (broker === undefined && this.bus !== undefined) {
      broker = natsBroker({ link: this.bus.link, route });
      this.brokers.set(route, broker);
    }
    return broker;
  }

  private async receive({ engine, desk }: Host, bus: NatsBus | undefined): Promise<void> {
    const { logger } = this;
    await bus?.start({
      now: () => this.clock.now(),
      quote: (quote) => engine.quote(quote),
      malformedQuote: (symbol) => engine.feed.refuse({ symbol }, 'malformed'),
      command: (message, replyBytesMax) => desk.handle(message, replyBytesMax),
    });
    this.isPublishing = true;
    for (const event of this.unsent.splice(0)) this.publish(event);
    const quotes = this.options.quotes$?.subscribe({
      next: (input) => this.take(engine, input),
      error: (error: unknown) => logger.error({ error: messageOf(error) }, 'quotes$ failed'),
      complete: () => logger.warn({}, 'quotes$ completed: no more quotes come from it'),
    });
    if (quotes !== undefined) this.subscriptions.push(quotes);
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
    this.notifications?.take(event);
    this.events.next(event);
  }

  private fail(error: CloseoutError): void {
    if (this.phase === 'ready') this.enter('failed');
    this.journalFailure = { since: this.clock.now(), detail: error.message };
    this.logger.error(
      { error: error.message },
      'the journal takes no records: nothing is answered, only closes that are safe still go out',
    );
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

function symbolIn(input: unknown): string {
  const symbol =
    typeof input === 'object' && input !== null && 'symbol' in input ? input.symbol : '';
  return typeof symbol === 'string' ? symbol : '';
}
