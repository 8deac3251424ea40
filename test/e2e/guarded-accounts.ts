// The accounts of the test of kills under account guards, each with its rules and its positions.
import { priceAt, swinging, type SymbolName } from './swinging-market.ts';

export const route = 'demo';

export interface GuardedPosition {
  readonly positionId: string;
  readonly accountId: string;
  readonly ticket: string;
  readonly symbol: SymbolName;
  readonly side: 'long' | 'short';
  readonly quantity: string;
  readonly entryPrice: string;
}

export interface GuardedAccount {
  readonly accountId: string;
  readonly mode: 'PAPER' | 'LIVE';
  readonly rules: readonly object[];
  readonly positions: readonly GuardedPosition[];
}

export const balance = 100_000;
const tightCount = 12;
const liveCount = 3;
/** By place: none, one that ends while it is looked at, one that ends while nobody looks. */
const graces = [0, 2, 3600];
/** No swing is so wide. */
const wide = { anchor: 'peakEquity', limitPct: 90 };

/** Peaks that nothing ever measures: what they are after a kill is looked at. */
export const peakAccounts: readonly GuardedAccount[] = [
  guarded('peak-long', [{ id: 'wide', ...wide }], [['XAUUSD', 'long', 10]]),
  guarded('peak-short', [{ id: 'wide', ...wide }], [['EURUSD', 'short', 20_000]]),
  guarded(
    'peak-mixed',
    [{ id: 'wide', ...wide }],
    [
      ['XAUUSD', 'short', 7],
      ['EURUSD', 'long', 30_000],
      ['EURUSD', 'short', 5000],
    ],
  ),
];

/** Days that begin at a time in UTC. */
export interface DayAccount extends GuardedAccount {
  readonly resetAt: string;
}

/** `soon` is that of the day that begins while it is looked at. */
export function dayAccounts(soon: string): DayAccount[] {
  const dayAnchors = ['dayStartEquity', 'dayStartBalance', 'highestDayEndBalance'] as const;
  const rules = (clock: object): object[] =>
    dayAnchors.map((anchor) => ({ id: anchor, anchor, limitPct: 90, ...clock }));
  const gold = guarded('day-soon', rules({ resetAt: soon }), [['XAUUSD', 'long', 10]]);
  const tokyo = { timezone: 'Asia/Tokyo', resetAt: '05:00' };
  const euro = guarded('day-tokyo', rules(tokyo), [['EURUSD', 'long', 20_000]]);
  return [
    { ...gold, resetAt: soon },
    { ...euro, resetAt: '20:00' },
  ];
}

/** Each breaches sooner or later, at the end of the story at the latest. */
export function tightAccounts(): GuardedAccount[] {
  return Array.from({ length: tightCount }, (_, i) => {
    const graceSeconds = graces[i % graces.length] as number;
    const rule = {
      id: 'tight',
      anchor: 'peakEquity',
      limitAmount: limitOf(6, 1.35, i),
      graceSeconds,
    };
    return guarded(
      `tight-${i}`,
      [{ id: 'wide', ...wide }, rule],
      [
        [swinging[i % 2] ?? 'XAUUSD', 'long', i % 2 === 0 ? 10 : 10_000],
        [swinging[i % 2] ?? 'XAUUSD', 'short', i % 2 === 0 ? 2 : 2000],
        ['XAGUSD', 'long', 1],
        [swinging[(i + 1) % 2] ?? 'XAUUSD', 'long', 1],
      ],
    );
  });
}

/** The same at a provider; the last one breaches at the end. */
export function liveAccounts(): GuardedAccount[] {
  return Array.from({ length: liveCount }, (_, i) => {
    const rule = { id: 'tight', anchor: 'peakEquity', limitAmount: limitOf(60, 9, i) };
    const longs = Array.from({ length: 6 }, (_one, j) => ['XAUUSD', 'long', j + 1] as const);
    return { ...guarded(`live-${i}`, [rule], longs), mode: 'LIVE' };
  });
}

/** As swings grow wider, one is reached after the other. */
function limitOf(first: number, growth: number, place: number): number {
  return Math.round(first * growth ** place);
}

function guarded(
  accountId: string,
  rules: readonly object[],
  terms: readonly (readonly [SymbolName, 'long' | 'short', number])[],
): GuardedAccount {
  const positions = terms.map(([symbol, side, quantity], i) => {
    const positionId = `${accountId}-${i}`;
    return {
      ...{ positionId, accountId, ticket: positionId, symbol, side },
      ...{ quantity: String(quantity), entryPrice: priceAt(symbol, 0) },
    };
  });
  return { accountId, mode: 'PAPER', rules, positions };
}
