// Refusals are values of one catalogue.
import { expect, test } from 'vitest';
import { CloseoutError } from '#src/domain/errors';
import { isRefused, orThrow, refusalCodes, refuse, type RefusalName } from '#src/domain/refusals';

const names = Object.keys(refusalCodes) as RefusalName[];

/** The codes of contract section 8, and 500 for what is our own fault. */
const contractCodes = [400, 403, 404, 408, 409, 413, 429, 500, 503];

test.each(names)('%s goes out with a code of the contract', (name) => {
  expect(contractCodes).toContain(refusalCodes[name]);
  expect(refuse(name, 'no')).toEqual({ error: { code: refusalCodes[name], name, message: 'no' } });
});

test('a refusal carries its issues and the two numbers compared', () => {
  const issues = [{ path: 'limit', message: 'expected 1 to 1000' }];
  expect(refuse('invalid_request', 'no', { issues })).toMatchObject({ error: { issues } });
  expect(refuse('request_too_large', 'no', { limit: 1, actual: '2' })).toMatchObject({
    error: { limit: 1, actual: '2' },
  });
});

test.each([
  [refuse('not_ready', 'no'), true],
  [{ error: 'of another kind' }, true],
  [{ errors: [] }, false],
  [{}, false],
  [null, false],
  [undefined, false],
  ['error', false],
])('%j is refused: %j', (value, expected) => {
  expect(isRefused(value)).toBe(expected);
});

test('what is not refused comes through', () => {
  expect(orThrow({ closeId: 'x' })).toEqual({ closeId: 'x' });
});

test('a refusal where there must be none is thrown under its name, with every issue', () => {
  const issues = [
    { path: 'a', message: 'expected text' },
    { path: 'b[0]', message: 'is not a known key' },
  ];
  const refused = refuse('invalid_request', 'the settings are not valid', { issues });
  expect(() => orThrow(refused)).toThrow(
    new CloseoutError(
      'invalid_request',
      'the settings are not valid: a: expected text; b[0]: is not a known key',
    ),
  );
  expect(() => orThrow(refuse('not_ready', 'wait'))).toThrow(
    new CloseoutError('not_ready', 'wait'),
  );
});
