// The rules of an account as they come in (contract section 5).
import { z } from 'zod';
import { anchors, isDayAnchor, ruleActions, type RuleSpec } from '#src/domain/rules';
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
  id: Id,
  anchor: z.enum(anchors, { error: `expected one of ${anchors.join(', ')}` }),
  limitPct: Positive.optional(),
  limitAmount: Positive.optional(),
  floor: NotNegative.optional(),
  pctOf: z
    .enum(['anchor', 'initialBalance'], { error: 'expected anchor or initialBalance' })
    .optional(),
  lockAtInitial: z.boolean({ error: 'expected true or false' }).optional(),
  lockOffset: Amount.optional(),
  observed: z.enum(['equity', 'balance'], { error: 'expected equity or balance' }).optional(),
  timezone: Timezone.optional(),
  resetAt: z
    .string({ error: 'expected HH:MM' })
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'expected HH:MM, 00:00 to 23:59' })
    .optional(),
  warningPct: Positive.optional(),
  action: z.enum(ruleActions, { error: `expected one of ${ruleActions.join(', ')}` }).optional(),
  graceSeconds: Grace.min(0, { error: `expected 0 to ${graceSecondsMax} seconds` })
    .max(graceSecondsMax, { error: `expected 0 to ${graceSecondsMax} seconds` })
    .optional(),
};

const Rule: z.ZodType<RuleSpec> = z.strictObject(fields).superRefine((rule, context) => {
  for (const [path, message] of misfitsOf(rule)) {
    context.addIssue({ code: 'custom', path: [path], message });
  }
}, besideOtherFaults);

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
      isGiven('limitPct') !== isGiven('limitAmount'),
      'limitPct',
      'expected either limitPct or limitAmount',
    );
    for (const field of ['limitPct', 'warningPct'] as const) {
      const isPercent = !isGiven(field) || Percent.safeParse(rule[field]).success;
      unless(isPercent, field, 'expected a percentage above 0 and at most 100');
    }
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
  .array(Rule)
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
