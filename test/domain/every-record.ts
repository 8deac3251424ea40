// A record of every type there is, for tables of what follows from each.
import type { Draft, JournalRecord, RecordBodies, RecordType } from '#src/domain/records';
import {
  accountCreated,
  closeFailed,
  closeFilled,
  gold,
  guardedStory,
  positionTracked,
} from './story.ts';

const story = guardedStory();
const intent = story.intent();
export const observation = { ruleId: 'r', observed: '1', floor: '2', anchorValue: '3' };
export const by = { reason: 'why', by: 'ops' };
export const market = { symbol: 'XAUUSD', condition: 'gap', measured: '6', limit: '5' } as const;

/** A body of every type of record there is. */
export const drafts: { [T in RecordType]: RecordBodies[T] } = {
  'instrument.put': { instrument: gold },
  'guard.put': { guard: { symbol: 'XAUUSD', gap: false, spread: false } },
  'guard.removed': { symbol: 'XAUUSD' },
  'account.created': (accountCreated() as Extract<Draft, { type: 'account.created' }>).body,
  'account.adjusted': { amount: '5', ...by },
  'account.halted': by,
  'account.resumed': { ...by, equity: '5' },
  'account.settled': { breachId: 'b' },
  'rule.warned': observation,
  'rule.recovered': { ruleIds: ['r'], observed: '1' },
  'rule.breached': { ...observation, breachId: 'b', reason: 'drawdown_critical' },
  'position.tracked': (positionTracked() as Extract<Draft, { type: 'position.tracked' }>).body,
  'position.amended': { positionId: 'p', exits: { stopLoss: '1' } },
  'position.untracked': { positionId: 'p', ...by },
  'close.intended': { intent },
  'close.joined': { positionId: 'p', closeId: intent.closeId, reason: 'manual' },
  'close.filled': (closeFilled(intent, '5') as Extract<Draft, { type: 'close.filled' }>).body,
  'close.failed': (closeFailed(intent, 'no') as Extract<Draft, { type: 'close.failed' }>).body,
  'market.changed': { ...market, level: 'warning' },
  'command.answered': { client: 'c', messageId: 'm', requestHash: 'h', expiresTs: 1 },
};

export function recordOf(
  type: RecordType,
  body: object = drafts[type],
  accountId = 'a',
): JournalRecord {
  const place = { n: 9, v: 1, partition: 44, epoch: 1, seq: 7, ts: 1000 };
  return { type, body, accountId, ...place } as JournalRecord;
}
