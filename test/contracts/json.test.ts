// JSON from outside: limited in size and depth, and well-formed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  asObject,
  depthOf,
  parseObject,
  requestBytesMax,
  requestDepthMax,
} from '#src/contracts/json';
import { isRefused, type Refused } from '#src/domain/refusals';

const encoder = new TextEncoder();
const bytesOf = (text: string): Uint8Array => encoder.encode(text);

/** An object `depth` levels deep. */
function nested(depth: number): string {
  return `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;
}

/** The depth by another way: as it is parsed. */
function parsedDepth(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(parsedDepth));
}

test.each<[string, object]>([
  ['', {}],
  ['{}', {}],
  [' {"a": [1, "x", null, {"b": 1.5e3}]}\n', { a: [1, 'x', null, { b: 1500 }] }],
  ['{"a":"}]{[\\"","b":"\\\\"}', { a: '}]{["', b: '\\' }],
  ['{"a":"\\ud83d\\ude00","b":"é"}', { a: '😀', b: 'é' }],
  [`{"a":"${'['.repeat(1000)}"}`, { a: '['.repeat(1000) }],
])('%s is an object', (text, value) => {
  expect(parseObject(bytesOf(text))).toEqual({ value });
});

const noJson = 'the request is no JSON object: expected a JSON object';

test.each([
  ['{'],
  ['{"a":1,}'],
  ["{'a':1}"],
  ['{"a":NaN}'],
  ['{"a":1}{}'],
  ['[]'],
  ['[{"a":1}]'],
  ['5'],
  ['"x"'],
  ['null'],
  ['true'],
  [' '],
  ['position.close'],
  ['{"a":"\n"}'],
])('%j is no JSON object', (text) => {
  expect(parseObject(bytesOf(text))).toEqual({
    error: {
      code: 400,
      name: 'invalid_request',
      message: noJson,
      issues: [{ path: '', message: 'expected a JSON object' }],
    },
  });
});

test('bytes that are no UTF-8 are no JSON', () => {
  const bytes = Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
  expect((parseObject(bytes) as Refused).error.message).toBe(noJson);
});

test('a request has 256 KiB at the most', () => {
  const largest = `{"a":"${'x'.repeat(requestBytesMax - 8)}"}`;
  expect(isRefused(parseObject(bytesOf(largest)))).toBe(false);
  expect(requestBytesMax).toBe(256 * 1024);
  expect(parseObject(bytesOf(`${largest} `))).toMatchObject({
    error: { code: 413, name: 'request_too_large', limit: 262_144, actual: 262_145 },
  });
});

test('a request has 32 levels at the most, and is not parsed to see that', () => {
  expect(requestDepthMax).toBe(32);
  expect(isRefused(parseObject(bytesOf(nested(32))))).toBe(false);
  for (const [text, actual] of [
    [nested(33), 33],
    [nested(1000), 1000],
    ['['.repeat(100_000), 100_000],
  ] as const) {
    expect(parseObject(bytesOf(text))).toMatchObject({
      error: { code: 413, name: 'request_too_deep', limit: 32, actual },
    });
  }
});

test.each([
  ['{"a":"\\ud800"}', 'a'],
  ['{"a":["x","\\uDC00"]}', 'a[1]'],
  ['{"b":{"\\udfff":1}}', 'b.\ufffd'],
])('half a character, as in %s, is refused where it stands', (text, path) => {
  const message = 'expected well-formed Unicode';
  expect(parseObject(bytesOf(text))).toMatchObject({
    error: { code: 400, name: 'invalid_request', issues: [{ path, message }] },
  });
});

test('many faults are not all listed', () => {
  const halves = new Array(20_000).fill('"\\ud800"').join(',');
  const { error } = parseObject(bytesOf(`{"a":[${halves}]}`)) as Refused;
  expect(error.issues).toHaveLength(50);
});

test('the depth without parsing is that of the parsed value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(undefined, 2), (value, indent) => {
      expect(depthOf(bytesOf(JSON.stringify(value, undefined, indent)))).toBe(parsedDepth(value));
    }),
  );
});

test('an object that JSON can say is the same from either side', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));
  fc.assert(
    fc.property(object, (given) => {
      const text = JSON.stringify(given);
      const value = JSON.parse(text) as object;
      expect(parseObject(bytesOf(text))).toEqual({ value });
      expect(asObject(value)).toEqual({ value });
    }),
  );
});

const circle: Record<string, unknown> = { a: {} };
circle['a'] = { b: [circle] };
const shared = { x: 1 };

test.each<[unknown, string | undefined, string?]>([
  [{ a: 1 }, undefined],
  [{ a: shared, b: [shared] }, undefined],
  [JSON.parse(nested(32)), undefined],
  [JSON.parse(nested(33)), 'request_too_deep'],
  [circle, 'invalid_request', 'a.b[0]'],
  [{ a: 'x\ud800' }, 'invalid_request', 'a'],
  [[], 'invalid_request', ''],
  ['x', 'invalid_request', ''],
  [null, 'invalid_request', ''],
  [undefined, 'invalid_request', ''],
])('a value of the same process is held to the same limits: %#', (value, name, path) => {
  const result = asObject(value);
  const { error } = isRefused(result) ? result : {};
  expect([error?.name, error?.issues?.[0]?.path]).toEqual([name, path]);
  expect('value' in result && result.value === value).toBe(name === undefined);
});
