// Volatility of a market, held against a reference that looks at all quotes again each time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Volatility, type VolatilityOptions } from '#src/prices/volatility';

const windowMs = 1000;
const options: VolatilityOptions = { windowMs, halfLifeMs: 10_000, limit: 3 };

/** Of 1 % up and 1 % down in turn: the deviation of them is ln 1.01, whatever the half-life. */
function calm(volatility: Volatility, windows: number, firstTs = 0): void {
  for (let i = 0; i < windows; i++) {
    const at = firstTs + i * windowMs;
    expect(volatility.takes(i % 2 === 0 ? 100 : 101, at)).toBe(false);
    expect(volatility.takes(i % 2 === 0 ? 101 : 100, at + windowMs - 1)).toBe(false);
  }
}

const sigma = Math.log(1.01);

test('nothing is said before 100 windows are over, however far a price goes', () => {
  const volatility = new Volatility(options);
  calm(volatility, 99);
  // In the hundredth window: 99 are over.
  expect(volatility.takes(1_000_000, 99_000)).toBe(false);
  expect(volatility.takes(0.000001, 99_500)).toBe(false);
  expect(volatility.takes(101, 99_999)).toBe(false);
  // With the first quote of the next one, a hundred are.
  expect(volatility.takes(5, 100_000)).toBe(true);
});

/** Behind 100 calm windows the next begins with the last price, 100. */
test.each([
  [100, false],
  [100 * Math.exp(2.999 * sigma), false],
  [100 * Math.exp(3.001 * sigma), true],
  [100 * Math.exp(-2.999 * sigma), false],
  [100 * Math.exp(-3.001 * sigma), true],
])('with a limit of 3, %d from 100 holds: %j', (mid, isHeld) => {
  const volatility = new Volatility(options);
  calm(volatility, 100);
  expect(volatility.takes(mid, 100_000)).toBe(isHeld);
  expect(volatility.deviations(mid)).toBeCloseTo(Math.abs(Math.log(mid / 100)) / sigma, 9);
  // As far as it goes within the window, not from the quote before.
  expect(volatility.takes(100, 100_100)).toBe(false);
  expect(volatility.takes(mid, 100_999)).toBe(isHeld);
});

test('a window begins with the last price before it', () => {
  const volatility = new Volatility(options);
  calm(volatility, 100);
  expect(volatility.takes(102, 100_000)).toBe(false);
  expect(volatility.takes(104, 100_999)).toBe(true);
  // 104 is where the next one begins: little has happened in it.
  expect(volatility.takes(104.5, 101_000)).toBe(false);
});

test('behind windows without a quote it begins with its own first price: that was a gap', () => {
  const volatility = new Volatility(options);
  calm(volatility, 100);
  expect(volatility.takes(200, 150_000)).toBe(false);
  expect(volatility.takes(201, 150_001)).toBe(false);
  expect(volatility.takes(207, 150_002)).toBe(true);
  // Windows keep the places that the first quote gave them.
  expect(volatility.takes(207, 150_999)).toBe(true);
  expect(volatility.takes(207, 151_000)).toBe(false);
});

test('a price that never moved has no deviation: nothing is said', () => {
  const volatility = new Volatility(options);
  for (let i = 0; i < 200; i++) expect(volatility.takes(100, i * windowMs)).toBe(false);
  expect(volatility.takes(500, 200_000)).toBe(false);
});

/** A window that moves, and then none. */
function flat(windows: number, price: number, limit = 3, halfLifeMs = windowMs): Volatility {
  const volatility = new Volatility({ windowMs, halfLifeMs, limit });
  volatility.takes(price, 0);
  volatility.takes(price * 1.01, 500);
  for (let i = 1; i <= windows; i++) {
    expect([i, volatility.takes(price * 1.01, i * windowMs)]).toEqual([i, false]);
  }
  return volatility;
}

test.each([100, 101.37, 1e-7, 1e12])('a price that stands still holds never, at %d', (price) => {
  // So long that doubles cannot tell one plus the deviation from one, and that it is 0 in the end.
  const volatility = flat(2500, price);
  expect(volatility.takes(price * 1.01, 3_000_000)).toBe(false);
});

test('after many half-lives without a move any tick is a large one', () => {
  const volatility = flat(200, 100);
  expect(volatility.takes(101.00000000000001, 200_500)).toBe(true);
  expect(volatility.takes(100.99999999999999, 200_600)).toBe(true);
  expect(volatility.takes(101, 200_700)).toBe(false);
  expect(Number.isFinite(volatility.deviations(101.01))).toBe(true);
});

