// Who trades in the demo: a dozen accounts, each with its rules and habits, and their positions.
import type { ExitsSpec } from '#src/domain/exits';
import type { Side } from '#src/domain/quote';
import type { RuleSpec } from '#src/domain/rules';
import { instruments, type SyntheticInstrument } from './synthetic-market.ts';
import type { Random } from './random.ts';

export type Currency = 'USD' | 'EUR';

/** `both` a stop and a target, `one` either of them in turn, `none` neither: all or nothing. */
type Habit = 'both' | 'one' | 'none';

export interface Trader {
  readonly accountId: string;
  readonly currency: Currency;
  readonly balance: number;
  readonly guard: { readonly preset: 'default' } | { readonly rules: RuleSpec[] };
  /** Notional of all its positions together, in balances. */
  readonly leverage: number;
  readonly positions: number;
  readonly symbols: readonly string[];
  readonly habit: Habit;
  /** The only side that it takes; both in turn where it has no preference. */
  readonly side?: Side;
}

const all = ['EURUSD', 'USDJPY', 'XAUUSD', 'US500', 'BTCUSD'];
const usualRules = { preset: 'default' } as const;
const peakPct = (limitPct: number) => ({
  rules: [{ id: 'trailing', anchor: 'peakEquity', limitPct } satisfies RuleSpec],
});
const peakAmount = (limitAmount: number) => ({
  rules: [{ id: 'max-loss', anchor: 'peakEquity', limitAmount } satisfies RuleSpec],
});
const minimum = (floor: number, warningPct: number) => ({
  rules: [{ id: 'minimum', anchor: 'fixed', floor, warningPct } satisfies RuleSpec],
});

/**
 * Hugo is all in on one side of US500 and Ines on the other, with a tight rule each: the first move
 * of the market, up or down, breaches one of them. Kira has no rules, and stops and targets of both
 * sides in US500: the same move closes some by each. So every run sees all three.
 */
export const traders: readonly Trader[] = [
  trader('ada', 'USD', 100_000, usualRules, 2, 28, all, 'both'),
  trader('bruno', 'EUR', 80_000, usualRules, 2, 28, all, 'both'),
  trader('chloe', 'USD', 50_000, peakPct(8), 4, 28, all, 'both'),
  trader('dmitri', 'EUR', 50_000, peakAmount(3000), 4, 28, all, 'both'),
  trader('elena', 'USD', 25_000, usualRules, 3, 26, ['XAUUSD', 'BTCUSD'], 'both'),
  trader('farid', 'USD', 40_000, minimum(36_000, 5), 4, 26, ['EURUSD', 'USDJPY'], 'both'),
  trader('greta', 'EUR', 30_000, peakPct(6), 4, 26, ['US500', 'XAUUSD'], 'both'),
  { ...trader('hugo', 'USD', 25_000, peakPct(5), 10, 16, ['US500'], 'none'), side: 'long' },
  { ...trader('ines', 'EUR', 25_000, peakPct(5), 10, 16, ['US500'], 'none'), side: 'short' },
  trader('jonas', 'USD', 20_000, minimum(18_000, 3), 5, 22, ['BTCUSD'], 'both'),
  trader('kira', 'USD', 60_000, { rules: [] }, 1, 32, ['US500', 'EURUSD'], 'one'),
  trader('leo', 'USD', 100_000, peakAmount(5000), 3, 28, all, 'both'),
];

function trader(
  accountId: string,
  currency: Currency,
  balance: number,
  guard: Trader['guard'],
  leverage: number,
  positions: number,
  symbols: readonly string[],
  habit: Habit,
): Trader {
  return { accountId, currency, balance, guard, leverage, positions, symbols, habit };
}

/** The body of `position.track`. */
export interface NewPosition {
  readonly positionId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly entryPrice: string;
  readonly exits: ExitsSpec;
}

