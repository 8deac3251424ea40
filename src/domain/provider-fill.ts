// A fill as a provider tells it: how much of it is new, and what it is worth.
import { convert, conversionBetween, type Conversion } from './conversion.ts';
import { roundPnl, text, zero, type Decimal } from './money.ts';
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
  const before: OrderFill = position.fills.get(execution.orderKey) ?? {
    filled: zero,
    pnl: zero,
    commission: zero,
  };
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
