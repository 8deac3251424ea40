// What the ledger says of each record, and where a row stands in its chain.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { chainStart } from '#src/domain/chain';
import { goneResult, intentOf } from '#src/domain/closing';
import { chainRow, ledgerRowOf, verifyChain, type LedgerRowDraft } from '#src/domain/ledger-rows';
import { decimal } from '#src/domain/money';
import type { RecordType } from '#src/domain/records';
import { by, drafts, drift, market, observation, recordOf } from './every-record.ts';

const base = { userId: 'a', createdAt: '1970-01-01T00:00:01.000Z', partition: 44 };
const { intent } = drafts['close.intended'];
const { closeId, clientOrderId } = intent;
const close = {
  closeId,
  positionId: 'p',
  quantity: '1',
  closeReason: 'manual',
  attempts: 1,
  clientOrderId,
};

const rows: [RecordType, Omit<LedgerRowDraft, keyof typeof base>][] = [
  [
    'close.filled',
    {
      closeId,
      eventType: 'position_closed',
      description: 'Position p closed: manual',
      metaData: { ...close, closedPrice: '2000', pnl: '5', reasons: ['manual'] },
      status: 0,
    },
  ],
  [
    'close.failed',
    {
      closeId,
      eventType: 'position_close_failed',
      description: 'Position p not closed: no',
      metaData: { ...close, errorMessage: 'no', reasons: ['manual'] },
      status: 2,
    },
  ],
  [
    'close.intended',
    {
      closeId,
      eventType: 'position_close_pending',
      description: 'Position p close pending: manual',
      metaData: { ...intent },
      status: 1,
    },
  ],
  [
    'position.exits-moved',
    {
      eventType: 'position_exits_moved',
      description: 'Position p exits moved: stop',
      metaData: drafts['position.exits-moved'],
      status: 0,
    },
  ],
  [
    'position.untracked',
    {
      eventType: 'position_untracked',
      description: 'Position p untracked: why',
      metaData: { positionId: 'p', ...by },
      status: 0,
    },
  ],
  [
    'rule.breached',
    {
      eventType: 'guard_breached',
      description: 'Account a breached r',
      metaData: { ...observation, breachId: 'b', reason: 'drawdown_critical' },
      status: 0,
    },
  ],
  [
    'rule.warned',
    {
      eventType: 'guard_warning',
      description: 'Account a warned by r',
      metaData: observation,
      status: 0,
    },
  ],
  [
    'rule.restored',
    {
      eventType: 'guard_restored',
      description: 'Account a keeps r again',
      metaData: { ruleIds: ['r'], observed: '1' },
      status: 0,
    },
  ],
  [
    'rules.replaced',
    {
      eventType: 'account_rules_replaced',
      description: 'Account a has other rules',
      metaData: drafts['rules.replaced'],
      status: 0,
    },
  ],
  [
    'account.settled',
    {
      eventType: 'account_halted',
      description: 'Account a halted',
      metaData: { breachId: 'b' },
      status: 0,
    },
  ],
  [
    'account.halted',
    { eventType: 'account_halted', description: 'Account a halted', metaData: by, status: 0 },
  ],
  [
    'account.resumed',
    {
      eventType: 'account_resumed',
      description: 'Account a resumed: why',
      metaData: { ...by, equity: '5' },
      status: 0,
    },
  ],
  [
    'account.adjusted',
    {
      eventType: 'account_adjusted',
      description: 'Account a adjusted by 5',
      metaData: { amount: '5', ...by },
      status: 0,
    },
  ],
  [
    'close.partially-filled',
    {
      closeId,
      eventType: 'position_partially_closed',
      description: 'Position p partially closed: manual',
      metaData: { ...close, quantity: '0.4', closedPrice: '2000', pnl: '1', reasons: ['manual'] },
      status: 0,
    },
  ],
  [
    'close.amended',
    {
      closeId,
      eventType: 'position_close_amended',
      description: 'Position p close amended: manual',
      metaData: { ...close, closedPrice: '2000', pnl: '5', reasons: ['manual'] },
      status: 0,
    },
  ],
  [
    'close.acknowledged',
    {
      closeId,
      eventType: 'position_close_pending',
      description: 'Position p close pending: manual',
      metaData: { ...close, reasons: ['manual'] },
      status: 1,
    },
  ],
  [
    'close.unknown',
    {
      closeId,
      eventType: 'position_close_pending',
      description: 'Position p close unknown: manual',
      metaData: { ...close, errorMessage: 'no reply', reasons: ['manual'] },
      status: 1,
    },
  ],
  [
    'close.rejected',
    {
      closeId,
      eventType: 'position_close_failed',
      description: 'Position p not closed: no',
      metaData: { ...close, errorMessage: 'no', reasons: ['manual'] },
      status: 2,
    },
  ],
  [
    'deadletter.added',
    {
      closeId,
      eventType: 'deadletter_added',
      description: 'Position p dead letter added',
      metaData: {
        closeId,
        positionId: 'p',
        reason: 'stop_loss',
        attempts: 3,
        lastError: 'no reply',
      },
      status: 2,
    },
  ],
  [
    'deadletter.retried',
    {
      closeId,
      eventType: 'deadletter_retried',
      description: 'Position p dead letter retried',
      metaData: { closeId, positionId: 'p', ...by },
      status: 0,
    },
  ],
  [
    'deadletter.cleared',
    {
      closeId,
      eventType: 'deadletter_cleared',
      description: 'Position p dead letter cleared',
      metaData: { closeId, positionId: 'p', how: 'closed' },
      status: 0,
    },
  ],
  [
    'drift.detected',
    {
      eventType: 'drift_detected',
      description: 'Account a drift: quantity',
      metaData: { ...drift, policy: 'alarm', route: 'r' },
      status: 1,
    },
  ],
  [
    'runtime.paused',
    { eventType: 'runtime_paused', description: 'Runtime paused: why', metaData: by, status: 0 },
  ],
  [
    'runtime.resumed',
    { eventType: 'runtime_resumed', description: 'Runtime resumed: why', metaData: by, status: 0 },
  ],
  [
    'market.changed',
    {
      eventType: 'market_warning',
      description: 'Market XAUUSD warning: gap',
      metaData: { ...market, level: 'warning' },
      status: 0,
    },
  ],
  [
    'feed.switched',
    {
      eventType: 'feed_switched',
      description: 'Market XAUUSD switched to its fallback, two: silent',
      metaData: drafts['feed.switched'],
      status: 0,
    },
  ],
];

