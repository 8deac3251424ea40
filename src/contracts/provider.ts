// What providers send: unknown keys are ignored, numbers come out as canonical decimal text.
// Whatever is ill-formed is undefined, as if there had been no reply: its outcome is unknown.
import { z } from 'zod';
import { decimal, text, type Numeric } from '#src/domain/money';
import type {
  BrokerAccount,
  BrokerOrder,
  BrokerOrders,
  BrokerPosition,
  BrokerPositions,
  CheckedReport,
  OrderReply,
  QueryReply,
  Unsupported,
} from '#src/domain/provider';
import {
  Amount,
  Currency,
  Id,
  NotNegative,
  OrderLink,
  Positive,
  printable,
  SideName,
  SymbolName,
  Ticket,
  TimestampMs,
} from './primitives.ts';

/** Most positions or orders of one reply; what is beyond is left out, and `complete` is false. */
export const providerItemsMax = 100_000;
/** Characters of a provider's message that are kept. */
export const messageCharsMax = 500;
/** Characters of a provider's error code that are kept. */
export const codeCharsMax = 64;
/** Most characters of an execution's id. */
export const execIdCharsMax = 128;
/** Most characters of the words of a report, such as its status. */
const wordCharsMax = 32;

type Fields = Readonly<Record<string, unknown>>;

const canonical = (value: Numeric): string => text(decimal(value));

const AmountText = Amount.transform(canonical);
const PositiveText = Positive.transform(canonical);
/** Zero is how FIX writes a price or quantity that there is none of. */
const PositiveOrNone = NotNegative.transform(canonical);
const ExecId = printable(execIdCharsMax);
const Word = printable(wordCharsMax);

/** Text for people: cut, on one line, and with a form in JSON. */
const shortText = (charsMax: number) => (value: string | number) =>
  String(value)
    .slice(0, charsMax)
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ');

const statuses = ['filled', 'partiallyFilled', 'pending', 'rejected', 'gone'] as const;

/** What is of use where it is well-formed, and else no reason to doubt the rest. */
const dropped = undefined;

const Reply = z.object({
  status: z.enum(statuses),
  filledQuantity: PositiveText.exactOptional(),
  price: PositiveText.exactOptional(),
  // Negative where the provider pays it.
  fee: AmountText.optional().catch(dropped),
  feeCurrency: Currency.optional().catch(dropped),
  execId: ExecId.optional().catch(dropped),
  code: z
    .union([z.string(), z.number()])
    .transform(shortText(codeCharsMax))
    .optional()
    .catch(dropped),
  message: z.string().transform(shortText(messageCharsMax)).optional().catch(dropped),
});

/** What `rejected`, `pending` and `gone` write for "none"; of a fill it makes no sense. */
const Zero = NotNegative.transform(canonical).pipe(z.literal('0'));

const Position: z.ZodType<BrokerPosition> = z.object({
  ticket: Ticket,
  positionId: Id.exactOptional(),
  symbol: SymbolName,
  side: SideName,
  quantity: PositiveText,
  entryPrice: PositiveText,
});

const Order: z.ZodType<BrokerOrder> = z
  .object({
    orderId: OrderLink,
    symbol: SymbolName.exactOptional(),
    side: z.enum(['buy', 'sell']).exactOptional(),
    quantity: PositiveText.exactOptional(),
    price: PositiveOrNone.exactOptional(),
    triggerPrice: PositiveOrNone.exactOptional(),
  })
  .transform((order) => withoutZero(order, ['price', 'triggerPrice']));

const Account: z.ZodType<BrokerAccount> = z.object({
  currency: Currency,
  balance: AmountText,
  equity: AmountText.exactOptional(),
  marginUsed: PositiveOrNone.exactOptional(),
});

const empty = z.literal('').transform(() => '0');

const Report: z.ZodType<CheckedReport> = z
  .object({
    order_id: OrderLink,
    ord_status: Word.transform((status) => (status === 'FILLED' ? 'EXECUTED' : status)),
    side: Word.exactOptional(),
    avgpx: z.union([empty, PositiveOrNone]).exactOptional(),
    cumqty: z.union([empty, PositiveOrNone]).exactOptional(),
    exec_id: ExecId.exactOptional(),
    ts: TimestampMs.exactOptional(),
  })
  .transform((report) => withoutZero(report, ['avgpx', 'cumqty']));

/** The answer to a close, or to another order. */
export function orderReplyOf(raw: unknown): OrderReply | undefined {
  return reading(() => replyIn(fieldsOf(raw)));
}

