// A record of every type there is, for tables of what follows from each.
import type { Drift } from '#src/domain/drift';
import type { GuardRecord } from '#src/domain/market-conditions';
import { recordVersion } from '#src/domain/records';
import type { Draft, JournalRecord, RecordBodies, RecordType } from '#src/domain/records';
import { routeOf } from '#src/domain/route';
import {
  acknowledged,
  amended,
  letterAdded,
  letterCleared,
  partlyFilled,
  rejected,
  sent,
  unknown,
} from './close-drafts.ts';
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

export const drift: Drift = {
  kind: 'quantity',
  positionId: 'p',
  ticket: 17,
  symbol: 'XAUUSD',
  ours: '1',
  theirs: '2',
};

/** A guard that does nothing. */
export function allOff(symbol: string): GuardRecord {
  const off = { gap: false, spread: false, liquidity: false, stale: false } as const;
  return { symbol, ...off, volatility: false };
}

type BodyOf<T extends RecordType> = Extract<Draft, { type: T }>['body'];

/** A body of every type of record there is. */
export const drafts: { [T in RecordType]: RecordBodies[T] } = {
  'instrument.put': { instrument: gold },
  'guard.put': { guard: allOff('XAUUSD') },
  'guard.removed': { symbol: 'XAUUSD' },
  'account.created': accountCreated().body as BodyOf<'account.created'>,
  'account.adjusted': { amount: '5', ...by },
  'account.halted': by,
  'account.resumed': { ...by, equity: '5' },
  'account.settled': { breachId: 'b' },
  'rule.warned': observation,
  'rule.recovered': { ruleIds: ['r'], observed: '1' },
  'rule.breached': { ...observation, breachId: 'b', reason: 'drawdown_critical' },
  'rule.restored': { ruleIds: ['r'], observed: '1' },
  'grace.ended': { breachId: 'b' },
  'rules.replaced': { rules: [{ id: 'r', anchor: 'fixed', floor: '1' }], by: 'ops', equity: '5' },
  'day.rolled': { at: 5, anchors: { r: '3' } },
  'position.tracked': positionTracked().body as BodyOf<'position.tracked'>,
  'position.amended': { positionId: 'p', exits: { stopLoss: '1' } },
  'position.exits-moved': {
    positionId: 'p',
    moves: { stop: '2000' },
    quote: { bid: '2010', ask: '2011', ts: 5 },
  },
  'position.untracked': { positionId: 'p', ...by },
  'close.intended': { intent },
  'close.queued': { intent: { ...intent, isPart: true, quantity: '0.4' } },
  'close.joined': { positionId: 'p', closeId: intent.closeId, reason: 'manual' },
  'close.filled': closeFilled(intent, '5').body as BodyOf<'close.filled'>,
  'close.sent': sent(intent, 2).body as BodyOf<'close.sent'>,
  'close.acknowledged': acknowledged(intent).body as BodyOf<'close.acknowledged'>,
  'close.unknown': unknown(intent).body as BodyOf<'close.unknown'>,
  'close.rejected': rejected(intent).body as BodyOf<'close.rejected'>,
  'close.partially-filled': partlyFilled(intent, '0.4', { orderKey: 'o', filled: '0.4' })
    .body as BodyOf<'close.partially-filled'>,
  'close.amended': amended(intent, '5').body as BodyOf<'close.amended'>,
  'close.failed': closeFailed(intent, 'no').body as BodyOf<'close.failed'>,
  'deadletter.added': letterAdded(intent.closeId).body as BodyOf<'deadletter.added'>,
  'deadletter.retried': { closeId: intent.closeId, positionId: 'p', ...by },
  'deadletter.cleared': letterCleared(intent.closeId).body as BodyOf<'deadletter.cleared'>,
  'deadletter.alarmed': { open: 2, oldestSince: 5 },
  'drift.detected': { drift, policy: 'alarm', route: 'r', reportKey: 'key' },
  'drift.cleared': { drift },
  'position.corrected': { positionId: 'p', remainingQuantity: '2' },
  'bulk.progressed': {
    bulkId: 'bulk_1',
    reason: 'flat',
    total: 3,
    closed: 1,
    failed: 0,
    pending: 2,
    pnl: '5',
  },
  'route.put': { route: routeOf({ route: 'r' }) },
  'runtime.paused': by,
  'runtime.resumed': by,
  'market.changed': { ...market, level: 'warning' },
  'gap.contradicted': { symbol: 'XAUUSD' },
  'feed.switched': { symbol: 'XAUUSD', to: 'fallback', feed: 'two', reason: 'silent' },
  'session.changed': { symbol: 'XAUUSD', isOpen: false },
  'command.answered': { client: 'c', messageId: 'm', requestHash: 'h', expiresTs: 1 },
};

export function recordOf(
  type: RecordType,
  body: object = drafts[type],
  accountId = 'a',
): JournalRecord {
  const place = { n: 9, v: recordVersion, partition: 44, epoch: 1, seq: 7, ts: 1000 };
  return { type, body, accountId, ...place } as JournalRecord;
}
