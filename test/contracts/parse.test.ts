// Every fault of a value, each with its path, what was expected and what was there.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parse, pathText, refuseIssues } from '#src/contracts/parse';
import { faultsOf } from './faults.ts';

test('a value that fits comes out as the schema makes it', () => {
  const schema = z.strictObject({ a: z.number().default(5) });
  expect(parse(schema, {})).toEqual({ ok: true, value: { a: 5 } });
});

test.each<[string, PropertyKey[], string]>([
  ['', [], ''],
  ['', ['a'], 'a'],
  ['', ['accounts', 1, 'rules', 0, 'id'], 'accounts[1].rules[0].id'],
  ['', [0, 'a'], '[0].a'],
  ['body', ['a'], 'body.a'],
  ['body', [], 'body'],
  ['list', [3], 'list[3]'],
  ['', ['marketGuards', 'EUR.USD'], 'marketGuards.EUR.USD'],
])('from %j, %j is the path %j', (at, path, expected) => {
  expect(pathText(at, path)).toBe(expected);
});

const Item = z.strictObject({ n: z.number({ error: 'expected a number' }) });

test('all faults are named, not the first', () => {
  const schema = z.strictObject({
    items: z.array(Item),
    name: z.string({ error: 'expected text' }),
  });
  expect(faultsOf(schema, { items: [{ n: 1 }, { n: 'x' }, {}], other: 1 })).toEqual([
    'items[1].n: expected a number, was "x"',
    'items[2].n: expected a number, was missing',
    'name: expected text, was missing',
    'other: is not a known key',
  ]);
});

test('paths begin where the value stands', () => {
  const parsed = parse(Item, { n: 'x', m: 1 }, 'positions[3]');
  expect(parsed).toEqual({
    ok: false,
    issues: [
      { path: 'positions[3].n', message: 'expected a number, was "x"' },
      { path: 'positions[3].m', message: 'is not a known key; known are n' },
    ],
  });
});

test('a list that is too long, a text or a number too large: in our own words', () => {
  const schema = z.strictObject({
    items: z.array(z.boolean()).max(1),
    name: z.string().max(2),
    n: z.number().max(3),
    at: z.record(z.string(), z.int()),
  });
  expect(faultsOf(schema, { items: [true, true], name: 'abc', n: 4, at: { x: 0.5 } })).toEqual([
    'items: expected at most 1 items, was [true,true]',
    'name: expected at most 2 characters, was "abc"',
    'n: expected at most 3, was 4',
    'at.x: expected a whole number, was 0.5',
  ]);
  expect(faultsOf(schema, { items: {}, name: 5, n: true, at: [] })).toEqual([
    'items: expected a list, was {}',
    'name: expected text, was 5',
    'n: expected a number, was true',
    'at: expected an object, was []',
  ]);
});

const Keys = z.strictObject({
  limitPct: z.number().optional(),
  limitAmount: z.number().optional(),
  events: z.array(z.string()).optional(),
  by: z.strictObject({ id: z.string().optional() }).optional(),
});
test.each<[string, string]>([
  ['limitPercent', ', did you mean limitPct?'],
  ['LIMITAMOUNT', ', did you mean limitAmount?'],
  ['event', ', did you mean events?'],
  ['ab', '; known are limitPct, limitAmount, events, by'],
  ['x'.repeat(65), '; known are limitPct, limitAmount, events, by'],
])('of the unknown key %s it is said what was meant, or what is known', (key, said) => {
  const all = z.strictObject({ list: z.array(z.union([z.literal(false), Keys])) });
  for (const [schema, value, at] of [
    [Keys, { [key]: 1 }, ''],
    [all, { list: [{ [key]: 1 }] }, 'list[0].'],
  ] as const) {
    const parsed = parse(schema as z.ZodType, value);
    const issues = [{ path: `${at}${key}`, message: `is not a known key${said}` }];
    expect(parsed).toEqual({ ok: false, issues });
  }
});

test.each([
  ['https:/hooks.example/T0/secret', 'https:/…'],
  ['htps://hooks.example/T0/secret?token=secret', 'htps://hooks.example/…'],
  ['ftp://me:secret@hooks.example?secret', 'ftp://***@hooks.example/…'],
  ['hooks.example/secret', 'hooks.example/…'],
  ['ftp://hooks.example/', 'ftp://hooks.example/'],
])('of the address %s, which may hold a secret, only the host is shown', (url, shown) => {
  const schema = z.strictObject({ url: z.never({ error: 'expected another' }) });
  expect(faultsOf(schema, { url })).toEqual([`url: expected another, was "${shown}"`]);
});

