// The rules of an account as they come in (contract section 5).
import { z } from 'zod';
import { anchors, isDayAnchor, ruleActions, type RuleSpec } from '#src/domain/rules';
import { decimal } from '#src/domain/money';
import { withoutValue } from './parse.ts';
import { Amount, Id, NotNegative, Percent, Positive, Timezone } from './primitives.ts';

/** Most rules that an account may have. */
const rulesMax = 32;

/** A week: what waits longer was not meant to close. */
const graceSecondsMax = 604_800;

/** A fault of one field hides none of the others; what is no object has no fields. */
const besideOtherFaults = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
};

const Grace = z.number({ error: `expected 0 to ${graceSecondsMax} seconds` });

const fields = {
  id: Id.describe('unique among the rules of the account'),
  anchor: z
    .enum(anchors, { error: `expected one of ${anchors.join(', ')}` })
    .describe('what the floor is measured from'),
  limitPct: Positive.optional().describe(
    'how far below the anchor the floor is, in percent of `pctOf`, 100 at most; of `marginLevel` the level',
  ),
  limitAmount: Positive.optional().describe('the same in account currency; one of the two'),
  floor: NotNegative.optional().describe(
    'the least that is no breach, in account currency; `fixed` needs it',
  ),
  pctOf: z
    .enum(['anchor', 'initialBalance'], { error: 'expected anchor or initialBalance' })
    .optional()
    .describe('what `limitPct` and `warningPct` are percent of'),
  lockAtInitial: z
    .boolean({ error: 'expected true or false' })
    .optional()
    .describe('the floor never rises above the initial balance + `lockOffset`'),
  lockOffset: Amount.optional().describe('in account currency, beside `lockAtInitial`'),
  observed: z
    .enum(['equity', 'balance'], { error: 'expected equity or balance' })
    .optional()
    .describe('which value is held against the floor; nothing that floats moves the balance'),
  timezone: Timezone.optional().describe('in which the days are'),
  resetAt: z
    .string({ error: 'expected HH:MM' })
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'expected HH:MM, 00:00 to 23:59' })
    .optional()
    .meta({ title: 'HH:MM', description: 'when a day begins, `00:00` to `23:59`' }),
  warningPct: Positive.optional().describe(
    'loss from the anchor at which it warns, in percent of `pctOf`, less than `limitPct` unless the ' +
      'floor is locked; without it three quarters of the limit. Of `fixed` and `marginLevel`: how far above the floor, in percent of it; ' +
      'without it no warning',
  ),
  action: z
    .enum(ruleActions, { error: `expected one of ${ruleActions.join(', ')}` })
    .optional()
    .describe('what a breach does; `reduce` of `marginLevel` only'),
  graceSeconds: Grace.min(0, { error: `expected 0 to ${graceSecondsMax} seconds` })
    .max(graceSecondsMax, { error: `expected 0 to ${graceSecondsMax} seconds` })
    .refine(isWholeMs, { error: 'expected seconds with at most 3 decimals' })
    .optional()
    .describe('from a breach to its closes; with `close` only'),
};

/** A grace is kept in milliseconds; one that is out of its bounds is told so. */
function isWholeMs(seconds: number): boolean {
  return seconds < 0 || seconds > graceSecondsMax || Math.round(seconds * 1000) / 1000 === seconds;
}

const Rule: z.ZodType<RuleSpec> = z.strictObject(fields).superRefine((rule, context) => {
  for (const [path, message] of misfitsOf(rule)) {
    context.addIssue({ code: 'custom', path: [path], message });
  }
  if (rule.limitPct !== undefined && rule.limitAmount !== undefined && isAnchored(rule)) {
    const message = 'expected only one of limitPct, limitAmount; both are given';
    context.addIssue({ code: 'custom', path: ['limitPct'], message, ...withoutValue });
  }
}, besideOtherFaults);

/** Whether its floor is a limit below an anchor. */
function isAnchored({ anchor }: Partial<RuleSpec>): boolean {
  const known = fields.anchor.safeParse(anchor).data;
  return known !== undefined && known !== 'fixed' && known !== 'marginLevel';
}

