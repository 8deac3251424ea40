// What is measured on a quote, held against exact decimals, ties at the limit included.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { guardOf, type GuardSpec } from '#src/domain/market-conditions';
import { price } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import { MarketMeter } from '#src/prices/market-meter';
import { QuoteBook } from '#src/prices/quote-book';
import { exactPrices, quoteAt } from '../domain/arbitraries.ts';
import { D } from '../support/brute-force/exact.ts';

type Exact = InstanceType<typeof D>;

const off = { gap: false, spread: false, liquidity: false, stale: false } as const;

function measure(guard: Omit<GuardSpec, 'symbol'>, quote: Quote, before?: Quote): unknown[] {
  const book = new QuoteBook('S');
  if (before !== undefined) book.take(before);
  const meter = new MarketMeter(guardOf({ symbol: 'S', ...off, ...guard }), 0);
  return [...meter.measure(quote, book)];
}

const gapOnly = { gap: { limit: 5 } } as const;

/** After a mid of 100. A gap acts at its limit, and is critical at twice that. */
test.each<[string, string, string | undefined]>([
  ['100', '100', undefined],
  ['104.99', '104.99', undefined],
  ['105', '105', 'warning 5'],
  ['104', '106', 'warning 5'],
  ['104.9999999999999999999999', '105', undefined],
  ['105', '105.0000000000000000000001', 'warning 5'],
  ['109.99', '109.99', 'warning 9.99'],
  ['110', '110', 'critical 10'],
  ['95', '95', 'warning 5'],
  ['94.9999999999', '94.9999999999', 'warning 5.0000000001'],
  ['95.0000000000000000000001', '95.0000000000000000000001', undefined],
  ['90', '90', 'critical 10'],
  ['1', '1', 'critical 99'],
  ['1000', '1000', 'critical 900'],
])('a mid of 100, then %s / %s, is a gap: %s', (bid, ask, found) => {
  const [level, measured] = found?.split(' ') ?? [];
  const expected = found === undefined ? [] : [{ gauge: 'gap', level, measured, before: '100' }];
  expect(measure(gapOnly, quoteAt('S', bid, ask), quoteAt('S', '99', '101'))).toEqual(expected);
});

const spreadOnly = { spread: { limit: '0.5' } } as const;

/** A spread acts only above its limit, and is critical above twice that. */
test.each<[string, string, string | undefined]>([
  ['100', '100', undefined],
  ['100', '100.5', undefined],
  ['100', '100.5000000000000000000001', 'warning 0.5'],
  ['100', '100.51', 'warning 0.51'],
  ['100', '101', 'warning 1'],
  ['100', '101.0000000000000000000001', 'critical 1'],
  ['100', '150', 'critical 50'],
  ['3', '3.02', 'warning 0.6666666667'],
])('%s / %s is a spread: %s', (bid, ask, found) => {
  const [level, measured] = found?.split(' ') ?? [];
  const expected = found === undefined ? [] : [{ gauge: 'spread', level, measured }];
  expect(measure(spreadOnly, quoteAt('S', bid, ask))).toEqual(expected);
});

const liquidityOnly = { liquidity: { limit: '10' } } as const;
const sized = (bidSize?: number, askSize?: number): Quote => ({
  ...quoteAt('S', '1', '1'),
  bidSize,
  askSize,
});

/** Liquidity acts below its limit, and is critical below half of it; a side by itself. */
test.each<[number | undefined, number | undefined, string[]]>([
  [undefined, undefined, []],
  [10, 10, []],
  [11, undefined, []],
  [9.999999999999998, 10, ['Long warning 10']],
  [9.99, undefined, ['Long warning 9.99']],
  [undefined, 9.99, ['Short warning 9.99']],
  [10, 5, ['Short warning 5']],
  [5, 10, ['Long warning 5']],
  [4.999999999, 10, ['Long critical 4.999999999']],
  [0, 0, ['Long critical 0', 'Short critical 0']],
  [9, 4, ['Long warning 9', 'Short critical 4']],
  [Number.NaN, 9, ['Short warning 9']],
  [Number.POSITIVE_INFINITY, Number.NaN, []],
  [-5, Number.NEGATIVE_INFINITY, []],
  [-1, 9, ['Short warning 9']],
])('sizes of %j and %j are liquidity: %j', (bidSize, askSize, found) => {
  const readings = found.map((text) => {
    const [side, level, measured] = text.split(' ');
    return { gauge: `liquidity${side}`, level, measured };
  });
  expect(measure(liquidityOnly, sized(bidSize, askSize))).toEqual(readings);
});

