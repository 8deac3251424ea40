// Canonical JSON and its hash.
import { expect, test } from 'vitest';
import { canonical, chainStart, hashOf, sha256 } from '#src/domain/chain';

test.each<[unknown, string]>([
  [{ b: 1, a: [true, null, 'é'] }, '{"a":[true,null,"é"],"b":1}'],
  [{ a: undefined, b: {} }, '{"b":{}}'],
  // Numbers and order of keys as RFC 8785 has them.
  [[1e21, 1e-7, -0, Number('333333333.33333329')], '[1e+21,1e-7,0,333333333.3333333]'],
  [{ '\u20ac': 1, '\r': 2, '1': 3 }, '{"\\r":2,"1":3,"\u20ac":1}'],
  ['"\\\n', '"\\"\\\\\\n"'],
])('%j has the canonical form %s', (value, form) => {
  expect(canonical(value)).toBe(form);
});

test('what has no JSON form is refused', () => {
  expect(() => canonical(undefined)).toThrow(new TypeError('the value has no JSON form'));
});

test('a hash is SHA-256 in hex, of text and of bytes alike', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(sha256('abc')).toBe(abc);
  expect(sha256(new TextEncoder().encode('abc'))).toBe(abc);
  expect(hashOf({ b: 1, a: 2 })).toBe(sha256('{"a":2,"b":1}'));
  expect(chainStart).toMatch(/^0{64}$/);
});
