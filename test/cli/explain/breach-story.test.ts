// The story of a close that a breach asked for, from rows made by hand.
import { expect, test } from 'vitest';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { decidingOf } from '#src/cli/explain/deciding';
import { printed } from '#src/cli/explain/print';
import { storyOf } from '#src/cli/explain/story';
import {
  account,
  clientOrderId,
  closeId,
  drawdown,
  factsOf,
  midnight,
  order,
  position,
  quote,
  row,
  told,
} from './rows.ts';

const seen = { ruleId: 'peak', observed: '7900', floor: '8000', anchorValue: '10000' };
const standing = (id: string, pnl: string): object => ({
  ...{ positionId: id, symbol: 'EURUSD', side: 'long', quantity: '1', price: '1.09', pnl },
});
const used = { equity: '600', usedMargin: '500' };
const others = ['w1', 'w2', 'w3', 'w4', 'w5'];

test('a breach: how it came to it, what was open, which close this was, and what followed', () => {
  const closedOf = (id: string, ms: number): LedgerRow =>
    row(ms, 'position_closed', { ...drawdown, positionId: id }, `close_${id}`);
  const warning = row(-50, 'guard_warning', { ...seen, observed: '8400', quote }, '');
  const breach = row(
    1,
    'guard_breached',
    {
      ...{ ...seen, breachId: 'breach_1', reason: 'drawdown_critical', action: 'close' },
      ...{ also: ['minimum'], graceUntil: midnight + 5000, positionsTotal: 9 },
      quote: { symbol: 'XAUUSD', bid: '2000', ask: '2001', ts: midnight },
      positions: [...others.map((id) => standing(id, '-400')), standing('p1', '10.5')],
    },
    '',
  );
  const [first, second] = [closedOf('w1', 5001), closedOf('w2', 5002)];
  const own = row(5003, 'position_closed', { ...drawdown, quantity: '0.5', pnl: '10.5' });
  const facts = factsOf([own], {
    ...{ breach, beforeBreach: [warning], group: [first, second, own, closedOf('w3', 5004)] },
    sinceBreach: [
      row(5010, 'account_halted', { breachId: 'breach_1' }, ''),
      row(9000, 'account_resumed', { by: 'op', reason: 'paid', acknowledge: 'breach_1' }, ''),
    ],
    account: { ...account, state: 'closing' },
    openPositions: 2,
    cut: ['something'],
  });
  expect(printed(storyOf(facts))).toBe(
    `${closeId}
position p1 of account a (long 0.5 EURUSD from 1.1): closed, drawdown limit, P&L +10.5 USD, 3rd of the 4 closed by this breach
why: drawdown limit: rule peak of the account was breached (breach_1)

2026-01-04T23:59:00.000Z  position p1 opened: long 0.5 EURUSD at 1.1
2026-01-04T23:59:59.950Z  warning of rule peak of account a: equity 8400 USD is above its floor 8000 USD by 400 USD; anchor (peakEquity) 10000 USD; on the quote bid 1.0949, ask 1.095
2026-01-05T00:00:00.000Z  quote EURUSD bid 1.0949, ask 1.095; the book that the close saw
2026-01-05T00:00:00.001Z  BREACH of rule peak by account a: equity 7900 USD is below its floor 8000 USD by 100 USD; anchor (peakEquity) 10000 USD; on the quote XAUUSD bid 2000, ask 2001; breached with it: minimum; everything is closed, the worst first; its closes wait for the grace, until 2026-01-05T00:00:05.000Z
                            w1: long 1 EURUSD at 1.09, P&L -400 USD
                            w2: long 1 EURUSD at 1.09, P&L -400 USD
                            w3: long 1 EURUSD at 1.09, P&L -400 USD
                            w4: long 1 EURUSD at 1.09, P&L -400 USD
                            w5: long 1 EURUSD at 1.09, P&L -400 USD
                            p1: long 1 EURUSD at 1.09, P&L +10.5 USD  <- this one
                            and 3 more
2026-01-05T00:00:05.003Z  CLOSED: 0.5, at a price that the provider has not told (order ${clientOrderId}, attempt 1), 5.003 s after the quote
2026-01-05T00:00:05.010Z  account a HALTED: every close of the breach has its outcome
2026-01-05T00:00:09.000Z  account a RESUMED by op: paid, who acknowledged breach_1

order  3rd of the 4 closed by this breach: w1, w2, [p1], w3
now    position p1 is closed; nothing of it is open here
now    of the positions at the breach, it has not closed: w4, w5
now    account a is closing; 2 of its positions are open
cut    not told here: something
`,
  );
});

test('of many closes those beside it are named, and how many more there were', () => {
  const ids = Array.from({ length: 16 }, (_, i) => `p${i + 1}`);
  const group = ids.map((positionId, i) =>
    row(i + 2, 'position_closed', { ...drawdown, positionId }, `close_${positionId}`),
  );
  const breach = row(1, 'guard_breached', { ...seen, breachId: 'breach_1' }, '');
  const facts = factsOf(group.slice(0, 1), { breach, group, closeId: 'close_p1' });
  expect(printed(storyOf(facts))).toContain(
    'order  1st of the 16 closed by this breach: [p1], p2, p3, and 13 more\n',
  );
});

