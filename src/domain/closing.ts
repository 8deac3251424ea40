// What a close is: the intent, its result, and why (contract section 6).
import { decimal, text, type Decimal } from './money.ts';
import { closeIdOf, clientOrderIdOf } from './ids.ts';
import type { ConditionLevel } from './market-conditions.ts';
import type { Side } from './quote.ts';

export type CloseOutcome = 'closed' | 'pending' | 'unknown' | 'failed';

/** Decimals are plain text; `closeTimestamp` is milliseconds since the epoch. */
export interface CloseResult {
  closeId: string;
  success: boolean;
  outcome: CloseOutcome;
  positionId: string;
  accountId: string;
  ticket?: string | number;
  quantity: string;
  closedPrice?: string;
  triggerPrice?: string;
  pnl?: string;
  commission?: string;
  closeReason: string;
  closeTimestamp: number;
  attempts: number;
  clientOrderId: string;
  bulkId?: string;
  dryRun?: boolean;
  errorMessage?: string;
}

export interface BulkCloseResult {
  bulkId: string;
  totalPositions: number;
  successfulCloses: number;
  failedCloses: number;
  totalPnl: string;
  closeReason: string;
  /** In the order in which they were closed. */
  results: CloseResult[];
  /** Present where a reply was too large for all results: the rest is in `ledger.list`. */
  truncated?: true;
}

/** Why a position is to be closed, as the one who decides it says. */
export interface CloseCause {
  readonly reason: string;
  /** The level that was crossed; absent for guards and operators. */
  readonly triggerPrice?: string;
  readonly ruleId?: string;
  readonly breachId?: string;
  readonly observed?: string;
  readonly floor?: string;
  readonly bulkId?: string;
  /** Of the ladder, whose place in it this is. */
  readonly rung?: number;
  /** A quote decided it, and that quote has counted for every exit of its symbol. */
  readonly onQuote?: true;
  /** The guard of its market asked for it: it is not sent any more where that has cleared. */
  readonly market?: MarketCause;
}

/** Which condition it was, `reason` says. Records of before version 5 have `before` alone. */
export interface MarketCause {
  /** At which it acted: `critical` is at twice the limit, of liquidity at half of it. */
  readonly level?: ConditionLevel;
  /** As the guard has it: percent, lots, standard deviations or seconds. */
  readonly limit?: string;
  /** On the quote that closes, or on the last of those that confirmed; in the unit of the limit. */
  readonly measured?: string;
  /** Of a gap: the mid before it. */
  readonly before?: string;
}

/** A condition of its market that asked for the close of a position. */
export interface MarketAsk {
  readonly reason: string;
  /** Of a gap: the mid before it. */
  readonly before?: string;
}

/** Undefined where it is nothing of the market that asks. */
export function marketAskOf({
  reason,
  market,
}: Pick<CloseCause, 'reason' | 'market'>): MarketAsk | undefined {
  if (market === undefined) return undefined;
  return market.before === undefined ? { reason } : { reason, before: market.before };
}

/**
 * The last record before a quote, and a price of it that moved peaks of trailing stops; `tracked` as in
 * `SeenQuote`.
 */
export type MovedPeak = readonly [n: number, price: string, tracked?: number | undefined];

/** The book that a decision saw. */
export interface SeenQuote {
  readonly bid: string;
  readonly ask: string;
  readonly ts: number;
  /** Where the quote itself decided it: the last record before that quote. */
  readonly n?: number;
  /**
   * Where that quote was held before it counted: how many positions had been tracked when it came. It
   * does not count for later ones.
   */
  readonly tracked?: number;
  /** What has moved peaks since it was on record, or noted, last; by the side of the stops. */
  readonly moved?: { readonly long?: MovedPeak[]; readonly short?: MovedPeak[] };
}

/** The book alone, for whoever reads of the decision. */
export function bookOf({ bid, ask, ts }: SeenQuote): Pick<SeenQuote, 'bid' | 'ask' | 'ts'> {
  return { bid, ask, ts };
}

/** A decision to close, as it is recorded: durable before anything is sent. */
export interface CloseIntent extends CloseCause {
  readonly closeId: string;
  readonly clientOrderId: string;
  readonly positionId: string;
  readonly accountId: string;
  readonly ticket?: string | number;
  readonly symbol: string;
  readonly side: Side;
  readonly generation: number;
  readonly quantity: string;
  readonly requestedTs: number;
  /** How it is sent; absent where the paper broker fills it. */
  readonly route?: string;
  /** Which attempt of the close this is, from 1; absent for the first. */
  readonly attempt?: number;
  /** Price of a close that already happened: it is recorded at it, no order is sent. */
  readonly at?: string;
  /** The book that the decision saw; absent where its symbol had no quote yet. */
  readonly quote?: SeenQuote;
  /** Only this much is to be closed: the rest stays guarded. */
  readonly isPart?: true;
}

/** A fill of an intent, wherever it came from. */
export interface Fill {
  readonly price: string;
  readonly pnl: string;
  readonly commission: string;
}

/** How much of which order is filled, as the provider has told it: telling it twice adds nothing. */
export interface FillMark {
  /** The `clientOrderId`, or the provider's own order id. */
  readonly orderKey: string;
  /** All that was filled of it so far. */
  readonly filled: string;
  /** What the provider charged for all of it, where it says so. */
  readonly fee?: string;
  readonly feeCurrency?: string;
  /** Of the execution report that told it. */
  readonly reportKey?: string;
}

