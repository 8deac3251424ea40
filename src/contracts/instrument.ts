// Instruments as they come in (contract section 1).
import { z } from 'zod';
import type { InstrumentSpec } from '#src/domain/instrument';
import { isDay } from '#src/domain/time';
import { Currency, NotNegative, Positive, SymbolName, Timezone } from './primitives.ts';

const wallTime = z
  .string({ error: 'expected HH:MM' })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'expected HH:MM' })
  .meta({ title: 'HH:MM' });

const date = z
  .string({ error: 'expected YYYY-MM-DD' })
  .regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'expected YYYY-MM-DD', abort: true })
  .refine(isDay, { error: 'expected a date' })
  .meta({ title: 'YYYY-MM-DD' });

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const Sessions = z.strictObject({
  timezone: Timezone,
  weekly: z
    .array(
      z.strictObject({
        days: z.array(z.enum(weekdays)).min(1).max(7),
        from: wallTime,
        to: wallTime,
      }),
    )
    .max(50),
  holidays: z
    .array(
      z.union(
        [
          z.strictObject({ date, closed: z.literal(true) }),
          z.strictObject({ date, from: wallTime, to: wallTime }),
        ],
        { error: 'expected {date, closed: true} or {date, from, to}' },
      ),
    )
    .max(1000)
    .optional(),
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
