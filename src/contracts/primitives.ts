// The small shapes that all others are made of: ids, symbols, numbers, times, currencies.
import { z } from 'zod';
import { isTimezone } from '#src/domain/days';
import { isoTimeOf } from '#src/domain/time';
import { decimal, hundred, isNumeric, type Numeric } from '#src/domain/money';

/** 1 to 64 of `A-Z a-z 0-9 _ -`. */
export const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** 1 to 64 printable ASCII characters without space. */
const symbolPattern = /^[\x21-\x7e]{1,64}$/;

export const Id = z
  .string({ error: 'expected text' })
  .regex(idPattern, { error: 'expected 1 to 64 of A-Z a-z 0-9 _ -' })
  .meta({ title: 'id' });

export const SymbolName = z
  .string({ error: 'expected text' })
  .regex(symbolPattern, { error: 'expected 1 to 64 printable characters without space' })
  .meta({ title: 'symbol' });

/** Id of an order at the provider. */
export const OrderLink = z
  .string({ error: 'expected text' })
  .regex(symbolPattern, { error: 'expected 1 to 64 printable characters without space' })
  .meta({ title: 'order id' });

export const SideName = z.enum(['long', 'short'], { error: 'expected long or short' });

/** An account currency or quote currency, such as `USD` or `USDT`. */
export const Currency = z
  .string({ error: 'expected text' })
  .regex(/^[A-Z0-9]{2,12}$/, { error: 'expected a currency code of 2 to 12 of A-Z 0-9' })
  .meta({ title: 'currency' });

/** Printable: no control characters, and no half of a surrogate pair, which no JSON form has. */
export function printable(
  charsMax: number,
  error = `expected 1 to ${charsMax} characters`,
): z.ZodString {
  const pattern = new RegExp(`^[^\\p{Cc}\\p{Cs}]{1,${charsMax}}$`, 'u');
  const title = `text, 1 to ${charsMax}`;
  return z.string({ error }).regex(pattern, { error }).meta({ title });
}

const ticketError = { error: 'expected a positive integer or 1 to 64 characters' };

/** The provider's own id of a position, kept in the type in which it came. */
export const Ticket = z
  .union([z.int(ticketError).positive(ticketError), printable(64, ticketError.error)], ticketError)
  .meta({ title: 'ticket' });

/** Free text of an operator or a cause, 1 to 64 characters. */
export const Reason = printable(64);

function numeric(
  error: string,
  holds: (value: number, given: Numeric) => boolean,
): z.ZodType<Numeric> {
  const isGood = (value: unknown): boolean => isNumeric(value) && holds(Number(value), value);
  // It must not end the looking: faults between fields are named beside it.
  return z.custom<Numeric>(isGood, { error, abort: false });
}

/** A finite number, given as a JSON number or as decimal text of up to 30 digits. */
export const Amount = numeric('expected a number or decimal text', () => true).meta({
  title: 'decimal',
});
export const Positive = numeric('expected a number above 0', (value) => value > 0).meta({
  title: 'decimal > 0',
});
export const NotNegative = numeric('expected a number of at least 0', (value) => value >= 0).meta({
  title: 'decimal ≥ 0',
});
export const NonZero = numeric('expected a number other than 0', (value) => value !== 0).meta({
  title: 'decimal, not 0',
});
/** Text may be above 100 by less than a double can tell. */
export const Percent = numeric(
  'expected a percentage above 0 and at most 100',
  (value, given) => value > 0 && value <= 100 && decimal(given).lte(hundred),
).meta({ title: 'decimal > 0, ≤ 100' });

/** Milliseconds since the epoch, UTC. The limit is the year 2286, beyond which seconds are meant. */
export const TimestampMs = z
  .number({ error: 'expected milliseconds since the epoch' })
  .int({ error: 'expected whole milliseconds since the epoch' })
  .min(0, { error: 'expected milliseconds since the epoch' })
  .max(9_999_999_999_999, { error: 'expected milliseconds since the epoch' })
  .meta({ title: 'milliseconds' });

const timeError = {
  error: 'expected milliseconds since the epoch or an ISO-8601 time with its zone',
};

/** Milliseconds, or ISO-8601 with a zone; comes out as milliseconds. */
export const Time = z
  .union(
    [TimestampMs, z.string().refine((text) => isoTimeOf(text) !== undefined, timeError)],
    timeError,
  )
  .transform((value) => (typeof value === 'number' ? value : (isoTimeOf(value) as number)))
  .meta({ title: 'milliseconds or ISO-8601' });

/** A time zone of the IANA database. */
export const Timezone = z
  .string({ error: 'expected an IANA time zone' })
  .refine(isTimezone, { error: 'expected an IANA time zone, such as Europe/Prague' })
  .meta({ title: 'IANA time zone' });
