// Instruments as they come in (contract section 1).
import { z } from 'zod';
import type { InstrumentSpec } from '#src/domain/instrument';
import { isDay } from '#src/domain/time';
import { withoutValue } from './parse.ts';
import { Currency, NotNegative, Positive, SymbolName, Timezone } from './primitives.ts';

const wallTime = z
  .string({ error: 'expected HH:MM' })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'expected HH:MM' })
  .meta({ title: 'HH:MM' });

/** Of an end. */
const wallTimeOrMidnight = z
  .string({ error: 'expected HH:MM' })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'expected HH:MM, up to 24:00' })
  .meta({ title: 'HH:MM' });

const date = z
  .string({ error: 'expected YYYY-MM-DD' })
  .regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'expected YYYY-MM-DD', abort: true })
  .refine(isDay, { error: 'expected a date' })
  .meta({ title: 'YYYY-MM-DD' });

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Closed all day, or open for other hours. */
const Holiday = z
  .strictObject({
    date,
    closed: z.literal(true, { error: 'expected true' }).optional(),
    from: wallTime.optional(),
    to: wallTimeOrMidnight.optional(),
  })
  .transform(({ date: day, closed, from, to }, context) => {
    if (closed === true && from === undefined && to === undefined) return { date: day, closed };
    if (closed === undefined && from !== undefined && to !== undefined) {
      return { date: day, from, to };
    }
    const message = 'expected `closed: true`, or `from` and `to`';
    context.issues.push({ code: 'custom', message, input: day, ...withoutValue });
    return z.NEVER;
  });

const Sessions = z.strictObject({
  timezone: Timezone,
  weekly: z
    .array(
      z.strictObject({
        days: z
          .array(z.enum(weekdays, { error: `expected ${weekdays.join(', ')}` }))
          .min(1, { error: 'expected a day' })
          .max(7, { error: 'expected 7 days at most' }),
        from: wallTime,
        to: wallTimeOrMidnight,
      }),
    )
    .max(50, { error: 'expected at most 50' }),
  holidays: z.array(Holiday).max(1000, { error: 'expected at most 1000' }).optional(),
});

export const InstrumentBody: z.ZodType<InstrumentSpec> = z.strictObject({
  symbol: SymbolName.describe('as in quotes'),
  contractSize: Positive.optional().describe('units of one lot'),
  quoteCurrency: Currency.describe('of its prices and of its P&L before conversion'),
  tickSize: Positive.optional().describe('kept and answered; not used yet'),
  lotStep: Positive.optional().describe('kept and answered; not used yet'),
  minQuantity: Positive.optional().describe('kept and answered; not used yet'),
  marginRate: NotNegative.optional().describe(
    'fraction of the notional at entry that is held as margin: 0.01 is 1:100. With 0 no margin is ' +
      'used, and a `marginLevel` rule has nothing to measure',
  ),
  commissionRate: NotNegative.optional().describe(
    'fraction of the notional at entry, charged once, at the close',
  ),
  sessions: Sessions.optional().describe(
    'trading hours: entries are halted and nothing is stale outside of them; absent: always open',
  ),
});
