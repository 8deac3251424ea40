// Rules by name: this project's own choice, and what prop firms publish, by account size.
//
// Firms change their rules. Each table says whose it is, from which page, as of when, and how sure
// that is; docs/presets.md says it at length. A user must hold it against the firm's own page.
import { text, type Decimal } from './money.ts';
import type { RuleSpec } from './rules.ts';

export const presetNames = ['default', 'ftmo-2step', 'ftmo-1step', 'topstep', 'apex'] as const;
export type PresetName = (typeof presetNames)[number];

interface Preset {
  /** Initial balances that the firm has accounts of; undefined: any. */
  readonly sizes: readonly string[] | undefined;
  readonly rulesOf: (size: string) => readonly RuleSpec[];
}

/** The same rules, in percent, for each of the sizes. */
function inPercent(sizes: readonly string[] | undefined, rules: readonly RuleSpec[]): Preset {
  return { sizes, rulesOf: () => rules };
}

/** One rule whose limit is an amount that depends on the size. */
function byAmount(limits: ReadonlyMap<string, string>, rule: RuleSpec): Preset {
  const rulesOf = (size: string): RuleSpec[] => [{ ...rule, limitAmount: limits.get(size) }];
  return { sizes: [...limits.keys()], rulesOf };
}

const prague = { timezone: 'Europe/Prague', resetAt: '00:00' } as const;

/** FTMO's sizes in USD; other currencies have others. As of 2026-10, from secondary sources. */
const ftmoSizes = ['10000', '25000', '50000', '100000', '200000'];

/**
 * FTMO, two-step: equity no lower than the balance at midnight in Prague less 5 % of the initial
 * balance, and never lower than 90 % of the initial balance.
 *
 * Sources: "Maximum Daily Loss" and "Maximum Loss", FTMO Academy; "Trading Objectives", ftmo.com.
 * As of 2026-10. Sure: read in stored copies of the firm's pages, and told the same by others.
 */
const ftmoTwoStep: readonly RuleSpec[] = [
  {
    id: 'daily-loss',
    anchor: 'dayStartBalance',
    limitPct: '5',
    pctOf: 'initialBalance',
    ...prague,
  },
  { id: 'max-loss', anchor: 'initialBalance', limitPct: '10' },
];

/**
 * FTMO, one-step: 3 % of the initial balance a day, and 10 % of it below the highest balance at any
 * midnight in Prague, the initial one included; that limit rises without end.
 *
 * Sources: "Trading Objectives" and the FAQ on the 1-Step's Maximum Loss, ftmo.com. As of 2026-10.
 * The maximum loss is sure (a stored copy of the firm's page, with its example); that the day's 3 %
 * are below the balance at midnight, as in the two-step, is what secondary sources say.
 */
const ftmoOneStep: readonly RuleSpec[] = [
  {
    id: 'daily-loss',
    anchor: 'dayStartBalance',
    limitPct: '3',
    pctOf: 'initialBalance',
    ...prague,
  },
  {
    id: 'max-loss',
    anchor: 'highestDayEndBalance',
    limitPct: '10',
    pctOf: 'initialBalance',
    ...prague,
  },
];

/**
 * Topstep, Trading Combine: the Maximum Loss Limit by size, below the highest balance at the end of
 * any day, until it has reached the initial balance. The Daily Loss Limit is an option that a
 * trader may choose, so it is not in here; docs/presets.md says how to add it.
 *
 * Source: "What is the Maximum Loss Limit?", Topstep Help Center. As of 2026-10. Sure of the rule
 * and its amounts; a day ends at 17:00 in Chicago because the firm's trading day begins then.
 */
const topstepLimits: ReadonlyMap<string, string> = new Map([
  ['50000', '2000'],
  ['100000', '3000'],
  ['150000', '4500'],
]);

const topstepRule: RuleSpec = {
  id: 'max-loss',
  anchor: 'highestDayEndBalance',
  lockAtInitial: true,
  timezone: 'America/Chicago',
  resetAt: '17:00',
};

/**
 * Apex Trader Funding, "Full" accounts, which the firm now calls Legacy: the trailing threshold by
 * size, below the highest equity ever seen, open positions included, until it is 100 above the
 * initial balance (of a Performance Account). What it has sold since March 2026 has other limits,
 * most of them tighter, and is not in here; docs/presets.md has it.
 *
 * Sources: "Legacy Evaluation Rules" and "Legacy PA Payout Parameters", Apex help center. As of
 * 2026-10. Secondary: the firm's pages could not be read; several readers of them quote the same.
 */
const apexLimits: ReadonlyMap<string, string> = new Map([
  ['25000', '1500'],
  ['50000', '2500'],
  ['75000', '2750'],
  ['100000', '3000'],
  ['150000', '5000'],
  ['250000', '6500'],
  ['300000', '7500'],
]);

const apexRule: RuleSpec = {
  id: 'trailing-threshold',
  anchor: 'peakEquity',
  lockAtInitial: true,
  lockOffset: '100',
};

/** This project's own choice, for accounts of any size. */
const ownChoice: readonly RuleSpec[] = [
  { id: 'peak', anchor: 'peakEquity', limitPct: '20', warningPct: '15' },
  { id: 'minimum', anchor: 'fixed', floor: '100' },
];

const presets: Readonly<Record<PresetName, Preset>> = {
  default: inPercent(undefined, ownChoice),
  'ftmo-2step': inPercent(ftmoSizes, ftmoTwoStep),
  'ftmo-1step': inPercent(ftmoSizes, ftmoOneStep),
  topstep: byAmount(topstepLimits, topstepRule),
  apex: byAmount(apexLimits, apexRule),
};

/** The rules of an account of that initial balance; undefined: the firm has none of that size. */
export function presetRules(
  name: PresetName,
  initialBalance: Decimal,
): readonly RuleSpec[] | undefined {
  const { sizes, rulesOf } = presets[name];
  const size = text(initialBalance);
  return sizes === undefined || sizes.includes(size) ? rulesOf(size) : undefined;
}

/** Initial balances that the preset knows, the smallest first; undefined: any. */
export function presetSizes(name: PresetName): readonly string[] | undefined {
  return presets[name].sizes;
}
