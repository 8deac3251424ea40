// Journal records: every change of state, as data. What is not in a record did not happen.
import type { CloseIntent, CloseResult, FillMark, MarketCause, SeenQuote } from './closing.ts';
import type { Drift } from './drift.ts';
import type { ExitMoves, Exits } from './exits.ts';
import type { InstrumentSpec } from './instrument.ts';
import type {
  Condition,
  ConditionLevel,
  FeedRole,
  FeedSwitchReason,
  GuardRecord,
} from './market-conditions.ts';
import type { Side } from './quote.ts';
import type { DriftPolicy, RouteRecord } from './route.ts';
import type { RuleAction, RuleRecord } from './rules.ts';

/** Version of the record format; a reader refuses a newer one. */
export const recordVersion = 5;

export type AccountMode = 'PAPER' | 'LIVE';

export interface AccountRecord {
  accountId: string;
  currency: string;
  mode: AccountMode;
  /** By which a LIVE account's closes are sent. */
  route?: string;
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

/** What a position was worth when a rule warned or was breached. */
export interface PositionStanding {
  positionId: string;
  symbol: string;
  side: Side;
  quantity: string;
  /** Where it would have closed; absent, as its P&L, where a price was missing. */
  price?: string;
  pnl?: string;
}

/** What a rule saw when it warned or was breached. */
export interface RuleObservation {
  ruleId: string;
  observed: string;
  floor: string;
  anchorValue: string;
  /** What a margin level is made of, in account currency. */
  equity?: string;
  usedMargin?: string;
  /** The quote on which it did. */
  quote?: QuoteMark;
  /** The worst first, so many of them. */
  positions?: PositionStanding[];
  /** How many there were. */
  positionsTotal?: number;
}

/** Warnings or breaches that are over. */
export interface RuleEnd {
  ruleIds: string[];
  /** What the first of them observed; absent of a margin level where no margin is used any more. */
  observed?: string;
}

export interface RuleBreach extends RuleObservation {
  breachId: string;
  reason: string;
  /** `close` where absent. */
  action?: RuleAction;
  /** Rules that were breached by the same quote, and count less. */
  also?: string[];
  /** Where the closes wait so long. */
  graceUntil?: number;
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
  /** The close of a single position that was asked for. */
  readonly closeId?: string;
  /** How the close of a single position stood when it was asked for. */
  readonly asked?: CloseResult;
}

/** The last quote of a symbol, as it is noted beside the records. */
export interface QuoteMark {
  symbol: string;
  bid: string;
  ask: string;
  ts: number;
}

export interface CloseOutcomeBody {
  intent: CloseIntent;
  result: CloseResult;
  /** Every reason for which it was asked for, the first one first. */
  reasons: string[];
  /** What a fill was worth at the book, in account currency, where its price was not told with it. */
  estimate?: string;
}

export interface DeadLetterBody {
  closeId: string;
  positionId: string;
}

export type DeadLetterEnd = 'closed' | 'discarded' | 'superseded' | 'untracked';

/** How far a bulk close is; `pnl` in account currency, of what is closed. */
export interface BulkProgress {
  bulkId: string;
  reason: string;
  total: number;
  closed: number;
  failed: number;
  pending: number;
  pnl: string;
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
  'rule.recovered': RuleEnd;
  'rule.breached': RuleBreach;
  /** Breaches that halted entries are over. */
  'rule.restored': RuleEnd;
  /** The closes of a breach begin. */
  'grace.ended': { breachId: string };
  /** The account's rules from then on; `equity` anchors those that are new. */
  'rules.replaced': { rules: RuleRecord[]; preset?: string; by: string; equity: string };
  /** A day began for rules that have one, at the time `at`. */
  'day.rolled': { at: number; anchors: Record<string, string> };
  'position.tracked': { position: PositionRecord };
  'position.amended': { positionId: string; exits: Exits };
  /** A quote moved exits; what it moved acts from the next one on. */
  'position.exits-moved': { positionId: string; moves: ExitMoves; quote: SeenQuote };
  'position.untracked': { positionId: string; reason: string; by: string };
  'close.intended': { intent: CloseIntent };
  /** Behind the close of a part that is under way: it begins when that has its outcome. */
  'close.queued': { intent: CloseIntent };
  /** Somebody else asks for the close under way; `market` where that is the guard of its market. */
  'close.joined': {
    positionId: string;
    closeId: string;
    reason: string;
    bulkId?: string;
    market?: MarketCause;
  };
  /** Before it is sent, where nothing makes a second send safe; and before it is sent again. */
  'close.sent': { positionId: string; clientOrderId: string; attempts: number };
  /** The provider has it and will report. */
  'close.acknowledged': CloseOutcomeBody;
  /** Sent, and no usable reply: whether it was executed nobody knows. */
  'close.unknown': CloseOutcomeBody & { failures: number };
  /** Definitely not executed; it is tried again under the next generation. */
  'close.rejected': CloseOutcomeBody & { failures: number };
  /**
   * A part of it was executed; `result` is of that part. On paper intent and fill in one, where the
   * intent is new.
   */
  'close.partially-filled': CloseOutcomeBody & { fill: FillMark };
  /** Intent and fill in one: the intent is new unless a `close.intended` with its id came before. */
  'close.filled': CloseOutcomeBody & { fill?: FillMark };
  /** Given up: the position is guarded again; `isInDoubt` where it may have been executed. */
  'close.failed': CloseOutcomeBody & { isInDoubt?: boolean };
  /** Price and P&L of a close that was known without them; `result` is complete. */
  'close.amended': {
    positionId: string;
    result: CloseResult;
    reasons: string[];
    fill?: FillMark;
    /** Order of the part whose rate has come: what was told of it before is worth this. */
    priced?: string;
  };
  'deadletter.added': DeadLetterBody & { reason: string; attempts: number; lastError: string };
  'deadletter.retried': DeadLetterBody & { reason: string; by: string };
  'deadletter.cleared': DeadLetterBody & { how: DeadLetterEnd; reason?: string; by?: string };
  'deadletter.alarmed': { open: number; oldestSince: number };
  'drift.detected': { drift: Drift; policy: DriftPolicy; route: string; reportKey?: string };
  'drift.cleared': { drift: Drift };
  /** What the provider says is taken over. */
  'position.corrected': {
    positionId: string;
    remainingQuantity?: string;
    entryPrice?: string;
    exits?: Exits;
  };
  'bulk.progressed': BulkProgress;
  'route.put': { route: RouteRecord };
  'runtime.paused': { reason: string; by: string };
  'runtime.resumed': { reason: string; by: string };
  'market.changed': {
    symbol: string;
    condition: Condition;
    /** Of liquidity: whose closing side it is. */
    side?: Side;
    level: ConditionLevel | 'clear';
    measured?: string;
    limit: string;
    /** The mid before a gap, where one is told. */
    before?: string;
  };
  /** Written by version 4 of the format; it has no effect any more. */
  'gap.contradicted': { symbol: string };
  /** Quotes of another feed count from now on. */
  'feed.switched': { symbol: string; to: FeedRole; feed: string; reason: FeedSwitchReason };
  /** The market of the symbol has opened or closed by its calendar. */
  'session.changed': { symbol: string; isOpen: boolean };
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
