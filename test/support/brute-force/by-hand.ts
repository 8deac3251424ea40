// What cases that were worked out by hand are made of.
import type { Quote } from '#src/domain/quote';
import { bruteForce, type BruteForceResult } from '../brute-force.ts';
import type { Scenario, ScenarioAccount, ScenarioPosition } from '../scenario.ts';

export const instruments = [
  { symbol: 'A', quoteCurrency: 'USD' },
  { symbol: 'B', quoteCurrency: 'USD', contractSize: 10, commissionRate: '0.01' },
  { symbol: 'EURUSD', quoteCurrency: 'USD' },
  { symbol: 'USDJPY', quoteCurrency: 'JPY' },
];

/** A long of 1 A at 100 in account `usd`, except for what is given. */
export function held(positionId: string, given: Partial<ScenarioPosition> = {}): ScenarioPosition {
  const base = {
    accountId: 'usd',
    symbol: 'A',
    side: 'long',
    quantity: 1,
    entryPrice: 100,
  } as const;
  return { ...base, ...given, positionId };
}

/** `SYMBOL bid ask` in order, a millisecond apart, beginning with 1. */
export function quotesOf(text: string): Quote[] {
  return text.split(', ').map((one, i) => {
    const [symbol = '', bid, ask] = one.split(' ');
    return { symbol, bid: Number(bid), ask: Number(ask), ts: i + 1 };
  });
}

export interface Case {
  name: string;
  positions: ScenarioPosition[];
  account?: Partial<ScenarioAccount>;
  guards?: Scenario['marketGuards'];
  quotes: string;
  closes: string[];
  /** `state balance equity peak`, as far as given, of account `usd`, and how many stay open. */
  report?: string;
  open?: number;
}

/** One account, `usd` with a balance of 1000, except for what is given. */
export function evaluated({ positions, account, guards, quotes }: Case): BruteForceResult {
  return bruteForce(
    {
      instruments,
      accounts: [{ accountId: 'usd', currency: 'USD', balance: 1000, ...account }],
      positions,
      ...(guards === undefined ? {} : { marketGuards: guards }),
    },
    quotesOf(quotes),
  );
}

export function reportOf({ accounts: [usd] }: BruteForceResult): string {
  const parts = [usd?.state, usd?.balance, usd?.equity, usd?.peakEquity];
  return parts.filter((part) => part !== undefined).join(' ');
}

/** `position quantity reason[@trigger] ts price pnl` of each close. */
export function linesOf({ closes }: BruteForceResult): string[] {
  return closes.map(({ positionId, quantity, reason, triggerPrice, ts, price, pnl }) => {
    const at = triggerPrice === undefined ? '' : `@${triggerPrice}`;
    return `${positionId} ${quantity} ${reason}${at} ${ts} ${price} ${pnl}`;
  });
}

export const peak10 = { rules: [{ id: 'p', anchor: 'peakEquity' as const, limitAmount: 10 }] };
