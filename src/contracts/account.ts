// Accounts and their rules as they come in (contract sections 5 and 8).
import { z } from 'zod';
import { decimal, text, type Decimal } from '#src/domain/money';
import { presetNames, presetRules, presetSizes } from '#src/domain/presets';
import type { Issue } from '#src/domain/refusals';
import { withoutValue } from './parse.ts';
import { Rules } from './rules.ts';
import { Currency, Id, NonZero, Positive, Reason, SymbolName, Ticket } from './primitives.ts';

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

/** What initial balance the preset expects; undefined where it has that one, or there is no such preset. */
function presetFault(preset: unknown, initialBalance: Decimal): string | undefined {
  const name = presetNames.find((one) => one === preset);
  if (name === undefined || presetRules(name, initialBalance) !== undefined) return undefined;
  return `expected an initial balance of ${presetSizes(name)?.join(', ') ?? ''} for ${name}`;
}

/** Of a preset that is given to an account which is there, and has no rules for its size. */
export function presetFaults(
  { preset }: { readonly preset?: unknown },
  initialBalance: Decimal,
): Issue[] {
  const fault = presetFault(preset, initialBalance);
  if (fault === undefined) return [];
  return [{ path: 'preset', message: `${fault}, that of the account is ${text(initialBalance)}` }];
}

function presetOfSize(body: HasRules & { balance?: unknown }, context: z.RefinementCtx): void {
  const balance = Positive.safeParse(body.balance);
  const fault = balance.success ? presetFault(body.preset, decimal(balance.data)) : undefined;
  if (fault === undefined) return;
  context.addIssue({ code: 'custom', path: ['balance'], message: fault });
}

function notBoth(body: HasRules, context: z.RefinementCtx): void {
  if (body.rules !== undefined && body.preset !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['preset'],
      message: 'expected only one of rules, preset; both are given',
      ...withoutValue,
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

const ruleFields = {
  rules: Rules.optional().describe('account rules, below; none without these and `preset`'),
  preset: Preset.optional().describe(
    'rules by name and size: `docs/presets.md`; not beside `rules`',
  ),
};

const accountFields = {
  currency: Currency.describe('of balance, P&L and limits'),
  balance: Positive.describe('the initial balance'),
  ...ruleFields,
};

const routing = {
  mode: Mode.optional().describe('`PAPER`: filled here; `LIVE`: closed at a provider'),
  route: Id.optional().describe('the provider; needed for `LIVE`'),
};

/** `account.create`: the id may come from the subject. */
export const AccountCreate = z
  .strictObject({
    accountId: Id.optional().describe('the account of the subject where absent'),
    ...accountFields,
    ...routing,
  })
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
export const AccountRules = z.strictObject(ruleFields).superRefine(notBoth, besideOtherFaults);
export type RulesGiven = z.infer<typeof AccountRules>;

export const AccountHalt = z.strictObject({ reason: Reason });
export const AccountResume = z.strictObject({
  reason: Reason,
  acknowledge: Id.optional().describe(
    'after a breach its `breachId`; after `account.halt` nothing',
  ),
});
export const AccountGet = z.strictObject({
  symbol: SymbolName.optional().describe(
    '`entries` then say of the symbol, too: of its market guard and of its hours',
  ),
});

export const AccountAdjust = z.strictObject({
  amount: NonZero.describe('deposit above 0, withdrawal below; anchors move by it, `fixed` stays'),
  reason: Reason,
});

/** Most positions that one bulk close may name. */
const bulkPositionsMax = 100_000;

export const bulkOrders = ['worst-first', 'best-first', 'largest-first', 'oldest-first'] as const;
export type BulkOrder = (typeof bulkOrders)[number];

/** An entry that is malformed is counted and skipped, so entries are looked at one by one later. */
export const AccountCloseAll = z.strictObject({
  reason: Reason,
  positions: z
    .array(z.unknown())
    .max(bulkPositionsMax)
    .optional()
    .describe('`{positionId}` or `{ticket}` each; all open ones where absent'),
  order: z
    .enum(bulkOrders, { error: `expected one of ${bulkOrders.join(', ')}` })
    .optional()
    .describe('`worst-first` where absent'),
});

/** One entry of a bulk close; unknown keys are no fault here. */
export const BulkEntry = z
  .object({ positionId: Id.optional(), ticket: Ticket.optional() })
  .refine((entry) => entry.positionId !== undefined || entry.ticket !== undefined);
