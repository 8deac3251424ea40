// The story of a close from rows made by hand: what each of them comes to, in words.
import { expect, test } from 'vitest';
import type { CloseFacts } from '#src/cli/explain/gather';
import { storyOf } from '#src/cli/explain/story';
import {
  clientOrderId,
  closeId,
  drawdown,
  factsOf,
  filled,
  midnight,
  opened,
  order,
  position,
  quote,
  row,
  sent,
  stop,
  stopped,
  told,
} from './rows.ts';

const market = { symbol: 'EURUSD', condition: 'spread', limit: '0.5' };
const silence = { symbol: 'EURUSD', condition: 'stale', limit: '30' };

test.each<{ what: string; facts: CloseFacts; lines: string[]; outcome: string; open: string[] }>([
  {
    what: 'a stop loss on paper',
    facts: factsOf([row(3, 'position_closed', filled)]),
    lines: [
      opened,
      stopped,
      `3 CLOSED: 0.5 at 1.0949, 0.0001 from the level 1.095, P&L -255 USD ${order}, 3 ms after the quote`,
    ],
    outcome: 'closed',
    open: ['position p1 is closed; nothing of it is open here'],
  },
  {
    what: 'a close that waits for a quote',
    facts: factsOf(
      [
        row(5, 'position_close_pending', {
          ...{ closeId, positionId: 'p1', reason: 'manual', quantity: '0.5', clientOrderId },
          requestedTs: midnight + 5,
        }),
      ],
      { position: { ...position, state: 'closing', remainingQuantity: '0.5' } },
    ),
    lines: [opened, '5 asked for 0.5, and waits for a quote of EURUSD'],
    outcome: 'pending',
    open: ['position p1 is closing: 0.5 of 0.5 is open'],
  },
  {
    what: 'a rejection, an unknown outcome, an acknowledgement, parts, a price that came later',
    facts: factsOf([
      row(10, 'position_close_failed', { ...sent, errorMessage: 'busy' }),
      row(210, 'position_close_pending', { ...sent, attempts: 2, errorMessage: 'no reply' }),
      row(1500, 'position_close_pending', { ...sent, attempts: 2 }),
      row(61_000, 'position_partially_closed', { ...filled, quantity: '0.2', pnl: '-102' }),
      row(3_700_000, 'position_closed', { ...sent, quantity: '0.3' }),
      row(3_700_500, 'position_close_amended', { ...filled, quantity: '0.3', pnl: '-153' }),
      row(3_700_600, 'position_close_amended', { ...filled, quantity: '0', pnl: '-1.5' }),
    ]),
    lines: [
      opened,
      stopped,
      `10 NOT closed: busy ${order}, 10 ms after the quote`,
      `210 outcome UNKNOWN: no reply; it may have been executed ${order.replace('1)', '2)')}, 210 ms after the quote`,
      `1500 the provider has the order, and will report ${order.replace('1)', '2)')}, 1.5 s after the quote`,
      `61000 part closed: 0.2 at 1.0949, 0.0001 from the level 1.095, P&L -102 USD ${order}, 1 min 1 s after the quote`,
      `3700000 CLOSED: 0.3, at a price that the provider has not told ${order}, 1 h 1 min after the quote`,
      `3700500 learned later: 0.3 at 1.0949, P&L -153 USD ${order}`,
      `3700600 learned later: another fee, P&L -1.5 USD ${order}`,
    ],
    outcome: 'closed',
    open: ['position p1 is closed; nothing of it is open here'],
  },
  {
    what: 'a dead letter that is open, behind moved exits, another close and a drift',
    facts: factsOf(
      [
        row(40, 'position_close_pending', { ...sent, errorMessage: 'no reply' }),
        row(50, 'deadletter_added', { closeId, attempts: 3, lastError: 'no reply' }),
        row(60, 'deadletter_retried', { closeId, by: 'op', reason: 'seen at the provider' }),
      ],
      {
        position: { ...position, state: 'closing', remainingQuantity: '0.5' },
        positionRows: [
          row(-30, 'position_exits_moved', { moves: { stop: '1.101' }, quote }, ''),
          row(-20, 'position_exits_moved', { moves: { activatedAt: '1.2', tiers: [0, 2] } }, ''),
          row(-10, 'position_close_failed', {}, 'close_before'),
          row(70, 'drift_detected', { kind: 'quantity', ours: '0.5', theirs: '0.2' }, ''),
        ],
      },
    ),
    lines: [
      opened,
      '-30 exits of the position moved: break-even put the stop loss at 1.101; on EURUSD bid 1.0949, ask 1.095',
      '-20 exits of the position moved: the trailing stop was activated at 1.2; the trailing stop reached tier 1, 3',
      '-10 another close, close_before: Row position_close_failed',
      stopped,
      `40 outcome UNKNOWN: no reply; it may have been executed ${order}, 40 ms after the quote`,
      '50 DEAD LETTER after 3 attempts: no reply',
      '60 dead letter: sent again by op: seen at the provider',
      '70 DRIFT from the provider: quantity, ours 0.5, theirs 0.2; policy alarm',
    ],
    outcome: 'unknown',
    open: [
      'position p1 is closing: 0.5 of 0.5 is open',
      'its dead letter is open: deadletter.retry or deadletter.discard ends it',
    ],
  },
  {
    what: 'a close by a market guard, from when its condition began to when it had cleared',
    facts: factsOf(
      [
        row(9, 'position_closed', {
          ...{ positionId: 'p1', quote, quantity: '0.5', closedPrice: '1.0949', pnl: '-255' },
          closeReason: 'market_spread',
          market: { level: 'critical', limit: '0.5', measured: '1.2', requestedTs: midnight },
        }),
      ],
      {
        market: [
          row(
            -9,
            'feed_switched',
            { ...market, to: 'fallback', feed: 'two', reason: 'silent' },
            '',
          ),
          row(-5, 'market_warning', { ...market, level: 'warning', measured: '0.6' }, ''),
          row(0, 'market_critical', { ...market, level: 'critical', measured: '1.2' }, ''),
        ],
        sinceMarket: [row(9, 'market_cleared', { ...market, level: 'clear' }, '')],
      },
    ),
    lines: [
      opened,
      '-9 quotes of two count for EURUSD, its fallback: the other was silent',
      '-5 market of EURUSD WARNING: spread 0.6 % is above its limit of 0.5 %',
      '0 quote EURUSD bid 1.0949, ask 1.095; the market guard of EURUSD closed it: ' +
        'spread 1.2 % is above twice its limit of 0.5 % (critical)',
      '0 market of EURUSD CRITICAL: spread 1.2 % is above twice its limit of 0.5 %',
      '9 CLOSED: 0.5 at 1.0949, P&L -255 USD, 9 ms after the quote',
      '9 market of EURUSD cleared: spread',
    ],
    outcome: 'closed',
    open: ['position p1 is closed; nothing of it is open here'],
  },
  {
    what: 'a close by a market guard that has not cleared, and whose row does not say more',
    facts: factsOf(
      [row(9, 'position_closed', { ...filled, closeReason: 'market_stale', quote: undefined })],
      {
        market: [row(0, 'market_critical', { ...silence, level: 'critical', measured: '60' }, '')],
      },
    ),
    lines: [
      opened,
      '0 market of EURUSD CRITICAL: stale 60 s without a quote is at twice its limit of 30 s',
      `9 CLOSED: 0.5 at 1.0949, 0.0001 from the level 1.095, P&L -255 USD ${order}`,
    ],
    outcome: 'closed',
    open: [
      'position p1 is closed; nothing of it is open here',
      'the condition has not cleared, as far as the ledger knows',
    ],
  },
  {
    what: 'given up, its dead letter discarded, and untracked',
    facts: factsOf(
      [
        row(50, 'deadletter_added', { closeId, positionId: 'p1', attempts: 3, lastError: 'no' }),
        row(60, 'deadletter_cleared', { closeId, how: 'discarded', by: 'op', reason: 'gone' }),
        row(61, 'position_close_failed', { ...sent, errorMessage: 'discarded' }),
      ],
      {
        position: { ...position, state: 'untracked', remainingQuantity: '0.5' },
        positionRows: [row(70, 'position_untracked', { by: 'op', reason: 'moved' }, '')],
      },
    ),
    lines: [
      opened,
      stopped,
      '50 DEAD LETTER after 3 attempts: no',
      '60 dead letter over: discarded by op: gone',
      `61 NOT closed: discarded ${order}, 61 ms after the quote`,
      '70 the position was untracked by op: moved: guarding ended, and no order was sent',
    ],
    outcome: 'failed',
    open: ['position p1 is untracked; nothing of it is open here'],
  },
])('$what', ({ facts, lines, outcome, open }) => {
  const story = storyOf(facts);
  expect(told(facts)).toEqual(lines);
  expect({ outcome: story.outcome, open: story.open }).toEqual({ outcome, open });
});

