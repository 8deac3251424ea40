// What a simulated world remembers of every market, by itself: the quotes that came, which of them
// counted, and the records. A condition is told when it is confirmed, and clears when it is over; it
// closes what is open while it holds, and nothing else is closed by it.
import { symbolEntriesOf } from '#src/domain/entries';
import { storedGuard, type StoredGuard } from '#src/domain/market-conditions';
import { decimal, text } from '#src/domain/money';
import { exactOf } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import type { JournalRecord } from '#src/domain/records';
import type { State } from '#src/domain/state';
import type { Held } from './exit-facts.ts';
import { GuardCloses, type Known } from './market-closes.ts';
import { isOpen } from './market-hours.ts';
import { bothLevels, nameOf, type Level, type Name, type Sides } from './market-terms.ts';
import type { SimRuntime } from './sim-runtime.ts';
import { SymbolMemory } from './symbol-memory.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** Of a timer: what is due at the very time may be done, or not yet. */
const slackMs = 1;
/** From the start of a runtime until all that it has missed is made up for. */
const settlingMs = 1000;

interface Early {
  readonly symbol: string;
  readonly name: Name;
  readonly level: Level;
}

export class MarketMemory {
  readonly closes: GuardCloses;
  private readonly world: World;
  private symbols = new Map<string, SymbolMemory>();
  private records: JournalRecord[] = [];
  private runtime: SimRuntime | undefined;
  /** What has cleared before its time. */
  private readonly early: Early[] = [];
  private readySince = Infinity;
  /** When a quote counted last. */
  private acceptedTs = 0;
  /** The symbol whose quote is being worked on. */
  private current: string | undefined;
  private quote: Quote | undefined;

  constructor(world: World) {
    this.world = world;
    this.closes = new GuardCloses((name, detail) => this.fail(name, detail));
  }

  /** A runtime has recovered: it knows what is on record, and the quotes that were noted. */
  follow(runtime: SimRuntime, state: State, lastN: number): void {
    this.runtime = runtime;
    this.readySince = Infinity;
    this.current = undefined;
    this.records = this.records.filter(({ n }) => n <= lastN);
    this.symbols = new Map(
      [...this.world.markets].map(([symbol, made]) => [symbol, new SymbolMemory(symbol, made)]),
    );
    this.closes.restart();
    for (const record of this.records) {
      this.apply(record);
      this.closes.apply(record);
    }
    for (const [symbol, memory] of this.symbols) {
      const mark = state.marks.get(symbol);
      const book = mark && {
        ...{ bid: decimal(mark.bid), ask: decimal(mark.ask), ts: mark.ts },
      };
      memory.standing.restart(book);
      memory.feeds?.restart(this.world.clock.now());
    }
  }

  listen(runtime: SimRuntime): void {
    if (runtime.host === undefined) return;
    const { feed, core } = runtime.host.engine;
    const arm = core.arm.bind(core);
    core.arm = () => {
      this.readySince = this.world.clock.now();
      for (const { standing } of this.symbols.values()) standing.armed(this.readySince);
      arm();
    };
    const take = feed.take.bind(feed);
    feed.take = (quote) => {
      if (runtime.isDead) return take(quote);
      const memory = this.of(quote.symbol);
      this.checkStanding(quote.symbol);
      const { standing, prints } = memory;
      const isOld = quote.ts < (standing.book?.ts ?? 0);
      const counted = isOld ? [] : prints.countedBy({ ...sidesOf(quote), quote }, standing.book);
      memory.counts = counted.map((one) => one.quote);
      const isTaken = take(quote);
      // What is behind a crossing counts when that is worked off.
      if (memory.counts.length > 0 && !runtime.isDead && !feed.isBusy) {
        this.fail('a confirmed quote counts', shown(memory.counts[0] as Quote));
      }
      return isTaken;
    };
    const accept = feed['accept'].bind(feed);
    feed['accept'] = (quote, market) => {
      if (runtime.isDead) accept(quote, market);
      else this.accepting(quote, () => accept(quote, market));
    };
  }

