// A simulated world: one seed decides its prices, its gateway's commands, its providers and all that
// goes wrong. An hour of it takes some milliseconds.
import { canonical } from '#src/domain/chain';
import { decimal, text } from '#src/domain/money';
import type { ExitsSpec } from '#src/domain/exits';
import type { RuleSpec } from '#src/domain/rules';
import type { RuntimeEvent } from '#src/domain/events';
import type { State } from '#src/domain/state';
import type { ExecutionReport } from '#src/domain/provider';
import type { Ids } from '#src/ports/ids';
import { FakeProvider } from '../support/fake-provider.ts';
import { Random } from '../support/random.ts';
import { Book, type SimPosition, type Tally } from './book.ts';
import { Client, type SimCommand } from './client.ts';
import { commandKinds } from './commands.ts';
import { disturbResets } from './guard-commands.ts';
import { GuardMemory } from './guard-memory.ts';
import { faults, misbehaviour, strike } from './faults.ts';
import { ExitMemory } from './exit-memory.ts';
import { euroAccount } from './instruments.ts';
import { checkAtEnd } from './invariants.ts';
import { madeExits, type ExitsFor } from './made-exits.ts';
import { madeRules } from './made-rules.ts';
import { madeMarkets, type MadeMarket } from './made-markets.ts';
import { Market } from './market.ts';
import { MarketMemory } from './market-memory.ts';
import { QuoteSource } from './quote-source.ts';
import { routeKinds, type Route } from './routes.ts';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { SimDatabase } from './sim-ledger.ts';
import { SimRuntime } from './sim-runtime.ts';
import { initialBalance, simSettings, startTs } from './sim-settings.ts';

const second = 1000;
const minute = 60 * second;
/** The last part of every run, in which nothing goes wrong any more. */
const healingMs = 12 * minute;
const quoteEveryMs = 2500;
/** A turn that other work has kept waiting. */
const slowTurnMs = 4000;
const burstGapMs = 150;
const feedSeeds = 1_000_003;

export class World {
  readonly seed: number;
  readonly random: Random;
  readonly clock = new SimClock(startTs);
  readonly market: Market;
  readonly disk: SimDisk;
  readonly database: SimDatabase;
  readonly routes: readonly Route[];
  readonly client: Client;
  readonly book = new Book();
  readonly ids: Ids;
  readonly events = new Map<string, string>();
  readonly tally: Tally = {
    ...{ quotes: 0, commands: 0, dueCloses: 0, closesChecked: 0, restarts: 0 },
    ...{ amendedSame: 0, refusedParts: 0 },
    ...{ peaksChecked: 0, closes: {}, guards: {}, faults: {} },
  };
  readonly exits = new ExitMemory(this);
  readonly guards = new GuardMemory(this);
  readonly marketMemory = new MarketMemory(this);
  /** How each symbol is guarded, and when it is open. */
  readonly markets: ReadonlyMap<string, MadeMarket>;
  /** Rules that accounts have at first. */
  readonly rules: ReadonlyMap<string, RuleSpec[]>;
  /** Positions told of a crossing in one turn; in some worlds so few that most take many turns. */
  readonly crossingsPerSlice: number | undefined;
  runtime: SimRuntime | undefined;
  /** What the journal adds up to, at the end. */
  recovered: State | undefined;
  /** Chance of what feeds do, so that it leaves the rest of the world alone. */
  readonly feedRandom: Random;
  private readonly source: QuoteSource;
  private readonly until = new Map<string, number>();
  private readonly accounts: readonly string[];
  private isHealed = false;
  private crashAfterCalls = 0;
  private crashesInCrossing = false;
  private failure: unknown;

  constructor(seed: number) {
    this.seed = seed;
    const random = (this.random = new Random(seed));
    this.crossingsPerSlice = seed % 3 === 0 ? random.int(1, 3) : undefined;
    this.market = new Market(random);
    const feedRandom = (this.feedRandom = new Random(seed + feedSeeds));
    this.markets = madeMarkets(feedRandom, this.market);
    this.source = new QuoteSource({
      ...{ random: feedRandom, markets: this.markets },
      is: (fault) => this.is(fault),
    });
    this.disk = new SimDisk({
      writeMs: () => (this.is('disk slow') ? random.int(50, 3000) : random.int(0, 3)),
      isFull: () => this.is('disk full'),
    });
    this.database = new SimDatabase({
      isAway: () => this.is('database away'),
      isSilent: () => this.is('commit without an answer') && random.chance(0.3),
    });
    this.client = new Client(this);
    let id = 0;
    this.ids = { next: (kind) => `${kind}_${++id}` };
    this.routes = routeKinds.map((kind) => this.route(kind));
    this.accounts = [...this.routes.map((route) => route.accountId), 'paper', euroAccount];
    this.rules = new Map(this.accounts.map((accountId) => [accountId, madeRules(random)]));
  }

