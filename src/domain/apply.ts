// State + record → state. The only place that changes state; the same live and at recovery.
import { accountAppliers } from './apply-accounts.ts';
import { closeAppliers } from './apply-closes.ts';
import { positionAppliers } from './apply-positions.ts';
import type { Appliers } from './apply-types.ts';
import { entriesChanged, entryReasonsOf } from './entries.ts';
import { eventsOf, numbered, type RuntimeEvent } from './events.ts';
import { hasSameTerms, instrumentOf } from './instrument.ts';
import type { JournalRecord } from './records.ts';
import { replyKey, storedRepliesMax, type State } from './state.ts';

export { accountOf, positionOf } from './apply-types.ts';

const appliers: Appliers = {
  'instrument.put': (state, { instrument }) => {
    const put = instrumentOf(instrument);
    const known = state.instruments.get(put.symbol);
    if (known === undefined || !hasSameTerms(known, put)) {
      state.instruments.set(put.symbol, put);
      return;
    }
    // The positions in it share it, and so have its margin rate at once, however many they are.
    known.marginRate = put.marginRate;
    known.spec = put.spec;
  },
  'guard.put': (state, { guard }) => {
    state.guards.set(guard.symbol, { record: guard, active: new Map() });
  },
  'guard.removed': (state, { symbol }) => {
    state.guards.delete(symbol);
  },
  'route.put': (state, { route }) => {
    state.routes.set(route.route, route);
  },
  'runtime.paused': (state, { reason, by }) => {
    state.pause = { reason, by };
  },
  'runtime.resumed': (state) => {
    state.pause = undefined;
  },
  ...accountAppliers,
  ...positionAppliers,
  ...closeAppliers,
  'market.changed': (state, { symbol, condition, level, measured }, { ts }) => {
    const active = state.guards.get(symbol)?.active;
    if (level === 'clear') active?.delete(condition);
    else active?.set(condition, { level, since: ts, measured });
  },
  'command.answered': (state, stored, { ts }) => {
    state.replies.delete(replyKey(stored.client, stored.messageId));
    for (const [key, { expiresTs }] of state.replies) {
      if (expiresTs > ts && state.replies.size < storedRepliesMax) break;
      state.replies.delete(key);
    }
    state.replies.set(replyKey(stored.client, stored.messageId), stored);
  },
};

/** Applies a record; the events that it is told by, numbered. */
export function apply(state: State, record: JournalRecord): RuntimeEvent[] {
  const account = state.accounts.get(record.accountId);
  const before = account && entryReasonsOf(account);
  appliers[record.type](state, record.body as never, record);
  state.n = record.n;
  state.partitionSeq[record.partition] = record.seq;
  if (account !== undefined && movesEquity(record.type)) account.changedN = record.n;
  const told = eventsOf(record);
  const entries = account && before && entriesChanged(account, before);
  const drafts = entries === undefined ? told : [...told, entries];
  if (drafts.length === 0) return [];
  const seq = state.eventSeq.get(record.accountId) ?? 0;
  state.eventSeq.set(record.accountId, seq + drafts.length);
  return numbered(record, drafts, seq);
}

/** Whether an account is worth something else after such a record at the same prices. */
export function movesEquity(type: JournalRecord['type']): boolean {
  switch (type) {
    case 'account.adjusted':
    case 'account.resumed':
    case 'rules.replaced':
    case 'position.tracked':
    case 'position.corrected':
    case 'position.untracked':
    case 'close.partially-filled':
    case 'close.filled':
    case 'close.amended':
      return true;
    default:
      return false;
  }
}