  /** A quote has come, whatever becomes of it. */
  arrived(quote: Quote, take: () => void): void {
    const { feeds, sequences, standing } = this.of(quote.symbol);
    const now = this.world.clock.now();
    const waitingTs = this.runtime?.host?.engine['inbox'].lastTsOf(quote.symbol) ?? 0;
    if (quote.seq !== undefined) sequences.see(quote.feed ?? '', quote.seq);
    feeds?.heard(quote.feed, now, Math.max(standing.book?.ts ?? 0, waitingTs) - quote.ts);
    take();
    const fault = feeds?.fault(quote.feed, now);
    if (fault !== undefined && this.isWatching()) {
      this.fail('the feed that counts is one that quotes', `${quote.symbol}: ${fault}`);
    }
  }

  private accepting(quote: Quote, accept: () => void): void {
    const { symbol } = quote;
    const memory = this.of(symbol);
    const { standing, feeds } = memory;
    if (memory.counts.shift() !== quote) {
      this.fail('a quote that is held or refused counts for nothing', shown(quote));
    }
    if (feeds !== undefined && quote.feed !== feeds.name) {
      this.fail('two feeds are never mixed', `${shown(quote)} of ${quote.feed}, not ${feeds.name}`);
    }
    this.acceptedTs = this.world.clock.now();
    standing.take(quote, sidesOf(quote), this.acceptedTs);
    this.current = symbol;
    this.quote = quote;
    const open = this.openIn(symbol);
    accept();
    this.current = undefined;
    this.quote = undefined;
    const { runtime } = this;
    if (runtime === undefined || runtime.isDead || runtime.hasFailed) return;
    for (const name of standing.terms.keys()) {
      if (standing.isOdd(name)) continue;
      for (const level of bothLevels) this.checkTold(symbol, name, level, this.acceptedTs);
      const { closeOn = 'never' } = standing.terms.get(name) ?? {};
      if (closeOn === 'never' || !standing.isActive(name, closeOn)) continue;
      if (standing.holds(name, closeOn)) this.checkAsked(name, open);
    }
    this.checkEntries(symbol);
  }

  /** A record was written, of this start. */
  wrote(record: JournalRecord): void {
    this.records.push(record);
    const now = this.world.clock.now();
    const isOfGuard = record.type === 'guard.put' || record.type === 'guard.removed';
    if (record.type !== 'market.changed' && !isOfGuard) this.checkEarly();
    switch (record.type) {
      case 'market.changed':
        this.checkChange(record, now);
        break;
      case 'feed.switched': {
        const { symbol, to, reason } = record.body;
        const fault = this.of(symbol).feeds?.switchFault(to, reason, now);
        if (fault !== undefined) this.fail('feeds change when they should', `${symbol}: ${fault}`);
        break;
      }
      case 'session.changed': {
        const { symbol, isOpen: opens } = record.body;
        if (isOpen(this.of(symbol).hours, now) === opens) break;
        this.fail('a market opens and closes by its hours', `${symbol} opens: ${opens}`);
        break;
      }
      case 'guard.put':
        this.checkPut(record.body.guard.symbol, record.body.guard);
        break;
      case 'guard.removed':
        this.checkPut(record.body.symbol, undefined);
        break;
      default:
        this.closes.check(record, this.known);
        break;
    }
    this.apply(record);
    this.closes.apply(record);
  }

  /** All that is due by now: looked at once in a while. */
  checkDue(): void {
    if (!this.isWatching()) return;
    for (const symbol of this.symbols.keys()) {
      this.checkStanding(symbol);
      this.checkEntries(symbol);
    }
  }

  /** Sequence numbers, as the runtime has counted them and as they came. */
  *sequenceFaults(): Iterable<string> {
    const markets = this.runtime?.host?.engine.core.markets;
    for (const [symbol, { sequences }] of this.symbols) {
      for (const [feed, watch] of markets?.of(symbol).sequences ?? []) {
        const counted = JSON.stringify(watch.view);
        const wanted = JSON.stringify(sequences.of(feed));
        if (counted !== wanted) yield `${symbol} of ${feed}: ${counted}, not ${wanted}`;
      }
    }
  }

