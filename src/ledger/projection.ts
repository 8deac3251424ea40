// What records change in the tables of positions, accounts, dead letters and replies: the part of
// `domain/apply.ts` that the tables show.
import type { CloseIntent, CloseResult } from '#src/domain/closing';
import { noAccount } from '#src/domain/ids';
import { decimal, text } from '#src/domain/money';
import type { JournalRecord, PositionRecord, StoredReply } from '#src/domain/records';
import type {
  AccountEntityRow,
  DeadLetterEntityRow,
  PositionEntityRow,
  ReplyEntityRow,
} from './entities.ts';
import { accountAfter, createdRow } from './account-rows.ts';
import { endedLetter, failedAgain, letterRow, openLetterOf } from './letter-rows.ts';
import { storable } from './storable.ts';
import { View } from './view.ts';

export interface Projection {
  readonly positions: View<PositionEntityRow>;
  readonly accounts: View<AccountEntityRow>;
  readonly letters: View<DeadLetterEntityRow>;
  readonly replies: View<ReplyEntityRow>;
}

/** Rows that are loaded before the records are projected, since what they become depends on them. */
export interface Touched {
  readonly positionIds: Set<string>;
  readonly accountIds: Set<string>;
  /** Dead letters by their close. */
  readonly closeIds: Set<string>;
  /** Positions of which the open dead letters are wanted. */
  readonly failedPositionIds: Set<string>;
}

export function touchedBy(records: readonly JournalRecord[]): Touched {
  const positionIds = new Set<string>();
  const accountIds = new Set<string>();
  const closeIds = new Set<string>();
  const failedPositionIds = new Set<string>();
  for (const { accountId, type, body } of records) {
    if (accountId !== noAccount) accountIds.add(accountId);
    switch (type) {
      case 'close.sent':
      case 'close.amended':
        positionIds.add(body.positionId);
        break;
      case 'close.acknowledged':
      case 'close.partially-filled':
        positionIds.add(body.intent.positionId);
        break;
      case 'close.unknown':
      case 'close.rejected':
        positionIds.add(body.intent.positionId);
        failedPositionIds.add(body.intent.positionId);
        break;
      case 'deadletter.cleared':
        closeIds.add(body.closeId);
        break;
      default:
        break;
    }
  }
  return { positionIds, accountIds, closeIds, failedPositionIds };
}

export function project(record: JournalRecord, projection: Projection): void {
  const { positions, accounts, letters, replies } = projection;
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
      positions.patch(positionId, { exits, updatedN });
      break;
    }
    case 'position.corrected': {
      const { positionId, ...corrected } = record.body;
      positions.patch(positionId, { ...corrected, updatedN });
      break;
    }
    case 'position.untracked':
      positions.patch(record.body.positionId, { state: 'untracked', updatedN });
      break;
    case 'close.intended': {
      const { intent } = record.body;
      const asked = { ...intentColumns(intent), ...askedColumns(intent) };
      const columns = { ...asked, outcome: 'pending' as const };
      // While a part of it is being closed, the position stays guarded.
      const state = intent.isPart ? {} : { state: 'closing' as const };
      positions.patch(intent.positionId, { ...columns, ...state, updatedN });
      break;
    }
    case 'close.queued': {
      const { positionId, isPart } = record.body.intent;
      if (!isPart) positions.patch(positionId, { state: 'closing', updatedN });
      break;
    }
    case 'close.sent': {
      const { body } = record;
      positions.change(body.positionId, (row) => {
        return isUnderWay(row, body) ? { outcome: 'pending', updatedN } : {};
      });
      break;
    }
    case 'close.acknowledged':
    case 'close.unknown':
    case 'close.rejected':
      projectNotYet(record, projection);
      break;
    case 'close.partially-filled': {
      const { intent, result } = record.body;
      positions.change(result.positionId, (row) => {
        const remainingQuantity = minus(row.remainingQuantity, result.quantity);
        const asked = row.state === 'closing' ? {} : askedColumns(intent);
        return { ...laterColumns(row, result), ...asked, remainingQuantity, updatedN };
      });
      accounts.change(record.accountId, (row) => ({ ...accountAfter(record, row), updatedN }));
      break;
    }
    case 'close.filled': {
      const { intent, result } = record.body;
      const columns = { ...closeColumns(result), closedAt: new Date(result.closeTimestamp) };
      const last = {
        ...columns,
        ...askedColumns(intent),
        remainingQuantity: '0',
        state: 'closed' as const,
      };
      positions.patch(result.positionId, { ...last, updatedN });
      accounts.change(record.accountId, (row) => ({ ...accountAfter(record, row), updatedN }));
      break;
    }
    case 'close.amended': {
      const { positionId, result, priced } = record.body;
      const isPriced = priced !== undefined;
      positions.change(positionId, (row) => ({
        ...amendedColumns(row, result, isPriced),
        updatedN,
      }));
      accounts.change(record.accountId, (row) => ({ ...accountAfter(record, row), updatedN }));
      break;
    }
    case 'close.failed': {
      const { intent, result } = record.body;
      const columns = { ...closeColumns(result), ...askedColumns(intent) };
      positions.patch(result.positionId, { ...columns, state: 'guarded', updatedN });
      break;
    }
    case 'deadletter.added':
      letters.put(record.body.closeId, letterRow(record.accountId, record.body, record.ts));
      break;
    case 'deadletter.cleared': {
      const { body, ts } = record;
      letters.change(body.closeId, (row) => endedLetter(row, body, ts));
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
    case 'rules.replaced':
    case 'rule.warned':
    case 'rule.recovered':
    case 'rule.breached':
    case 'grace.ended':
      accounts.change(record.accountId, (row) => ({ ...accountAfter(record, row), updatedN }));
      break;
    default:
      break;
  }
}

