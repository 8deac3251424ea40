// The market guard of a symbol for the brute-force reference (contract section 4): each condition,
// of liquidity each side, has a latch for its warning and one for critical.
import type { Quote } from '#src/domain/quote';
import type { Book } from './exact.ts';
import { Latch, StaleLatch } from './latch.ts';
import {
  termsOf,
  times,
  type Condition,
  type Level,
  type MarketGuardSpec,
  type Sessions,
  type Side,
  type Terms,
} from './market-terms.ts';
import { gapOf, liquidityOf, spreadOf, Volatility, type Reached } from './measures.ts';
import { openAfter } from './sessions.ts';

/** A level that a condition is at from now on; `ts` is that of the quote that is worked on. */
export interface LevelChange {
  readonly ts: number;
  readonly symbol: string;
  readonly condition: Condition;
  /** Of liquidity: the positions that it closes. */
  readonly side?: Side;
  readonly level: Level;
}

/** Every open position in the symbol, or those of one side, is closed. */
export interface MarketClose {
  readonly symbol: string;
  readonly reason: string;
  readonly side: Side | undefined;
}

/** In the order in which those of the same time act. */
export const ranks = ['confirm', 'clear', 'stale'] as const;

export interface MarketDeadline {
  readonly at: number;
  readonly rank: (typeof ranks)[number];
  /** Undefined where nothing is closed. */
  readonly act: () => MarketClose | undefined;
}

/** What is looked at on a quote. */
interface Sight {
  readonly book: Book;
  readonly quote: Quote;
}

type Note = (change: Omit<LevelChange, 'ts'>) => void;
type AnyLatch = Latch | StaleLatch;

export class MarketGuard {
  readonly #watches: Watch[] = [];
  readonly #stale: StaleWatch | undefined;

  constructor(symbol: string, spec: MarketGuardSpec, sessions: Sessions | undefined, note: Note) {
    const { gap, spread, liquidity, stale, volatility } = termsOf(spec);
    const watch = (
      name: Condition,
      terms: Terms | undefined,
      measure: (sight: Sight, limit: Terms['limit']) => Reached,
      side?: Side,
    ): void => {
      if (terms === undefined) return;
      const of = { symbol, condition: name, ...(side === undefined ? {} : { side }) };
      this.#watches.push(new Watch(of, terms, (sight) => measure(sight, terms.limit), note));
    };
    watch('gap', gap, ({ book }, limit) => gapOf(book, limit));
    watch('spread', spread, ({ book }, limit) => spreadOf(book, limit));
    watch('liquidity', liquidity, ({ quote }, limit) => liquidityOf(quote.bidSize, limit), 'long');
    watch('liquidity', liquidity, ({ quote }, limit) => liquidityOf(quote.askSize, limit), 'short');
    const windows = volatility && new Volatility(volatility);
    watch('volatility', volatility, ({ quote }) => windows?.take(quote) ?? 0);
    if (stale !== undefined) this.#stale = new StaleWatch(symbol, stale, sessions, note);
  }

  /** Section 2, step 5: every condition takes the quote; what those close that act on it. */
  take(sight: Sight): MarketClose[] {
    this.#stale?.take(sight.quote.ts);
    return this.#watches.flatMap((watch) => watch.take(sight) ?? []);
  }

  /** The next of each condition at or before `until`, in the order of the conditions. */
  due(until: number): MarketDeadline[] {
    const all = [...this.#watches, this.#stale].flatMap((watch) => watch?.deadlines(until) ?? []);
    return all.filter(({ at }) => at <= until);
  }
}

/** Two latches, and the level that they make. */
abstract class Latches<L extends AnyLatch> {
  readonly #of: Omit<LevelChange, 'ts' | 'level'>;
  readonly #closeOn: Terms['closeOn'];
  readonly #note: Note;
  #level: Level = 'clear';
  protected readonly warning: L;
  protected readonly critical: L;

  constructor(
    of: Omit<LevelChange, 'ts' | 'level'>,
    { closeOn }: Terms,
    note: Note,
    latch: (factor: 1 | 2) => L,
  ) {
    this.#of = of;
    this.#closeOn = closeOn;
    this.#note = note;
    this.warning = latch(1);
    this.critical = latch(2);
  }

  /** The earliest time of the two; both act where they have the same. */
  protected next(
    rank: MarketDeadline['rank'],
    timeOf: (latch: L) => number,
    change: (latch: L) => void,
  ): MarketDeadline {
    const warningAt = timeOf(this.warning);
    const criticalAt = timeOf(this.critical);
    const at = Math.min(warningAt, criticalAt);
    return {
      at,
      rank,
      act: () => {
        if (warningAt === at) change(this.warning);
        if (criticalAt === at) change(this.critical);
        const closes = rank !== 'clear';
        return this.settle(closes && warningAt === at, closes && criticalAt === at);
      },
    };
  }

  /** Tells of another level; what is closed where these two act. */
  protected settle(warningActs: boolean, criticalActs: boolean): MarketClose | undefined {
    const lower = this.warning.isActive ? 'warning' : 'clear';
    const level = this.critical.isActive ? 'critical' : lower;
    if (level !== this.#level) this.#note({ ...this.#of, level });
    this.#level = level;
    const acts = { warning: warningActs, critical: criticalActs, never: false }[this.#closeOn];
    if (!acts) return undefined;
    const { symbol, condition, side } = this.#of;
    return { symbol, reason: `market_${condition}`, side };
  }
}

class Watch extends Latches<Latch> {
  readonly #measure: (sight: Sight) => Reached;

  constructor(
    of: Omit<LevelChange, 'ts' | 'level'>,
    terms: Terms,
    measure: (sight: Sight) => Reached,
    note: Note,
  ) {
    super(of, terms, note, () => new Latch(terms));
    this.#measure = measure;
  }

  take(sight: Sight): MarketClose | undefined {
    const { ts } = sight.quote;
    const reached = this.#measure(sight);
    const warningActs = this.warning.take(ts, reached >= 1);
    const criticalActs = this.critical.take(ts, reached === 2);
    return this.settle(warningActs, criticalActs);
  }

  deadlines(): MarketDeadline[] {
    return [
      this.next(
        'confirm',
        (latch) => latch.confirmAt(),
        (latch) => latch.confirm(),
      ),
      this.next(
        'clear',
        (latch) => latch.clearAt(),
        (latch) => latch.clear(),
      ),
    ];
  }
}

class StaleWatch extends Latches<StaleLatch> {
  constructor(symbol: string, terms: Terms, sessions: Sessions | undefined, note: Note) {
    super({ symbol, condition: 'stale' }, terms, note, (factor) => {
      const ms = times(factor * 1000, terms.limit);
      return new StaleLatch(terms, ms, (ts, openMs, until) => {
        return ts > until ? Infinity : openAfter(sessions, ts, openMs, until);
      });
    });
  }

  take(ts: number): void {
    this.warning.take(ts);
    this.critical.take(ts);
  }

  deadlines(until: number): MarketDeadline[] {
    return [
      this.next(
        'clear',
        (latch) => latch.clearAt(),
        (latch) => latch.clear(),
      ),
      this.next(
        'confirm',
        (latch) => (latch.isToConfirm ? latch.confirmAt(until) : Infinity),
        (latch) => latch.confirm(),
      ),
      this.next(
        'stale',
        (latch) => (latch.isToConfirm ? Infinity : latch.confirmAt(until)),
        (latch) => latch.confirm(),
      ),
    ];
  }
}