  private readonly known: Known = {
    /** By the measure of this quote, or at the time at which it has become active. */
    mayClose: (name, symbol) => {
      const { standing } = this.of(symbol);
      const { closeOn = 'never' } = standing.terms.get(name) ?? {};
      if (closeOn === 'never' || !standing.isActive(name, closeOn)) return false;
      if (this.current === symbol) return standing.holds(name, closeOn);
      const now = this.world.clock.now();
      if (name === 'stale' && standing.becomesStale(closeOn, now)) return true;
      return standing.activeSince(name, closeOn) === now;
    },
    hasCleared: (name, symbol, before) => {
      const { standing } = this.of(symbol);
      const { closeOn = 'never' } = standing.terms.get(name) ?? {};
      if (closeOn === 'never' || !standing.isMeasured(name)) return false;
      if (name === 'gap') return before !== undefined && standing.isBackAt(before);
      return !standing.isActive(name, closeOn) && !standing.holds(name, closeOn);
    },
  };

  private checkChange(
    { body }: Extract<JournalRecord, { type: 'market.changed' }>,
    now: number,
  ): void {
    const { symbol, condition, side, level, before } = body;
    const { standing } = this.of(symbol);
    const name = nameOf(condition, side);
    for (const one of bothLevels) {
      const isOn = level === 'critical' || level === one;
      if (isOn === standing.isActive(name, one) || standing.isOdd(name)) continue;
      // The critical one may be confirmed on its own, where the warning has cleared just before.
      const isAlone = level === 'critical' && one === 'warning';
      if (isOn && !isAlone && !standing.isConfirmed(name, one, now)) {
        this.fail('what is told of a market was confirmed', `${symbol} ${name} ${one}`);
      }
      const [atLeast] = standing.clearsAt(name, one);
      if (!isOn && now < atLeast) this.early.push({ symbol, name, level: one });
    }
    if (name === 'gap' && level !== 'clear' && before === undefined && this.current === symbol) {
      this.fail('a gap tells from where', symbol);
    }
    const { closeOn = 'never' } = standing.terms.get(name) ?? {};
    const acts = level === 'critical' || level === closeOn;
    if (closeOn === 'never' || !acts || standing.isActive(name, closeOn)) return;
    if (!standing.isConfirmed(name, closeOn, now)) return;
    const { runtime } = this;
    const open = this.openIn(symbol);
    this.world.clock.soon(() => {
      if (this.runtime === runtime) this.checkAsked(name, open);
    });
  }

  /** Before its time a condition is over only with its guard, which is on record next. */
  private checkEarly(isOver: (early: Early) => boolean = () => false): void {
    for (const early of this.early.splice(0)) {
      if (isOver(early)) continue;
      const { symbol, name, level } = early;
      this.fail('a condition clears after its time', `${symbol} ${name} ${level}`);
    }
  }

  /** Of a guard that is put otherwise, or removed, nothing stays that it does not say any more. */
  private checkPut(symbol: string, guard: StoredGuard | undefined): void {
    const { standing } = this.of(symbol);
    const next = guard && storedGuard(guard);
    this.checkEarly((early) => early.symbol === symbol && !standing.keeps(early.name, next));
    for (const name of standing.activeNames()) {
      if (standing.keeps(name, next)) continue;
      this.fail('what is over with its guard is told', `${symbol} ${name}`);
    }
  }

  private checkAsked(name: Name, open: readonly Held[]): void {
    const { runtime } = this;
    if (runtime === undefined || runtime.isDead || runtime.hasFailed) return;
    this.closes.checkAsked(name, open, this.state(), this.world.clock.now());
  }