test('parts, and what is learned of them later, add up', () => {
  const rows = [
    row(1, 'position_partially_closed', { ...filled, quantity: '0.2', pnl: '-102.10' }),
    row(2, 'position_closed', { ...sent, quantity: '0.3' }),
    row(9, 'position_close_amended', { ...filled, quantity: '0.3', pnl: '-153' }),
    row(10, 'position_close_amended', { ...filled, quantity: '0', pnl: '-1.5' }),
  ];
  expect(storyOf(factsOf(rows))).toMatchObject({
    closedQuantity: '0.5',
    pnl: '-256.6',
    quoteToCloseMs: 2,
  });
});

test('the program is told what was measured, and at which limit', () => {
  const held = { level: 'warning', limit: '10', measured: '4' };
  const closed = { closeReason: 'market_liquidity', market: { ...held, requestedTs: 1 } };
  const { why } = storyOf(factsOf([row(1, 'position_closed', closed)]));
  expect(why).toMatchObject({ market: { condition: 'liquidity', side: 'long', ...held } });
  expect(why.words).toContain('liquidity for longs 4 lots is below its limit of 10 lots (warning)');
});

const short = { ...position, side: 'short' as const };
test.each<[string, object, object, number | undefined]>([
  ['a stop loss: from its quote', stop, {}, 30],
  ['a person: from none', { ...stop, closeReason: 'manual' }, {}, undefined],
  ['a time: from none', { ...stop, closeReason: 'expired' }, {}, undefined],
  [
    'a breach: from the quote that breached',
    drawdown,
    { quote: { ...quote, ts: midnight + 20 } },
    10,
  ],
  ['an old breach: from none', drawdown, {}, undefined],
  [
    'a clock behind that of the feed: none',
    { ...stop, quote: { ...quote, ts: midnight + 31 } },
    {},
    undefined,
  ],
])('how long it took after %s', (_what, meta, breached, ms) => {
  const breach = 'breachId' in meta ? row(20, 'guard_breached', breached, '') : undefined;
  const { quoteToCloseMs, lines } = storyOf(
    factsOf([row(30, 'position_closed', meta)], { breach }),
  );
  expect(quoteToCloseMs).toBe(ms);
  const closed = lines.find(({ event }) => event === 'position_closed')?.words;
  expect(/(\d+) ms after the quote$/.exec(closed ?? '')?.[1]).toBe(ms?.toString());
});

