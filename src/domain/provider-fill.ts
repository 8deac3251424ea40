// A fill as a provider tells it: how much of it is new, and what it is worth.
import { convert, conversionBetween, type Conversion } from './conversion.ts';
import { decimal, roundPnl, text, zero, type Decimal } from './money.ts';
import { grossOf, pnlOf } from './pnl.ts';
import type { Account, OrderFill, Position, State } from './state.ts';

/** What was executed of one order, in all. */
export interface Execution {
  /** The `clientOrderId`, or the provider's own order id. */
  readonly orderKey: string;
  readonly filled: Decimal;
  /** Average price of it; undefined where it was not told. */
  readonly price: Decimal | undefined;
  /** What the provider charged for all of it, where it says so. */
  readonly fee?: Decimal | undefined;
  /** Currency of the fee; that of the instrument's quotes where absent. */
  readonly feeCurrency?: string | undefined;
}

/** What of an execution is new, as it is booked. */
export interface NewFill {
  readonly quantity: Decimal;
  /** How much more was executed than was open; zero as a rule. */
  readonly excess: Decimal;
  readonly price?: string;
  readonly pnl?: string;
  readonly commission?: string;
}

/** Undefined where nothing of it is new. */
export function newFillOf(position: Position, execution: Execution): Decimal | undefined {
  const before = position.fills.get(execution.orderKey)?.filled ?? zero;
  const more = execution.filled.minus(before);
  return more.gt(0) ? more : undefined;
}

/**
 * P&L of a fill is that of all that the order filled, at its average price, less what was booked of
 * it before, so that parts add up exactly. Undefined while a conversion rate is missing.
 */
export function bookedFill(
  state: State,
  account: Account,
  position: Position,
  execution: Execution,
  mids: MidOf,
  most: Decimal = position.remainingQuantity,
): NewFill {
  const before = position.fills.get(execution.orderKey) ?? nothing;
  const more = execution.filled.minus(before.filled);
  const quantity = more.lt(most) ? more : most;
  const excess = more.minus(quantity);
  const { price } = execution;
  if (price === undefined) return { quantity, excess };
  const worth = worthOf(state, account, position, { ...execution, price }, mids, {
    quantity: before.filled.plus(quantity),
  });
  if (worth === undefined) return { quantity, excess, price: text(price) };
  return {
    quantity,
    excess,
    price: text(price),
    pnl: text(worth.pnl.minus(before.pnl)),
    commission: text(worth.commission.minus(before.commission)),
  };
}

const nothing: OrderFill = { filled: zero, untold: zero, pnl: zero, commission: zero };

/**
 * What is told now of what an order filled before: the price of a part that was booked without one,
 * or another fee than was booked, as a part of nothing. Undefined where it tells neither.
 */
export function laterToldOf(
  state: State,
  account: Account,
  position: Position,
  execution: Execution,
  mids: MidOf,
): NewFill | undefined {
  const { price, orderKey } = execution;
  const before = position.fills.get(orderKey);
  if (before === undefined || price === undefined) return undefined;
  const { filled, untold } = before;
  // Of less than is filled neither price nor fee is that of all of it.
  if (execution.filled.lt(filled)) return undefined;
  const isFeeNew = execution.filled.eq(filled) && isFeeNewIn(before, execution);
  if (untold.lte(0) && !isFeeNew) return undefined;
  if (position.unpriced.some((part) => part.orderKey === orderKey)) return undefined;
  const fee = before.fee === undefined ? undefined : decimal(before.fee);
  const charged = isFeeNew ? execution : { ...before, fee };
  const told = { orderKey, filled, price, fee: charged.fee, feeCurrency: charged.feeCurrency };
  const worth = worthOf(state, account, position, told, mids, { quantity: filled });
  const base = { quantity: untold, excess: zero, price: text(price) };
  if (worth === undefined) return untold.gt(0) ? base : undefined;
  const commission = worth.commission.minus(before.commission);
  if (untold.lte(0) && commission.eq(0)) return undefined;
  const pnl = untold.gt(0) ? worth.pnl.minus(before.pnl) : commission.neg();
  return { ...base, pnl: text(pnl), commission: text(commission) };
}

/** The same fee again is none, also where its currency is worth something else by now. */
function isFeeNewIn(before: OrderFill, { fee, feeCurrency }: Execution): boolean {
  if (fee === undefined) return false;
  return before.fee !== text(fee) || before.feeCurrency !== feeCurrency;
}

/** Mid of a symbol; undefined while it has no quote. */
export type MidOf = (symbol: string) => Decimal | undefined;

interface Worth {
  readonly pnl: Decimal;
  readonly commission: Decimal;
}

/** What a quantity filled at a price comes to; undefined while a rate is missing. */
export function worthOf(
  state: State,
  account: Account,
  position: Position,
  { price, fee, feeCurrency, filled }: Execution & { readonly price: Decimal },
  mids: MidOf,
  { quantity }: { readonly quantity: Decimal },
): Worth | undefined {
  if (!hasRates(position.conversion, mids)) return undefined;
  const midOf = (symbol: string): Decimal => mids(symbol) ?? zero;
  const own = pnlOf(position, quantity, price, midOf);
  if (fee === undefined) return own;
  const from = feeCurrency ?? position.instrument.quoteCurrency;
  const conversion = conversionBetween(from, account.currency, state.instruments);
  // A fee in a currency that nothing converts cannot be booked: the rate of the instrument stands in.
  if (conversion === undefined || !hasRates(conversion, mids)) return own;
  // Of an overfill only the part that closed something is ours to pay here.
  const share = filled.gt(quantity) ? fee.times(quantity).div(filled) : fee;
  const commission = convert(share, conversion, midOf);
  const gross = convert(grossOf(position, quantity, price), position.conversion, midOf);
  return { pnl: roundPnl(gross.minus(commission)), commission: roundPnl(commission) };
}

function hasRates(conversion: Conversion, mids: MidOf): boolean {
  return conversion.every((leg) => mids(leg.symbol) !== undefined);
}
