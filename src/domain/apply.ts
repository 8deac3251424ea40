// State + record → state. The only place that changes state; the same live and at recovery.
import { conversionBetween } from './conversion.ts';
import { invariant } from './errors.ts';
import { eventsOf } from './events.ts';
import { instrumentOf } from './instrument.ts';
import { Decimal, decimal } from './money.ts';
import type { JournalRecord, RecordBodies, RecordType } from './records.ts';
import { ruleOf } from './rules.ts';
import { closedPositionsMax, linkIdsOf, replyKey, storedRepliesMax } from './state.ts';
import type { Account, Position, State } from './state.ts';

type Appliers = {
  [T in RecordType]: (state: State, body: RecordBodies[T], record: JournalRecord) => void;
};

export function accountOf(state: State, accountId: string): Account {
  const account = state.accounts.get(accountId);
  invariant(account !== undefined, `account ${accountId} is in the state`);
  return account;
}

export function positionOf(state: State, positionId: string): Position {
  const position = state.positions.get(positionId);
  invariant(position !== undefined, `position ${positionId} is in the state`);
  return position;
}

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
  'position.tracked': (state, { position: given }) => {
    const account = accountOf(state, given.accountId);
    const instrument = state.instruments.get(given.symbol);
    invariant(instrument !== undefined, `${given.symbol} is an instrument`);
    const conversion = conversionBetween(
      instrument.quoteCurrency,
      account.currency,
      state.instruments,
    );
    invariant(conversion !== undefined, `${given.symbol} converts to ${account.currency}`);
    const quantity = decimal(given.quantity);
    const position: Position = {
      positionId: given.positionId,
      accountId: given.accountId,
      ticket: given.ticket,
      symbol: given.symbol,
      side: given.side,
      quantity,
      entryPrice: decimal(given.entryPrice),
      openedAt: given.openedAt,
      stopLossId: given.stopLossId,
      takeProfitId: given.takeProfitId,
      closeOrderId: given.closeOrderId,
      instrument,
      conversion,
      order: state.positionsTracked++,
      exits: given.exits,
      state: 'guarded',
      remainingQuantity: quantity,
      generation: 0,
      intent: undefined,
      reasons: [],
      result: undefined,
    };
    state.positions.set(position.positionId, position);
    state.usedPositionIds.add(position.positionId);
    account.positions.set(position.positionId, position);
    if (position.ticket !== undefined) account.tickets.set(position.ticket, position.positionId);
    for (const id of linkIdsOf(position)) state.orderLinks.set(id, position.positionId);
  },
  'position.amended': (state, { positionId, exits }) => {
    positionOf(state, positionId).exits = exits;
  },
  'position.untracked': (state, { positionId }) => {
    const position = positionOf(state, positionId);
    leave(state, position);
    position.state = 'untracked';
    state.positions.delete(positionId);
  },
  'close.intended': (state, { intent }) => {
    const position = positionOf(state, intent.positionId);
    position.state = 'closing';
    position.generation = intent.generation;
    position.intent = intent;
    position.reasons = [intent.reason];
    accountOf(state, position.accountId).closingCount++;
  },
  'close.joined': (state, { positionId, reason }) => {
    const position = positionOf(state, positionId);
    if (!position.reasons.includes(reason)) position.reasons.push(reason);
  },
  'close.filled': (state, { intent, result, reasons }) => {
    const position = positionOf(state, intent.positionId);
    const account = accountOf(state, position.accountId);
    leave(state, position);
    if (result.pnl !== undefined) account.balance = account.balance.plus(result.pnl);
    position.generation = intent.generation;
    position.state = 'closed';
    position.remainingQuantity = new Decimal(0);
    position.intent = undefined;
    position.reasons = reasons;
    position.result = result;
    state.closedIds.add(position.positionId);
    forgetOldest(state);
  },
  'close.failed': (state, { intent, result, reasons }) => {
    const position = positionOf(state, intent.positionId);
    if (position.state === 'closing') accountOf(state, position.accountId).closingCount--;
    position.generation = intent.generation;
    position.state = 'guarded';
    position.intent = undefined;
    position.reasons = reasons;
    position.result = result;
  },
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

/** A position leaves the open ones of its account. */
function leave(state: State, position: Position): void {
  const account = accountOf(state, position.accountId);
  account.positions.delete(position.positionId);
  if (position.ticket !== undefined) account.tickets.delete(position.ticket);
  if (position.state === 'closing') account.closingCount--;
  for (const id of linkIdsOf(position)) state.orderLinks.delete(id);
}

function forgetOldest(state: State): void {
  if (state.closedIds.size <= closedPositionsMax) return;
  for (const positionId of state.closedIds) {
    state.closedIds.delete(positionId);
    state.positions.delete(positionId);
    return;
  }
}

/** Applies a record, counting it and its events. */
export function apply(state: State, record: JournalRecord): void {
  appliers[record.type](state, record.body as never, record);
  state.n = record.n;
  state.partitionSeq[record.partition] = record.seq;
  for (const { accountId } of eventsOf(record)) {
    state.eventSeq.set(accountId, (state.eventSeq.get(accountId) ?? 0) + 1);
  }
}
