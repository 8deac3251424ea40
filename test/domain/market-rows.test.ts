// What the ledger says of markets, of what their guards close, and of which older records it is silent.
import { expect, test } from 'vitest';
import { ledgerRowOf } from '#src/domain/ledger-rows';
import { drafts, market, recordOf } from './every-record.ts';

const { intent } = drafts['close.intended'];

test.each<[object, string, string]>([
  [{ level: 'critical' }, 'market_critical', 'Market XAUUSD critical: gap'],
  [{ level: 'clear', measured: undefined }, 'market_cleared', 'Market XAUUSD cleared: gap'],
  [
    { level: 'warning', condition: 'liquidity', side: 'short' },
    'market_warning',
    'Market XAUUSD warning: liquidity (short)',
  ],
])('a change of a market: %o', (more, eventType, description) => {
  const body = { ...market, ...more };
  const row = ledgerRowOf(recordOf('market.changed', body, '_'));
  expect(row).toMatchObject({ userId: '_', eventType, description, metaData: body, status: 0 });
});

test('a warning of before version 4 has no row: a ledger that was written without it stays right', () => {
  for (const v of [1, 2, 3]) {
    expect(ledgerRowOf({ ...recordOf('rule.warned'), v })).toBeUndefined();
  }
});

test('changes of markets of before version 5 have no rows', () => {
  for (const v of [1, 2, 3, 4]) {
    expect(ledgerRowOf({ ...recordOf('market.changed'), v })).toBeUndefined();
    expect(ledgerRowOf({ ...recordOf('feed.switched'), v })).toBeUndefined();
  }
});

test('the row of a close by a market guard says what was measured, at which limit, and when', () => {
  const cause = { level: 'critical', limit: '10', measured: '4' };
  const body = { ...drafts['close.filled'], intent: { ...intent, market: cause } };
  const requestedTs = intent.requestedTs;
  expect(ledgerRowOf(recordOf('close.filled', body))?.metaData).toMatchObject({
    market: { ...cause, requestedTs },
  });
});

test('the row of a close by the guard of an earlier version stays what it was', () => {
  const body = { ...drafts['close.filled'], intent: { ...intent, market: { before: '2000' } } };
  expect(ledgerRowOf(recordOf('close.filled', body))).toEqual(
    ledgerRowOf(recordOf('close.filled')),
  );
});
