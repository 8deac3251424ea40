// What a market guard measures on a quote (contract section 4). Doubles say that nothing holds, in a few
// nanoseconds; what may hold is measured exactly.
import {
  comparisons,
  gauges,
  type ConditionLevel,
  type Gauge,
  type GuardRecord,
  type VolatilityRecord,
} from '#src/domain/market-conditions';
import { Decimal, decimal, hundred, text } from '#src/domain/money';
import { exactOf } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import type { MarketGuard } from '#src/domain/state';
import { isBadSize } from './hygiene.ts';
import type { QuoteBook } from './quote-book.ts';
import { Volatility } from './volatility.ts';

/** A gauge that holds on a quote, and at which level. */
export interface Reading {
  readonly gauge: Gauge;
  readonly level: ConditionLevel;
  /** In percent, lots or standard deviations, to 10 decimals. */
  readonly measured: string;
  /** The mid before a gap. */
  readonly before?: string;
}

/** Relative error that the double arithmetic of a measure stays far below. */
const slack = 1e-9;
const half = new Decimal('0.5');
const shownDecimals = 10;
const msPerS = 1000;

interface Limit {
  readonly exact: Decimal;
  /** A measure in doubles below this (above it, for liquidity) is certainly not at the limit. */
  readonly sure: number;
}

const quiet: readonly Reading[] = [];
const none: ReadonlySet<Gauge> = new Set();

/** Those that a quote tells, in the order in which they act. */
const measuredGauges = ['gap', 'spread', 'liquidityLong', 'liquidityShort', 'volatility'] as const;

type Measured = (typeof measuredGauges)[number];

export class MarketMeter {
  /** Gauges that are being confirmed, or have not cleared: every quote is told to them. */
  watched: ReadonlySet<Gauge> = new Set();
  /** What holds on the last quote; before the first since a start, what acted then. */
  holding: readonly Pick<Reading, 'gauge' | 'level'>[];
  /**
   * Since when there is silence, by our clock: the last quote; `-Infinity` before there was one. A number
   * from the beginning: each quote writes it.
   */
  lastTs = -Infinity;
  /** Gauges that the guard says something else of since, or for the first time. */
  unmeasured: ReadonlySet<Gauge>;
  /** Which level of staleness was told of this silence. */
  staleTold: ConditionLevel | undefined;
  private readonly limits: Readonly<Partial<Record<Measured, Limit | undefined>>>;
  /** As parts: of the mid before, of the bid. */
  private readonly gapBelow: number;
  private readonly spreadBelow: number;
  private readonly sizeAbove: number;
  readonly volatility: Volatility | undefined;
  /** How long no quote comes for the warning of staleness; `Infinity` where that is off. */
  readonly staleMs: number;
  readonly guard: GuardRecord;

  /**
   * `before` is the meter of the guard that this one replaces, which says the same of the gauges that are
   * `kept`; windows of the same kind go on.
   */
  constructor(
    guard: GuardRecord,
    lastTs: number,
    before?: MarketMeter,
    kept: readonly Gauge[] = [],
  ) {
    this.guard = guard;
    this.lastTs = lastTs;
    this.holding = before?.holding ?? quiet;
    this.unmeasured = new Set(
      gauges.filter((gauge) => !kept.includes(gauge) || before?.unmeasured.has(gauge) === true),
    );
    if (kept.includes('stale')) this.staleTold = before?.staleTold;
    const limitOf = (record: { limit: string } | false, sign: 1 | -1): Limit | undefined => {
      if (record === false) return undefined;
      const exact = decimal(record.limit);
      return { exact, sure: exact.toNumber() * (1 - sign * slack) - sign * 1e-12 };
    };
    const { gap, spread, liquidity, stale, volatility } = guard;
    this.staleMs = stale === false ? Infinity : decimal(stale.limit).times(msPerS).toNumber();
    const size = limitOf(liquidity, -1);
    this.limits = {
      gap: limitOf(gap, 1),
      spread: limitOf(spread, 1),
      liquidityLong: size,
      liquidityShort: size,
    };
    this.gapBelow = (this.limits.gap?.sure ?? Infinity) / 100;
    this.spreadBelow = (this.limits.spread?.sure ?? Infinity) / 100;
    this.sizeAbove = size?.sure ?? -Infinity;
    this.volatility = volatility === false ? undefined : volatilityOf(volatility, before);
  }

  /** At a start: what acts, on record, is taken to hold until a quote says otherwise. */
  resume(active: MarketGuard['active']): void {
    this.holding = [...active].map(([gauge, { level }]) => ({ gauge, level }));
    this.unmeasured = none;
    this.staleTold = active.get('stale')?.level;
  }

  /** A quote has come, at this time by our clock, and this holds on it. */
  take(heardAt: number, readings: readonly Reading[]): void {
    this.lastTs = heardAt;
    if (this.staleTold !== undefined) this.staleTold = undefined;
    if (this.holding !== readings) this.holding = readings;
    if (this.unmeasured !== none) this.unmeasured = none;
  }

