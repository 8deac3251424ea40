// State + record → state. The only place that changes state; the same live and at recovery.
import { accountAppliers } from './apply-accounts.ts';
import { closeAppliers } from './apply-closes.ts';
import { positionAppliers } from './apply-positions.ts';
import type { Appliers } from './apply-types.ts';
import {
  entriesChanged,
  entryReasonsOf,
  symbolEntriesChanged,
  symbolEntriesOf,
} from './entries.ts';
import { eventsOf, numbered, type RuntimeEvent } from './events.ts';
import { hasSameTerms, instrumentOf } from './instrument.ts';
import { gaugeOf, gaugeParts, isKept, storedGuard, type Condition } from './market-conditions.ts';
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
    const before = state.guards.get(guard.symbol);
    const record = storedGuard(guard);
    const isSameFeeds =
      before?.record.feeds?.primary === record.feeds?.primary &&
      before?.record.feeds?.fallback === record.feeds?.fallback;
    const feed = isSameFeeds ? (before?.feed ?? 'primary') : 'primary';
    const order = before?.order ?? state.guardsCreated++;
    const keeps = (condition: Condition): boolean =>
      before !== undefined && isKept(condition, before.record, record);
    const active = new Map(
      [...(before?.active ?? [])].filter(([gauge]) => keeps(gaugeParts[gauge].condition)),
    );
    state.guards.set(guard.symbol, { record, order, active, feed });
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
  'market.changed': (state, { symbol, condition, side, level, measured }, { ts }) => {
    const active = state.guards.get(symbol)?.active;
    const gauge = gaugeOf(condition, side);
    if (level === 'clear') active?.delete(gauge);
    else active?.set(gauge, { level, since: ts, measured });
  },
  'gap.contradicted': () => {},
  'feed.switched': (state, { symbol, to }) => {
    const guard = state.guards.get(symbol);
    if (guard !== undefined) guard.feed = to;
  },
  'session.changed': (state, { symbol, isOpen }) => {
    if (isOpen) state.closedMarkets.delete(symbol);
    else state.closedMarkets.add(symbol);
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
  const symbol = marketOf(record);
  const entriesBefore = symbol === undefined ? undefined : symbolEntriesOf(state, symbol);
  appliers[record.type](state, record.body as never, record);
  state.n = record.n;
  state.partitionSeq[record.partition] = record.seq;
  if (account !== undefined && movesEquity(record.type)) account.changedN = record.n;
  const told = eventsOf(record);
  const entries =
    (account && before && entriesChanged(account, before)) ??
    (symbol !== undefined && entriesBefore !== undefined
      ? symbolEntriesChanged(state, symbol, entriesBefore)
      : undefined);
  const drafts = entries === undefined ? told : [...told, entries];
  if (drafts.length === 0) return [];
  const seq = state.eventSeq.get(record.accountId) ?? 0;
  state.eventSeq.set(record.accountId, seq + drafts.length);
  return numbered(record, drafts, seq);
}

/** The symbol whose market a record tells of. */
function marketOf({ type, body }: JournalRecord): string | undefined {
  switch (type) {
    case 'market.changed':
    case 'session.changed':
    case 'guard.removed':
      return body.symbol;
    case 'guard.put':
      return body.guard.symbol;
    default:
      return undefined;
  }
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
