// Presets: what they say of each size, worked out by hand from the rules that the firms publish.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decimal, text } from '#src/domain/money';
import { presetNames, presetRules, presetSizes, type PresetName } from '#src/domain/presets';
import { levelsOf } from '#src/domain/rule-levels';
import { ruleOf, type RuleSpec } from '#src/domain/rules';

interface Anchors {
  /** Highest equity; without it the initial balance. */
  peak?: string;
  /** Taken at the end of days, by rule; without it the initial balance. */
  days?: Record<string, string>;
}

/** `rule floor`, of each rule in turn. */
function floorsOf(name: PresetName, size: string, { peak = size, days = {} }: Anchors = {}) {
  const standing = {
    peak: decimal(peak),
    initialBalance: decimal(size),
    anchors: new Map(Object.entries(days).map(([id, value]) => [id, { value: decimal(value) }])),
  };
  return presetRules(name, decimal(size))?.map((spec) => {
    return `${spec.id} ${text(levelsOf(ruleOf(spec), standing).floor)}`;
  });
}

test('the names are those of the contract', () => {
  expect(presetNames).toEqual(['default', 'ftmo-2step', 'ftmo-1step', 'topstep', 'apex']);
});

test.each<[PresetName, size: string, floors: string[]]>([
  ['default', '0.01', ['peak 0.008', 'minimum 100']],
  ['default', '12345.67', ['peak 9876.536', 'minimum 100']],
  ['ftmo-2step', '10000', ['daily-loss 9500', 'max-loss 9000']],
  ['ftmo-2step', '25000', ['daily-loss 23750', 'max-loss 22500']],
  ['ftmo-2step', '50000', ['daily-loss 47500', 'max-loss 45000']],
  ['ftmo-2step', '100000', ['daily-loss 95000', 'max-loss 90000']],
  ['ftmo-2step', '200000', ['daily-loss 190000', 'max-loss 180000']],
  ['ftmo-1step', '10000', ['daily-loss 9700', 'max-loss 9000']],
  ['ftmo-1step', '25000', ['daily-loss 24250', 'max-loss 22500']],
  ['ftmo-1step', '50000', ['daily-loss 48500', 'max-loss 45000']],
  ['ftmo-1step', '100000', ['daily-loss 97000', 'max-loss 90000']],
  ['ftmo-1step', '200000', ['daily-loss 194000', 'max-loss 180000']],
  ['topstep', '50000', ['max-loss 48000']],
  ['topstep', '100000', ['max-loss 97000']],
  ['topstep', '150000', ['max-loss 145500']],
  ['apex', '25000', ['trailing-threshold 23500']],
  ['apex', '50000', ['trailing-threshold 47500']],
  ['apex', '75000', ['trailing-threshold 72250']],
  ['apex', '100000', ['trailing-threshold 97000']],
  ['apex', '150000', ['trailing-threshold 145000']],
  ['apex', '250000', ['trailing-threshold 243500']],
  ['apex', '300000', ['trailing-threshold 292500']],
])('%s of %s begins with the floors %j', (name, size, floors) => {
  expect(floorsOf(name, size)).toEqual(floors);
});

test.each<[why: string, PresetName, size: string, Anchors, floors: string[]]>([
  [
    'the day is measured in percent of the initial balance, not of the balance at midnight',
    'ftmo-2step',
    '100000',
    { days: { 'daily-loss': '108000' } },
    ['daily-loss 103000', 'max-loss 90000'],
  ],
  [
    'after losing days the floor of the day lies below the one of the whole',
    'ftmo-2step',
    '100000',
    { days: { 'daily-loss': '92000' } },
    ['daily-loss 87000', 'max-loss 90000'],
  ],
  [
    'a peak moves nothing',
    'ftmo-2step',
    '200000',
    { peak: '260000' },
    ['daily-loss 190000', 'max-loss 180000'],
  ],
  [
    "the firm's own example, the second day",
    'ftmo-1step',
    '100000',
    { days: { 'daily-loss': '104000', 'max-loss': '104000' } },
    ['daily-loss 101000', 'max-loss 94000'],
  ],
  [
    "the firm's own example, the third day",
    'ftmo-1step',
    '100000',
    { days: { 'daily-loss': '103000', 'max-loss': '104000' } },
    ['daily-loss 100000', 'max-loss 94000'],
  ],
  [
    'it rises without end, past the initial balance',
    'ftmo-1step',
    '100000',
    { days: { 'daily-loss': '125000', 'max-loss': '130000' } },
    ['daily-loss 122000', 'max-loss 120000'],
  ],
  [
    "the firm's own example",
    'topstep',
    '50000',
    { days: { 'max-loss': '50500' } },
    ['max-loss 48500'],
  ],
  [
    'a cent below the lock',
    'topstep',
    '50000',
    { days: { 'max-loss': '51999.99' } },
    ['max-loss 49999.99'],
  ],
  ['at the lock', 'topstep', '50000', { days: { 'max-loss': '52000' } }, ['max-loss 50000']],
  ['beyond the lock', 'topstep', '50000', { days: { 'max-loss': '61000' } }, ['max-loss 50000']],
  [
    'the largest, locked',
    'topstep',
    '150000',
    { days: { 'max-loss': '154500' } },
    ['max-loss 150000'],
  ],
  ["the firm's own example", 'apex', '50000', { peak: '50875' }, ['trailing-threshold 48375']],
  ['a cent below the lock', 'apex', '50000', { peak: '52599.99' }, ['trailing-threshold 50099.99']],
  ['at the lock', 'apex', '50000', { peak: '52600' }, ['trailing-threshold 50100']],
  ['beyond the lock', 'apex', '50000', { peak: '60000' }, ['trailing-threshold 50100']],
  ['the largest, locked', 'apex', '300000', { peak: '307600' }, ['trailing-threshold 300100']],
])('%s: %s of %s with %j has the floors %j', (_, name, size, anchors, floors) => {
  expect(floorsOf(name, size, anchors)).toEqual(floors);
});