  private apply(record: JournalRecord): void {
    switch (record.type) {
      case 'market.changed': {
        const { symbol, condition, side, level, before } = record.body;
        const memory = this.of(symbol);
        memory.standing.told(nameOf(condition, side), level, record.ts);
        if (before !== undefined) memory.gapBefore = before;
        break;
      }
      case 'feed.switched': {
        const memory = this.of(record.body.symbol);
        memory.feeds?.switched(record.body.to, record.ts);
        memory.prints.drop();
        break;
      }
      case 'session.changed':
        this.of(record.body.symbol).isClosed = !record.body.isOpen;
        break;
      case 'guard.put':
        this.of(record.body.guard.symbol).put(storedGuard(record.body.guard), record.ts);
        break;
      case 'guard.removed':
        this.of(record.body.symbol).put(undefined, record.ts);
        break;
      default:
        break;
    }
  }

  /** Timers have done what was due before now. */
  private checkStanding(symbol: string): void {
    const now = this.world.clock.now();
    // Of quotes that were held what is due at their time is due at once, but not in their turn.
    if (!this.isWatching() || this.acceptedTs === now) return;
    const { standing } = this.of(symbol);
    const ts = now - slackMs;
    for (const name of standing.terms.keys()) {
      for (const level of bothLevels) {
        if (standing.isOdd(name)) continue;
        this.checkTold(symbol, name, level, ts);
        const [, atMost] = standing.clearsAt(name, level);
        if (!standing.isActive(name, level) || atMost > ts) continue;
        this.fail('what is over clears', `${symbol} ${name} ${level} at ${atMost}`);
      }
    }
  }

  private checkTold(symbol: string, name: Name, level: Level, ts: number): void {
    const { standing } = this.of(symbol);
    if (standing.isActive(name, level) || !standing.isConfirmed(name, level, ts)) return;
    this.fail('what is confirmed is told', `${symbol} ${name} ${level}`);
  }

  private checkEntries(symbol: string): void {
    if (!this.isWatching()) return;
    const { standing, isClosed, hours } = this.of(symbol);
    const now = this.world.clock.now();
    const isSure = isOpen(hours, now) === isOpen(hours, now - slackMs);
    if (isSure && isClosed === isOpen(hours, now)) {
      this.fail('a market opens and closes by its hours', `${symbol} is closed: ${isClosed}`);
    }
    const halting = [...standing.terms].filter(([name, { haltOn }]) => {
      return standing.isActive(name, haltOn);
    });
    const wanted = !isClosed && halting.length === 0;
    const { allowed, reasons } = symbolEntriesOf(this.state(), symbol);
    if (allowed === wanted) return;
    this.fail('entries are halted while they should be', `${symbol}: ${reasons.join(', ')}`);
  }

  /** Without those for which the quote that is worked on does not count. */
  private openIn(symbol: string): Held[] {
    const { facts, missed } = this.world.exits;
    const { quote } = this;
    const isOut = (held: Held): boolean => quote?.symbol === symbol && missed.isUnseen(held, quote);
    return [...facts.held.values()].filter((held) => held.symbol === symbol && !isOut(held));
  }

  private isWatching(): boolean {
    const { runtime } = this;
    if (runtime?.isReady !== true || runtime.isDead || runtime.hasFailed) return false;
    return this.world.clock.now() > this.readySince + settlingMs;
  }

  private state(): State {
    const state = this.runtime?.host?.engine.core.state;
    if (state === undefined) throw new Error('no runtime is followed');
    return state;
  }

  private of(symbol: string): SymbolMemory {
    const memory = this.symbols.get(symbol);
    if (memory === undefined) throw new Error(`there is no ${symbol} here`);
    return memory;
  }

  private fail(name: string, detail: string): void {
    const { world } = this;
    const ts = new Date(world.clock.now()).toISOString();
    world.fail(new Violation(world.seed, name, [`at ${ts}: ${detail}`]));
  }
}

function sidesOf({ bid, ask, bidExact, askExact, ts }: Quote): Sides {
  return { bid: exactOf(bid, bidExact), ask: exactOf(ask, askExact), ts };
}

function shown({ symbol, bid, ask, ts }: Quote): string {
  return `${symbol} ${text(decimal(bid))} ${text(decimal(ask))} at ${ts}`;
}
