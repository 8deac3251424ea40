// State + record → state. The only place that changes state; the same live and at recovery.
import { closeAppliers } from './apply-closes.ts';
import { positionAppliers } from './apply-positions.ts';
import { accountOf, type Appliers } from './apply-types.ts';
import { eventsOf } from './events.ts';
import { instrumentOf } from './instrument.ts';
import { decimal } from './money.ts';
import type { JournalRecord } from './records.ts';
import { ruleOf } from './rules.ts';
import { replyKey, storedRepliesMax, type State } from './state.ts';

export { accountOf, positionOf } from './apply-types.ts';

const appliers: Appliers = {
  'instrument.put': (state, { instrument }) => {
    state.instruments.set(instrument.symbol, instrumentOf(instrument));
  },
  'guard.put': (state, { guard }) => {
    state.guards.set(guard.symbol, { record: guard, active: new Map() });
  },
  'guard.removed': (state, { symbol }) => {
    state.guards.delete(symbol);
  },
  'account.created': (state, { account }) => {
    const balance = decimal(account.balance);
    state.accounts.set(account.accountId, {
      accountId: account.accountId,
      currency: account.currency,
      mode: account.mode,
      route: account.route,
      preset: account.preset,
      rules: account.rules.map(ruleOf),
      order: state.accountsCreated++,
      balance,
      initialBalance: balance,
      peak: balance,
      state: 'normal',
      halt: undefined,
      warned: new Set(),
      positions: new Map(),
      tickets: new Map(),
      closingCount: 0,
      drifts: new Map(),
    });
  },
  'account.adjusted': (state, { amount }, { accountId }) => {
    const account = accountOf(state, accountId);
    const by = decimal(amount);
    account.balance = account.balance.plus(by);
    account.initialBalance = account.initialBalance.plus(by);
    account.peak = account.peak.plus(by);
  },
  'account.halted': (state, { reason }, { accountId }) => {
    const account = accountOf(state, accountId);
    account.state = 'halted';
    account.halt = { by: 'operator', reason };
  },
  'account.resumed': (state, { equity }, { accountId }) => {
    const account = accountOf(state, accountId);
    account.state = 'normal';
    account.halt = undefined;
    account.warned.clear();
    account.peak = decimal(equity);
  },
  'account.settled': (state, _body, { accountId }) => {
    accountOf(state, accountId).state = 'halted';
  },
  'rule.warned': (state, { ruleId }, { accountId }) => {
    const account = accountOf(state, accountId);
    account.warned.add(ruleId);
    if (account.state === 'normal') account.state = 'warning';
  },
  'rule.recovered': (state, { ruleIds }, { accountId }) => {
    const account = accountOf(state, accountId);
    for (const id of ruleIds) account.warned.delete(id);
    if (account.state === 'warning' && account.warned.size === 0) account.state = 'normal';
  },
  'rule.breached': (state, body, { accountId }) => {
    const { breachId, ruleId, observed, floor, reason } = body;
    const account = accountOf(state, accountId);
    account.state = 'closing';
    account.halt = { by: 'breach', reason, breachId, ruleId, observed, floor };
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

/** Applies a record, counting it and its events. */
export function apply(state: State, record: JournalRecord): void {
  appliers[record.type](state, record.body as never, record);
  state.n = record.n;
  state.partitionSeq[record.partition] = record.seq;
  for (const { accountId } of eventsOf(record)) {
    state.eventSeq.set(accountId, (state.eventSeq.get(accountId) ?? 0) + 1);
  }
}
