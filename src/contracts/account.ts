// Accounts and their rules as they come in (contract sections 5 and 8).
import { z } from 'zod';
import { decimal, type Decimal } from '#src/domain/money';
import { presetNames, presetRules, presetSizes } from '#src/domain/presets';
import type { Issue } from '#src/domain/refusals';
import { Rules } from './rules.ts';
import { Currency, Id, NonZero, Positive, Reason, Ticket } from './primitives.ts';

/** A fault of one field hides none of the others; what is no object has no fields. */
const besideOtherFaults = { when: ({ value }: { value: unknown }) => isObject(value) };

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

const Preset = z.enum(presetNames, { error: `expected one of ${presetNames.join(', ')}` });

interface HasRules {
  rules?: unknown;
  preset?: unknown;
}

/** Of a preset that has no account of that size. */
export function presetFaults(
  { preset }: { readonly preset?: unknown },
  initialBalance: Decimal,
): Issue[] {
  const name = presetNames.find((one) => one === preset);
  if (name === undefined || presetRules(name, initialBalance) !== undefined) return [];
  const sizes = presetSizes(name)?.join(', ') ?? '';
  return [{ path: 'preset', message: `expected an initial balance of ${sizes} for ${name}` }];
}

function presetOfSize(body: HasRules & { balance?: unknown }, context: z.RefinementCtx): void {
  const balance = Positive.safeParse(body.balance);
  if (!balance.success) return;
  for (const { path, message } of presetFaults(body, decimal(balance.data))) {
    context.addIssue({ code: 'custom', path: [path], message });
  }
}

function notBoth(body: HasRules, context: z.RefinementCtx): void {
  if (body.rules !== undefined && body.preset !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['preset'],
      message: 'expected either rules or preset',
    });
  }
}

interface HasRoute {
  mode?: unknown;
  route?: unknown;
}

/** A PAPER account may name a route, and does nothing with it. */
function routeOfLive(body: HasRoute, context: z.RefinementCtx): void {
  if (body.mode === 'LIVE' && body.route === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['route'],
      message: 'expected the route of a LIVE account',
    });
  }
}

const Mode = z.enum(['PAPER', 'LIVE'], {
  error: ({ input }) =>
    input === 'DRY_RUN' ? 'DRY_RUN is not supported by this version' : 'expected PAPER or LIVE',
});

const paperBroker = 'a replay has the paper broker';

const accountFields = {
  currency: Currency,
  balance: Positive,
  rules: Rules.optional(),
  preset: Preset.optional(),
};

const routing = { mode: Mode.optional(), route: Id.optional() };

/** `account.create`: the id may come from the subject. */
export const AccountCreate = z
  .strictObject({ accountId: Id.optional(), ...accountFields, ...routing })
  .superRefine(notBoth, besideOtherFaults)
  .superRefine(presetOfSize, besideOtherFaults)
  .superRefine(routeOfLive, besideOtherFaults);
export type AccountCreate = z.infer<typeof AccountCreate>;

/** An account of a settings file. */
export const AccountSpec = z
  .strictObject({ accountId: Id, ...accountFields, ...routing })
  .superRefine(notBoth, besideOtherFaults)
  .superRefine(presetOfSize, besideOtherFaults)
  .superRefine(routeOfLive, besideOtherFaults);
export type AccountSpec = z.infer<typeof AccountSpec>;

/** An account of a scenario: nothing leaves a replay, so it has no mode but PAPER and no route. */
export const ScenarioAccount = z
  .strictObject({
    accountId: Id,
    ...accountFields,
    mode: z.literal('PAPER', { error: `expected PAPER: ${paperBroker}` }).optional(),
    route: z.undefined({ error: `expected no route: ${paperBroker}` }).optional(),
  })
  .superRefine(notBoth, besideOtherFaults)
  .superRefine(presetOfSize, besideOtherFaults);

/** `account.rules`: what is given replaces the rules there are; neither means none. */
export const AccountRules = z
  .strictObject({ rules: Rules.optional(), preset: Preset.optional() })
  .superRefine(notBoth, besideOtherFaults);
export type RulesGiven = z.infer<typeof AccountRules>;

export const AccountHalt = z.strictObject({ reason: Reason });
export const AccountResume = z.strictObject({ reason: Reason, acknowledge: Id.optional() });
export const AccountAdjust = z.strictObject({ amount: NonZero, reason: Reason });

/** Most positions that one bulk close may name. */
const bulkPositionsMax = 100_000;

export const bulkOrders = ['worst-first', 'best-first', 'largest-first', 'oldest-first'] as const;
export type BulkOrder = (typeof bulkOrders)[number];

/** An entry that is malformed is counted and skipped, so entries are looked at one by one later. */
export const AccountCloseAll = z.strictObject({
  reason: Reason,
  positions: z.array(z.unknown()).max(bulkPositionsMax).optional(),
  order: z.enum(bulkOrders, { error: `expected one of ${bulkOrders.join(', ')}` }).optional(),
});

/** One entry of a bulk close; unknown keys are no fault here. */
export const BulkEntry = z
  .object({ positionId: Id.optional(), ticket: Ticket.optional() })
  .refine((entry) => entry.positionId !== undefined || entry.ticket !== undefined);