  /** Runs so many minutes, the last of them without faults, and checks that all came right. */
  async run(minutes: number): Promise<void> {
    const end = startTs + Math.max(minutes * minute, healingMs + minute);
    for (const symbol of this.market.symbols) this.market.quote(symbol);
    this.startRuntime();
    this.often(quoteEveryMs, () => this.quote());
    for (const { perHour, make } of commandKinds) {
      this.atRandom(perHour, () => this.command(make(this)));
    }
    for (const fault of faults) {
      this.atRandom(fault.perHour, () => {
        if (this.isHealed) return;
        this.count(fault.name);
        strike(fault, this);
      });
    }
    disturbResets(this);
    await this.advance(end - healingMs);
    this.heal();
    await this.advance(end - 8 * minute);
    this.sweep();
    await this.advance(end);
    await checkAtEnd(this);
    this.runtime?.crash();
  }

  /** Whether something is the matter now. */
  is(fault: string): boolean {
    return (this.until.get(fault) ?? 0) > this.clock.now();
  }

  during(fault: string, ms: number): void {
    this.until.set(fault, this.clock.now() + ms);
  }

  crashSoon(): void {
    this.crashAfterCalls = this.random.int(1, 25);
  }

  /** The next time that a quote is worked off in slices, and between two of them. */
  crashInCrossing(): void {
    this.crashesInCrossing = true;
  }

  /** A port is used: here the runtime may come to its end. */
  crashPoint(runtime: SimRuntime): void {
    if (runtime !== this.runtime || runtime.isDead) return;
    const isInCrossing = this.crashesInCrossing && runtime.isCrossing;
    if (this.crashAfterCalls === 0 && !isInCrossing) return;
    if (!isInCrossing && --this.crashAfterCalls > 0) return;
    if (isInCrossing) {
      this.count('crash in a crossing');
      this.crashesInCrossing = false;
    }
    runtime.crash();
    this.restartLater();
  }

  command(command: SimCommand | undefined): void {
    if (command === undefined || this.isHealed) return;
    this.tally.commands++;
    this.client.send(command);
  }

  heard(event: RuntimeEvent): void {
    if (this.is('bus away')) return;
    const told = canonical(event);
    const before = this.events.get(event.id);
    if (before !== undefined && before !== told) {
      this.fail(new Error(`event ${event.id} was told twice, and differs: ${before} ${told}`));
    }
    this.events.set(event.id, told);
  }

  fail(error: unknown): void {
    this.failure ??= error;
  }

