// Journal records: every change of state, as data. What is not in a record did not happen.
import type { CloseIntent, CloseResult } from './closing.ts';
import type { Exits } from './exits.ts';
import type { InstrumentSpec } from './instrument.ts';
import type { GuardRecord, Condition, ConditionLevel } from './market-conditions.ts';
import type { Side } from './quote.ts';
import type { RuleRecord } from './rules.ts';

/** Version of the record format; a reader refuses a newer one. */
export const recordVersion = 1;

export interface AccountRecord {
  accountId: string;
  currency: string;
  mode: 'PAPER';
  balance: string;
  preset?: string;
  rules: RuleRecord[];
}

export interface PositionRecord {
  positionId: string;
  accountId: string;
  ticket?: string | number;
  symbol: string;
  side: Side;
  quantity: string;
  entryPrice: string;
  openedAt: number;
  exits: Exits;
  stopLossId?: string;
  takeProfitId?: string;
  closeOrderId?: string;
}

/** What a rule saw when it warned or was breached. */
export interface RuleObservation {
  ruleId: string;
  observed: string;
  floor: string;
  anchorValue: string;
}

/** A command's reply, kept so that a repeat with the same message id has the same answer. */
export interface StoredReply {
  client: string;
  messageId: string;
  /** SHA-256 of subject and body: the same id with another request is refused. */
  requestHash: string;
  /** The reply; absent where closes were pending, and `pending` says which. */
  reply?: object;
  pending?: ClosingMemo;
  expiresTs: number;
}

/** Which closes a command asked for: enough to tell how they stand later. */
export interface ClosingMemo {
  readonly bulkId?: string;
  readonly reason: string;
  readonly positionIds: readonly string[];
  readonly totalPositions: number;
}

/** The last quote of a symbol, as it is noted beside the records. */
export interface QuoteMark {
  symbol: string;
  bid: string;
  ask: string;
  ts: number;
}

/** The changes of state there are, by type. Decimals are plain text. */
export interface RecordBodies {
  'instrument.put': { instrument: InstrumentSpec };
  'guard.put': { guard: GuardRecord };
  'guard.removed': { symbol: string };
  'account.created': { account: AccountRecord };
  'account.adjusted': { amount: string; reason: string; by: string };
  'account.halted': { reason: string; by: string };
  'account.resumed': { reason: string; by: string; acknowledge?: string; equity: string };
  /** Every close of a breached account has its outcome. */
  'account.settled': { breachId: string };
  'rule.warned': RuleObservation;
  'rule.recovered': { ruleIds: string[]; observed: string };
  'rule.breached': RuleObservation & { breachId: string; reason: string };
  'position.tracked': { position: PositionRecord };
  'position.amended': { positionId: string; exits: Exits };
  'position.untracked': { positionId: string; reason: string; by: string };
  'close.intended': { intent: CloseIntent };
  'close.joined': { positionId: string; closeId: string; reason: string };
  /** Intent and fill in one: the intent is new unless a `close.intended` with its id came before. */
  'close.filled': { intent: CloseIntent; result: CloseResult; reasons: string[] };
  'close.failed': { intent: CloseIntent; result: CloseResult; reasons: string[] };
  'market.changed': {
    symbol: string;
    condition: Condition;
    level: ConditionLevel | 'clear';
    measured?: string;
    limit: string;
  };
  'command.answered': StoredReply;
}

export type RecordType = keyof RecordBodies;

/** A change of state before it has its place in the journal. */
export type Draft = {
  [T in RecordType]: { type: T; accountId: string; body: RecordBodies[T] };
}[RecordType];

/** A record with its place: `seq` counts per partition from 1, `epoch` counts starts. JSON-safe. */
export type JournalRecord = Draft & {
  /** Place in the journal as a whole, from 1, without holes. */
  n: number;
  v: number;
  partition: number;
  epoch: number;
  seq: number;
  /** Milliseconds since the epoch, of the decision. */
  ts: number;
};
