// ReconciliationLog rows: what the ledger says of a record (contract section 6).
import { chainStart, hashOf } from './chain.ts';
import { bookOf, type CloseIntent, type CloseResult } from './closing.ts';
import type { JournalRecord, RecordBodies } from './records.ts';

export type LedgerEventType =
  | 'position_closed'
  | 'position_close_pending'
  | 'position_close_failed'
  | 'position_close_amended'
  | 'position_partially_closed'
  | 'position_untracked'
  | 'position_exits_moved'
  | 'account_halted'
  | 'account_resumed'
  | 'account_adjusted'
  | 'account_rules_replaced'
  | 'guard_warning'
  | 'guard_breached'
  | 'guard_restored'
  | 'drift_detected'
  | 'deadletter_added'
  | 'deadletter_retried'
  | 'deadletter_cleared'
  | 'runtime_paused'
  | 'runtime_resumed'
  | 'market_warning'
  | 'market_critical'
  | 'market_cleared'
  | 'feed_switched';

/** 0 success, 1 pending or unknown, 2 failed. */
export type LedgerStatus = 0 | 1 | 2;

/** What a row says, before it has its place in the chain. */
export interface LedgerRowDraft {
  readonly closeId?: string;
  /** The account. */
  readonly userId: string;
  readonly eventType: LedgerEventType;
  readonly description: string;
  readonly metaData: Readonly<Record<string, unknown>>;
  readonly status: LedgerStatus;
  /** ISO-8601, UTC, milliseconds. */
  readonly createdAt: string;
  readonly partition: number;
}

/** A row in its chain; absent fields are absent from the hashed form too. */
export interface LedgerRow extends LedgerRowDraft {
  /** `rlog_<partition>_<seq>`. */
  readonly id: string;
  /** Counts the rows of the partition, from 1. */
  readonly seq: number;
  readonly prevHash: string;
  readonly hash: string;
}

