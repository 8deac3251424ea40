// What cases that were worked out by hand are made of.
import type { Quote } from '#src/domain/quote';
import { bruteForce, type BruteForceResult } from '../brute-force.ts';
import type { Scenario, ScenarioAccount, ScenarioPosition } from '../scenario.ts';

export const instruments = [
  { symbol: 'A', quoteCurrency: 'USD' },
  { symbol: 'B', quoteCurrency: 'USD', contractSize: 10, commissionRate: '0.01' },
  { symbol: 'EURUSD', quoteCurrency: 'USD' },
  { symbol: 'USDJPY', quoteCurrency: 'JPY' },
  { symbol: 'M', quoteCurrency: 'USD', marginRate: '0.1' },
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

/** `SYMBOL bid ask [time]` in order, a millisecond apart, beginning with 1, where no time is. */
export function quotesOf(text: string): Quote[] {
  return text.split(', ').map((one, i) => {
    const [symbol = '', bid, ask, time] = one.split(' ');
    const ts = time === undefined ? i + 1 : Date.parse(time);
    return { symbol, bid: Number(bid), ask: Number(ask), ts };
  });
}

export interface Case {
  name: string;
  positions: ScenarioPosition[];
  account?: Partial<ScenarioAccount>;
  guards?: Scenario['marketGuards'];
  quotes: string;
  closes: string[];
  /** Of account `usd` after each quote. */
  states?: string;
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

/** `position reason[/rule] #quote price pnl` of each close, the quotes counted from 1. */
export function causesOf({ quotes }: Case, { closes }: BruteForceResult): string[] {
  const times = quotesOf(quotes).map((quote) => quote.ts);
  return closes.map(({ positionId, reason, ruleId, ts, price, pnl }) => {
    const rule = ruleId === undefined ? '' : `/${ruleId}`;
    return `${positionId} ${reason}${rule} #${times.indexOf(ts) + 1} ${price} ${pnl}`;
  });
}

/** The state after each quote, by evaluating as if it were the last one. */
export function statesOf(given: Case): string {
  const quotes = given.quotes.split(', ');
  const states = quotes.map((_, i) => {
    const { accounts } = evaluated({ ...given, quotes: quotes.slice(0, i + 1).join(', ') });
    return accounts[0]?.state;
  });
  return states.join(' ');
}

export const peak10 = { rules: [{ id: 'p', anchor: 'peakEquity' as const, limitAmount: 10 }] };
