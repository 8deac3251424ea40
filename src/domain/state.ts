// The state of a runtime: what its records add up to. Changed by `apply` alone.
import type { CloseIntent, CloseResult, MarketAsk } from './closing.ts';
import type { Conversion } from './conversion.ts';
import type { ExitProgress, Exits } from './exits.ts';
import type { Drift } from './drift.ts';
import { noAccount, partitions } from './ids.ts';
import type { Instrument } from './instrument.ts';
import type { ConditionLevel, FeedRole, Gauge, GuardRecord } from './market-conditions.ts';
import { Decimal } from './money.ts';
import type { PartClose } from './part-closes.ts';
import type { PnlTerms } from './pnl.ts';
import type {
  AccountMode,
  BulkProgress,
  DeadLetterEnd,
  QuoteMark,
  StoredReply,
} from './records.ts';
import { routeOf, type RouteRecord } from './route.ts';
import type { Price } from './price.ts';
import type { Side } from './quote.ts';
import type { Rule, RuleAction } from './rules.ts';

export type AccountState = 'normal' | 'warning' | 'grace' | 'closing' | 'halted';

/** Why an account is closing or halted. */
export interface Halt {
  readonly by: 'operator' | 'breach';
  readonly reason: string;
  readonly breachId?: string;
  readonly ruleId?: string;
  readonly observed?: string;
  readonly floor?: string;
  /** When the grace before the closes of a breach ends, or has ended. */
  readonly graceUntil?: number;
}

/** What moved an anchor last, and when. */
export interface Moved {
  readonly what: 'created' | 'quote' | 'rollover' | 'adjusted' | 'resumed' | 'rules';
  readonly ts: number;
}

/** A breach that closes nothing for good: of a rule that warns, halts entries, or reduces. */
export interface StandingBreach {
  readonly breachId: string;
  readonly action: RuleAction;
  readonly since: number;
}

export interface Account {
  readonly accountId: string;
  readonly currency: string;
  readonly mode: AccountMode;
  /** By which its closes are sent; undefined on paper. */
  readonly route: string | undefined;
  preset: string | undefined;
  rules: readonly Rule[];
  /** Place in the order of creation. */
  readonly order: number;
  balance: Decimal;
  /** P&L of what was closed at prices that nobody has told yet, as it was at the book then. */
  untoldPnl: Decimal;
  initialBalance: Decimal;
  initialMoved: Moved;
  /**
   * Highest equity at the end of a quote, as of when it was looked for last: `settlePeak` brings it up
   * to now. Not a change of its own, and noted once a second.
   */
  peak: Decimal;
  peakMoved: Moved;
  /** The last record that changed what it holds or what its peak is measured by. */
  changedN: number;
  /** Anchors of the rules that are taken anew each day, by rule id. */
  anchors: Map<string, AnchorValue>;
  state: AccountState;
  halt: Halt | undefined;
  /** Rules that warned, or were breached, and whose loss was not small since. */
  readonly warned: Set<string>;
  /** Breaches that are not over and close nothing for good, by rule id. */
  readonly breaches: Map<string, StandingBreach>;
  /** Open and closing positions, in tracking order. */
  readonly positions: Map<string, Position>;
  /** Tickets of these, each in the type in which it came. */
  readonly tickets: Map<string | number, string>;
  /** Of these, the closing ones. */
  closingCount: number;
  /** Differences to the provider's view that were told and still stand, by their key. */
  readonly drifts: Map<string, KnownDrift>;
}

export interface AnchorValue {
  readonly value: Decimal;
  readonly moved: Moved;
  /** Days that began at or before it are not begun again. */
  readonly since: number;
}

export interface KnownDrift {
  readonly drift: Drift;
  readonly since: number;
}

export type PositionState = 'guarded' | 'closing' | 'closed' | 'untracked';

/**
 * Where the close under way is: `waiting` for a quote (paper), `sending` (it may have been sent),
 * `pending` (the provider has it), `unknown`, or `rejected` (to be tried again).
 */
export type ClosePhase = 'waiting' | 'sending' | 'pending' | 'unknown' | 'rejected';

/** What the provider has told of one order. */
export interface OrderFill {
  readonly filled: Decimal;
  /** How much of that at a price that nobody has told yet. */
  readonly untold: Decimal;
  /** What was charged for what is filled, where that was told. */
  readonly fee?: string | undefined;
  readonly feeCurrency?: string | undefined;
  /** P&L and commission booked for it so far. */
  readonly pnl: Decimal;
  readonly commission: Decimal;
  /** Close that it is of, where that is one of a part. */
  readonly partId?: string | undefined;
}

