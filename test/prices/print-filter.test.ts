// A print that jumps too far: held, then counted or refused by the quotes after it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Quote } from '#src/domain/quote';
import { PrintFilter, type PrintLimits, type Taken } from '#src/prices/print-filter';
import { QuoteBook } from '#src/prices/quote-book';
import { exactPrices, quoteAt } from '../domain/arbitraries.ts';
import { D } from '../support/brute-force/exact.ts';

type Exact = InstanceType<typeof D>;

const limits: PrintLimits = { deviationPct: '10', withinMs: 1000, confirmQuotes: 2 };

function flat(mid: string, ts: number): Quote {
  return quoteAt('S', mid, mid, ts);
}

/** A filter with the book that its counted quotes make. */
class Desk {
  readonly filter: PrintFilter;
  readonly book = new QuoteBook('S');

  constructor(given: Partial<PrintLimits> = {}) {
    this.filter = new PrintFilter({ ...limits, ...given });
  }

  take(quote: Quote): Taken {
    const taken = this.filter.take(quote, this.book);
    for (const counted of taken.counted) this.book.take(counted);
    return taken;
  }

  /** Takes `mid@ts`, and tells of it: what counts, what is refused and why, whether it is held. */
  tell(given: string): string {
    const [mid = '', ts = ''] = given.split('@');
    const { counted, refused, isHeld } = this.take(flat(mid, Number(ts)));
    const said = counted.map(name);
    for (const { quote, reason } of refused) said.push(`${name(quote)} ${reason}`);
    if (isHeld) said.push('held');
    return said.join(', ');
  }
}

function name({ bid, bidExact, ts }: Quote): string {
  return `${bidExact ?? bid}@${ts}`;
}

/** The book is 100 at 0; 10 % within a second of it is held, and two further quotes confirm. */
test.each<[string, [given: string, told: string][]]>([
  ['what moves less counts', [['109.99@1', '109.99@1']]],
  [
    'each is compared with the one before',
    [
      ['109@1', '109@1'],
      ['119@2', '119@2'],
      ['108@3', '108@3'],
    ],
  ],
  [
    'one print is contradicted by the next quote',
    [
      ['110@1', 'held'],
      ['100@2', '100@2, 110@1 bad_print'],
      ['101@3', '101@3'],
    ],
  ],
  [
    'the quotes after it confirm it, and all count in their order',
    [
      ['110@1', 'held'],
      ['111@2', 'held'],
      ['130@3', '110@1, 111@2, 130@3'],
      ['131@4', '131@4'],
    ],
  ],
  [
    'a crash is confirmed alike',
    [
      ['90@1', 'held'],
      ['1@1', 'held'],
      ['89@1', '90@1, 1@1, 89@1'],
    ],
  ],
  [
    'what is contradicted half confirmed is all refused',
    [
      ['90@1', 'held'],
      ['89@2', 'held'],
      ['90.01@3', '90.01@3, 90@1 bad_print, 89@2 bad_print'],
      ['81@4', 'held'],
    ],
  ],
  [
    'one beyond on the other side refuses them and is held itself',
    [
      ['110@1', 'held'],
      ['111@2', 'held'],
      ['90@3', '110@1 bad_print, 111@2 bad_print, held'],
      ['91@4', '91@4, 90@3 bad_print'],
    ],
  ],
  [
    'the other side needs its own confirmation',
    [
      ['110@1', 'held'],
      ['90@2', '110@1 bad_print, held'],
      ['89@3', 'held'],
      ['88@4', '90@2, 89@3, 88@4'],
    ],
  ],
  [
    'at the end of the time it is held, after it a jump counts',
    [
      ['120@1000', 'held'],
      ['100@1000', '100@1000, 120@1000 bad_print'],
      ['120@2001', '120@2001'],
    ],
  ],
  [
    'a later one beyond counts at once, with what is held on its side',
    [
      ['110@1', 'held'],
      ['115@1001', '110@1, 115@1001'],
    ],
  ],
  [
    'a later one beyond refuses what is held on the other side',
    [
      ['110@1', 'held'],
      ['90@1001', '90@1001, 110@1 bad_print'],
    ],
  ],
  [
    'it waits however long the next quote takes',
    [
      ['110@1', 'held'],
      ['100@99999999', '100@99999999, 110@1 bad_print'],
    ],
  ],
  [
    'one that is older than those held confirms nothing',
    [
      ['110@10', 'held'],
      ['111@9', '111@9 stale'],
      ['112@10', 'held'],
      ['113@9', '113@9 stale'],
      ['114@11', '110@10, 112@10, 114@11'],
    ],
  ],
  [
    'one that is older than those held contradicts all the same',
    [
      ['110@10', 'held'],
      ['90@5', '110@10 bad_print, held'],
      ['100@0', '100@0, 90@5 bad_print'],
    ],
  ],
  [
    'after what counted, the next is compared with that',
    [
      ['110@1', 'held'],
      ['111@2', 'held'],
      ['112@3', '110@1, 111@2, 112@3'],
      ['100.8@4', 'held'],
      ['100.9@5', '100.9@5, 100.8@4 bad_print'],
    ],
  ],
  [
    'digits that no double holds decide at the limit',
    [
      ['109.9999999999999999999999@1', '109.9999999999999999999999@1'],
      ['120.99999999999999999999989@2', 'held'],
      [
        '120.9999999999999999999998@3',
        '120.9999999999999999999998@3, 120.99999999999999999999989@2 bad_print',
      ],
      ['108.89999999999999999999982@4', 'held'],
    ],
  ],
])('%s', (_, story) => {
  const desk = new Desk();
  desk.take(flat('100', 0));
  expect(story.map(([given]) => [given, desk.tell(given)])).toEqual(story);
});