test.each(rows)('%s is a row', (type, row) => {
  expect(ledgerRowOf(recordOf(type))).toEqual({ ...base, ...row });
});

const silent: RecordType[] = [
  'instrument.put',
  'guard.put',
  'guard.removed',
  'account.created',
  'rule.recovered',
  'grace.ended',
  'day.rolled',
  'position.tracked',
  'position.amended',
  'close.queued',
  'close.joined',
  'close.sent',
  'position.corrected',
  'deadletter.alarmed',
  'drift.cleared',
  'bulk.progressed',
  'route.put',
  'gap.contradicted',
  'session.changed',
  'command.answered',
];

test.each(silent)('%s is no row', (type) => {
  expect(ledgerRowOf(recordOf(type))).toBeUndefined();
});

test('of every type of record it is known whether it is a row', () => {
  const types = [...rows.map(([type]) => type), ...silent];
  expect(types.sort()).toEqual(Object.keys(drafts).sort());
});

test('the row of a breach keeps what the rule saw, and what it did', () => {
  const body = {
    ...drafts['rule.breached'],
    quote: { symbol: 'XAUUSD', bid: '1', ask: '2', ts: 3 },
    positions: [{ positionId: 'p', symbol: 'XAUUSD', side: 'long', quantity: '1', pnl: '-5' }],
    positionsTotal: 7,
    ...{ action: 'close', also: ['s', 't'], graceUntil: 9 },
  };
  expect(ledgerRowOf(recordOf('rule.breached', body))?.metaData).toEqual(body);
});