/** A fill that moves the balance once the rate of its conversion is there. */
export interface UnpricedFill {
  readonly orderKey: string;
  readonly quantity: string;
  readonly price: string;
  readonly fee?: string | undefined;
  readonly feeCurrency?: string | undefined;
}

/** Why a close is asked for. */
export interface CloseDemand {
  /** The first one first. */
  readonly reasons: readonly string[];
  /** Whether anything but bulk closes and operators asks for it. */
  readonly isUrgent: boolean;
  /** The conditions of its market that ask for it, where nobody else does. */
  readonly market: readonly MarketAsk[] | undefined;
}

export interface Position extends PnlTerms {
  readonly positionId: string;
  readonly accountId: string;
  readonly ticket: string | number | undefined;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Decimal;
  entryPrice: Decimal;
  readonly openedAt: number;
  readonly stopLossId: string | undefined;
  readonly takeProfitId: string | undefined;
  readonly closeOrderId: string | undefined;
  readonly instrument: Instrument;
  readonly conversion: Conversion;
  /** Place in the order of tracking: the order in which exits act. */
  readonly order: number;
  exits: Exits;
  /** What has become of them. */
  progress: ExitProgress;
  /**
   * Best closing price since the trailing stop was armed, as of when its levels were watched last:
   * while they are, the level index knows better. Not a change of its own, and noted once a second.
   */
  peak: Price | undefined;
  state: PositionState;
  remainingQuantity: Decimal;
  /** Of the last intent; 0 before the first. */
  generation: number;
  /** The intent that waits for its outcome. */
  intent: CloseIntent | undefined;
  /** How much the intent under way is still to close, where that is a part. */
  partLeft: Decimal | undefined;
  /** Closes that wait for the outcome of the part under way, in their order. */
  readonly queued: CloseIntent[];
  /** Of the close of all that is left that waits among them. */
  behind: CloseDemand | undefined;
  /** Closes of parts, and of rungs, by close id; undefined as long as there was none. */
  parts: Map<string, PartClose> | undefined;
  /** Where that is; undefined without one. */
  phase: ClosePhase | undefined;
  /** Whether it is on record that the intent was sent. */
  wasSent: boolean;
  /** How often the close under way failed, or could not be told. */
  failures: number;
  /** Fills by order, while the position is known. */
  readonly fills: Map<string, OrderFill>;
  /** Of what was closed, how much at a price that nobody has told yet. */
  untold: Decimal;
  /** What that, and what is in `unpriced`, was worth at the book when it was closed. */
  untoldPnl: Decimal;
  /** Parts that were closed at a price whose rate is not known yet, in the order of their fills. */
  readonly unpriced: UnpricedFill[];
  /** Whether anything but bulk closes and operators asks for the close under way. */
  isUrgent: boolean;
  /** The conditions of its market that ask for the close under way, where nobody else does. */
  market: readonly MarketAsk[] | undefined;
  /** A close of it was given up that may have been executed: what is there is looked at first. */
  isInDoubt: boolean;
  /** The open dead letter of it. */
  deadLetter: string | undefined;
  reasons: string[];
  /** The last outcome. */
  result: CloseResult | undefined;
}

export interface MarketCondition {
  level: ConditionLevel;
  since: number;
  measured: string | undefined;
}

export interface MarketGuard {
  readonly record: GuardRecord;
  /** Place in the order in which the symbols were first guarded. */
  readonly order: number;
  /** Conditions that hold, or have not cleared yet. */
  readonly active: Map<Gauge, MarketCondition>;
  /** Whose quotes count, where two feeds have the symbol. */
  feed: FeedRole;
}

/** A close that failed three times (contract section 6). */
export interface DeadLetter {
  readonly closeId: string;
  readonly positionId: string;
  readonly accountId: string;
  readonly reason: string;
  attempts: number;
  lastError: string;
  readonly since: number;
  /** Place in the order in which they were added. */
  readonly order: number;
  /** How and when it ended; undefined while it is open. */
  end: { readonly how: DeadLetterEnd; readonly ts: number } | undefined;
}

