// What a provider's fill is worth: each part once, fees in whichever currency, no more than is open.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal, text, zero, type Decimal } from '#src/domain/money';
import { bookedFill, newFillOf, worthOf, type Execution } from '#src/domain/provider-fill';
import type { InstrumentSpec } from '#src/domain/instrument';
import { intended, filledBy, partlyFilled } from './close-drafts.ts';
import { accountCreated, gold, instrumentPut, positionTracked, Story } from './story.ts';

type Prices = Record<string, string>;

/** A long position of ten lots at 2000 in an account in this currency; pairs to convert through. */
function world(currency = 'USD', instrument: Partial<InstrumentSpec> = {}, side = 'long'): Story {
  const pair = (symbol: string, quoteCurrency: string) => instrumentPut({ symbol, quoteCurrency });
  return new Story().tell(
    instrumentPut({ ...gold, ...instrument }),
    pair('EURUSD', 'USD'),
    pair('USDJPY', 'JPY'),
    pair('EURGBP', 'GBP'),
    accountCreated({ mode: 'LIVE', route: 'r', currency }),
    positionTracked({ quantity: '10', side: side as 'long' | 'short' }),
  );
}

const midsOf = (prices: Prices) => (symbol: string) => {
  const given = prices[symbol];
  return given === undefined ? undefined : decimal(given);
};
const allMids: Prices = { EURUSD: '1.25', USDJPY: '160', EURGBP: '0.8' };

interface Told {
  filled: string;
  price?: string;
  fee?: string;
  feeCurrency?: string;
}

const executionOf = ({ filled, price, fee, feeCurrency }: Told): Execution => ({
  orderKey: 'o',
  filled: decimal(filled),
  price: price === undefined ? undefined : decimal(price),
  fee: fee === undefined ? undefined : decimal(fee),
  feeCurrency,
});

function booked(story: Story, told: Told, prices: Prices = allMids) {
  const { quantity, excess, ...rest } = bookedFill(
    story.state,
    story.account(),
    story.position(),
    executionOf(told),
    midsOf(prices),
  );
  return { quantity: text(quantity), excess: text(excess), ...rest };
}

/** Books what was told, as the close under way; returns what of it was new. */
function take(story: Story, told: Told, prices: Prices = allMids) {
  const fill = booked(story, told, prices);
  const position = story.position();
  if (position.intent === undefined) story.tell(intended({ ...story.intent(), route: 'r' }));
  const { intent } = story.position();
  if (intent === undefined) throw new Error('a close is under way');
  const isAll = position.remainingQuantity.eq(fill.quantity);
  const mark = { orderKey: 'o', filled: told.filled };
  const worth = [fill.pnl ?? '0', fill.commission ?? '0'] as const;
  story.tell(
    isAll ? filledBy(intent, mark, worth) : partlyFilled(intent, fill.quantity, mark, worth),
  );
  return fill;
}

test.each<[string, string[], string | undefined]>([
  ['nothing told before', ['4'], '4'],
  ['more than before', ['4', '7'], '3'],
  ['the same again', ['4', '4'], undefined],
  ['less, told late', ['4', '7', '4'], undefined],
  ['nothing executed', ['0'], undefined],
])('of an order is new: %s', (_, told, expected) => {
  const story = world();
  for (const filled of told.slice(0, -1)) take(story, { filled, price: '2000' });
  const more = newFillOf(story.position(), executionOf({ filled: told.at(-1) ?? '' }));
  expect(more && text(more)).toBe(expected);
});

test('what one order has filled says nothing of another', () => {
  const story = world();
  take(story, { filled: '4', price: '2000' });
  const other = { ...executionOf({ filled: '4' }), orderKey: 'sl' };
  expect(newFillOf(story.position(), other)).toEqual(decimal(4));
});

/**
 * Ten lots of 100 at 2000, sold at 2010: 10 · 100 · 10 = 10,000 USD, less the fee. In EUR at 1.25;
 * 150 JPY at 160 a dollar are 0.9375 USD; 0.8 GBP are 1 EUR.
 */