test('a restoration names all the rules that are kept again', () => {
  const body = { ruleIds: ['r', 's'], observed: '1' };
  const row = ledgerRowOf(recordOf('rule.restored', body));
  expect(row?.description).toBe('Account a keeps r, s again');
});

test('an intent that is sent has no row of its own: its outcome has one', () => {
  const body = { intent: { ...intent, route: 'r' } };
  expect(ledgerRowOf(recordOf('close.intended', body))).toBeUndefined();
});

test('a close whose price nobody has told has neither price nor P&L in its row', () => {
  const body = { intent, result: goneResult(intent, 5), reasons: ['manual'] };
  expect(ledgerRowOf(recordOf('close.filled', body))).toMatchObject({
    eventType: 'position_closed',
    metaData: { ...close, reasons: ['manual'] },
    status: 0,
  });
});

test('the row of a close keeps everything that led to it', () => {
  const position = {
    positionId: 'p',
    accountId: 'a',
    ticket: 17,
    symbol: 'XAUUSD',
    side: 'long',
    remainingQuantity: decimal(1),
    generation: 0,
  } as const;
  const breach = { ruleId: 'r', breachId: 'b', observed: '1', floor: '2', bulkId: 'bulk' };
  const quote = { bid: '1', ask: '2', ts: 3 };
  const cause = { reason: 'stop_loss', triggerPrice: '5', ...breach };
  const full = intentOf(position, cause, 1000, { quote });
  const { result } = drafts['close.filled'];
  const body = {
    intent: full,
    result: { ...result, ticket: 17, triggerPrice: '5' },
    reasons: ['x', 'y'],
  };
  expect(ledgerRowOf(recordOf('close.filled', body))?.metaData).toEqual({
    ...close,
    ...breach,
    ticket: 17,
    closedPrice: '2000',
    triggerPrice: '5',
    pnl: '5',
    reasons: ['x', 'y'],
    quote,
  });
});

test('a failed close without a message still says that it failed', () => {
  const { errorMessage: _, ...result } = drafts['close.failed'].result;
  const row = ledgerRowOf(recordOf('close.failed', { ...drafts['close.failed'], result }));
  expect(row?.description).toBe('Position p not closed: failed');
});

test('a row is hashed over its canonical form, and names the row before it', () => {
  const draft: LedgerRowDraft = {
    ...base,
    eventType: 'account_halted',
    description: 'é',
    metaData: { b: 1, a: undefined },
    status: 0,
  };
  const first = chainRow(draft, 1, chainStart);
  const second = chainRow(draft, 2, first.hash);
  expect(first).toMatchObject({ ...draft, id: 'rlog_44_1', seq: 1, prevHash: '0'.repeat(64) });
  expect(second).toMatchObject({ id: 'rlog_44_2', seq: 2, prevHash: first.hash });
  // Written out by hand: keys in order, absent fields absent.
  const form =
    '{"createdAt":"1970-01-01T00:00:01.000Z","description":"é","eventType":"account_halted",' +
    `"id":"rlog_44_1","metaData":{"b":1},"partition":44,"prevHash":"${'0'.repeat(64)}",` +
    '"seq":1,"status":0,"userId":"a"}';
  expect(first.hash).toBe(createHash('sha256').update(form, 'utf8').digest('hex'));
  expect(verifyChain([first, second])).toBeUndefined();
  expect(verifyChain([second])).toEqual({ id: 'rlog_44_2', field: 'seq' });
  expect(verifyChain([first, { ...second, status: 2 }])).toEqual({
    id: 'rlog_44_2',
    field: 'hash',
  });
  expect(verifyChain([first, chainRow(draft, 2, chainStart)])).toEqual({
    id: 'rlog_44_2',
    field: 'prevHash',
  });
});