test('without a quote in the book every quote counts', () => {
  const desk = new Desk();
  expect(desk.filter.isUsual(flat('1000', 5), desk.book)).toBe(true);
  expect(desk.tell('1000@5')).toBe('1000@5');
  expect(desk.tell('1@6')).toBe('held');
});

test('a quote of before a restart is one to compare with', () => {
  const { filter, book } = new Desk();
  book.restore({ symbol: 'S', bid: '99', ask: '101', ts: 1 });
  expect(filter.take(flat('120', 2), book).isHeld).toBe(true);
});

test('the mid is compared, not a side', () => {
  const desk = new Desk();
  desk.take(quoteAt('S', '99', '101', 0));
  expect(desk.take(quoteAt('S', '60', '140', 1)).isHeld).toBe(false);
  expect(desk.take(quoteAt('S', '100', '120', 2)).isHeld).toBe(true);
});

test.each([1, 2, 3, 100])('%i quotes confirm where that many are asked for', (confirmQuotes) => {
  const desk = new Desk({ confirmQuotes });
  desk.take(flat('100', 0));
  for (let i = 1; i <= confirmQuotes; i++) {
    expect(desk.tell(`200@${i}`)).toBe('held');
    expect(desk.filter.heldCount).toBe(i);
  }
  expect(desk.take(flat('200', 999)).counted).toHaveLength(confirmQuotes + 1);
  expect(desk.filter.heldCount).toBe(0);
});

test('what is released is held no more, and confirms nothing', () => {
  const desk = new Desk();
  desk.take(flat('100', 0));
  expect(desk.filter.release()).toEqual([]);
  desk.tell('110@1');
  desk.tell('111@2');
  expect(desk.filter.release().map(name)).toEqual(['110@1', '111@2']);
  expect(desk.filter.heldCount).toBe(0);
  expect(desk.tell('112@3')).toBe('held');
  expect(desk.tell('100@4')).toBe('100@4, 112@3 bad_print');
});

test.each<[Partial<PrintLimits>, string]>([
  [{ confirmQuotes: 0 }, 'at least one quote confirms'],
  [{ confirmQuotes: NaN }, 'at least one quote confirms'],
  [{ deviationPct: '0' }, 'a deviation above 0'],
  [{ deviationPct: '-1' }, 'a deviation above 0'],
])('a filter of %j is a fault of the caller', (given, message) => {
  expect(() => new Desk(given)).toThrow(message);
});