test.each<[string, string, Told, string, string]>([
  ['no fee', 'USD', { filled: '10' }, '10000', '0'],
  ['a fee in the currency of account and quote', 'USD', { filled: '10', fee: '7' }, '9993', '7'],
  ['a fee that says so', 'USD', { filled: '10', fee: '7', feeCurrency: 'USD' }, '9993', '7'],
  ['a rebate', 'USD', { filled: '10', fee: '-2.5' }, '10002.5', '-2.5'],
  ['a fee of nothing', 'USD', { filled: '10', fee: '0' }, '10000', '0'],
  ['no fee, converted', 'EUR', { filled: '10' }, '8000', '0'],
  ['a fee in the quote currency', 'EUR', { filled: '10', fee: '5' }, '7996', '4'],
  [
    'a fee in the account currency',
    'EUR',
    { filled: '10', fee: '5', feeCurrency: 'EUR' },
    '7995',
    '5',
  ],
  [
    'a fee in a third currency',
    'EUR',
    { filled: '10', fee: '8', feeCurrency: 'GBP' },
    '7990',
    '10',
  ],
  [
    'a rebate in a third currency, by a cross',
    'EUR',
    { filled: '10', fee: '-16', feeCurrency: 'JPY' },
    '8000.08',
    '-0.08',
  ],
  ['a part', 'USD', { filled: '4', fee: '7' }, '3993', '7'],
  [
    'a fee of an overfill: the share that closed something',
    'USD',
    { filled: '16', fee: '8' },
    '9995',
    '5',
  ],
  ['a rebate of an overfill likewise', 'USD', { filled: '20', fee: '-8' }, '10004', '-4'],
])('%s, in %s: %j is worth %s after %s', (_, currency, told, pnl, commission) => {
  expect(booked(world(currency), { price: '2010', ...told })).toMatchObject({
    price: '2010',
    pnl,
    commission,
  });
});

test('a short is worth the opposite before the fee', () => {
  const told = { filled: '10', price: '2010', fee: '7' };
  expect(booked(world('USD', {}, 'short'), told)).toMatchObject({ pnl: '-10007', commission: '7' });
});

test.each<[string, Told, string, string]>([
  ['no fee: that of the instrument', { filled: '10' }, '9980', '20'],
  ['a fee: it counts, and not that of the instrument', { filled: '10', fee: '7' }, '9993', '7'],
  ['a rebate likewise', { filled: '10', fee: '-7' }, '10007', '-7'],
  [
    'a fee that nothing converts: that of the instrument stands in',
    { filled: '10', fee: '7', feeCurrency: 'CHF' },
    '9980',
    '20',
  ],
])('with a commission rate of 0.00001, told %s', (_, told, pnl, commission) => {
  const story = world('USD', { commissionRate: '0.00001' });
  expect(booked(story, { price: '2010', ...told })).toMatchObject({ pnl, commission });
});

test('a fee whose rate has had no quote yet is that of the instrument', () => {
  const story = world('EUR', { commissionRate: '0.00001' });
  const told = { filled: '10', price: '2010', fee: '7', feeCurrency: 'GBP' };
  expect(booked(story, told, { EURUSD: '1.25' })).toMatchObject({ pnl: '7984', commission: '16' });
});

test.each<[string, string, Told, Prices, object]>([
  ['no price', 'USD', { filled: '4', fee: '7' }, allMids, { quantity: '4' }],
  ['no rate', 'EUR', { filled: '4', price: '2010' }, {}, { quantity: '4', price: '2010' }],
  [
    'no rate, with a fee in the account currency',
    'EUR',
    { filled: '4', price: '2010', fee: '1', feeCurrency: 'EUR' },
    { USDJPY: '160' },
    { quantity: '4', price: '2010' },
  ],
])('told with %s, it has no P&L yet', (_, currency, told, prices, expected) => {
  expect(booked(world(currency), told, prices)).toEqual({ excess: '0', ...expected });
});

test.each<[string, string, string]>([
  ['4', '4', '0'],
  ['10', '10', '0'],
  ['10.5', '10', '0.5'],
  ['25', '10', '15'],
])('of %s executed, %s close the position and %s are too much', (filled, quantity, excess) => {
  expect(booked(world(), { filled, price: '2000' })).toMatchObject({ quantity, excess });
});

test('the part that a later one is too much is counted from what is left', () => {
  const story = world();
  take(story, { filled: '7', price: '2010' });
  expect(booked(story, { filled: '12', price: '2010' })).toMatchObject({
    quantity: '3',
    excess: '2',
    pnl: '3000',
  });
});