/** The answer to what became of a `clientOrderId`. */
export function queryReplyOf(raw: unknown): QueryReply | Unsupported | undefined {
  return reading(() => {
    const fields = fieldsOf(raw);
    const { status } = { ...fields };
    return status === 'notFound' || status === 'unsupported' ? { status } : replyIn(fields);
  });
}

/** Its positions; a malformed one is left out, and then they are not complete. */
export function positionsReplyOf(raw: unknown): BrokerPositions | Unsupported | undefined {
  return reading(() => {
    const fields = fieldsOf(raw);
    if (isUnsupported(fields)) return unsupported();
    const list = listOf(Position, fields, 'positions');
    return list === undefined ? undefined : { complete: list.complete, positions: list.items };
  });
}

/** Its resting orders; a malformed one is left out, and then they are not complete. */
export function ordersReplyOf(raw: unknown): BrokerOrders | Unsupported | undefined {
  return reading(() => {
    const fields = fieldsOf(raw);
    if (isUnsupported(fields)) return unsupported();
    const list = listOf(Order, fields, 'orders');
    return list === undefined ? undefined : { complete: list.complete, orders: list.items };
  });
}

/** Its view of an account. */
export function accountReplyOf(raw: unknown): BrokerAccount | Unsupported | undefined {
  return reading(() => {
    const fields = fieldsOf(raw);
    return isUnsupported(fields) ? unsupported() : parsed(Account, fields);
  });
}

/** An execution report; without `avgpx` and `cumqty` where they are zero, as before any fill. */
export function executionReportOf(raw: unknown): CheckedReport | undefined {
  return reading(() => parsed(Report, fieldsOf(raw)));
}

/** What throws when it is looked at, such as a getter of an adapter's own object, is no reply. */
function reading<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function replyIn(fields: Fields | undefined): OrderReply | undefined {
  const told = parsed(Reply, withoutNothing(fields));
  if (told === undefined) return undefined;
  const { status, filledQuantity, price, fee, feeCurrency, execId, code, message } = told;
  if (status === 'partiallyFilled' && filledQuantity === undefined) return undefined;
  // A fee in a currency that is none is not one in that of the quotes.
  const isFee = feeCurrency !== undefined || fields?.['feeCurrency'] === undefined;
  return {
    status,
    ...(filledQuantity === undefined ? {} : { filledQuantity }),
    ...(price === undefined ? {} : { price }),
    ...(fee === undefined || !isFee ? {} : { fee }),
    ...(feeCurrency === undefined ? {} : { feeCurrency }),
    ...(execId === undefined ? {} : { execId }),
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
  };
}

/** Of an order of which nothing was executed a quantity or price of zero says nothing. */
function withoutNothing(fields: Fields | undefined): Fields | undefined {
  const status = fields?.['status'];
  if (fields === undefined || status === 'filled' || status === 'partiallyFilled') return fields;
  const isZero = (value: unknown): boolean => value === '' || Zero.safeParse(value).success;
  const kept = { ...fields };
  for (const key of ['filledQuantity', 'price']) if (isZero(kept[key])) delete kept[key];
  return kept;
}

/** The fields that hold something: `null` is how many a language writes one that is absent. */
function fieldsOf(raw: unknown): Fields | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  const entries = Object.entries(raw).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries);
}

function isUnsupported(fields: Fields | undefined): boolean {
  return fields?.['status'] === 'unsupported';
}

function unsupported(): Unsupported {
  return { status: 'unsupported' };
}

function parsed<T>(schema: z.ZodType<T>, fields: Fields | undefined): T | undefined {
  const result = schema.safeParse(fields);
  return result.success ? result.data : undefined;
}

function listOf<T>(
  schema: z.ZodType<T>,
  fields: Fields | undefined,
  key: string,
): { complete: boolean; items: T[] } | undefined {
  const given: unknown = fields?.[key];
  if (!Array.isArray(given)) return undefined;
  const items: T[] = [];
  for (const one of given.slice(0, providerItemsMax) as unknown[]) {
    const item = parsed(schema, fieldsOf(one));
    if (item !== undefined) items.push(item);
  }
  return { complete: fields?.['complete'] === true && items.length === given.length, items };
}

function withoutZero<T extends object, K extends keyof T>(value: T, keys: readonly K[]): T {
  const out = { ...value };
  for (const key of keys) if (out[key] === '0') delete out[key];
  return out;
}
