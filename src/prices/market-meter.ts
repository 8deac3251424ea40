// What a market guard measures on a quote (contract section 4): gap and spread, in percent.
import type { Condition, ConditionLevel, GuardRecord } from '#src/domain/market-conditions';
import { actsAtLimit } from '#src/domain/market-conditions';
import { Decimal, decimal, hundred, text } from '#src/domain/money';
import { exactOf } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import type { QuoteBook } from './quote-book.ts';

export interface Measurement {
  readonly condition: Condition;
  readonly level: ConditionLevel;
  /** In percent, to 10 decimals. */
  readonly measured: string;
  readonly limit: string;
}

/** Relative error that the double arithmetic of a measure stays far below. */
const slack = 1e-9;
const half = new Decimal('0.5');
const shownDecimals = 10;

interface Limit {
  readonly condition: Condition;
  readonly record: string;
  readonly exact: Decimal;
  /** A measure in doubles below this is certainly below the limit. */
  readonly surelyBelow: number;
}

function limitOf(guard: GuardRecord, condition: Condition): Limit | undefined {
  const record = guard[condition];
  if (record === false) return undefined;
  const exact = decimal(record.limit);
  return {
    condition,
    record: record.limit,
    exact,
    surelyBelow: exact.toNumber() * (1 - slack) - 1e-12,
  };
}

const quiet: readonly Measurement[] = [];

export class MarketMeter {
  private readonly gap: Limit | undefined;
  private readonly spread: Limit | undefined;

  constructor(guard: GuardRecord) {
    this.gap = limitOf(guard, 'gap');
    this.spread = limitOf(guard, 'spread');
  }

  /**
   * The conditions that hold on the quote, gap first. `book` is as it stood before the quote; there
   * is no gap without an earlier one.
   */
  measure(quote: Quote, book: QuoteBook): readonly Measurement[] {
    const { bid, ask } = quote;
    let found: Measurement[] | undefined;
    if (this.gap !== undefined && book.hasQuote) {
      const previousMid = book.midValue();
      const moved = Math.abs((bid + ask) / 2 - previousMid);
      if ((moved / previousMid) * 100 >= this.gap.surelyBelow) {
        const before = book.mid();
        const measured = exactBid(quote).plus(exactAsk(quote)).times(half).minus(before).abs();
        found = add(found, this.gap, measured, before);
      }
    }
    if (this.spread !== undefined && ((ask - bid) / bid) * 100 >= this.spread.surelyBelow) {
      const base = exactBid(quote);
      found = add(found, this.spread, exactAsk(quote).minus(base), base);
    }
    return found ?? quiet;
  }
}

function exactBid(quote: Quote): Decimal {
  return exactOf(quote.bid, quote.bidExact);
}

function exactAsk(quote: Quote): Decimal {
  return exactOf(quote.ask, quote.askExact);
}

/** Compares part / base · 100 with the limit, multiplied out so that nothing is rounded. */
function add(
  found: Measurement[] | undefined,
  limit: Limit,
  part: Decimal,
  base: Decimal,
): Measurement[] | undefined {
  const scaled = part.times(hundred);
  const holds = (of: Decimal): boolean =>
    actsAtLimit[limit.condition] ? scaled.gte(of) : scaled.gt(of);
  const bound = limit.exact.times(base);
  if (!holds(bound)) return found;
  const level = holds(bound.times(2)) ? 'critical' : 'warning';
  const measured = text(scaled.dividedBy(base).toDecimalPlaces(shownDecimals));
  const measurement = { condition: limit.condition, level, measured, limit: limit.record } as const;
  return found === undefined ? [measurement] : [...found, measurement];
}
