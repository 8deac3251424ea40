// Failures of the world, broken invariants, and what is said of either.
import { expect, test } from 'vitest';
import { CloseoutError, invariant, InvariantError, messageOf } from '#src/domain/errors';

test('an operational failure carries its code, its cause and whether to try again', () => {
  const cause = new Error('ECONNREFUSED');
  const error = new CloseoutError('ledger_unavailable', 'no answer', { cause, retryable: true });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'CloseoutError',
    code: 'ledger_unavailable',
    message: 'no answer',
    retryable: true,
    cause,
  });
  expect(new CloseoutError('journal_corrupt', 'broken')).toMatchObject({
    retryable: false,
    retryAfterMs: undefined,
    cause: undefined,
  });
  const later = new CloseoutError('rate_limited', 'slow down', { retryAfterMs: 250 });
  expect(later).toMatchObject({ retryAfterMs: 250, retryable: false });
});

test.each([[true], [1], ['x']])('an invariant holds on %j', (condition) => {
  expect(() => invariant(condition, 'it holds')).not.toThrow();
});

test.each([[false], [0], [''], [null], [undefined]])(
  'an invariant is broken on %j',
  (condition) => {
    expect(() => invariant(condition, 'it holds')).toThrow(new InvariantError('it holds'));
  },
);

test.each([
  [new Error('boom'), 'boom'],
  ['boom', 'boom'],
  [42, '42'],
  [undefined, 'undefined'],
])('%s is told as %s', (error, message) => {
  expect(messageOf(error)).toBe(message);
});
