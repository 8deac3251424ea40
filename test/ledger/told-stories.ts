// Records of every type that has a row, where no provider is in it.
import type { Draft } from '#src/domain/records';
import * as make from './entries.ts';

const bulk = { cause: { bulkId: 'bulk_1', reason: 'manual' } };

/** One of each record that has a row, where no provider is in it. */
export const story: Draft[] = [
  make.created('a'),
  make.created('b'),
  make.tracked('a', 'p1'),
  make.tracked('b', 'p2'),
  make.tracked('a', 'p3', { ticket: 7 }),
  make.tracked('a', 'p4', { ticket: '7' }),
  make.closeOf('a', 'p1').filled,
  make.closeOf('b', 'p2', bulk).intended,
  make.adjusted('b', '100.50'),
  make.closeOf('b', 'p2', bulk).failed,
  make.untracked('a', 'p4'),
  make.breached('a', 'breach_1'),
  make.closeOf('a', 'p3', { cause: { reason: 'drawdown_critical', breachId: 'breach_1' } }).filled,
  { type: 'account.settled', accountId: 'a', body: { breachId: 'breach_1' } },
  {
    type: 'account.resumed',
    accountId: 'a',
    body: { reason: 'ok', by: 'op', acknowledge: 'breach_1', equity: '9699.5' },
  },
  { type: 'account.halted', accountId: 'b', body: { reason: 'audit', by: 'op' } },
  make.exitsMoved('b', 'p2', '1.394'),
];

/** What is told of rules beside breaches. */
export const ruleStory: Draft[] = [
  make.warned('b', 'peak'),
  make.restored('b', 'peak'),
  make.rulesReplaced('b'),
];

const changed = (
  symbol: string,
  condition: 'gap' | 'spread',
  level: 'warning' | 'clear',
): Draft => ({
  type: 'market.changed',
  accountId: '_',
  body: { symbol, condition, level, limit: '1' },
});

/** What is told of markets. */
export const marketStory: Draft[] = [
  changed('EURUSD', 'spread', 'warning'),
  changed('XAUUSD', 'spread', 'warning'),
  changed('EURUSD', 'gap', 'warning'),
  {
    type: 'feed.switched',
    accountId: '_',
    body: { symbol: 'EURUSD', to: 'fallback', feed: 'two', reason: 'silent' },
  },
  changed('EURUSD', 'spread', 'clear'),
];
