// Whether a position can be tracked (contract sections 1 and 8).
import { expect, test } from 'vitest';
import type { Draft, PositionRecord } from '#src/domain/records';
import { refusalCodes, type RefusalName } from '#src/domain/refusals';
import { trackFault } from '#src/domain/trackable';
import { gone, intended, routed } from './close-drafts.ts';
import {
  accountCreated,
  closeFilled,
  gold,
  instrumentPut,
  positionTracked,
  Story,
} from './story.ts';

/**
 * Accounts `a` and `b` of the route `r`, `c` of another one, `d` and `e` on paper; the position `p`
 * of `a` is open, with a ticket and three orders.
 */
function world(): Story {
  const live = (accountId: string, route: string) =>
    accountCreated({ accountId, mode: 'LIVE', route });
  return new Story().tell(
    instrumentPut(gold),
    instrumentPut({ symbol: 'NIKKEI', quoteCurrency: 'JPY' }),
    live('a', 'r'),
    live('b', 'r'),
    live('c', 's'),
    accountCreated({ accountId: 'd' }),
    accountCreated({ accountId: 'e' }),
    positionTracked({ ticket: 17, stopLossId: 'sl', takeProfitId: 'tp', closeOrderId: 'co' }),
  );
}

const given = (more: Partial<PositionRecord>): PositionRecord => {
  const draft = positionTracked({ positionId: 'new', ...more });
  return (draft as Extract<Draft, { type: 'position.tracked' }>).body.position;
};

const faultOf = (story: Story, more: Partial<PositionRecord>) =>
  trackFault(story.state, given(more))?.error;

/** What is tracked beside `p` → the refusal and what it says. */
test.each<[Partial<PositionRecord>, RefusalName, string]>([
  [{ accountId: 'x' }, 'unknown_account', 'no account x is known'],
  [
    { symbol: 'XAGUSD' },
    'unknown_symbol',
    'XAGUSD is no instrument: put it with instrument.put first',
  ],
  [
    { symbol: 'NIKKEI' },
    'missing_conversion',
    'symbol: no instrument converts JPY to USD, expected JPYUSD or USDJPY',
  ],
  [{ positionId: 'p' }, 'position_exists', 'position p exists already, or did'],
  [{ positionId: 'p', accountId: 'd' }, 'position_exists', 'position p exists already, or did'],
  [{ ticket: 17 }, 'ticket_exists', 'ticket 17 is that of position p'],
  [{ stopLossId: 'sl' }, 'order_link_exists', 'order sl is that of position p'],
  [{ takeProfitId: 'sl' }, 'order_link_exists', 'order sl is that of position p'],
  [{ closeOrderId: 'tp' }, 'order_link_exists', 'order tp is that of position p'],
  [{ stopLossId: 'co', accountId: 'b' }, 'order_link_exists', 'order co is that of position p'],
  // The canonical ids are among them: a report could not tell the two apart.
  [{ positionId: 'sl' }, 'order_link_exists', 'order sl is that of position p'],
  [{ positionId: 'tp', accountId: 'b' }, 'order_link_exists', 'order tp is that of position p'],
  [{ stopLossId: 'p' }, 'order_link_exists', 'order p is that of position p'],
  [
    { stopLossId: 'x', takeProfitId: 'x' },
    'order_link_exists',
    'expected positionId, stopLossId, takeProfitId and closeOrderId to differ',
  ],
  [
    { closeOrderId: 'new' },
    'order_link_exists',
    'expected positionId, stopLossId, takeProfitId and closeOrderId to differ',
  ],
])('%j is refused with %s: %s', (more, name, message) => {
  expect(faultOf(world(), more)).toMatchObject({ code: refusalCodes[name], name, message });
});

test('a missing conversion names the pair as an issue of the symbol', () => {
  expect(faultOf(world(), { symbol: 'NIKKEI' })?.issues).toEqual([
    {
      path: 'symbol',
      message: 'expected the conversion pair JPYUSD or USDJPY to be an instrument',
    },
  ]);
});

test.each<[string, Partial<PositionRecord>]>([
  ['nothing in common', {}],
  ['ids of its own', { ticket: 18, stopLossId: 'a', takeProfitId: 'b', closeOrderId: 'c' }],
  ['the ticket in another type', { ticket: '17' }],
  ['the ticket in another account', { ticket: 17, accountId: 'b' }],
  ['the order ids on another route', { stopLossId: 'sl', takeProfitId: 'tp', accountId: 'c' }],
  ['the order ids on paper', { stopLossId: 'sl', takeProfitId: 'tp', accountId: 'd' }],
  ['an order named as that position, on another route', { stopLossId: 'p', accountId: 'c' }],
  ['an id named as an order of another route', { positionId: 'sl', accountId: 'c' }],
])('a position with %s is tracked', (_, more) => {
  expect(faultOf(world(), more)).toBeUndefined();
});

test('a halted account is no reason: what exists is told', () => {
  const story = world();
  story.tell({ type: 'account.halted', accountId: 'a', body: { reason: 'x', by: 'ops' } });
  expect(faultOf(story, {})).toBeUndefined();
});

test('an order of ours is nobody else’s: a close under way names its position', () => {
  const story = world();
  const intent = routed(story.intent());
  story.tell(intended(intent));
  const { clientOrderId } = intent;
  const expected = { message: `order ${clientOrderId} is that of position p` };
  expect(faultOf(story, { closeOrderId: clientOrderId })).toMatchObject(expected);
  expect(faultOf(story, { positionId: clientOrderId, accountId: 'b' })).toMatchObject(expected);
  expect(faultOf(story, { closeOrderId: clientOrderId, accountId: 'c' })).toBeUndefined();
});

const untracked: Draft = {
  type: 'position.untracked',
  accountId: 'a',
  body: { positionId: 'p', reason: 'x', by: 'y' },
};

test.each<[string, (story: Story) => Draft[]]>([
  ['closed', (story) => [closeFilled(routed(story.intent()), '1')]],
  [
    'closed by an order of ours',
    (story) => [intended(routed(story.intent())), gone(routed(story.intent()))],
  ],
  ['untracked', () => [untracked]],
])('ids of a position that was %s are free again, but for its own', (_, draftsOf) => {
  const story = world();
  const { clientOrderId } = story.intent();
  story.tell(...draftsOf(story));
  const ids = { ticket: 17, stopLossId: 'sl', takeProfitId: 'tp', closeOrderId: clientOrderId };
  expect(faultOf(story, ids)).toBeUndefined();
  expect(faultOf(story, { positionId: 'sl' })).toBeUndefined();
  expect(faultOf(story, { positionId: 'p' })?.name).toBe('position_exists');
});