/**
 * A warning that can never come before the breach: both are percent of the same base. A floor that is
 * locked may be further below the anchor than the limit.
 */
function isDeadWarning({ limitPct, warningPct, lockAtInitial }: Partial<RuleSpec>): boolean {
  const [limit, warning] = [limitPct, warningPct].map((value) => Percent.safeParse(value).data);
  if (limit === undefined || warning === undefined || lockAtInitial === true) return false;
  return decimal(warning).gte(decimal(limit));
}

type Misfit = readonly [field: keyof RuleSpec, message: string];

/** Fields that are valid by themselves and do not fit the anchor, or each other. */
function misfitsOf(rule: Partial<RuleSpec>): Misfit[] {
  const anchor = fields.anchor.safeParse(rule.anchor).data;
  const { action } = rule;
  const misfits: Misfit[] = [];
  const unless = (isGood: boolean, field: keyof RuleSpec, message: string): void => {
    // What is no value of the field is told so by the schema.
    if (!isGood && fields[field].safeParse(rule[field]).success) misfits.push([field, message]);
  };
  const isGiven = (field: keyof RuleSpec): boolean => rule[field] !== undefined;
  const notGiven = (given: readonly (keyof RuleSpec)[], message: string): void => {
    for (const field of given) unless(!isGiven(field), field, message);
  };
  if (anchor === 'fixed') {
    unless(isGiven('floor'), 'floor', 'expected the minimum equity of a fixed rule');
    notGiven(['limitPct', 'limitAmount'], 'expected no limit beside the floor of a fixed rule');
  } else if (anchor === 'marginLevel') {
    unless(isGiven('limitPct'), 'limitPct', 'expected the level of a marginLevel rule');
    notGiven(['limitAmount', 'floor', 'observed'], 'expected only limitPct in a marginLevel rule');
  } else if (anchor !== undefined) {
    notGiven(['floor'], 'expected a floor only in a fixed rule');
    unless(
      isGiven('limitPct') || isGiven('limitAmount'),
      'limitPct',
      'expected either limitPct or limitAmount',
    );
    for (const field of ['limitPct', 'warningPct'] as const) {
      const isPercent = !isGiven(field) || Percent.safeParse(rule[field]).success;
      unless(isPercent, field, 'expected a percentage above 0 and at most 100');
    }
    unless(
      isGiven('limitAmount') || !isDeadWarning(rule),
      'warningPct',
      `expected less than limitPct ${rule.limitPct}, which is reached first`,
    );
  }
  if (anchor === 'fixed' || anchor === 'marginLevel') {
    notGiven(['pctOf', 'lockAtInitial'], 'expected it only in a rule with a limit below an anchor');
  }
  if (anchor !== undefined && !isDayAnchor(anchor)) {
    notGiven(['timezone', 'resetAt'], 'expected it only in a rule whose anchor has days');
  }
  if (rule.lockAtInitial !== true) notGiven(['lockOffset'], 'expected lockAtInitial beside it');
  if (action === 'reduce' && anchor !== undefined) {
    unless(anchor === 'marginLevel', 'action', 'expected reduce only in a marginLevel rule');
  }
  if (action !== undefined && action !== 'close') {
    notGiven(['graceSeconds'], 'expected it only where the action is close');
  }
  return misfits;
}

const besideOtherFaultsOfList = { when: ({ value }: { value: unknown }) => Array.isArray(value) };

export const Rules = z
  .array(Rule, { error: 'expected a list of rules' })
  .max(rulesMax, { error: `expected at most ${rulesMax} rules` })
  .superRefine((rules, context) => {
    const seen = new Set<unknown>();
    rules.forEach((rule: Partial<RuleSpec> | null, i) => {
      const id = rule?.id;
      if (id !== undefined && seen.has(id)) {
        context.addIssue({ code: 'custom', path: [i, 'id'], message: 'expected ids that differ' });
      }
      seen.add(id);
    });
  }, besideOtherFaultsOfList);
