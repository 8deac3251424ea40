// Which quotes count (contract section 2).
import { expect, test } from 'vitest';
import type { Quote } from '#src/domain/quote';
import {
  futureToleranceMs,
  isBadSize,
  quoteFault,
  quoteFaults,
  type QuoteFault,
} from '#src/prices/hygiene';
import { quoteAt } from '../domain/arbitraries.ts';

const now = 1_700_000_000_000;
const latest = now + futureToleranceMs;
const good: Quote = { symbol: 'S', bid: 1.1, ask: 1.2, ts: now };

/** The last quote of the symbol was a second ago, unless it says otherwise. */
test.each<[string, Partial<Quote>, number | undefined, number, QuoteFault | undefined]>([
  ['a good one', {}, now - 1000, latest, undefined],
  ['the first of its symbol', {}, 0, latest, undefined],
  ['as old as the last one', {}, now, latest, undefined],
  ['without a spread', { ask: 1.1 }, 0, latest, undefined],
  ['a tiny price', { bid: 5e-324, ask: 1 }, 0, latest, undefined],
  ['at the end of the tolerance', { ts: latest }, 0, latest, undefined],
  ['far in the future, in a replay', { ts: now * 2 }, 0, Infinity, undefined],
  ['bid NaN', { bid: NaN }, 0, latest, 'not_finite'],
  ['ask NaN', { ask: NaN }, 0, latest, 'not_finite'],
  ['bid infinite', { bid: Infinity }, 0, latest, 'not_finite'],
  ['ask infinite', { ask: Infinity }, 0, latest, 'not_finite'],
  ['bid minus infinite', { bid: -Infinity }, 0, latest, 'not_finite'],
  ['ts NaN', { ts: NaN }, 0, latest, 'not_finite'],
  ['ts infinite, in a replay', { ts: Infinity }, 0, Infinity, 'not_finite'],
  ['bid 0', { bid: 0 }, 0, latest, 'not_positive'],
  ['ask 0', { ask: 0 }, 0, latest, 'not_positive'],
  ['bid -0', { bid: -0 }, 0, latest, 'not_positive'],
  ['bid negative', { bid: -1 }, 0, latest, 'not_positive'],
  ['both negative', { bid: -2, ask: -1 }, 0, latest, 'not_positive'],
  ['crossed', { ask: 1.0999 }, 0, latest, 'crossed'],
  ['of no instrument', {}, undefined, latest, 'unknown_symbol'],
  ['older than the last one', {}, now + 1, latest, 'stale'],
  ['just beyond the tolerance', { ts: latest + 1 }, 0, latest, 'in_future'],
  ['at the epoch', { ts: 0 }, 0, latest, undefined],
  ['before the epoch', { ts: -1 }, 0, latest, 'not_positive'],
  [
    'of two prices that a double holds, but not their mid',
    { bid: 1e308, ask: 1.7e308 },
    0,
    latest,
    'not_finite',
  ],
  ['of the largest prices', { bid: 8e307, ask: 9e307 }, 0, latest, undefined],
])('%s: %j after %j', (_, change, lastTs, latestTs, fault) => {
  expect(quoteFault({ ...good, ...change }, lastTs, latestTs)).toBe(fault);
});

test.each<[string, string, QuoteFault | undefined]>([
  ['1.1', '1.1000000000000000000001', undefined],
  ['1.1000000000000000000001', '1.1000000000000000000001', undefined],
  ['1.1000000000000000000001', '1.1', 'crossed'],
  ['1.1000000000000000000002', '1.1000000000000000000001', 'crossed'],
])('%s / %s, equal as doubles, is %j', (bid, ask, fault) => {
  expect(quoteFault(quoteAt('S', bid, ask), 0, latest)).toBe(fault);
});

test.each<[number | undefined, boolean]>([
  [undefined, false],
  [0, false],
  [5e-324, false],
  [1.7e308, false],
  [-5e-324, true],
  [-1, true],
  [Infinity, true],
  [-Infinity, true],
  [NaN, true],
])('a size of %j can be none: %j', (size, isBad) => {
  expect(isBadSize(size)).toBe(isBad);
});

test('every fault there is has its row, and has it first where there are several', () => {
  expect(quoteFaults).toEqual([
    'not_finite',
    'not_positive',
    'crossed',
    'unknown_symbol',
    'stale',
    'in_future',
    // Said of a quote that was held, when a later one contradicts it: `PrintFilter`.
    'bad_print',
  ]);
  const worst = { ...good, bid: NaN, ask: -1, ts: latest + 1 };
  expect(quoteFault(worst, undefined, latest)).toBe('not_finite');
  expect(quoteFault({ ...worst, bid: 5 }, undefined, latest)).toBe('not_positive');
  expect(quoteFault({ ...worst, bid: 5, ask: 4 }, undefined, latest)).toBe('crossed');
  expect(quoteFault({ ...worst, bid: 4, ask: 5 }, undefined, latest)).toBe('unknown_symbol');
  expect(quoteFault({ ...worst, bid: 4, ask: 5 }, latest + 2, latest)).toBe('stale');
});