/** What no double holds decides: of the limit of 10, and of half of it. */
test.each<[string, string[]]>([
  ['9.99999999999999999', ['warning 10']],
  ['10.00000000000000001', []],
  ['10.00000000000000000', []],
  ['5.000000000000000001', ['warning 5']],
  ['4.999999999999999999', ['critical 5']],
])('a size of %s is liquidity: %j', (size, found) => {
  const { value, exact } = price(size);
  const readings = found.map((text) => {
    const [level, measured] = text.split(' ');
    return ['Long', 'Short'].map((side) => ({ gauge: `liquidity${side}`, level, measured }));
  });
  const sizes = { bidSize: value, bidSizeExact: exact, askSize: value, askSizeExact: exact };
  expect(measure(liquidityOnly, { ...quoteAt('S', '1', '1'), ...sizes })).toEqual(readings.flat());
});

test('what holds is told in the order in which it acts', () => {
  const quote = { ...quoteAt('S', '110', '120'), bidSize: 9, askSize: 1 };
  const guard = { gap: {}, spread: {}, liquidity: {}, stale: {} };
  expect(measure(guard, quote, quoteAt('S', '100', '100'))).toEqual([
    { gauge: 'gap', level: 'critical', measured: '15', before: '100' },
    { gauge: 'spread', level: 'critical', measured: '9.0909090909' },
    { gauge: 'liquidityLong', level: 'warning', measured: '9' },
    { gauge: 'liquidityShort', level: 'critical', measured: '1' },
  ]);
});

test.each<[string, Omit<GuardSpec, 'symbol'>, string[]]>([
  ['all off', {}, []],
  ['staleness alone', { stale: {} }, []],
  ['only the gap', { gap: {} }, ['gap']],
  ['only the spread', { spread: {} }, ['spread']],
  ['only the liquidity', { liquidity: {} }, ['liquidityLong', 'liquidityShort']],
])('with %s, a condition that is off is not measured', (_, guard, gauges) => {
  const quote = { ...quoteAt('S', '110', '120'), bidSize: 1, askSize: 1 };
  const found = measure(guard, quote, quoteAt('S', '100', '100'));
  expect(found).toEqual(gauges.map((gauge) => expect.objectContaining({ gauge })));
});

test('there is no gap before the first quote, and one after a restart', () => {
  const meter = new MarketMeter(guardOf({ symbol: 'S', spread: false }), 0);
  const book = new QuoteBook('S');
  const quote = quoteAt('S', '200', '200');
  expect(meter.measure(quote, book)).toEqual([]);
  book.restore({ symbol: 'S', bid: '100', ask: '100', ts: 1 });
  expect(meter.measure(quote, book)).toEqual([
    { gauge: 'gap', level: 'critical', measured: '100', before: '100' },
  ]);
});

/** 100 windows of a second that alternate between 100 and 101, then one that begins at 100. */
test.each<[string, string | undefined]>([
  ['100', undefined],
  ['101', undefined],
  ['101.9', undefined],
  ['102.02', 'warning'],
  ['98.02', 'warning'],
  ['104', 'warning'],
  ['104.07', 'critical'],
  ['1', 'critical'],
])('behind windows of one per cent, with a limit of 2: from 100 to %s is %j', (to, level) => {
  const volatility = { limit: 2, windowMs: 1000, halfLifeMs: 1000 };
  const meter = new MarketMeter(guardOf({ symbol: 'S', ...off, volatility }), 0);
  const book = new QuoteBook('S');
  const quote = (text: string, ts: number): unknown[] => {
    const one = quoteAt('S', text, text, ts);
    const found = [...meter.measure(one, book)];
    book.take(one);
    return found;
  };
  for (let i = 0; i < 100; i++) {
    const from = i % 2 === 0 ? '100' : '101';
    expect(quote(from, i * 1000)).toEqual([]);
    expect(quote(from === '100' ? '101' : '100', i * 1000 + 999)).toEqual([]);
  }
  const sigmas = Math.abs(Math.log(Number(to) / 100)) / Math.log(1.01);
  const found = quote(to, 100_000);
  const measured = new D(meter.volatility?.deviations(Number(to)) ?? 0);
  const shown = measured.toDecimalPlaces(10, D.ROUND_HALF_EVEN).toFixed();
  expect(found).toEqual(
    level === undefined ? [] : [{ gauge: 'volatility', level, measured: shown }],
  );
  expect(meter.volatility?.deviations(Number(to))).toBeCloseTo(sigmas, 9);
});

