// Whether what a market guard asked to close is still due, just before it is sent.
import { expect, test } from 'vitest';
import { intentOf, type CloseCause, type MarketCause } from '#src/domain/closing';
import { hasMarketCleared, type SeenMarket } from '#src/domain/market-clearing';
import {
  guardOf,
  type ConditionLevel,
  type Gauge,
  type GuardSpec,
} from '#src/domain/market-conditions';
import { decimal } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import type { Side } from '#src/domain/quote';
import { accountCreated, gold, instrumentPut, positionTracked, Story } from './story.ts';

const symbol = 'XAUUSD';
const accountId = '_';
const quoteTs = 1000;

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
const short = { side: 'short' } as const;
const long = { side: 'long' } as const;

/** The guard asks for it, a caller, or an exit. */
const guard = (condition: string, market: MarketCause = {}): CloseCause => ({
  reason: `market_${condition}`,
  market,
});
const by = (reason: string): CloseCause => ({ reason });
const gap = guard('gap', { before: '2000' });

interface Seen {
  readonly mid?: string;
  readonly ts?: number;
  readonly isFresh?: boolean;
  readonly holding?: Partial<Record<Gauge, ConditionLevel>>;
  readonly isMeasured?: boolean;
}

function seenOf(seen: Seen): SeenMarket {
  const { mid, ts = quoteTs + 1, isFresh = true, holding = {}, isMeasured = true } = seen;
  return {
    mid: mid === undefined ? undefined : decimal(mid),
    ...{ ts, isFresh },
    levelOf: (gauge) => holding[gauge],
    isMeasured: () => isMeasured,
  };
}

/** The first cause is that of the close, others have joined it. */
function cleared(side: Side, causes: CloseCause[], drafts: Draft[], seen: Seen = {}): boolean {
  const story = new Story().tell(instrumentPut(gold), accountCreated(), positionTracked({ side }));
  story.tell(...drafts);
  const [first, ...others] = causes;
  if (first !== undefined) {
    const quote = { bid: '2200', ask: '2200', ts: quoteTs };
    const intent = intentOf(story.position(), first, 0, { quote, route: 'r' });
    const { positionId, accountId: of, closeId } = intent;
    story.tell({ type: 'close.intended', accountId: of, body: { intent } });
    for (const cause of others) {
      story.tell({ type: 'close.joined', accountId: of, body: { positionId, closeId, ...cause } });
    }
  }
  return hasMarketCleared(story.state.guards.get(symbol), story.position(), seenOf(seen));
}

/** Closes that were asked for so, of a long; `true` where they are not sent any more. */
test.each<[string, CloseCause[], Draft[], boolean]>([
  ['nothing was asked', [], [put()], false],
  ['an operator asked', [by('manual')], [put()], false],
  ['a stop was reached', [by('stop_loss')], [put()], false],
  ['the spread has not cleared', [guard('spread')], [put(), changed('spread', 'warning')], false],
  ['the spread is worse', [guard('spread')], [put(), changed('spread', 'critical')], false],
  [
    'the spread has cleared',
    [guard('spread')],
    [put(), changed('spread', 'warning'), changed('spread', 'clear')],
    true,
  ],
  [
    'the level that closes has cleared, a lower one has not',
    [guard('spread')],
    [
      ...[put({ spread: { closeOn: 'critical' } }), changed('spread', 'critical')],
      changed('spread', 'warning'),
    ],
    true,
  ],
  [
    'another condition holds, which asked for nothing',
    [guard('spread')],
    [put(), changed('stale', 'warning')],
    true,
  ],
  [
    'one of two has cleared',
    [guard('spread'), guard('volatility')],
    [put({ volatility: { limit: 3 } }), changed('volatility', 'critical')],
    false,
  ],
  [
    'both have cleared',
    [guard('spread'), guard('volatility')],
    [put({ volatility: { limit: 3 } })],
    true,
  ],
  [
    'it has cleared, and an operator asked as well',
    [guard('spread'), by('manual')],
    [put()],
    false,
  ],
  ['a stop was reached as well', [guard('spread'), by('stop_loss')], [put()], false],
  // What a caller asks for has no condition, whatever he calls it.
  ['a caller gives the reason of a guard', [by('market_spread')], [put()], false],
  [
    'a caller joins with the reason of a guard',
    [guard('spread'), by('market_halt')],
    [put()],
    false,
  ],
  ['a caller joins with the same reason', [guard('spread'), by('market_spread')], [put()], false],
  ['a gap does not pass', [gap], [put(), changed('gap', 'clear')], false],
  ['a gap joined, the spread has cleared', [guard('spread'), gap], [put()], false],
  ['no gap was ever told', [guard('gap')], [put()], false],
  [
    'liquidity of its own side has not cleared',
    [guard('liquidity')],
    [put(), changed('liquidity', 'critical', long)],
    false,
  ],
  [
    'liquidity of its own side is back above what closes',
    [guard('liquidity')],
    [put(), changed('liquidity', 'critical', long), changed('liquidity', 'warning', long)],
    true,
  ],
  [
    'liquidity of the other side has not cleared',
    [guard('liquidity')],
    [put(), changed('liquidity', 'critical', short)],
    true,
  ],
  // Nobody has said that it is over.
  [
    'the guard closes on it no more',
    [guard('spread')],
    [put({ spread: { closeOn: 'never' } })],
    false,
  ],
  ['the condition was turned off', [guard('spread')], [put({ spread: false })], false],
  ['the gap was turned off', [gap], [put(), put({ gap: false })], false],
  ['the guard is gone', [guard('spread')], [put(), removed], false],
  ['the guard is gone, a gap too', [gap], [put(), removed], false],
  ['there is another guard', [guard('spread')], [put(), put({ spread: { limit: 3 } })], true],
])('%s', (_, causes, drafts, isCleared) => {
  expect(cleared('long', causes, drafts, { mid: '2200' })).toBe(isCleared);
});

