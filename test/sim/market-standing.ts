// How the conditions of one symbol stand, as its quotes and the records have it: on how many quotes in a
// row each level has held, which are active, and when they may clear, and must.
import { decimal } from '#src/domain/money';
import type { GuardConditions } from '#src/contracts/guard';
import type { Quote } from '#src/domain/quote';
import { openMs, type OpenMinutes } from './market-hours.ts';
import {
  bothLevels,
  conditionOf,
  gapLevel,
  levelOf,
  midOf,
  names,
  sizeLevel,
  spreadLevel,
  termsOf,
  Windows,
  type Level,
  type Name,
  type Sides,
  type Terms,
} from './market-terms.ts';

/** A level that is not active: the quotes in a row on which it held. */
interface Run {
  quotes: number;
  readonly since: number;
  readonly last: number;
  /** When the first one came, by our clock, and the last one. */
  readonly heardSince: number;
  readonly heardAt: number;
}

interface Active {
  /** When it held last: at the earliest, and at the latest. */
  heldTs: number;
  heldMostTs: number;
  /** When it became active, in this start. */
  readonly sinceTs: number;
}

type Latch = `${Name}.${Level}`;

const msPerS = 1000;

/** No guard: everything is off. */
const off: GuardConditions = { gap: false, spread: false, liquidity: false, stale: false };

export class Standing {
  readonly symbol: string;
  readonly terms: ReadonlyMap<Name, Terms>;
  private readonly hours: OpenMinutes | undefined;
  private readonly guard: GuardConditions | undefined;
  private windows: Windows | undefined;
  private readonly runs = new Map<Latch, Run>();
  private readonly odd = new Set<Name>();
  private readonly active = new Map<Latch, Active>();
  book: Sides | undefined;
  /** From when on there is silence: the last quote, or since somebody listens. */
  private heardTs = Infinity;
  /** When the last quote counted, be it of before. */
  private heardAt = 0;
  /** Conditions that the guard says something else of since the last quote. */
  private readonly unmeasured = new Set<Name>();
  /** What holds on the quote that is being worked on. */
  measured: ReadonlyMap<Name, Level> = new Map();

  constructor(symbol: string, guard: GuardConditions | undefined, hours: OpenMinutes | undefined) {
    this.symbol = symbol;
    this.guard = guard;
    this.hours = hours;
    this.terms = termsOf(guard ?? off);
    this.restart(undefined);
  }

  /** Whether the guard says of a condition what another one does; both as they are on record. */
  keeps(name: Name, guard: GuardConditions | undefined): boolean {
    const condition = conditionOf(name) as keyof GuardConditions;
    const [was, is] = [this.guard?.[condition], guard?.[condition]];
    return this.guard !== undefined && JSON.stringify(was) === JSON.stringify(is);
  }

  /** By another guard, or none: what that says of a condition as before stands as before. */
  replacedBy(guard: GuardConditions | undefined, ts: number): Standing {
    const next = new Standing(this.symbol, guard, this.hours);
    next.book = this.book;
    next.heardAt = this.heardAt;
    if (this.guard === undefined) next.listens(ts);
    else next.heardTs = this.heardTs;
    if (areSameWindows(this.guard?.volatility, guard?.volatility)) next.windows = this.windows;
    const kept = new Set([...next.terms.keys()].filter((name) => this.keeps(name, guard)));
    const isKept = (latch: Latch): boolean => kept.has(latch.split('.')[0] as Name);
    for (const [latch, run] of this.runs) if (isKept(latch)) next.runs.set(latch, run);
    for (const [latch, one] of this.active) if (isKept(latch)) next.active.set(latch, one);
    for (const name of this.odd) if (kept.has(name)) next.odd.add(name);
    next.measured = new Map([...this.measured].filter(([name]) => kept.has(name)));
    for (const name of next.terms.keys()) {
      if (!kept.has(name) || this.unmeasured.has(name)) next.unmeasured.add(name);
    }
    return next;
  }

  /** Nothing is known any more but the book, and what is on record. */
  restart(book: Sides | undefined): void {
    this.book = book;
    this.heardTs = Infinity;
    this.unmeasured.clear();
    this.runs.clear();
    this.windows = this.guard?.volatility ? new Windows(this.guard.volatility) : undefined;
  }

  /** From now on somebody listens: what acts may have held until now. */
  armed(ts: number): void {
    this.listens(ts);
    for (const [latch, one] of this.active) {
      if (!latch.startsWith('stale')) one.heldTs = one.heldMostTs = ts;
    }
  }

  /** A quote that counts; one that was held is from before. */
  take(quote: Quote, sides: Sides, now: number): void {
    const before = this.book;
    const measured = new Map<Name, Level>();
    for (const [name, { limit }] of this.terms) {
      const level = this.levelOn(name, limit, quote, sides, before);
      if (level !== undefined) measured.set(name, level);
    }
    this.measured = measured;
    for (const name of this.terms.keys()) {
      if (!measured.has(name) && !this.isActive(name, 'warning')) this.odd.delete(name);
      for (const level of bothLevels) this.follow(name, level, sides.ts, now);
    }
    this.book = sides;
    this.heardTs = now;
    this.heardAt = now;
    this.unmeasured.clear();
  }

  /** Nothing was heard before. */
  listens(ts: number): void {
    if (this.heardTs === Infinity) this.heardTs = Math.max(ts, this.book?.ts ?? 0);
  }

