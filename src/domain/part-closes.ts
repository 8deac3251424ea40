// Closes of parts of a position: what each was for, and what has become of it. They are kept while
// the position is known, since each has an answer of its own.
import type { CloseIntent, CloseResult } from './closing.ts';
import { Decimal, decimal, text, zero } from './money.ts';
import type { Position } from './state.ts';

/** Closes of parts that are remembered of one position; the oldest that are over are forgotten. */
export const partsKeptMax = 64;

/** Closes that wait behind one of a part, at the most. */
export const queuedClosesMax = 64;

/** A close of a part of a position, of a rung of its ladder, or one that waited behind such. */
export interface PartClose {
  /** As it was asked for. */
  readonly intent: CloseIntent;
  /** Our ids of its orders, and how much each was for. */
  readonly orders: Map<string, string>;
  /** Of the ladder as it still stands; undefined once that was replaced. */
  rung: number | undefined;
  filled: Decimal;
  /** Of that, how much at a price that is known, and what it comes to at it. */
  priced: Decimal;
  amount: Decimal;
  /** Of that, how much whose P&L is known. */
  worth: Decimal;
  pnl: Decimal;
  commission: Decimal;
  /** Its last outcome; undefined before the first. */
  last: CloseResult | undefined;
}

/** What of a position says how its closes stand. */
export interface Divided {
  readonly remainingQuantity: Decimal;
  readonly intent: CloseIntent | undefined;
  readonly partLeft: Decimal | undefined;
  readonly queued: readonly CloseIntent[];
  readonly parts: ReadonlyMap<string, PartClose> | undefined;
}

/** The close of all that is left, under way or behind a part; undefined where there is none. */
export function wholeOf({ intent, queued }: Pick<Divided, 'intent' | 'queued'>) {
  const last = queued.at(-1);
  if (last !== undefined && last.isPart !== true) return last;
  return intent?.isPart === true ? undefined : intent;
}

/** Whether the part under way only stands in the way of a close of all that is left. */
export function isSuperseded({ intent, queued }: Pick<Divided, 'intent' | 'queued'>): boolean {
  return intent?.isPart === true && wholeOf({ intent, queued }) !== undefined;
}

/** How much of it no close asks for yet. */
export function unclaimedOf({ remainingQuantity, partLeft, intent, queued }: Divided): Decimal {
  if (wholeOf({ intent, queued }) !== undefined) return zero;
  let left = remainingQuantity.minus(partLeft ?? zero);
  for (const { quantity } of queued) left = left.minus(quantity);
  return Decimal.max(left, zero);
}

/** How much of a rung was not closed yet, whatever closes of it have come to. */
export function rungLeftOf(
  { quantity, exits, parts }: Pick<Position, 'quantity' | 'exits' | 'parts'>,
  rung: number,
): Decimal {
  let left = quantity.times(exits.ladder?.[rung]?.fraction ?? 0);
  for (const part of parts?.values() ?? []) if (part.rung === rung) left = left.minus(part.filled);
  return Decimal.max(left, zero);
}

/** Whether a close of it has no outcome yet. */
export function isCloseOpen({ intent, queued }: Divided, closeId: string): boolean {
  return intent?.closeId === closeId || queued.some((one) => one.closeId === closeId);
}

/** The close of a part that an order of ours was of. */
export function partOfOrder({ parts }: Divided, clientOrderId: string): PartClose | undefined {
  if (parts === undefined) return undefined;
  for (const part of parts.values()) if (part.orders.has(clientOrderId)) return part;
  return undefined;
}

/** Whether an order of ours is of this close. */
export function isOrderOf(position: Divided, intent: CloseIntent, orderKey: string): boolean {
  return (
    intent.clientOrderId === orderKey ||
    position.parts?.get(intent.closeId)?.orders.has(orderKey) === true
  );
}

export function partCloseOf(intent: CloseIntent): PartClose {
  const orders = new Map([[intent.clientOrderId, intent.quantity]]);
  const nothing = { filled: zero, priced: zero, amount: zero, worth: zero, pnl: zero };
  return { intent, orders, rung: intent.rung, ...nothing, commission: zero, last: undefined };
}

/** Adds a `new` fill; or what is `told` later of one: its price, or its fee; or its P&L, once `priced`. */
export function addFill(
  part: PartClose,
  result: CloseResult,
  how: 'new' | 'told' | 'priced',
): void {
  const quantity = decimal(result.quantity);
  const { closedPrice, pnl, commission } = result;
  if (how === 'new') part.filled = part.filled.plus(quantity);
  if (closedPrice !== undefined && how !== 'priced') {
    part.priced = part.priced.plus(quantity);
    part.amount = part.amount.plus(quantity.times(closedPrice));
  }
  if (pnl !== undefined) {
    part.worth = Decimal.min(part.worth.plus(quantity), part.filled);
    part.pnl = part.pnl.plus(pnl);
    part.commission = part.commission.plus(commission ?? 0);
  }
  part.last = result;
}

/** Decimals of an average price. */
const averageDecimals = 10;

/** How a close of a part ended: all its fills in one. */
export function partResult(part: PartClose): CloseResult | undefined {
  const { last, filled, priced, amount, worth, pnl, commission } = part;
  if (last?.success !== true) return last;
  const { closedPrice: _price, pnl: _pnl, commission: _commission, ...base } = last;
  const average = filled.gt(0) && priced.gte(filled) ? amount.div(filled) : undefined;
  return {
    ...base,
    quantity: text(filled),
    ...(average && { closedPrice: text(average.toDecimalPlaces(averageDecimals)) }),
    ...(worth.gte(filled) ? { pnl: text(pnl), commission: text(commission) } : {}),
  };
}

/** What is left to be closed of a part that was given up. */
export function unfilledOf({ intent, filled }: PartClose): Decimal {
  return Decimal.max(decimal(intent.quantity).minus(filled), zero);
}