function plus(a: string, b: string): string {
  return text(decimal(a).plus(b));
}

function minus(a: string, b: string): string {
  return text(decimal(a).minus(b));
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
    clientOrderId: null,
    closeReason: null,
    closeRequestedAt: null,
    closeBreachId: null,
    outcome: null,
    closedPrice: null,
    pnl: null,
    commission: null,
    closedAt: null,
    trackedN: n,
    updatedN: n,
  };
}

/** A close that has not come to anything yet; of one that is not under way any more, nothing. */
function projectNotYet(
  { n, type, body: { intent, result } }: NotYet,
  { positions, letters }: Projection,
): void {
  const row = positions.get(intent.positionId);
  if (row === undefined || !isUnderWay(row, intent)) return;
  const values = type === 'close.rejected' ? valueColumns(result) : {};
  positions.put(intent.positionId, { ...row, ...values, outcome: result.outcome, updatedN: n });
  if (type === 'close.acknowledged') return;
  const letter = openLetterOf(letters.rows(), intent.positionId);
  if (letter !== undefined) letters.put(letter.closeId, failedAgain(letter, result));
}

type NotYet = Extract<
  JournalRecord,
  { type: 'close.acknowledged' | 'close.unknown' | 'close.rejected' }
>;

function isUnderWay(
  row: PositionEntityRow,
  { clientOrderId }: Pick<CloseIntent, 'clientOrderId'>,
): boolean {
  const isOpen = row.state === 'closing' || row.state === 'guarded';
  const isUndecided = row.outcome === 'pending' || row.outcome === 'unknown';
  const isThis = row.clientOrderId === clientOrderId;
  return isOpen && isThis && (row.state === 'closing' || isUndecided);
}

/** Which close is under way. */
function intentColumns(
  intent: Pick<CloseIntent, 'closeId' | 'clientOrderId' | 'reason'>,
): Pick<PositionEntityRow, 'closeId' | 'clientOrderId' | 'closeReason'> {
  const { closeId, clientOrderId, reason } = intent;
  return { closeId, clientOrderId, closeReason: storable(reason) };
}

/** Since when it is asked for, and by which breach. */
function askedColumns({
  requestedTs,
  breachId,
}: CloseIntent): Pick<PositionEntityRow, 'closeRequestedAt' | 'closeBreachId'> {
  return { closeRequestedAt: new Date(requestedTs), closeBreachId: breachId ?? null };
}

/** A close that is over. */
function closeColumns(result: CloseResult): Partial<PositionEntityRow> {
  const { outcome, closeReason: reason } = result;
  return { ...intentColumns({ ...result, reason }), ...valueColumns(result), outcome };
}

/** What is learned later of a part: it is that of the position once that is closed. */
function amendedColumns(
  row: PositionEntityRow,
  result: CloseResult,
  isPriced: boolean,
): Partial<PositionEntityRow> {
  if (isPriced) return laterColumns(row, result);
  if (result.quantity !== '0') return row.state === 'closed' ? closeColumns(result) : {};
  // A fee that was told later: what it changes.
  if (row.pnl === null || row.commission === null) return {};
  const { pnl = '0', commission = '0' } = result;
  return { pnl: plus(row.pnl, pnl), commission: plus(row.commission, commission) };
}

/** A part of a close, or what is learned of one later: the close under way stays what it is. */
function laterColumns(row: PositionEntityRow, result: CloseResult): Partial<PositionEntityRow> {
  return row.state === 'closing' ? valueColumns(result) : closeColumns(result);
}

function valueColumns({ closedPrice, pnl, commission }: CloseResult): Partial<PositionEntityRow> {
  return {
    closedPrice: closedPrice ?? null,
    pnl: pnl ?? null,
    commission: commission ?? null,
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