  private levelOn(
    name: Name,
    limit: Terms['limit'],
    quote: Quote,
    sides: Sides,
    before: Sides | undefined,
  ): Level | undefined {
    switch (name) {
      case 'gap':
        return before && gapLevel(limit, sides, before);
      case 'spread':
        return spreadLevel(limit, sides);
      case 'liquidity long':
        return sizeLevel(limit, quote.bidSize);
      case 'liquidity short':
        return sizeLevel(limit, quote.askSize);
      case 'volatility':
        return this.windows?.take((quote.bid + quote.ask) / 2, quote.ts, limit.toNumber());
      case 'stale':
        return undefined;
    }
  }

  private follow(name: Name, level: Level, ts: number, now: number): void {
    const latch = `${name}.${level}` as const;
    const active = this.active.get(latch);
    if (active !== undefined) {
      if (name === 'stale') {
        // Of several that were held the first one ends it.
        const isFirst = this.heardAt < now;
        if (isFirst && this.wasStale(active, level, now - 1)) active.heldTs = now;
        // At the very time at which it would be stale again it may be so, or not.
        if (active.heldTs === now || this.isStale(level, now)) active.heldMostTs = now;
      } else if (this.holds(name, level)) active.heldTs = active.heldMostTs = now;
      return;
    }
    const run = this.runs.get(latch);
    if (!this.holds(name, level)) this.runs.delete(latch);
    else {
      const { quotes = 0, since = ts, heardSince = now } = run ?? {};
      const seen = { last: ts, heardSince, heardAt: now };
      this.runs.set(latch, { quotes: quotes + 1, since, ...seen });
    }
  }

  holds(name: Name, level: Level): boolean {
    const measured = this.measured.get(name);
    return measured === 'critical' || measured === level;
  }

  isActive(name: Name, level: Level | 'never'): boolean {
    return level !== 'never' && this.active.has(`${name}.${level}`);
  }

  /** When it became active; undefined where it is not. */
  activeSince(name: Name, level: Level): number | undefined {
    return this.active.get(`${name}.${level}`)?.sinceTs;
  }

  activeNames(): Name[] {
    return names.filter((name) => this.isActive(name, 'warning'));
  }

  /** Whether a level that is not active has been confirmed by `ts`, by our clock. */
  isConfirmed(name: Name, level: Level, ts: number): boolean {
    const terms = this.terms.get(name);
    if (terms === undefined) return false;
    if (name === 'stale') return this.isStale(level, ts, terms.confirmMs);
    const run = this.runs.get(`${name}.${level}`);
    if (run === undefined || run.quotes < terms.confirmQuotes) return false;
    return Math.max(ts - run.heardSince, run.last - run.since) >= terms.confirmMs;
  }

  /** What was stale is so until the first quote. */
  private wasStale({ heldTs }: Active, level: Level, ts: number): boolean {
    return heldTs === Infinity || this.isStale(level, ts);
  }

  private isStale(level: Level, ts: number, moreMs = 0): boolean {
    const limit = this.terms.get('stale')?.limit;
    if (limit === undefined || this.heardTs > ts) return false;
    const limitMs = limit.times(msPerS * (level === 'critical' ? 2 : 1)).plus(moreMs);
    return limitMs.lte(openMs(this.hours, this.heardTs, ts));
  }

  /** When an active level clears, if it does not hold again: at the earliest, and at the latest. */
  clearsAt(name: Name, level: Level): readonly [number, number] {
    const { heldTs = Infinity, heldMostTs = Infinity } = this.active.get(`${name}.${level}`) ?? {};
    const { clearAfterMs = 0 } = this.terms.get(name) ?? {};
    const from = (ts: number): number => {
      const clearTs = ts + clearAfterMs;
      const isAgain = name === 'stale' && ts < Infinity && this.isStale(level, clearTs - 1);
      return isAgain ? Infinity : clearTs;
    };
    return [from(heldTs), from(heldMostTs)];
  }

  /** Whether it is stale from this very time on. */
  becomesStale(level: Level, ts: number): boolean {
    return this.isStale(level, ts) && !this.isStale(level, ts - 1);
  }

  /**
   * Whether the critical level was confirmed while the warning, having cleared just before, was not: of
   * that what is told says too little to go on with it, until it does not hold any more.
   */
  isOdd(name: Name): boolean {
    return this.odd.has(name);
  }

  /** Whether a quote was measured by what the guard says of it now. */
  isMeasured(name: Name): boolean {
    return !this.unmeasured.has(name);
  }

  /** What is told: the highest level that is active now. */
  told(name: Name, level: Level | 'clear', ts: number): void {
    const isOwn = this.isActive(name, 'warning') || this.isConfirmed(name, 'warning', ts);
    if (level === 'critical' && !isOwn) this.odd.add(name);
    for (const one of bothLevels) {
      const latch = `${name}.${one}` as const;
      const isOn = level === 'critical' || level === one;
      if (!isOn) this.active.delete(latch);
      else if (!this.active.has(latch)) {
        const last = name === 'stale' ? Infinity : (this.runs.get(latch)?.heardAt ?? ts);
        this.active.set(latch, { heldTs: last, heldMostTs: last, sinceTs: ts });
        this.runs.delete(latch);
      }
    }
  }

  /** Whether a quote is back within the limit of the mid before a gap. */
  isBackAt(before: string): boolean {
    const limit = this.terms.get('gap')?.limit;
    if (limit === undefined || this.book === undefined) return false;
    const moved = midOf(this.book).minus(before).abs().div(before).times(100);
    return levelOf(moved.div(decimal(limit))) === undefined;
  }
}

/** Windows of one kind, whatever the limit. */
function areSameWindows(
  was: GuardConditions['volatility'],
  is: GuardConditions['volatility'],
): boolean {
  if (!was || !is) return false;
  return was.windowMs === is.windowMs && was.halfLifeMs === is.halfLifeMs;
}
