// What the simulator holds guards against must itself be right: rows by hand.
import { expect, test } from 'vitest';
import { decimal, text } from '#src/domain/money';
import { ruleOf, type RuleSpec } from '#src/domain/rules';
import { lastResetOf } from './made-rules.ts';
import { PeakMemory } from './peak-memory.ts';
import {
  equityOf,
  isBreach,
  isOver,
  isWarning,
  levelsOf,
  seenBy,
  type BookSides,
  type Holder,
  type OpenPosition,
} from './rule-model.ts';
import { startTs } from './sim-settings.ts';

const books = new Map<string, BookSides>([
  ['GOLD', { bid: decimal(2000), ask: decimal(2001), ts: 0 }],
  ['EURUSD', { bid: decimal('1.2'), ask: decimal('1.3'), ts: 0 }],
  ['DAX', { bid: decimal(18_000), ask: decimal(18_002), ts: 0 }],
]);

function open(symbol: string, entry: number, more: Partial<OpenPosition> = {}): OpenPosition {
  return {
    ...{ positionId: symbol, accountId: 'paper', symbol, side: 'long', order: 0 },
    ...{ entryPrice: decimal(entry), remaining: decimal(2), closes: new Set(), ...more },
  };
}

function holder(...positions: OpenPosition[]): Holder {
  return {
    ...{ balance: decimal(9000), initial: decimal(10_000) },
    anchors: new Map([['r', { value: decimal(9800) }]]),
    positions: new Map(positions.map((one) => [one.positionId, one])),
    untold: new Map(),
  };
}

test.each<[string, OpenPosition, string]>([
  ['a long at the bid', open('GOLD', 1990), '9200'],
  ['a short at the ask', open('GOLD', 1990, { side: 'short' }), '8780'],
  ['in another currency', open('GOLD', 1990, { accountId: 'paper-eur' }), '9160'],
  // (18,000 − 17,900) · 2 less a commission of 3.58, times 1.25.
  ['with a commission', open('DAX', 17_900), '9245.525'],
])('equity: %s', (_name, position, equity) => {
  expect(text(equityOf(holder(position), books))).toBe(equity);
});

test('without a quote nothing is counted', () => {
  expect(text(equityOf(holder(open('GOLD', 1990)), new Map()))).toBe('9000');
});

test.each<[string, Omit<RuleSpec, 'id'>, string]>([
  ['a percentage of the peak', { anchor: 'peakEquity', limitPct: 10 }, '10800 11100 11190'],
  [
    'of the initial balance',
    { anchor: 'peakEquity', limitPct: 10, pctOf: 'initialBalance' },
    '11000 11250 11325',
  ],
  [
    'locked',
    { anchor: 'peakEquity', limitPct: 10, lockAtInitial: true, lockOffset: 50, warningPct: 5 },
    '10050 11400 11460',
  ],
  ['a day', { anchor: 'dayStartEquity', limitAmount: 800 }, '9000 9200 9260'],
  ['a floor', { anchor: 'fixed', floor: 9000, warningPct: 10 }, '9000 9900 9990'],
  ['a floor alone', { anchor: 'fixed', floor: 9000 }, '9000 none none'],
])('floor, warning and its end: %s', (_name, spec, expected) => {
  const rule = ruleOf({ id: 'r', ...spec }).record;
  const { floor, warnAt, overAbove } = levelsOf(rule, holder(), decimal(12_000));
  const shown = [floor, warnAt, overAbove].map((level) => (level ? text(level) : 'none'));
  expect(shown.join(' ')).toBe(expected);
});

test.each<[string, Omit<RuleSpec, 'id'>, string, string]>([
  ['at the floor of an anchor', { anchor: 'initialBalance', limitPct: 10 }, '9000', 'breach'],
  ['at a fixed floor', { anchor: 'fixed', floor: 9000 }, '9000', 'over'],
  ['below it', { anchor: 'fixed', floor: 9000 }, '8999.99', 'breach'],
  ['at the warning', { anchor: 'initialBalance', limitPct: 10 }, '9250', 'warning'],
  ['between', { anchor: 'initialBalance', limitPct: 10 }, '9325', ''],
  ['above', { anchor: 'initialBalance', limitPct: 10 }, '9325.01', 'over'],
])('%s', (_name, spec, seen, expected) => {
  const levels = levelsOf(ruleOf({ id: 'r', ...spec }).record, holder(), decimal(10_000));
  const is = [
    isBreach(levels, decimal(seen)) ? 'breach' : '',
    isWarning(levels, decimal(seen)) && !isBreach(levels, decimal(seen)) ? 'warning' : '',
    isOver(levels, decimal(seen)) ? 'over' : '',
  ];
  expect(is.join('')).toBe(expected);
});

test('a margin level is what is there over what is used', () => {
  const rule = { anchor: 'marginLevel' } as const;
  // 2000 · 2 · 10 · 0.2 are used, of 9000.
  const seen = seenBy(rule, holder(open('GOLD', 2000)), books);
  expect(seen && text(seen)).toBe('112.5');
  expect(seenBy(rule, holder(), books)).toBeUndefined();
});

test.each([
  ['Europe/Prague', '01:05', 5],
  ['America/New_York', '19:07', 7],
  ['Pacific/Chatham', '13:48', 3],
])('a day in %s begins at %s', (timezone, resetAt, minutes) => {
  const rule = { anchor: 'dayStartEquity', timezone, resetAt } as const;
  const at = startTs + minutes * 60_000;
  expect(lastResetOf(rule, at)).toBe(at);
  expect(lastResetOf(rule, at - 1)).toBe(at - 24 * 60 * 60_000);
});

test('what a kill has lost of a peak is not owed', () => {
  const peak = new PeakMemory(decimal(100), 0);
  const raise = (at: number, value: number, ts: number): void => {
    peak.move(at, { kind: 'raise', value: decimal(value), quote: { symbol: 'GOLD', ts } });
  };
  raise(1, 110, 10);
  peak.move(2, { kind: 'add', value: decimal(5) });
  raise(3, 120, 20);
  raise(5, 150, 30);
  const shown = (): string => `${text(peak.least)} to ${text(peak.most)}`;
  expect(shown()).toBe('150 to 150');
  peak.restarted(4, ({ ts }) => ts <= 10);
  expect(shown()).toBe('115 to 120');
  raise(6, 118, 40);
  expect(shown()).toBe('118 to 120');
});