/**
 * Names an execution of an order; telling it twice, in a reply and in a report, is telling it once.
 * Some providers number the executions of each order by itself.
 */
export function executionKeyOf(route: string, orderKey: string, execId: string): string {
  return `${route}/${orderKey}/exec/${execId}`;
}

export interface Closable {
  readonly positionId: string;
  readonly accountId: string;
  readonly ticket?: string | number | undefined;
  readonly symbol: string;
  readonly side: Side;
  readonly remainingQuantity: Decimal;
  readonly generation: number;
}

/** Of all that is left, or of this `part`. */
export function intentOf(
  position: Closable,
  cause: CloseCause,
  requestedTs: number,
  seen: Pick<CloseIntent, 'quote' | 'at' | 'route'>,
  part?: Decimal,
): CloseIntent {
  const generation = position.generation + 1;
  const { positionId, accountId, symbol, side } = position;
  return {
    ...cause,
    closeId: closeIdOf(accountId, positionId, generation),
    clientOrderId: clientOrderIdOf(accountId, positionId, generation),
    positionId,
    accountId,
    ...(position.ticket === undefined ? {} : { ticket: position.ticket }),
    symbol,
    side,
    generation,
    quantity: text(part ?? position.remainingQuantity),
    requestedTs,
    ...seen,
    ...(part === undefined ? {} : { isPart: true as const }),
  };
}

/** The same close once more: what is left of it, under the next generation. */
export function nextIntent(
  intent: CloseIntent,
  position: Closable & { readonly partLeft?: Decimal | undefined },
): CloseIntent {
  const { accountId, positionId } = intent;
  const { partLeft = decimal(intent.quantity) } = position;
  const generation = position.generation + 1;
  return {
    ...asLeft({ ...intent, quantity: text(partLeft) }, position),
    generation,
    clientOrderId: clientOrderIdOf(accountId, positionId, generation),
    attempt: attemptOf(intent) + 1,
  };
}

/** A close as it begins: a part that has come to be all that is left is a close of all that. */
export function asLeft(
  intent: CloseIntent,
  { remainingQuantity }: Pick<Closable, 'remainingQuantity'>,
): CloseIntent {
  const { isPart, quote, ...rest } = intent;
  // The quote that decided it was told of then; the book is what it saw.
  const seen = quote === undefined ? rest : { ...rest, quote: bookOf(quote) };
  if (isPart === true && remainingQuantity.gt(intent.quantity)) return { ...seen, isPart };
  return { ...seen, quantity: text(remainingQuantity) };
}

export function attemptOf({ attempt = 1 }: CloseIntent): number {
  return attempt;
}

/** The part of a result that the intent alone decides. */
function resultBase(intent: CloseIntent, ts: number): Omit<CloseResult, 'success' | 'outcome'> {
  return {
    closeId: intent.closeId,
    positionId: intent.positionId,
    accountId: intent.accountId,
    ...(intent.ticket === undefined ? {} : { ticket: intent.ticket }),
    quantity: intent.quantity,
    ...(intent.triggerPrice === undefined ? {} : { triggerPrice: intent.triggerPrice }),
    closeReason: intent.reason,
    closeTimestamp: ts,
    attempts: attemptOf(intent),
    clientOrderId: intent.clientOrderId,
    ...(intent.bulkId === undefined ? {} : { bulkId: intent.bulkId }),
  };
}

export function filledResult(intent: CloseIntent, fill: Fill, ts: number): CloseResult {
  return {
    ...resultBase(intent, ts),
    success: true,
    outcome: 'closed',
    closedPrice: fill.price,
    pnl: fill.pnl,
    commission: fill.commission,
  };
}

/** Closed at the provider, at a price that nobody has told yet: what was open there is gone. */
export function goneResult(intent: CloseIntent, ts: number): CloseResult {
  return { ...resultBase(intent, ts), success: true, outcome: 'closed' };
}

/** Sent, and nobody knows what became of it. */
export function unknownResult(intent: CloseIntent, errorMessage: string, ts: number): CloseResult {
  return { ...resultBase(intent, ts), success: false, outcome: 'unknown', errorMessage };
}

export function pendingResult(intent: CloseIntent): CloseResult {
  return { ...resultBase(intent, intent.requestedTs), success: false, outcome: 'pending' };
}

export function failedResult(intent: CloseIntent, errorMessage: string, ts: number): CloseResult {
  return { ...resultBase(intent, ts), success: false, outcome: 'failed', errorMessage };
}

/** What a conditional close of a position that is not open answers with; nothing was decided. */
export function notFoundResult(
  accountId: string,
  positionId: string,
  reason: string,
  ts: number,
): CloseResult {
  return {
    closeId: closeIdOf(accountId, positionId, 0),
    success: false,
    outcome: 'failed',
    positionId,
    accountId,
    quantity: '0',
    closeReason: reason,
    closeTimestamp: ts,
    attempts: 0,
    clientOrderId: clientOrderIdOf(accountId, positionId, 0),
    errorMessage: 'Position not found',
  };
}