/** How far a quote goes from the book, in parts of the deviation, and what no double sees of it. */
const step = fc.record({
  part: fc.constantFrom('0', '0.5', '-0.5', '1', '1', '-1', '-1', '1.5', '-1.5', '3', '-3'),
  nudge: fc.constantFrom('0', '0', '0', '1e-28', '-1e-28', '1e-13', '-1e-13', '1e-6', '-1e-6'),
  half: fc.constantFrom('0', '0', '0.001', '1e-20'),
  /** Before or after the quote given last, but never before the book. */
  ms: fc.constantFrom(0, 1, 1, 2, 5, 20, 200, -1, -3),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const run = fc.record({
  deviationPct: fc.constantFrom('10', '0.5', '33.3333333333333333333333', '0.0000000001'),
  withinMs: fc.constantFrom(0, 10, 100, 1000),
  confirmQuotes: fc.integer({ min: 1, max: 4 }),
  base: fc.constantFrom('100', '1.1', '0.00001234', '123456789.123456789123456789'),
  steps: fc.array(step, { maxLength: 25, size: 'max' }),
});

function midOf(quote: Quote): Exact {
  const { bid, ask } = exactPrices(quote);
  return bid.plus(ask).dividedBy(2);
}

function quoteFrom(bookMid: Exact, pct: string, { part, nudge, half }: Step, ts: number): Quote {
  const moved = new D(pct).times(part).dividedBy(100).plus(nudge);
  const mid = D.max(bookMid.times(moved.plus(1)), '0.000001').toDecimalPlaces(40);
  const by = mid.times(half).toDecimalPlaces(40);
  return quoteAt('S', mid.minus(by).toFixed(), mid.plus(by).toFixed(), ts);
}

/** 0 where the mid is near the book's, else the side on which it lies. */
function sideOf(quote: Quote, bookMid: Exact, pct: string): number {
  const moved = midOf(quote).minus(bookMid);
  if (moved.abs().times(100).lt(bookMid.times(pct))) return 0;
  return moved.isPositive() ? 1 : -1;
}

test('every quote counts or is refused once, in order, and none before it is confirmed', () => {
  const seen = { near: 0, tied: 0, confirmed: 0, late: 0, contradicted: 0, stale: 0 };
  fc.assert(
    fc.property(run, ({ base, steps, ...own }) => {
      const { deviationPct: pct, withinMs, confirmQuotes } = own;
      const desk = new Desk(own);
      let last = flat(base, 1000);
      desk.take(last);
      const given = [last];
      const counted = [last];
      /** Given, and neither counted nor refused. */
      let open: Quote[] = [];
      for (const one of steps) {
        const before = midOf(last);
        const ts = Math.max(last.ts, (given.at(-1)?.ts ?? 0) + one.ms);
        const quote = quoteFrom(before, pct, one, ts);
        const isUsual = desk.filter.isUsual(quote, desk.book);
        const taken = desk.take(quote);
        given.push(quote);

        const side = sideOf(quote, before, pct);
        const isBeside = open.some((held) => sideOf(held, before, pct) === side);
        const isStale = isBeside && open.some((held) => held.ts > ts);
        const isLate = side !== 0 && ts - last.ts > withinMs;
        const isConfirmed = isBeside && !isStale && open.length >= confirmQuotes;
        expect(isUsual && (open.length > 0 || side !== 0)).toBe(false);

        const contradicted = isBeside ? [] : open;
        const badPrints = contradicted.map((held) => ({ quote: held, reason: 'bad_print' }));
        expect(taken.refused).toEqual(isStale ? [{ quote, reason: 'stale' }] : badPrints);
        if (!isBeside) open = [];
        if (!isStale) open.push(quote);

        const isDecided = !isStale && (side === 0 || isLate || isConfirmed);
        expect(taken.counted).toEqual(isDecided ? open : []);
        expect(taken.isHeld).toBe(!isDecided && !isStale);
        if (isDecided) open = [];
        expect(desk.filter.heldCount).toBe(open.length);
        expect(open.length).toBeLessThanOrEqual(confirmQuotes);

        counted.push(...taken.counted);
        last = counted.at(-1) ?? last;
        expect(midOf(last).equals(desk.book.mid().toFixed())).toBe(true);
        const moved = midOf(quote).minus(before).abs();
        if (moved.times(100).equals(before.times(pct))) seen.tied++;
        if (side === 0) seen.near++;
        if (isConfirmed) seen.confirmed++;
        if (isLate) seen.late++;
        if (isStale) seen.stale++;
        seen.contradicted += contradicted.length;
      }
      expect(counted).toEqual(given.filter((quote) => counted.includes(quote)));
      const times = counted.map(({ ts }) => ts);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }),
    { numRuns: 500 },
  );
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(20);
});