function closeMetaData(
  intent: Partial<CloseIntent>,
  result: CloseResult,
  reasons: readonly string[],
): Record<string, unknown> {
  const all = {
    closeId: result.closeId,
    positionId: result.positionId,
    ticket: result.ticket,
    quantity: result.quantity,
    closedPrice: result.closedPrice,
    triggerPrice: result.triggerPrice,
    pnl: result.pnl,
    closeReason: result.closeReason,
    reasons,
    attempts: result.attempts,
    clientOrderId: result.clientOrderId,
    rung: intent.rung,
    ruleId: intent.ruleId,
    breachId: intent.breachId,
    observed: intent.observed,
    floor: intent.floor,
    bulkId: intent.bulkId ?? result.bulkId,
    market: marketOf(intent),
    quote: intent.quote && bookOf(intent.quote),
    errorMessage: result.errorMessage,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** What a market guard closed it on, and when: its outcome may be later than the end of the condition. */
function marketOf({ market, requestedTs }: Partial<CloseIntent>): object | undefined {
  // Rows of what earlier versions closed stay what they are.
  return market?.level === undefined ? undefined : { ...market, requestedTs };
}

/** Type, words and status of the row of a close's outcome. */
function closeRow(
  type: CloseRowType,
  intent: Partial<CloseIntent>,
  result: CloseResult,
  reasons: readonly string[],
): RowWords {
  const { eventType, words, status } = closeRows[type];
  const why = status === 2 ? (result.errorMessage ?? 'failed') : result.closeReason;
  return {
    eventType,
    description: `Position ${result.positionId} ${words}: ${why}`,
    metaData: closeMetaData(intent, result, reasons),
    status,
  };
}

const closeRows = {
  'close.filled': { eventType: 'position_closed', words: 'closed', status: 0 },
  'close.partially-filled': {
    eventType: 'position_partially_closed',
    words: 'partially closed',
    status: 0,
  },
  'close.amended': { eventType: 'position_close_amended', words: 'close amended', status: 0 },
  'close.acknowledged': { eventType: 'position_close_pending', words: 'close pending', status: 1 },
  'close.unknown': { eventType: 'position_close_pending', words: 'close unknown', status: 1 },
  'close.rejected': { eventType: 'position_close_failed', words: 'not closed', status: 2 },
  'close.failed': { eventType: 'position_close_failed', words: 'not closed', status: 2 },
} as const;
type CloseRowType = keyof typeof closeRows;

/** Version of the records from which on warnings have rows. */
const warningRowsSince = 4;
/** The same, for changes of markets. */
const marketRowsSince = 5;

/** The row of a record; undefined where the ledger has nothing to say of it. */
export function ledgerRowOf(record: JournalRecord): LedgerRowDraft | undefined {
  const base = {
    userId: record.accountId,
    createdAt: new Date(record.ts).toISOString(),
    partition: record.partition,
  };
  switch (record.type) {
    case 'close.filled':
    case 'close.failed':
    case 'close.rejected':
    case 'close.partially-filled':
    case 'close.acknowledged':
    case 'close.unknown': {
      const { intent, result, reasons } = record.body;
      return {
        ...base,
        closeId: result.closeId,
        ...closeRow(record.type, intent, result, reasons),
      };
    }
    case 'close.amended': {
      const { result, reasons } = record.body;
      const row = closeRow(record.type, {}, result, reasons);
      return { ...base, closeId: result.closeId, ...row };
    }
    case 'close.intended': {
      const { intent } = record.body;
      // One that is sent has a row for its outcome; one that waits for a quote has none yet.
      if (intent.route !== undefined) return undefined;
      return {
        ...base,
        closeId: intent.closeId,
        eventType: 'position_close_pending',
        description: `Position ${intent.positionId} close pending: ${intent.reason}`,
        metaData: { ...intent, ...(intent.quote && { quote: bookOf(intent.quote) }) },
        status: 1,
      };
    }
    case 'deadletter.added':
    case 'deadletter.retried':
    case 'deadletter.cleared': {
      const { closeId, positionId } = record.body;
      const what = record.type.slice('deadletter.'.length) as 'added' | 'retried' | 'cleared';
      return {
        ...base,
        closeId,
        eventType: `deadletter_${what}`,
        description: `Position ${positionId} dead letter ${what}`,
        metaData: { ...record.body },
        status: what === 'added' ? 2 : 0,
      };
    }
    case 'drift.detected': {
      const { drift, policy, route } = record.body;
      return {
        ...base,
        eventType: 'drift_detected',
        description: `Account ${record.accountId} drift: ${drift.kind}`,
        metaData: { ...drift, policy, route },
        status: 1,
      };
    }
    case 'runtime.paused':
    case 'runtime.resumed': {
      const what = record.type === 'runtime.paused' ? 'paused' : 'resumed';
      return {
        ...base,
        eventType: `runtime_${what}`,
        description: `Runtime ${what}: ${record.body.reason}`,
        metaData: { ...record.body },
        status: 0,
      };
    }
    case 'position.exits-moved': {
      const { positionId, moves, quote } = record.body;
      const what = Object.keys(moves).join(', ');
      return {
        ...base,
        eventType: 'position_exits_moved',
        description: `Position ${positionId} exits moved: ${what}`,
        metaData: { positionId, moves, quote: bookOf(quote) },
        status: 0,
      };
    }
    case 'position.untracked':
      return {
        ...base,
        eventType: 'position_untracked',
        description: `Position ${record.body.positionId} untracked: ${record.body.reason}`,
        metaData: { ...record.body },
        status: 0,
      };
    case 'rule.warned':
      // Rows that were written before stay where they are in their chains.
      if (record.v < warningRowsSince) return undefined;
      return {
        ...base,
        eventType: 'guard_warning',
        description: `Account ${record.accountId} warned by ${record.body.ruleId}`,
        metaData: { ...record.body },
        status: 0,
      };
    case 'rule.breached':
      return {
        ...base,
        eventType: 'guard_breached',
        description: `Account ${record.accountId} breached ${record.body.ruleId}`,
        metaData: { ...record.body },
        status: 0,
      };
    case 'rule.restored':
      return {
        ...base,
        eventType: 'guard_restored',
        description: `Account ${record.accountId} keeps ${record.body.ruleIds.join(', ')} again`,
        metaData: { ...record.body },
        status: 0,
      };
    case 'rules.replaced':
      return {
        ...base,
        eventType: 'account_rules_replaced',
        description: `Account ${record.accountId} has other rules`,
        metaData: { ...record.body },
        status: 0,
      };
    case 'account.settled':
    case 'account.halted':
      return {
        ...base,
        eventType: 'account_halted',
        description: `Account ${record.accountId} halted`,
        metaData: { ...record.body },
        status: 0,
      };
    case 'account.resumed':
      return {
        ...base,
        eventType: 'account_resumed',
        description: `Account ${record.accountId} resumed: ${record.body.reason}`,
        metaData: { ...record.body },
        status: 0,
      };
    case 'account.adjusted':
      return {
        ...base,
        eventType: 'account_adjusted',
        description: `Account ${record.accountId} adjusted by ${record.body.amount}`,
        metaData: { ...record.body },
        status: 0,
      };
    case 'market.changed':
      if (record.v < marketRowsSince) return undefined;
      return { ...base, ...marketRow(record.body) };
    case 'feed.switched': {
      if (record.v < marketRowsSince) return undefined;
      const { symbol, to, feed, reason } = record.body;
      return {
        ...base,
        eventType: 'feed_switched',
        description: `Market ${symbol} switched to its ${to}, ${feed}: ${reason}`,
        metaData: { ...record.body },
        status: 0,
      };
    }
    default:
      return undefined;
  }
}

/** One a change of level: however many quotes come, there are few. */
function marketRow(body: RecordBodies['market.changed']): RowWords {
  const { symbol, condition, side, level } = body;
  const what = level === 'clear' ? 'cleared' : level;
  return {
    eventType: `market_${what}`,
    description: `Market ${symbol} ${what}: ${condition}${side === undefined ? '' : ` (${side})`}`,
    metaData: { ...body },
    status: 0,
  };
}

type RowWords = Pick<LedgerRowDraft, 'eventType' | 'description' | 'status' | 'metaData'>;

/** Puts a row in its place; `seq` counts its partition's rows, `prevHash` is the hash before. */
export function chainRow(draft: LedgerRowDraft, seq: number, prevHash: string): LedgerRow {
  const row = { ...draft, id: rowId(draft.partition, seq), seq, prevHash };
  return { ...row, hash: hashOf(row) };
}

function rowId(partition: number, seq: number): string {
  return `rlog_${partition}_${seq}`;
}

/** The first row that is not what was written, or not where it was. */
export interface ChainFault {
  readonly id: string;
  /** Changed: `hash`; missing, moved or repeated: `seq`; another chain's: `prevHash`. */
  readonly field: 'hash' | 'prevHash' | 'seq';
}

/**
 * Checks rows in the order of the journal, each partition's from its first one on, as they come:
 * page after page of a list.
 */
export function chainCheck(): (row: LedgerRow) => ChainFault | undefined {
  const heads = new Map<number, { seq: number; hash: string }>();
  return (row) => {
    const head = heads.get(row.partition) ?? { seq: 0, hash: chainStart };
    const { hash, ...link } = row;
    heads.set(row.partition, { seq: row.seq, hash });
    if (row.seq !== head.seq + 1 || row.id !== rowId(row.partition, row.seq)) {
      return { id: row.id, field: 'seq' };
    }
    if (row.prevHash !== head.hash) return { id: row.id, field: 'prevHash' };
    return hash === hashOf(link) ? undefined : { id: row.id, field: 'hash' };
  };
}

/** The first fault of all rows of a ledger, in the order of the journal. */
export function verifyChain(rows: Iterable<LedgerRow>): ChainFault | undefined {
  const check = chainCheck();
  for (const row of rows) {
    const fault = check(row);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
