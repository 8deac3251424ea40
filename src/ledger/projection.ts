// What records change in the tables of positions, accounts and replies: the part of
// `domain/apply.ts` that the tables show.
import type { CloseIntent, CloseResult } from '#src/domain/closing';
import { noAccount } from '#src/domain/ids';
import { decimal, text } from '#src/domain/money';
import type {
  AccountRecord,
  JournalRecord,
  PositionRecord,
  StoredReply,
} from '#src/domain/records';
import type { AccountEntityRow, PositionEntityRow, ReplyEntityRow } from './entities.ts';
import { storable } from './storable.ts';
import { View } from './view.ts';

export interface Projection {
  readonly positions: View<PositionEntityRow>;
  readonly accounts: View<AccountEntityRow>;
  readonly replies: View<ReplyEntityRow>;
}

/** Ids of rows that the records may change; they are loaded before the records are projected. */
export function touchedBy(records: readonly JournalRecord[]): {
  positionIds: Set<string>;
  accountIds: Set<string>;
} {
  const positionIds = new Set<string>();
  const accountIds = new Set<string>();
  for (const record of records) {
    const { accountId, body } = record;
    if (accountId !== noAccount) accountIds.add(accountId);
    if ('positionId' in body) positionIds.add(body.positionId);
    else if ('intent' in body) positionIds.add(body.intent.positionId);
  }
  return { positionIds, accountIds };
}

export function project(record: JournalRecord, { positions, accounts, replies }: Projection): void {
  const updatedN = record.n;
  switch (record.type) {
    case 'account.created':
      accounts.put(record.accountId, createdRow(record.body.account, record.ts, updatedN));
      break;
    case 'position.tracked': {
      const { position } = record.body;
      positions.put(position.positionId, trackedRow(position, updatedN));
      break;
    }
    case 'position.amended': {
      const { positionId, exits } = record.body;
      positions.change(positionId, () => ({ exits, updatedN }));
      break;
    }
    case 'position.untracked':
      positions.change(record.body.positionId, () => ({ state: 'untracked', updatedN }));
      break;
    case 'close.intended': {
      const { intent } = record.body;
      const columns = closeColumns(intent, undefined);
      positions.change(intent.positionId, () => ({ ...columns, state: 'closing', updatedN }));
      break;
    }
    case 'close.filled': {
      const { intent, result } = record.body;
      const columns = { ...closeColumns(intent, result), remainingQuantity: '0' };
      positions.change(intent.positionId, () => ({ ...columns, state: 'closed', updatedN }));
      accounts.change(record.accountId, (row) => ({ ...accountAfter(record, row), updatedN }));
      break;
    }
    case 'close.failed': {
      const { intent, result } = record.body;
      const columns = closeColumns(intent, result);
      positions.change(intent.positionId, () => ({ ...columns, state: 'guarded', updatedN }));
      break;
    }
    case 'command.answered': {
      const row = replyRow(record.body);
      replies.put(`${row.client}/${row.messageId}`, row);
      break;
    }
    case 'account.adjusted':
    case 'account.halted':
    case 'account.resumed':
    case 'account.settled':
    case 'rule.warned':
    case 'rule.recovered':
    case 'rule.breached':
      accounts.change(record.accountId, (row) => ({ ...accountAfter(record, row), updatedN }));
      break;
    default:
      break;
  }
}

/** What the record makes of its account. */
function accountAfter(record: JournalRecord, row: AccountEntityRow): Partial<AccountEntityRow> {
  switch (record.type) {
    case 'account.adjusted': {
      const { amount } = record.body;
      return {
        balance: plus(row.balance, amount),
        initialBalance: plus(row.initialBalance, amount),
      };
    }
    case 'account.halted':
      return { state: 'halted', halt: storable({ by: 'operator', reason: record.body.reason }) };
    case 'account.resumed':
      return { state: 'normal', halt: null, warned: [] };
    case 'account.settled':
      return { state: 'halted' };
    case 'rule.warned': {
      const others = row.warned.filter((id) => id !== record.body.ruleId);
      const state = row.state === 'normal' ? 'warning' : row.state;
      return { warned: [...others, record.body.ruleId], state };
    }
    case 'rule.recovered': {
      const warned = row.warned.filter((id) => !record.body.ruleIds.includes(id));
      const isOver = row.state === 'warning' && warned.length === 0;
      return { warned, state: isOver ? 'normal' : row.state };
    }
    case 'rule.breached': {
      const { breachId, ruleId, observed, floor, reason } = record.body;
      const halt = storable({ by: 'breach' as const, reason, breachId, ruleId, observed, floor });
      return { state: 'closing', halt };
    }
    case 'close.filled': {
      const { pnl } = record.body.result;
      return pnl === undefined ? {} : { balance: plus(row.balance, pnl) };
    }
    default:
      return {};
  }
}

function plus(a: string, b: string): string {
  return text(decimal(a).plus(b));
}

function createdRow(account: AccountRecord, ts: number, n: number): AccountEntityRow {
  return {
    accountId: account.accountId,
    currency: account.currency,
    mode: account.mode,
    preset: account.preset ?? null,
    rules: account.rules,
    balance: account.balance,
    initialBalance: account.balance,
    state: 'normal',
    halt: null,
    warned: [],
    createdAt: new Date(ts),
    updatedN: n,
  };
}

function trackedRow(position: PositionRecord, n: number): PositionEntityRow {
  return {
    positionId: position.positionId,
    accountId: position.accountId,
    ticket: position.ticket === undefined ? null : storable(position.ticket),
    symbol: position.symbol,
    side: position.side,
    quantity: position.quantity,
    remainingQuantity: position.quantity,
    entryPrice: position.entryPrice,
    openedAt: new Date(position.openedAt),
    exits: position.exits,
    stopLossId: position.stopLossId ?? null,
    takeProfitId: position.takeProfitId ?? null,
    closeOrderId: position.closeOrderId ?? null,
    state: 'guarded',
    closeId: null,
    closeReason: null,
    outcome: null,
    closedPrice: null,
    pnl: null,
    commission: null,
    closedAt: null,
    trackedN: n,
    updatedN: n,
  };
}

/** What a position says of its last close: the intent, and the result where there is one. */
function closeColumns(
  intent: CloseIntent,
  result: CloseResult | undefined,
): Partial<PositionEntityRow> {
  return {
    closeId: intent.closeId,
    closeReason: storable(result?.closeReason ?? intent.reason),
    outcome: result?.outcome ?? 'pending',
    closedPrice: result?.closedPrice ?? null,
    pnl: result?.pnl ?? null,
    commission: result?.commission ?? null,
    closedAt: result?.outcome === 'closed' ? new Date(result.closeTimestamp) : null,
  };
}

/** Most characters of a message id that are stored, since an index entry is limited. */
const messageIdCharsMax = 512;

function replyRow(stored: StoredReply): ReplyEntityRow {
  const { client, messageId, requestHash, reply, pending, expiresTs } = storable(stored);
  return {
    client,
    messageId: messageId.slice(0, messageIdCharsMax),
    requestHash,
    reply: reply ?? null,
    pending: pending ?? null,
    expiresAt: new Date(expiresTs),
  };
}
