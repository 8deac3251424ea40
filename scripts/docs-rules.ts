// The table of a rule's fields. Which anchors take a field is found out by trying it with each.
import { Rules } from '#src/contracts/rules';
import { anchors, isDayAnchor, ruleOf, type Anchor, type RuleSpec } from '#src/domain/rules';
import { code, defaultOf, fieldsOf, table } from './docs-fields.ts';

/** A value of each field that is valid by itself. */
const samples: Required<RuleSpec> = {
  id: 'r',
  anchor: 'fixed',
  limitPct: 5,
  limitAmount: 5,
  floor: 5,
  pctOf: 'initialBalance',
  lockAtInitial: true,
  lockOffset: 5,
  observed: 'balance',
  timezone: 'UTC',
  resetAt: '00:00',
  warningPct: 2,
  action: 'warn',
  graceSeconds: 5,
};

/** Whether some rule of the anchor has the field. */
function takes(anchor: Anchor, field: keyof RuleSpec): boolean {
  const beside = [{}, { limitPct: 5 }, { floor: 5 }, { limitPct: 5, lockAtInitial: true }];
  return beside.some((more) => {
    const rule = { id: 'r', ...more, [field]: samples[field], anchor };
    return Rules.safeParse([rule]).success;
  });
}

/** The anchors as a reader would name them together. */
function anchorsTaking(field: keyof RuleSpec): string {
  const taking = anchors.filter((anchor) => takes(anchor, field));
  const others = anchors.filter((anchor) => !taking.includes(anchor));
  if (taking.length === 0) throw new Error(`no anchor takes ${field}`);
  if (others.length === 0) return 'all';
  if (taking.join() === anchors.filter(isDayAnchor).join()) return 'those of days';
  const [few, word] = taking.length <= others.length ? [taking, ''] : [others, 'all but '];
  return word + few.map(code).join(', ');
}

/** What a rule is that says nothing of it. */
function ruleDefaults(): Partial<Record<keyof RuleSpec, unknown>> {
  const { pctOf, observed, action, graceMs, day } = ruleOf({ id: 'r', anchor: 'dayStartBalance' });
  const locked = ruleOf({ id: 'r', anchor: 'peakEquity', lockAtInitial: true });
  const { lockOffset } = ruleOf({ id: 'r', anchor: 'peakEquity' });
  return {
    ...{ pctOf, observed, action, ...day },
    lockAtInitial: lockOffset !== undefined,
    lockOffset: locked.lockOffset?.toString(),
    graceSeconds: graceMs / 1000,
  };
}

export function ruleTable(): string {
  const defaults = ruleDefaults();
  const rows = fieldsOf(Rules.element).map((field) => {
    const name = field.path as keyof RuleSpec;
    const which = name === 'id' || name === 'anchor' ? 'all' : anchorsTaking(name);
    return [code(name), field.type, defaultOf(field, defaults[name]), which, field.what];
  });
  return table(['field', 'type', 'default', 'anchors', 'what'], rows);
}
