// Whether what a market guard asked to close is still due, just before it is sent.
import { expect, test } from 'vitest';
import { hasMarketCleared, isOfMarket } from '#src/domain/market-clearing';
import { guardOf, type GuardSpec } from '#src/domain/market-conditions';
import { decimal } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import type { Side } from '#src/domain/quote';
import { accountCreated, gold, instrumentPut, positionTracked, Story } from './story.ts';

const symbol = 'XAUUSD';
const accountId = '_';

const put = (given: Omit<GuardSpec, 'symbol'> = {}): Draft => ({
  type: 'guard.put',
  accountId,
  body: { guard: guardOf({ symbol, ...given }) },
});
const removed: Draft = { type: 'guard.removed', accountId, body: { symbol } };
type Changed = Extract<Draft, { type: 'market.changed' }>['body'];
const changed = (
  condition: Changed['condition'],
  level: Changed['level'],
  more: Partial<Changed> = {},
): Draft => ({
  type: 'market.changed',
  accountId,
  body: { symbol, condition, level, limit: '1', ...more },
});
const gapped = changed('gap', 'warning', { before: '2000' });
const contradicted: Draft = { type: 'gap.contradicted', accountId, body: { symbol } };
const short = { side: 'short' } as const;
const long = { side: 'long' } as const;

function cleared(
  side: Side,
  reasons: string[],
  drafts: Draft[],
  behind: string[] = [],
  mid?: string,
): boolean {
  const story = new Story().tell(instrumentPut(gold), accountCreated(), positionTracked({ side }));
  story.tell(...drafts);
  const position = story.position();
  position.reasons.push(...reasons);
  if (behind.length > 0) Object.assign(position, { behind: { reasons: behind } });
  return hasMarketCleared(story.state, position, mid === undefined ? undefined : decimal(mid));
}

/** Closes that were asked for so, of a long; `yes` where they are not sent any more. */
test.each<[string, string[], Draft[], boolean]>([
  ['nothing was asked', [], [put()], false],
  ['an operator asked', ['manual'], [put()], false],
  ['a stop was reached', ['stop_loss'], [put()], false],
  ['the spread has not cleared', ['market_spread'], [put(), changed('spread', 'warning')], false],
  ['the spread is worse', ['market_spread'], [put(), changed('spread', 'critical')], false],
  [
    'the spread has cleared',
    ['market_spread'],
    [put(), changed('spread', 'warning'), changed('spread', 'clear')],
    true,
  ],
  [
    'the level that closes has cleared, a lower one has not',
    ['market_spread'],
    [
      ...[put({ spread: { closeOn: 'critical' } }), changed('spread', 'critical')],
      changed('spread', 'warning'),
    ],
    true,
  ],
  [
    'another condition holds, which asked for nothing',
    ['market_spread'],
    [put(), changed('stale', 'warning')],
    true,
  ],
  [
    'one of two has cleared',
    ['market_spread', 'market_volatility'],
    [put({ volatility: { limit: 3 } }), changed('volatility', 'critical')],
    false,
  ],
  [
    'both have cleared',
    ['market_spread', 'market_volatility'],
    [put({ volatility: { limit: 3 } })],
    true,
  ],
  ['one has cleared, and an operator asked as well', ['market_spread', 'manual'], [put()], false],
  ['a stop was reached as well', ['market_spread', 'stop_loss'], [put()], false],
  ['a gap does not pass', ['market_gap'], [put(), gapped, changed('gap', 'clear')], false],
  ['a gap that was contradicted', ['market_gap'], [put(), gapped, contradicted], true],
  [
    'one that was, and then another',
    ['market_gap'],
    [put(), gapped, contradicted, changed('gap', 'clear'), gapped],
    false,
  ],
  ['a gap stands, the spread has cleared', ['market_gap', 'market_spread'], [put(), gapped], false],
  ['no gap was ever told', ['market_gap'], [put()], false],
  [
    'liquidity of its own side has not cleared',
    ['market_liquidity'],
    [put(), changed('liquidity', 'critical', long)],
    false,
  ],
  [
    'liquidity of its own side is back above what closes',
    ['market_liquidity'],
    [put(), changed('liquidity', 'critical', long), changed('liquidity', 'warning', long)],
    true,
  ],
  [
    'liquidity of the other side has not cleared',
    ['market_liquidity'],
    [put(), changed('liquidity', 'critical', short)],
    true,
  ],
  [
    'the guard closes on it no more',
    ['market_spread'],
    [put({ spread: { closeOn: 'never' } }), changed('spread', 'critical')],
    true,
  ],
  [
    'the condition was turned off',
    ['market_spread'],
    [put({ spread: false }), changed('spread', 'critical')],
    true,
  ],
  ['the gap was turned off', ['market_gap'], [put(), gapped, put({ gap: false })], true],
  ['the guard is gone', ['market_spread'], [put(), changed('spread', 'warning'), removed], true],
  ['the guard is gone, a gap too', ['market_gap'], [put(), gapped, removed], true],
  [
    'the symbol has another guard',
    ['market_spread'],
    [put(), changed('spread', 'warning'), put({ spread: { limit: 3 } })],
    true,
  ],
])('%s', (_, reasons, drafts, isCleared) => {
  expect(cleared('long', reasons, drafts)).toBe(isCleared);
});

test('of a short it is the side of the ask', () => {
  const drafts = [put(), changed('liquidity', 'critical', short)];
  expect(cleared('short', ['market_liquidity'], drafts)).toBe(false);
  expect(cleared('long', ['market_liquidity'], drafts)).toBe(true);
});

test('what waits behind a part is asked for as well', () => {
  expect(cleared('long', ['market_spread'], [put()], ['market_spread'])).toBe(true);
  expect(cleared('long', ['market_spread'], [put()], ['manual'])).toBe(false);
  expect(cleared('long', ['take_profit'], [put()], ['market_spread'])).toBe(false);
});

/** After a gap from 2000, with a limit of 5 %: the last quote of the market says whether it stands. */
test.each<[string, mid: string, Draft[], boolean]>([
  ['at its limit', '2100', [gapped], false],
  ['just within it', '2099.9999999999999999999', [gapped], true],
  ['just within it, on the other side', '1900.0000000000000000001', [gapped], true],
  ['on the other side, as far', '1900', [gapped], false],
  ['back, and gone again: what is on record is older', '2200', [gapped, contradicted], false],
  ['where no gap was ever told', '2000', [], false],
])('a gap is looked at with the last quote, %s: %s', (_, mid, drafts, isCleared) => {
  expect(cleared('long', ['market_gap'], [put(), ...drafts], [], mid)).toBe(isCleared);
  // Other conditions do not go by it.
  expect(cleared('long', ['market_spread'], [put(), ...drafts], [], mid)).toBe(true);
});

test.each([
  ['market_gap', true],
  ['market_stale', true],
  ['manual', false],
  ['stop_loss', false],
])('%s is a reason of a market guard: %j', (reason, expected) => {
  expect(isOfMarket(reason)).toBe(expected);
});
