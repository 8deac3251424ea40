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
  route: Id,
  timeoutMs: wholeUpTo(timeoutMsMax),
  ratePerSecond: wholeUpTo(callsMax),
  burst: wholeUpTo(callsMax),
  maxInFlight: wholeUpTo(maxInFlightMax),
  idempotentByClientId: Flag,
  closeByTicket: Flag,
  queryByClientId: Flag,
  reduceOnly: Flag,
  batchCancel: Flag,
  protectiveCancels: Flag,
  driftPolicy: z
    .enum(driftPolicies, { error: `expected one of ${driftPolicies.join(', ')}` })
    .optional(),
});