const limit = fc.constantFrom(
  '5',
  '0.5',
  '0.1',
  '33.3333333333333333333333',
  '0.0000001',
  '0.00000000001',
  '250',
);
const base = fc.constantFrom(
  '1',
  '100',
  '1.1',
  '2000.37',
  '0.00001234',
  '123456789.123456789123456789',
  '7',
);
/** Of the limit: far below, at it, between, at twice, far above. */
const share = fc.constantFrom('0', '0.5', '1', '1', '1.5', '2', '2', '3');
/** How far from there, as a part of the base. */
const nudge = fc.constantFrom(
  '0',
  '0',
  '1e-30',
  '-1e-30',
  '1e-17',
  '-1e-17',
  '1e-13',
  '-1e-13',
  '1e-6',
  '-1e-6',
);

/** The contract's table: at the limit or only above it, critical at twice the limit. */
function levelOf(part: Exact, of: Exact, limitPct: string, actsAt: boolean): string | undefined {
  const measured = part.times(100);
  const holds = (bound: Exact): boolean => (actsAt ? measured.gte(bound) : measured.gt(bound));
  const bound = of.times(limitPct);
  if (!holds(bound)) return undefined;
  return holds(bound.times(2)) ? 'critical' : 'warning';
}

function measuredExactly(
  gauge: 'gap' | 'spread',
  part: Exact,
  of: Exact,
  limitPct: string,
): unknown[] {
  const level = levelOf(part, of, limitPct, gauge === 'gap');
  if (level === undefined) return [];
  const measured = part.times(100).dividedBy(of).toDecimalPlaces(10, D.ROUND_HALF_EVEN).toFixed();
  const before = gauge === 'gap' ? { before: of.toFixed() } : {};
  return [{ gauge, level, measured, ...before }];
}

test('a spread is what exact decimals say', () => {
  const levels = new Set<string | undefined>();
  fc.assert(
    fc.property(limit, base, share, nudge, (limitPct, bid, of, by) => {
      const part = new D(limitPct).times(of).dividedBy(100).plus(by);
      const ask = new D(bid).times(D.max(part, 0).plus(1)).toFixed();
      const quote = quoteAt('S', bid, ask);
      const exact = exactPrices(quote);
      const wide = exact.ask.minus(exact.bid);
      const guard = { spread: { limit: limitPct } };
      expect(measure(guard, quote)).toEqual(measuredExactly('spread', wide, exact.bid, limitPct));
      levels.add(levelOf(wide, exact.bid, limitPct, false));
    }),
    { numRuns: 1000 },
  );
  expect(levels).toEqual(new Set([undefined, 'warning', 'critical']));
});

test('a gap is what exact decimals say, up and down', () => {
  const levels = new Set<string | undefined>();
  const spread = fc.constantFrom('0', '0.001', '0.000000000000000000001');
  fc.assert(
    fc.property(
      limit,
      base,
      share,
      nudge,
      spread,
      fc.boolean(),
      (limitPct, mid, of, by, half, isUp) => {
        const moved = new D(limitPct)
          .times(of)
          .dividedBy(100)
          .plus(by)
          .times(isUp ? 1 : -1);
        const next = new D(mid).times(moved.plus(1));
        fc.pre(next.gt(0));
        const around = (at: Exact): Quote =>
          quoteAt(
            'S',
            at.times(new D(1).minus(half)).toFixed(),
            at.times(new D(1).plus(half)).toFixed(),
          );
        const [before, after] = [around(new D(mid)), around(next)];
        const midOf = (quote: Quote): Exact =>
          exactPrices(quote).bid.plus(exactPrices(quote).ask).dividedBy(2);
        const gap = midOf(after).minus(midOf(before)).abs();
        const guard = { gap: { limit: limitPct } };
        expect(measure(guard, after, before)).toEqual(
          measuredExactly('gap', gap, midOf(before), limitPct),
        );
        levels.add(levelOf(gap, midOf(before), limitPct, true));
      },
    ),
    { numRuns: 1000 },
  );
  expect(levels).toEqual(new Set([undefined, 'warning', 'critical']));
});
