// The book of a symbol: its last quote, exactly.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { text } from '#src/domain/money';
import { QuoteBook } from '#src/prices/quote-book';
import { exactPrices, quoteAt, quoteOf } from '../domain/arbitraries.ts';

test('a book begins without a quote', () => {
  const book = new QuoteBook('S');
  expect(book).toMatchObject({
    symbol: 'S',
    ts: 0,
    hasQuote: false,
    isFresh: false,
    isUnnoted: false,
  });
});

test('a quote is taken, and is to be noted', () => {
  const book = new QuoteBook('S');
  book.take(quoteAt('S', '1.1', '1.3', 7));
  expect(book).toMatchObject({
    bid: 1.1,
    ask: 1.3,
    ts: 7,
    hasQuote: true,
    isFresh: true,
    isUnnoted: true,
  });
  expect(text(book.mid())).toBe('1.2');
  expect(book.midValue()).toBeCloseTo(1.2, 15);
});

test('a long closes at the bid, a short at the ask, exactly', () => {
  const book = new QuoteBook('S');
  book.take(quoteAt('S', '1.1000000000000000000001', '1.2000000000000000000003'));
  expect(text(book.closingPrice('long'))).toBe('1.1000000000000000000001');
  expect(text(book.closingPrice('short'))).toBe('1.2000000000000000000003');
  expect(text(book.mid())).toBe('1.1500000000000000000002');
});

test('what was exact of one quote says nothing of the next', () => {
  const book = new QuoteBook('S');
  book.take(quoteAt('S', '1.1000000000000000000001', '1.2000000000000000000003'));
  book.take(quoteAt('S', '1.1', '1.2'));
  expect(text(book.exactBid())).toBe('1.1');
  expect(text(book.exactAsk())).toBe('1.2');
});

test('a quote of before the restart values positions, and nothing is filled at it', () => {
  const book = new QuoteBook('S');
  book.restore({ symbol: 'S', bid: '1.1000000000000000000001', ask: '1.2', ts: 7 });
  expect(book).toMatchObject({
    bid: 1.1,
    ask: 1.2,
    ts: 7,
    hasQuote: true,
    isFresh: false,
    isUnnoted: false,
  });
  expect(text(book.exactBid())).toBe('1.1000000000000000000001');
  expect(text(book.exactAsk())).toBe('1.2');
});

test.each([
  ['1.1', '1.2', 0, 0],
  ['1.0', '1.2', 1, 0],
  ['1.1', '1.3', 0, 1],
  ['1.0', '1.3', 1, 1],
  ['1.1000000000000000000001', '1.2', 1, 0],
  ['1.1', '1.2000000000000000000001', 0, 1],
])('after 1.1 / 1.2, %s / %s is %d change of the bid and %d of the ask', (bid, ask, bids, asks) => {
  const book = new QuoteBook('S');
  book.take(quoteAt('S', '1.1', '1.2'));
  const { bidVersion, askVersion } = book;
  book.take(quoteAt('S', bid, ask));
  expect([book.bidVersion - bidVersion, book.askVersion - askVersion]).toEqual([bids, asks]);
});

test('what is noted of a book and restored is the same quote', () => {
  fc.assert(
    fc.property(quoteOf('S'), (quote) => {
      const book = new QuoteBook('S');
      book.take(quote);
      const { bid, ask } = exactPrices(quote);
      expect(book.mark()).toEqual({
        symbol: 'S',
        bid: bid.toFixed(),
        ask: ask.toFixed(),
        ts: quote.ts,
      });
      const restored = new QuoteBook('S');
      restored.restore(book.mark());
      expect(restored.mark()).toEqual(book.mark());
      expect([restored.bid, restored.ask]).toEqual([book.bid, book.ask]);
      expect(text(restored.mid())).toBe(text(book.mid()));
    }),
  );
});