test('of a short it is the side of the ask', () => {
  const drafts = [put(), changed('liquidity', 'critical', short)];
  expect(cleared('short', [guard('liquidity')], drafts)).toBe(false);
  expect(cleared('long', [guard('liquidity')], drafts)).toBe(true);
});

test.each<[Gauge, ConditionLevel, CloseCause, boolean]>([
  ['spread', 'warning', guard('spread'), false],
  ['liquidityLong', 'critical', guard('liquidity'), false],
  ['liquidityLong', 'warning', guard('liquidity'), true],
  ['liquidityShort', 'critical', guard('liquidity'), true],
  ['gap', 'critical', guard('spread'), true],
])('it has cleared, and %s is %s on the last quote', (gauge, level, cause, isCleared) => {
  expect(cleared('long', [cause], [put()], { holding: { [gauge]: level } })).toBe(isCleared);
});

/** After a gap from 2000, with a limit of 5 %: the last quote of the market says whether it stands. */
test.each<[string, mid: string, boolean]>([
  ['at its limit', '2100', false],
  ['just within it', '2099.9999999999999999999', true],
  ['just within it, on the other side', '1900.0000000000000000001', true],
  ['on the other side, as far', '1900', false],
])('a gap is looked at with the last quote, %s: %s', (_, mid, isCleared) => {
  expect(cleared('long', [gap], [put()], { mid })).toBe(isCleared);
  expect(cleared('long', [guard('spread'), gap], [put()], { mid })).toBe(isCleared);
  // Other conditions do not go by it.
  expect(cleared('long', [guard('spread')], [put()], { mid })).toBe(true);
});

test.each<[string, CloseCause[], Seen, boolean]>([
  ['a noted quote behind the gap', [gap], { ts: quoteTs + 1 }, true],
  ['a noted quote that may be of before', [gap], { ts: quoteTs }, false],
  ['of a gap that joined it is not known', [guard('spread'), gap], { ts: quoteTs + 1 }, false],
])('after a restart, back at the price before the gap by %s', (_, causes, seen, isCleared) => {
  expect(cleared('long', causes, [put()], { mid: '2000', isFresh: false, ...seen })).toBe(
    isCleared,
  );
});

test('without any quote a gap stands', () => {
  expect(cleared('long', [gap], [put()], {})).toBe(false);
});

test('nothing has cleared by what no quote was measured by yet', () => {
  expect(cleared('long', [guard('spread')], [put()], { isMeasured: false })).toBe(false);
  expect(cleared('long', [gap], [put()], { mid: '2000', isMeasured: false })).toBe(false);
});
