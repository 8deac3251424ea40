// Subjects: symbols in one token and back, and what a command's subject addresses.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  commandPlace,
  commandSubject,
  decodeSymbol,
  encodeSymbol,
  eventSubject,
  feedToken,
  priceSubject,
  symbolToken,
} from '#src/contracts/subjects';

test.each([
  ['XAUUSD', 'XAUUSD'],
  ['EUR/USD', 'EUR%2FUSD'],
  ['BRK.B', 'BRK%2EB'],
  ['50%*>', '50%25%2A%3E'],
  ['#US30:cash_$', '#US30:cash_$'],
])('the symbol %s stands as %s in a subject', (symbol, token) => {
  expect(encodeSymbol(symbol)).toBe(token);
  expect(decodeSymbol(token)).toBe(symbol);
});

test('every symbol comes back from its subject, whatever the feed', () => {
  const symbols = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
    minLength: 1,
    maxLength: 64,
  });
  fc.assert(
    fc.property(symbols, fc.constantFrom(undefined, 'lmax'), (symbol, feed) => {
      const subject = priceSubject(symbol, feed);
      expect(subject.split('.')).toHaveLength(feed === undefined ? 2 : 3);
      expect(subject).not.toMatch(/[*> ]/);
      expect(decodeSymbol(symbolToken(subject))).toBe(symbol);
      expect(feedToken(subject)).toBe(feed);
    }),
  );
});

test.each([
  ['lower-case hex', 'EUR%2fUSD', 'EUR/USD'],
  ['an escape of a plain character', '%41BC', 'ABC'],
  ['a slash as it is', 'EUR/USD', 'EUR/USD'],
  ['an escaped per cent before digits', '%2541', '%41'],
])('a token with %s is understood', (_, token, symbol) => {
  expect(decodeSymbol(token)).toBe(symbol);
});

test.each([
  ['nothing', ''],
  ['a lone per cent', 'A%'],
  ['half an escape', 'A%2'],
  ['an escape that is no hex', 'A%zz'],
  ['an escaped space', 'A%20B'],
  ['an escaped NUL', 'A%00'],
  ['an escaped byte that is not ASCII', '%C3%A9'],
  ['a letter that is not ASCII', 'é'],
  ['65 characters', 'A'.repeat(65)],
])('a token with %s is no symbol', (_, token) => {
  expect(decodeSymbol(token)).toBeUndefined();
});

test('a command is addressed by its subject, and an event by its account', () => {
  const place = {
    client: 'gw',
    accountId: 'acc1',
    resource: 'position',
    action: 'close-if-triggered',
  };
  expect(commandSubject(place)).toBe('closeout.v1.cmd.gw.acc1.position.close-if-triggered');
  expect(commandPlace(commandSubject(place))).toEqual(place);
  expect(eventSubject('_', 'market.warning')).toBe('closeout.v1.evt._.market.warning');
});

test.each([
  'closeout.v1.cmd',
  'closeout.v1.cmd.gw',
  'closeout.v1.cmd.gw.acc1.position',
  'closeout.v1.cmd.gw.acc1.position.close.now',
  'closeout.v1.cmd.gw..position.close',
  'closeout.v1.cmd.gw.acc1.position.',
  'closeout.v1.cmdx.gw.acc1.position.close',
  'closeout.v2.cmd.gw.acc1.position.close',
])('%s addresses no command', (subject) => {
  expect(commandPlace(subject)).toBeUndefined();
});