test('a part that came without its rates is made up for by the next one', () => {
  const story = world('EUR');
  const early = take(story, { filled: '4', price: '2010' }, {});
  expect(early).not.toHaveProperty('pnl');
  // 10 · 100 · 10 = 10,000 USD at 1.25.
  expect(take(story, { filled: '10', price: '2010' })).toMatchObject({ pnl: '8000' });
  expect(text(story.account().balance)).toBe('18000');
});

test('of a position that is closed, what counts is how much of it nobody has told', () => {
  const story = world();
  take(story, { filled: '4', price: '2010' });
  const args = [story.state, story.account(), story.position()] as const;
  const execution = executionOf({ filled: '10', price: '2020' });
  const fill = bookedFill(...args, execution, midsOf(allMids), decimal(5));
  // 9 · 100 · 20 in all, less the 4 · 100 · 10 of before.
  expect(fill).toEqual({
    quantity: decimal(5),
    excess: decimal(1),
    price: '2020',
    pnl: '14000',
    commission: '0',
  });
});

const quantities = fc
  .uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 6 })
  .map((cuts) => cuts.sort((a, b) => a - b).map((cut) => decimal(cut).div(100)));
const amount = (min: number, max: number): fc.Arbitrary<Decimal> =>
  fc.integer({ min, max }).map((n) => decimal(n).div(1000));

const told = fc.record({
  cuts: quantities,
  prices: fc.array(amount(1_900_000, 2_100_000), { minLength: 6, maxLength: 6 }),
  fees: fc.option(fc.array(amount(-5000, 20_000), { minLength: 6, maxLength: 6 })),
  currency: fc.constantFrom('USD', 'EUR', 'JPY', 'GBP'),
  feeCurrency: fc.constantFrom(undefined, 'USD', 'EUR', 'JPY', 'GBP'),
  side: fc.constantFrom('long', 'short'),
  commissionRate: fc.constantFrom('0', '0.00003'),
  // Some of the telling is repeated, or comes late.
  repeats: fc.array(fc.nat({ max: 5 }), { maxLength: 4 }),
});

test('parts add up exactly to the whole at its average price, however they are told', () => {
  let partsSeen = 0;
  fc.assert(
    fc.property(told, ({ cuts, prices, fees, currency, feeCurrency, side, ...rest }) => {
      const { commissionRate, repeats } = rest;
      const make = () => world(currency, { commissionRate }, side);
      const inParts = make();
      const tellings: Told[] = cuts.map((filled, i) => ({
        filled: text(filled),
        price: text(prices[i] ?? zero),
        ...(fees === null ? {} : { fee: text(fees[i] ?? zero) }),
        ...(feeCurrency === undefined ? {} : { feeCurrency }),
      }));
      const pnl: string[] = [];
      const commission: string[] = [];
      for (const [i, one] of tellings.entries()) {
        const late = tellings.slice(0, i + 1)[repeats[i] ?? 0];
        for (const each of [one, ...(late === undefined ? [] : [late])]) {
          if (newFillOf(inParts.position(), executionOf(each)) === undefined) continue;
          const fill = take(inParts, each);
          pnl.push(fill.pnl ?? '');
          commission.push(fill.commission ?? '');
          partsSeen++;
        }
      }
      expect(pnl).toHaveLength(cuts.length);
      const last = tellings.at(-1) as Told;
      const { price } = executionOf(last);
      const whole = make();
      const worth = worthOf(
        whole.state,
        whole.account(),
        whole.position(),
        { ...executionOf(last), price: price as Decimal },
        midsOf(allMids),
        { quantity: decimal(last.filled) },
      );
      const sum = (parts: string[]) => parts.reduce((all, part) => all.plus(part), zero);
      expect([text(sum(pnl)), text(sum(commission))]).toEqual(
        worth && [text(worth.pnl), text(worth.commission)],
      );
      // And the balance has moved by that, and by nothing else.
      expect(text(inParts.account().balance.minus(10_000))).toBe(worth && text(worth.pnl));
      const left = decimal(10).minus(last.filled);
      expect(text(inParts.position().remainingQuantity)).toBe(text(left));
    }),
    { numRuns: 300 },
  );
  expect(partsSeen).toBeGreaterThan(300);
});