test('a small return is compared as what it is, to the last tick of a double', () => {
  const tick = 2 ** -46;
  for (let limit = 1; limit < 3; limit += 0.01) {
    const volatility = flat(100, 100, limit, 2 * windowMs);
    // 99 windows of no move behind one of it.
    const least = limit * Math.log(1.01) * 2 ** (-99 / 4);
    const atLeast = Math.round((Math.expm1(least) * 101) / tick);
    for (let ticks = atLeast - 5; ticks <= atLeast + 5; ticks++) {
      const r = Math.log1p((ticks * tick) / 101);
      if (Math.abs(r / least - 1) < 1e-12) continue;
      const isHeld = volatility.takes(101 + ticks * tick, 100_500);
      expect([limit, ticks - atLeast, isHeld]).toEqual([limit, ticks - atLeast, r > least]);
    }
  }
});

test('earlier windows count half after the half-life', () => {
  const half = new Volatility({ windowMs, halfLifeMs: windowMs, limit: 1 });
  calm(half, 100);
  // A window of 3 %, which is over: the variance is the mean of it and of those before.
  half.takes(103, 100_500);
  half.takes(103, 101_000);
  const expected = Math.sqrt((sigma ** 2 + Math.log(1.03) ** 2) / 2);
  expect(half.deviations(103 * Math.exp(expected))).toBeCloseTo(1, 9);
});

interface Seen {
  readonly mid: number;
  readonly ts: number;
}

/** From the definition: |log return| of the window so far, in deviations of the windows before. */
function deviationsOf(
  seen: readonly Seen[],
  { halfLifeMs }: VolatilityOptions,
): number | undefined {
  const first = seen[0] as Seen;
  const windows = Map.groupBy(seen, ({ ts }) => Math.floor((ts - first.ts) / windowMs));
  let variance: number | undefined;
  let before: { index: number; last: number } | undefined;
  const decay = 2 ** (-windowMs / halfLifeMs);
  for (const [i, [index, quotes]] of [...windows].entries()) {
    const last = (quotes.at(-1) as Seen).mid;
    const start =
      before !== undefined && before.index === index - 1 ? before.last : (quotes[0] as Seen).mid;
    const r = Math.log(last / start);
    if (i === windows.size - 1) {
      if (i < 100 || variance === undefined || variance === 0) return undefined;
      return Math.abs(r) / Math.sqrt(variance);
    }
    variance = variance === undefined ? r * r : decay * variance + (1 - decay) * r * r;
    before = { index, last };
  }
  return undefined;
}

const steps = fc.array(
  fc.record({
    by: fc.integer({ min: -40, max: 40 }),
    after: fc.constantFrom(0, 1, 300, 300, 500, 999, 1000, 1001, 2000, 3500),
  }),
  { minLength: 250, maxLength: 500 },
);

test('it is what the definition says, quote after quote', () => {
  let held = 0;
  let quiet = 0;
  fc.assert(
    fc.property(
      steps,
      fc.constantFrom(1000, 7000, 100_000),
      fc.constantFrom(1, 1.5, 2.5),
      (moves, halfLifeMs, limit) => {
        const of = { windowMs, halfLifeMs, limit };
        const volatility = new Volatility(of);
        const seen: Seen[] = [];
        let ts = 5;
        let mid = 100;
        for (const [i, { by, after }] of moves.entries()) {
          ts += after;
          mid = Math.max(1, mid + by / 100);
          seen.push({ mid, ts });
          const isHeld = volatility.takes(mid, ts);
          if (i >= 100 && i % 7 !== 0) continue;
          const expected = deviationsOf(seen, of);
          // At the limit itself doubles may differ.
          if (expected !== undefined && Math.abs(expected - limit) < 1e-9) continue;
          expect([i, isHeld]).toEqual([i, expected !== undefined && expected >= limit]);
          const deviations = isHeld ? volatility.deviations(mid) : expected;
          expect(deviations ?? 0).toBeCloseTo(expected ?? 0, 6);
          if (isHeld) held++;
          else if (expected !== undefined) quiet++;
        }
      },
    ),
    { numRuns: 60, endOnFailure: true },
  );
  expect(held).toBeGreaterThan(100);
  expect(quiet).toBeGreaterThan(100);
});