test.each([
  ['pctOf', 'is not a known key'],
  ['confirmMs', 'is not a known key'],
  ['trailing', 'is not a known key'],
  ['quantity', 'is not a known key'],
  ['liquidity', 'is not a known key'],
  ['notifiers', 'is not a known key'],
  ['routes', 'is not a known key'],
  ['CLOSEOUT_OBSERVE_ONLY', 'is not supported by this version'],
  ['stoploss', 'is not a known key'],
  ['__proto__x', 'is not a known key'],
])('the unknown key %s %s', (key, message) => {
  expect(faultsOf(z.strictObject({}), { [key]: 1 })).toEqual([`${key}: ${message}`]);
});

test('a value of none of several kinds is told what it could be', () => {
  const schema = z.strictObject({
    a: z.union([z.literal(false), Item], { error: 'expected false or an item' }),
  });
  expect(faultsOf(schema, { a: true })).toEqual(['a: expected false or an item, was true']);
  expect(faultsOf(schema, {})).toEqual(['a: expected false or an item, was missing']);
});

test('of several kinds, the faults are those of the one that it came furthest into', () => {
  const Far = z.strictObject({ at: z.strictObject({ x: z.literal(1, { error: 'expected 1' }) }) });
  const Near = z.strictObject({ at: z.literal(2, { error: 'expected 2' }) });
  for (const options of [
    [Near, Far],
    [Far, Near],
  ] as const) {
    const schema = z.strictObject({ list: z.array(z.union(options)) });
    expect(faultsOf(schema, { list: [{ at: { x: 5 } }] })).toEqual([
      'list[0].at.x: expected 1, was 5',
    ]);
  }
});

test('a key of a record that is no key is named, with what was expected of it', () => {
  const schema = z.strictObject({
    by: z.record(z.string().regex(/^[a-z]$/, { error: 'expected a letter' }), Item),
  });
  expect(faultsOf(schema, { by: { a: { n: 1 }, '7': { n: 1 } } })).toEqual([
    'by.7: expected a letter, was "7"',
  ]);
});

const circle: Record<string, unknown> = {};
circle['self'] = circle;

test.each<[unknown, string]>([
  ['x'.repeat(58), `"${'x'.repeat(58)}"`],
  ['x'.repeat(59), `"${'x'.repeat(59)}…`],
  [`${'x'.repeat(58)}😀`, `"${'x'.repeat(58)}\ufffd…`],
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  [null, 'null'],
  [[1, 2], '[1,2]'],
  [() => 1, 'function'],
  [Symbol('s'), 'symbol'],
  [5n, 'bigint'],
  [circle, 'object'],
])('a value is shown in short', (value, shown) => {
  expect(faultsOf(z.boolean({ error: 'expected a boolean' }), value)).toEqual([
    `: expected a boolean, was ${shown}`,
  ]);
});

test('at most fifty faults are listed, be they fields, keys or items', () => {
  const schema = z.strictObject({ items: z.array(z.number()) });
  expect(faultsOf(schema, { items: new Array(200).fill('x') })).toHaveLength(50);
  const keys = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, 1]));
  expect(faultsOf(z.strictObject({}), keys)).toHaveLength(50);
});

test('a refusal of a body says what is wrong first, and lists the rest', () => {
  const issues = [
    { path: 'a', message: 'expected text, was 5' },
    { path: 'b', message: 'is no number, was "x"' },
  ];
  expect(refuseIssues('position.track', issues)).toEqual({
    error: {
      code: 400,
      name: 'invalid_request',
      message: 'position.track is not valid: a: expected text, was 5; 1 more fault in issues',
      issues,
    },
  });
  const unknown = { path: 'c', message: 'is not a known key, did you mean a?' };
  expect(refuseIssues('it', [...issues, unknown]).error.message).toBe(
    'it is not valid: c: is not a known key, did you mean a?; 2 more faults in issues',
  );
  expect(refuseIssues('it', [{ path: '', message: 'expected an object' }]).error.message).toBe(
    'it is not valid: expected an object',
  );
  expect(refuseIssues('it', []).error.message).toBe('it is not valid');
});