  throwIfFailed(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  /** The next quote of a symbol comes now. */
  quoteOf(symbol: string): void {
    const { bid, ask } = this.market.move(symbol);
    if (!this.is('feed away')) this.tell(symbol, bid, ask);
  }

  anyAccount(): string {
    return this.random.pick(this.accounts);
  }

  anyPosition(): SimPosition | undefined {
    const open = [...(this.runtime?.host?.engine.core.state.positions.values() ?? [])]
      .filter((position) => position.state === 'guarded')
      .map((position) => this.book.tracked.get(position.positionId))
      .filter((position) => position !== undefined);
    return open.length === 0 ? undefined : this.random.pick(open);
  }

  exitsFor(position: Pick<ExitsFor, 'symbol' | 'side' | 'quantity'>): ExitsSpec {
    const nowMs = this.clock.now();
    return madeExits(this.random, this.market, { ...position, nowMs });
  }

  /** How long it takes until a runtime has its next turn. */
  turnMs(): number {
    if (this.crossingsPerSlice === undefined || this.random.chance(0.3)) return 0;
    return this.random.int(0, slowTurnMs);
  }

  /** A provider executes a stop or a target that it holds itself, and reports it. */
  executeAtProvider(): void {
    const { random } = this;
    const route = random.pick(this.routes.filter(({ hasStops }) => hasStops));
    const linked = [...this.book.tracked.values()].filter(
      (p) => p.accountId === route.accountId && p.stopLossId !== undefined,
    );
    const held = linked.filter(({ positionId }) => route.provider.held.has(positionId));
    if (held.length === 0) return;
    const position = random.pick(held);
    const done = route.provider.closeByItself(position.positionId);
    if (done === undefined) return;
    this.book.executedThere.add(position.positionId);
    const orderId = random.pick([position.stopLossId, position.takeProfitId]);
    route.provider.report({
      order_id: orderId as string,
      ord_status: random.pick(['EXECUTED', 'FILLED']),
      avgpx: done.price,
      cumqty: done.quantity,
    });
  }

  private route(kind: (typeof routeKinds)[number]): Route {
    const { clock, market } = this;
    const provider = new FakeProvider({
      clock,
      priceOf: (symbol, side) => market.closingPrice(symbol, side),
      capabilities: kind.can,
      isNetting: kind.isNetting,
    });
    const isIdempotent = kind.can.idempotentByClientId;
    const route = { ...kind, accountId: `live-${kind.name}`, provider, isIdempotent };
    provider.behaviour = (call) => {
      const bad = this.isHealed ? undefined : misbehaviour(this, route, call);
      if (bad === undefined) return { kind: 'answer' };
      this.count(`${call} ${bad.kind}`);
      return bad;
    };
    provider.reports$.subscribe((report) => this.deliver(kind.name, report));
    return route;
  }

  /** A report on its way: lost, late, out of order, or twice. */
  private deliver(route: string, report: ExecutionReport): void {
    const { random, clock } = this;
    if (this.is('reports lost')) return;
    const named = this.renamed(report);
    const times = this.is('reports twice') ? 2 : 1;
    for (let i = 0; i < times; i++) {
      const ms = this.is('reports late') ? random.int(0, 20_000) : random.int(0, 20);
      clock.at(clock.now() + ms, () => this.runtime?.report(route, named));
    }
  }

  /** A provider calls the close of a position by our id, by its own, or by that of the position. */
  private renamed(report: ExecutionReport): ExecutionReport {
    const ours = report.order_id.startsWith('co_');
    const positionId = this.runtime?.host?.engine.core.state.clientOrders.get(report.order_id);
    if (!ours || positionId === undefined) return report;
    const names = [report.order_id, positionId, `co-${positionId}`];
    return { ...report, order_id: this.random.pick(names) };
  }

  private count(fault: string): void {
    this.tally.faults[fault] = (this.tally.faults[fault] ?? 0) + 1;
  }

  private startRuntime(): void {
    const runtime = new SimRuntime(this);
    this.runtime = runtime;
    this.tally.restarts++;
    runtime
      .start(simSettings(this.routes, this.markets, (id) => this.rules.get(id) ?? []))
      .catch((error: unknown) => {
        // A disk or a database that is away at a start ends it; a supervisor starts it again.
        if (runtime.isDead) return;
        runtime.crash();
        const isExpected = error instanceof Error && 'code' in error;
        if (isExpected) this.restartLater();
        else this.fail(error);
      });
  }

  private restartLater(): void {
    const { clock, random } = this;
    clock.at(clock.now() + random.int(10, 20_000), () => {
      if (this.runtime?.isDead === true) this.startRuntime();
    });
  }

  private quote(): void {
    const symbol = this.random.pick(this.market.symbols);
    const burst = this.random.chance(0.1) ? this.random.int(2, 6) : 1;
    for (let i = 0; i < burst; i++) {
      this.clock.at(this.clock.now() + i * burstGapMs, () => this.quoteOf(symbol));
    }
    this.exits.checkExpired();
    this.guards.checkDue();
    this.marketMemory.checkDue();
  }

  /** A price as the feeds give it. */
  tell(symbol: string, bid: string, ask: string): void {
    const { runtime } = this;
    if (runtime?.hasFailed === true && !runtime.isDead && this.random.chance(0.2)) {
      runtime.crash();
      this.restartLater();
      return;
    }
    if (runtime === undefined || runtime.isDead || !runtime.isReady) return;
    for (const quote of this.source.quotesOf(symbol, bid, ask)) {
      runtime.quote(quote);
      this.tally.quotes++;
    }
    this.clock.soon(() => this.exits.settleAll());
  }

  /** Everything works again. */
  private heal(): void {
    this.until.clear();
    this.isHealed = true;
    this.crashAfterCalls = 0;
    this.crashesInCrossing = false;
    if (this.runtime?.hasFailed === true) {
      this.runtime.crash();
      this.restartLater();
    }
  }

  /** Prices cross every level, and what has none is closed by the gateway. */
  private sweep(): void {
    for (const symbol of this.market.symbols) {
      for (const factor of [0.5, 4, 0.5]) {
        const { bid, ask } = this.market.crash(symbol, factor);
        // Where one is held, others have to confirm it.
        const { guards } = this.runtime?.host?.engine.core.state ?? {};
        const { confirmQuotes = 0 } = guards?.get(symbol)?.record.reject ?? {};
        for (let i = 0; i <= confirmQuotes; i++) this.tell(symbol, bid, ask);
        this.clock.step(this.clock.now());
      }
    }
    for (const accountId of this.accounts) {
      const body = { reason: 'the end' };
      this.client.send({ accountId, resource: 'account', action: 'close-all', body });
    }
  }

  private often(everyMs: number, act: () => void): void {
    this.clock.at(this.clock.now() + everyMs, () => {
      act();
      this.often(everyMs, act);
    });
  }

  /** So many times an hour, at times that nobody knows before. */
  private atRandom(perHour: number, act: () => void): void {
    const { clock, random } = this;
    const meanMs = (60 * minute) / perHour;
    const wait = Math.max(1, Math.round(-Math.log(1 - random.next()) * meanMs));
    clock.at(clock.now() + wait, () => {
      act();
      this.atRandom(perHour, act);
    });
  }

  private async advance(ts: number): Promise<void> {
    do {
      // Whatever is promised has its turn before time goes on.
      await new Promise<void>((resolve) => void setImmediate(resolve));
      this.throwIfFailed();
    } while (this.clock.step(ts));
  }

  /** What an account had at first, and what was promised to be added. */
  expectedCapital(accountId: string): string {
    return text(decimal(initialBalance).plus(this.book.deposits.get(accountId) ?? 0));
  }
}