const before = midnight - 1000;
const after = midnight + 40_529;
const halted = 'it was opened after the breach, in the halted account';
const listed = { positionId: 'p1', symbol: 'EURUSD', side: 'long', quantity: '1' };
test.each<[string, object, object, string | undefined, number | undefined]>([
  ['open then', { positions: [{ ...listed, price: '1.09' }] }, {}, undefined, midnight],
  ['opened since', {}, { ts: after }, halted, after],
  [
    'opened after a margin call',
    { action: 'reduce' },
    { ts: after },
    'it was opened after the breach',
    after,
  ],
  ['opened in a grace, at the end of which', { graceUntil: after }, {}, halted, undefined],
  [
    'without a quote then',
    { positions: [listed] },
    { ts: after },
    'its symbol had no quote at the breach',
    after,
  ],
  [
    'a later step of a reduction',
    { action: 'reduce', positions: [{ ...listed, price: '1.09' }] },
    { ts: after },
    undefined,
    after,
  ],
  ['one of those that are not told', { positionsTotal: 501 }, {}, undefined, midnight],
  [
    'opened since, where not all are told',
    { positionsTotal: 501 },
    { ts: after, openedAt: after },
    halted,
    after,
  ],
])('from which quote a close is counted: %s', (_what, breached, own, late, quoteTs) => {
  const { ts = before, openedAt = before } = own as { ts?: number; openedAt?: number };
  const meta = { ...seen, quote, positions: [], positionsTotal: 0, ...breached };
  const total = { positionsTotal: Math.max(meta.positionsTotal, meta.positions.length) };
  const breach = row(1, 'guard_breached', { ...meta, ...total }, '');
  const close = { positionId: 'p1', openedAt: new Date(openedAt).toISOString() };
  expect(decidingOf(breach, { ...close, quote: { ...quote, ts } })).toEqual({
    ...(quoteTs === undefined ? {} : { quoteTs }),
    ...(late === undefined ? {} : { late }),
  });
});

test('a close that was asked for by a breach and has no row: when, by what, and that it is open', () => {
  const breach = row(1, 'guard_breached', { ...seen, breachId: 'breach_1' }, '');
  const asked = {
    ...{ ...position, state: 'closing', remainingQuantity: '0.5', outcome: 'pending' },
    ...{ closeReason: 'drawdown_critical', closeBreachId: 'breach_1' },
    closeRequestedAt: new Date(midnight + 5),
  };
  const facts = factsOf([], { breach, position: asked, account: { ...account, route: 'prime' } });
  const story = storyOf(facts);
  expect(story).toMatchObject({
    ...{ accountId: 'a', outcome: 'not answered' },
    why: { words: 'drawdown limit: rule peak of the account was breached (breach_1)' },
  });
  expect(told(facts).at(-1)).toBe(
    `5 asked for, reason drawdown_critical, and sent by route prime as order ${clientOrderId}: ` +
      'NOT ANSWERED YET, as far as the ledger knows',
  );
  const old = { ...asked, closeRequestedAt: null, closeReason: null };
  expect(told(factsOf([], { position: old })).at(-1)).toMatch(
    /^-60000 asked for, at a time that the ledger does not have, reason unknown, /,
  );
});

test('an old breach, of which the row says less, and tables that have forgotten', () => {
  const breach = row(1, 'guard_breached', { ...seen, observed: '8000', breachId: 'breach_1' }, '');
  const own = row(2, 'position_closed', { ...drawdown, quote: undefined, quantity: '1', pnl: '0' });
  const {
    lines,
    open,
    position: terms,
  } = storyOf(factsOf([own], { breach, position: undefined, account: undefined }));
  expect(lines.map(({ words }) => words)).toEqual([
    'BREACH of rule peak by account a: equity 8000 is at its floor 8000; anchor 10000',
    `CLOSED: 1, at a price that the provider has not told ${order}`,
  ]);
  expect({ open, terms }).toEqual({
    open: ['0 of its positions are open'],
    terms: { positionId: 'p1' },
  });
});

test.each<[string, object, string]>([
  [
    'account_adjusted',
    { amount: '50', by: 'op', reason: 'deposit' },
    'balance of account a adjusted by +50 USD by op: deposit',
  ],
  ['account_rules_replaced', { rules: [], by: 'op' }, 'account a was given other rules by op'],
  [
    'guard_restored',
    { ruleIds: ['m'], observed: '151' },
    'breach over: m is kept again, observed 151',
  ],
  ['account_halted', { by: 'op', reason: 'audit' }, 'account a HALTED by an operator by op: audit'],
  [
    'guard_warning',
    { ...seen, observed: '120', floor: '100', anchorValue: '100', reason: 'margin_stop_out' },
    'warning of rule peak of account a: margin level 120 % is above its floor 100 % by 20 %',
  ],
  [
    'guard_warning',
    {
      ...seen,
      observed: '120',
      floor: '100',
      anchorValue: '100',
      reason: 'margin_stop_out',
      ...used,
    },
    'warning of rule peak of account a: margin level 120 % (equity 600 USD, used margin 500 USD) ' +
      'is above its floor 100 % by 20 %',
  ],
  [
    'guard_warning',
    {},
    'warning of rule unknown of account a: what was observed is not in the row',
  ],
])('a row of the account: %s', (eventType, meta, words) => {
  const breach = row(5, 'guard_breached', seen, '');
  const facts = factsOf([row(9, 'position_closed', drawdown)], {
    breach,
    beforeBreach: [row(2, eventType, meta, '')],
  });
  expect(told(facts)).toContain(`2 ${words}`);
});