test.each<[PresetName, size: string]>([
  ['ftmo-2step', '5000'],
  ['ftmo-2step', '99999.99'],
  ['ftmo-2step', '160000'],
  ['ftmo-2step', '400000'],
  ['ftmo-1step', '100001'],
  ['topstep', '25000'],
  ['topstep', '50000.01'],
  ['topstep', '200000'],
  ['apex', '10000'],
  ['apex', '200000'],
  ['apex', '-50000'],
])('%s has no account of %s', (name, size) => {
  expect(presetRules(name, decimal(size))).toBeUndefined();
});

test('a size is a number, however it is written', () => {
  for (const written of ['50000', '50000.00', '+50000', 50_000, 5e4]) {
    expect(presetRules('topstep', decimal(written))).toEqual(
      presetRules('topstep', decimal(50_000)),
    );
  }
});

test('the sizes that are told are those that there are rules of', () => {
  expect(presetSizes('default')).toBeUndefined();
  expect(presetSizes('topstep')).toEqual(['50000', '100000', '150000']);
  for (const name of presetNames) {
    for (const size of presetSizes(name) ?? []) expect(floorsOf(name, size)).toBeDefined();
  }
});

test('only the clock that the firm names begins a day', () => {
  const clocks = presetNames.map((name) => {
    const rules = presetRules(name, decimal(50_000)) ?? [];
    return [name, rules.map(ruleOf).flatMap(({ day }) => day ?? [])];
  });
  const prague = { timezone: 'Europe/Prague', resetAt: '00:00' };
  expect(Object.fromEntries(clocks)).toEqual({
    default: [],
    'ftmo-2step': [prague],
    'ftmo-1step': [prague, prague],
    topstep: [{ timezone: 'America/Chicago', resetAt: '17:00' }],
    apex: [],
  });
});

test('a breach closes at once, by equity', () => {
  for (const name of presetNames) {
    for (const spec of presetRules(name, decimal(50_000)) ?? []) {
      expect(ruleOf(spec)).toMatchObject({ action: 'close', graceMs: 0, observed: 'equity' });
    }
  }
});

interface Documented {
  /** Initial balance and the limit beside it, of each row of the table. */
  limits: string[][];
  /** Rules written out, in the form in which they are stored. */
  rules: unknown[];
}

function documented(name: PresetName): Documented {
  const page = readFileSync(new URL('../../docs/presets.md', import.meta.url), 'utf8');
  const section = page.split(/^## /m).find((part) => part.startsWith(`\`${name}\`\n`)) ?? '';
  const rows = [...section.matchAll(/^\| ([\d,]+) +\| ([\d,]+) /gm)];
  const blocks = [...section.matchAll(/```json\n(.*?)```/gs)];
  return {
    limits: rows.map(([, ...cells]) => cells.map((cell) => cell.replaceAll(',', ''))),
    rules: blocks.flatMap(([, json = '']) =>
      (JSON.parse(json) as RuleSpec[]).map((rule) => ruleOf(rule).record),
    ),
  };
}

test('the tables of the docs are those of the presets', () => {
  for (const name of presetNames) {
    const rows = (presetSizes(name) ?? []).map((size) => {
      const [first = ''] = floorsOf(name, size) ?? [];
      return [size, text(decimal(size).minus(first.replace(/^\S+ /, '')))];
    });
    expect(documented(name).limits, name).toEqual(rows);
  }
});

test('what the docs write out are the rules of the presets, or others where they say so', () => {
  const recordsOf = (name: PresetName): unknown[] =>
    (presetRules(name, decimal(50_000)) ?? []).map((rule) => ruleOf(rule).record);
  expect(documented('ftmo-1step').rules).toEqual(recordsOf('ftmo-1step'));
  const [maxLoss, dailyLoss] = documented('topstep').rules;
  expect([maxLoss]).toEqual(recordsOf('topstep'));
  expect(dailyLoss).toMatchObject({ anchor: 'dayStartBalance', limitAmount: '1000' });
  const [threshold] = recordsOf('apex');
  expect(documented('apex').rules).toEqual([{ ...(threshold as object), limitAmount: '2000' }]);
});