test.each<[string, object, Partial<CloseFacts>, string]>([
  ['a short', stop, { position: short }, 'stop loss: the ask 1.095 is at the stop loss 1.095'],
  [
    'a target',
    { ...stop, closeReason: 'take_profit', triggerPrice: '1.09', rung: 1 },
    {},
    'take profit (rung 2 of its ladder): the bid 1.0949 is above the ' +
      'take profit (rung 2 of its ladder) 1.09',
  ],
  [
    'no quote',
    { ...stop, quote: undefined },
    {},
    'stop loss 1.095, executed by the provider itself',
  ],
  [
    'an exit in money',
    { ...stop, triggerPrice: undefined },
    {},
    'stop loss without a price level: in money, or executed by the provider itself',
  ],
  ['a time', { ...stop, closeReason: 'expired' }, {}, 'its time had come (expiresAt)'],
  [
    'a market guard',
    { ...stop, closeReason: 'market_gap' },
    {},
    'the market guard of EURUSD closed it: price gap',
  ],
  [
    'a gap',
    {
      ...{ ...stop, closeReason: 'market_gap' },
      market: { level: 'warning', limit: '5', measured: '5', before: '1.1', requestedTs: 1 },
    },
    {},
    'the market guard of EURUSD closed it: gap 5 % is at its limit of 5 %, from the mid 1.1 (warning)',
  ],
  [
    'a thin book that is half of its limit',
    {
      ...{ ...stop, closeReason: 'market_liquidity' },
      market: { level: 'critical', limit: '10', measured: '5', requestedTs: 1 },
    },
    { position: { ...position, side: 'short' } },
    'the market guard of EURUSD closed it: ' +
      'liquidity for shorts 5 lots is at half its limit of 10 lots (critical)',
  ],
  [
    'nothing that was measured',
    { ...stop, closeReason: 'market_volatility', market: { level: 'critical', limit: '8' } },
    {},
    'the market guard of EURUSD closed it: ' +
      'volatility is at twice its limit of 8 standard deviations (critical)',
  ],
  [
    'a person',
    { ...stop, closeReason: 'manual' },
    {},
    'asked for by an operator or a program, reason manual',
  ],
  [
    'a breach',
    { ...stop, closeReason: 'margin_stop_out', ruleId: 'm', breachId: 'breach_1' },
    {},
    'margin stop-out: rule m of the account was breached (breach_1)',
  ],
  [
    'a row without anything',
    {},
    { position: undefined },
    'asked for by an operator or a program, reason unknown',
  ],
])('why: %s', (_what, meta, more, words) => {
  const facts = factsOf([row(1, 'position_closed', meta)], more);
  expect(storyOf(facts).why.words).toBe(words);
});
