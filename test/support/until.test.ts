// Waiting for a condition with a deadline.
import { expect, test } from 'vitest';
import { until } from './until.ts';

test('resolves with the first truthy value', async () => {
  let asked = 0;
  expect(await until(() => (++asked === 3 ? 'third' : undefined), 5_000)).toBe('third');
});

test('takes an error of the predicate for "not yet"', async () => {
  let asked = 0;
  const value = await until(() => {
    if (++asked < 3) throw new Error('not yet');
    return asked;
  }, 5_000);
  expect(value).toBe(3);
});

test('throws after its deadline, naming what it waited for and the last error', async () => {
  const cause = new Error('no file');
  const waited = until(() => Promise.reject(cause), 20, 'the file');
  await expect(waited).rejects.toMatchObject({
    message: 'the file was not true within 20 ms',
    cause,
  });
});