/** Distance of stops and targets, in what the symbol usually goes in {@link reachRounds}. */
const exitReaches = [0.5, 3] as const;
const reachRounds = 8000;
/** Likewise: how far a stop trails, and where the stop is moved to the entry. */
const trailReach = 0.6;
const triggerReach = 0.4;
/** Positions of the start were opened earlier, within this fraction of the start price. */
const earlierEntry = 0.002;
/** Dollars for a euro, near enough to size a position. */
const eurUsd = 1.085;

/** Hands out positions with ids that follow each other. */
export class Positions {
  private readonly random: Random;
  private last = 0;
  private readonly opened = new Map<string, number>();

  constructor(random: Random) {
    this.random = random;
  }

  /** What the trader holds as the demo begins, around the start prices. */
  held(of: Trader): NewPosition[] {
    return Array.from({ length: of.positions }, () => {
      const mids = (symbol: string): number => instrumentOf(symbol).startPrice;
      const isEarlier = of.habit !== 'none';
      return this.position(of, mids, isEarlier ? earlierEntry : 0);
    });
  }

  /** One more position, at the market. */
  next(of: Trader, midOf: (symbol: string) => number): NewPosition {
    return this.position(of, midOf, 0);
  }

  private position(
    of: Trader,
    midOf: (symbol: string) => number,
    entrySpread: number,
  ): NewPosition {
    const turn = this.opened.get(of.accountId) ?? 0;
    this.opened.set(of.accountId, turn + 1);
    // Four in a row in one symbol, so that each has both sides with a stop and with a target.
    const symbol = of.symbols[Math.floor(turn / 4) % of.symbols.length] as string;
    const side = of.side ?? (turn % 2 === 0 ? 'long' : 'short');
    const instrument = instrumentOf(symbol);
    const mid = midOf(symbol);
    const halfSpread = (instrument.spread / 2) * (side === 'long' ? 1 : -1);
    const entry = mid * (1 + halfSpread + this.random.between(-entrySpread, entrySpread));
    return {
      positionId: `p${String(++this.last).padStart(5, '0')}`,
      symbol,
      side,
      quantity: lotsOf(of, instrument, mid),
      entryPrice: entry.toFixed(instrument.decimals),
      exits: this.exits(of.habit, turn, instrument, side, mid),
    };
  }

  private exits(
    habit: Habit,
    turn: number,
    instrument: SyntheticInstrument,
    side: Side,
    mid: number,
  ): ExitsSpec {
    const reach = instrument.volatility * Math.sqrt(reachRounds);
    const better = side === 'long' ? 1 : -1;
    const stopLoss = mid * (1 - better * reach * this.random.between(...exitReaches));
    const takeProfit = mid * (1 + better * reach * this.random.between(...exitReaches));
    const hasStop = habit === 'both' || (habit === 'one' && turn % 4 < 2);
    const hasTarget = habit === 'both' || (habit === 'one' && turn % 4 >= 2);
    const isTrailing = habit === 'both' && turn % 3 === 2;
    const isSecured = habit === 'both' && turn % 5 === 4;
    const price = (value: number): string => value.toFixed(instrument.decimals);
    const trigger = price(mid * (1 + better * reach * triggerReach));
    return {
      ...(hasStop ? { stopLoss: price(stopLoss) } : {}),
      ...(hasTarget ? { takeProfit: price(takeProfit) } : {}),
      ...(isTrailing ? { trailing: { distance: price(mid * reach * trailReach) } } : {}),
      ...(isSecured ? { breakEven: { trigger } } : {}),
    };
  }
}

export function instrumentOf(symbol: string): SyntheticInstrument {
  return instruments.find(({ spec }) => spec.symbol === symbol) as SyntheticInstrument;
}

/** Each position takes an equal share of what the trader's leverage allows; a hundredth at least. */
function lotsOf(of: Trader, { spec }: SyntheticInstrument, mid: number): string {
  const usdPerLot = spec.contractSize * (spec.quoteCurrency === 'USD' ? mid : 1);
  const usdWanted =
    (of.leverage * of.balance * (of.currency === 'EUR' ? eurUsd : 1)) / of.positions;
  return Math.max(0.01, usdWanted / usdPerLot).toFixed(2);
}