export interface State {
  readonly instruments: Map<string, Instrument>;
  readonly accounts: Map<string, Account>;
  /** Open and closing positions, and the last {@link closedPositionsMax} closed ones. */
  readonly positions: Map<string, Position>;
  /** Every position id that was ever used. */
  readonly usedPositionIds: Set<string>;
  /** Ids of provider orders, by their route, of positions that are known → position. */
  readonly orderLinks: Map<string, string>;
  readonly guards: Map<string, MarketGuard>;
  /** Symbols whose markets are closed by their calendars. */
  readonly closedMarkets: Set<string>;
  readonly routes: Map<string, RouteRecord>;
  /** Open dead letters by close id, in the order in which they were added. */
  readonly deadLetters: Map<string, DeadLetter>;
  /** The last {@link closedLettersMax} that are not open any more. */
  readonly closedLetters: Map<string, DeadLetter>;
  /** Bulk closes that are under way. */
  readonly bulks: Map<string, BulkProgress & { readonly accountId: string }>;
  /** Our `clientOrderId`s of positions that are known → position. */
  readonly clientOrders: Map<string, string>;
  /** Execution reports that had an effect, the last {@link reportKeysMax}. */
  readonly reportKeys: Set<string>;
  /** Why the runtime takes no entries. */
  pause: { readonly reason: string; readonly by: string } | undefined;
  /** `client/messageId` → reply, in the order in which they were stored. */
  readonly replies: Map<string, StoredReply>;
  /** Last quotes that were noted, for valuation after a restart. */
  readonly marks: Map<string, QuoteMark>;
  /** Last `seq` of each partition. */
  readonly partitionSeq: number[];
  /** Last event `seq` of each account, `_` included. */
  readonly eventSeq: Map<string, number>;
  /** Closed positions in the order in which they were closed. */
  readonly closedIds: Set<string>;
  n: number;
  accountsCreated: number;
  /** Symbols that were given a guard, one that had none at the time. */
  guardsCreated: number;
  positionsTracked: number;
}

/** How long a stored reply answers repeats. */
export const storedReplyMs = 24 * 60 * 60 * 1000;

/** Stored replies at the most; at the limit only closes and halts are taken, the oldest forgotten. */
export const storedRepliesMax = 100_000;

/** Closed positions that are kept in memory; beyond it the oldest are in the ledger only. */
export const closedPositionsMax = 100_000;

/** Dead letters that are kept when they are over; the oldest are forgotten. */
export const closedLettersMax = 500;

/** Our ids of orders that are known of one position: those of its last generations. */
export const clientOrdersKeptMax = 16;

/** Execution reports whose repeats are known; the oldest are forgotten. */
export const reportKeysMax = 100_000;

export function emptyState(): State {
  return {
    instruments: new Map(),
    accounts: new Map(),
    positions: new Map(),
    usedPositionIds: new Set(),
    orderLinks: new Map(),
    guards: new Map(),
    closedMarkets: new Set(),
    routes: new Map(),
    deadLetters: new Map(),
    closedLetters: new Map(),
    bulks: new Map(),
    clientOrders: new Map(),
    reportKeys: new Set(),
    pause: undefined,
    replies: new Map(),
    marks: new Map(),
    partitionSeq: new Array<number>(partitions).fill(0),
    eventSeq: new Map([[noAccount, 0]]),
    closedIds: new Set(),
    n: 0,
    accountsCreated: 0,
    guardsCreated: 0,
    positionsTracked: 0,
  };
}

export function isOpen(position: Position): boolean {
  return position.state === 'guarded' || position.state === 'closing';
}

/** P&L of the close of all that was left, as far as it is known: parts have theirs. */
export function closedPnlOf({ fills, result }: Position): Decimal {
  if (fills.size === 0) return new Decimal(result?.pnl ?? 0);
  let sum = new Decimal(0);
  for (const { pnl, partId } of fills.values()) {
    if (partId === undefined || partId === result?.closeId) sum = sum.plus(pnl);
  }
  return sum;
}

/** Whether its closes are sent to a provider. */
export function isLive(account: Account): account is Account & { readonly route: string } {
  return account.mode === 'LIVE' && account.route !== undefined;
}

export function routeIn(state: State, route: string): RouteRecord {
  return state.routes.get(route) ?? routeOf({ route });
}

/** A close for any reason but an operator's `manual` is retried for as long as it takes. */
export function isRiskClose(position: Position): boolean {
  return position.reasons.some((reason) => reason !== manualReason);
}

/** Closes for such a cause pass those of operators and of bulk closes, which are long. */
export function isUrgentCause({
  reason,
  bulkId,
}: {
  reason: string;
  bulkId?: string | undefined;
}): boolean {
  return bulkId === undefined && reason !== manualReason;
}

/** The reason of a close that nobody gave one for. */
export const manualReason = 'manual';

/** Ids of provider orders are unique per route. */
export function linkKey(route: string | undefined, orderId: string): string {
  return `${route ?? ''}/${orderId}`;
}

export function linkIdsOf(position: {
  stopLossId?: string | undefined;
  takeProfitId?: string | undefined;
  closeOrderId?: string | undefined;
}): string[] {
  const ids = [position.stopLossId, position.takeProfitId, position.closeOrderId];
  return ids.filter((id) => id !== undefined);
}

/** Message ids are unique per client; a client's id has no slash. */
export function replyKey(client: string, messageId: string): string {
  return `${client}/${messageId}`;
}