  /** The level at which a gauge holds on the last quote. */
  levelOf(gauge: Gauge): ConditionLevel | undefined {
    return this.holding.find((one) => one.gauge === gauge)?.level;
  }

  /**
   * What holds on the quote, in the order in which it acts. `book` is as it stood before the quote: there
   * is no gap without an earlier one.
   */
  measure(quote: Quote, book: QuoteBook): readonly Reading[] {
    const { bid, ask, bidSize, askSize } = quote;
    const mid = (bid + ask) / 2;
    const before = book.hasQuote ? book.midValue() : Infinity;
    const isVolatile = this.volatility?.takes(mid, quote.ts) ?? false;
    if (
      Math.abs(mid - before) < before * this.gapBelow &&
      ask - bid < bid * this.spreadBelow &&
      !(bidSize !== undefined && bidSize < this.sizeAbove) &&
      !(askSize !== undefined && askSize < this.sizeAbove) &&
      !isVolatile
    ) {
      return quiet;
    }
    return this.readings(quote, book);
  }

  private readings(quote: Quote, book: QuoteBook): readonly Reading[] {
    return measuredGauges
      .map((gauge) => this.readingOf(gauge, quote, book))
      .filter((reading) => reading !== undefined);
  }

  /** Undefined where it does not hold. */
  private readingOf(gauge: Measured, quote: Quote, book: QuoteBook): Reading | undefined {
    const limit = this.limits[gauge];
    switch (gauge) {
      case 'gap': {
        if (limit === undefined || !book.hasQuote) return undefined;
        const before = book.mid();
        const mid = exactBid(quote).plus(exactAsk(quote)).times(half);
        const reading = ratioOf(gauge, limit.exact, mid.minus(before).abs(), before);
        return reading && { ...reading, before: text(before) };
      }
      case 'spread': {
        if (limit === undefined) return undefined;
        const bid = exactBid(quote);
        return ratioOf(gauge, limit.exact, exactAsk(quote).minus(bid), bid);
      }
      case 'liquidityLong':
        return limit && sizeOf(gauge, limit.exact, quote.bidSize, quote.bidSizeExact);
      case 'liquidityShort':
        return limit && sizeOf(gauge, limit.exact, quote.askSize, quote.askSizeExact);
      case 'volatility':
        return this.volatilityOf(quote);
    }
  }

  private volatilityOf({ bid, ask }: Quote): Reading | undefined {
    const { volatility } = this;
    const mid = (bid + ask) / 2;
    if (volatility?.holds(mid) !== true) return undefined;
    const deviations = volatility.deviations(mid);
    const level = deviations >= 2 * volatility.limit ? 'critical' : 'warning';
    return { gauge: 'volatility', level, measured: shown(new Decimal(deviations)) };
  }
}

function volatilityOf(record: VolatilityRecord, before: MarketMeter | undefined): Volatility {
  const { windowMs, halfLifeMs } = record;
  const limit = Number(record.limit);
  const known = before?.volatility;
  if (known?.windowMs !== windowMs || known.halfLifeMs !== halfLifeMs) {
    return new Volatility({ limit, windowMs, halfLifeMs });
  }
  known.limit = limit;
  return known;
}

function exactBid(quote: Quote): Decimal {
  return exactOf(quote.bid, quote.bidExact);
}

function exactAsk(quote: Quote): Decimal {
  return exactOf(quote.ask, quote.askExact);
}

/** Compares part / base · 100 with the limit, multiplied out so that nothing is rounded. */
function ratioOf(
  gauge: 'gap' | 'spread',
  limit: Decimal,
  part: Decimal,
  base: Decimal,
): Reading | undefined {
  const scaled = part.times(hundred);
  const isAtLeast = comparisons[gauge] === 'atLeast';
  const holds = (of: Decimal): boolean => (isAtLeast ? scaled.gte(of) : scaled.gt(of));
  const bound = limit.times(base);
  if (!holds(bound)) return undefined;
  const level = holds(bound.times(2)) ? 'critical' : 'warning';
  return { gauge, level, measured: shown(scaled.dividedBy(base)) };
}

/** A size below the limit; a quote without sizes says nothing, nor does a size that can be none. */
function sizeOf(
  gauge: Gauge,
  limit: Decimal,
  size: number | undefined,
  exact: string | undefined,
): Reading | undefined {
  if (size === undefined || isBadSize(size)) return undefined;
  const lots = exactOf(size, exact);
  if (lots.gte(limit)) return undefined;
  const level = lots.times(2).lt(limit) ? 'critical' : 'warning';
  return { gauge, level, measured: shown(lots) };
}

function shown(value: Decimal): string {
  return text(value.toDecimalPlaces(shownDecimals));
}
