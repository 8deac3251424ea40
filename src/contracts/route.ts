// Routes as they come in (contract section 8).
import { z } from 'zod';
import type { RouteSpec } from '#src/domain/route';
import { Id } from './primitives.ts';

/** Longest wait for a provider's reply. */
const timeoutMsMax = 60_000;
/** Most calls a second, and at once, of a route. */
const callsMax = 100_000;
/** Most calls of a route that wait for their reply at the same time. */
const maxInFlightMax = 10_000;

const driftPolicies = ['alarm', 'adopt', 'close'] as const;

function wholeUpTo(max: number): z.ZodOptional<z.ZodNumber> {
  const error = `expected a whole number from 1 to ${max}`;
  return z.number({ error }).int({ error }).min(1, { error }).max(max, { error }).optional();
}

const Flag = z.boolean({ error: 'expected true or false' }).optional();

export const RouteBody: z.ZodType<RouteSpec> = z.strictObject({
  route: Id.describe('as accounts name it'),
  timeoutMs: wholeUpTo(timeoutMsMax).describe('without a reply so long the outcome is unknown'),
  ratePerSecond: wholeUpTo(callsMax).describe('calls in the long run, of all kinds together'),
  burst: wholeUpTo(callsMax).describe('calls at once after a rest'),
  maxInFlight: wholeUpTo(maxInFlightMax).describe('calls that wait for their reply at once'),
  idempotentByClientId: Flag.describe('a `clientOrderId` is executed once, however often sent'),
  closeByTicket: Flag.describe('a close names the ticket, and closes nothing else'),
  queryByClientId: Flag.describe('can be asked what became of a `clientOrderId`'),
  reduceOnly: Flag.describe('a close never opens or turns a position'),
  batchCancel: Flag.describe('kept and answered; not used yet'),
  protectiveCancels: Flag.describe(
    'the stop is cancelled when the target was executed, and vice versa',
  ),
  driftPolicy: z
    .enum(driftPolicies, { error: `expected one of ${driftPolicies.join(', ')}` })
    .optional()
    .describe('what is done about a difference to the provider: told, taken over, or closed'),
});
