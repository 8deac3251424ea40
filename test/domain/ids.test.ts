// Ids that follow from what they name, and partitions.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clientOrderIdOf, closeIdOf, partitionOf, partitions } from '#src/domain/ids';

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const generation = fc.integer({ min: 0, max: 99_999_999 });

/** These are stored and known to providers: a change of how they are made would close twice. */
test('ids of a close are the ones that they always were', () => {
  expect(closeIdOf('a', 'p', 1)).toBe('close_d47c6cc95dbc48a4c07b');
  expect(clientOrderIdOf('a', 'p', 1)).toBe('co_ad60627e16e557fe12fc_1');
  expect(['_', 'a', 'b', 'account-1'].map(partitionOf)).toEqual([46, 44, 37, 22]);
});

test('ids of a close are valid, short, and name the generation', () => {
  fc.assert(
    fc.property(id, id, generation, (accountId, positionId, gen) => {
      expect(closeIdOf(accountId, positionId, gen)).toMatch(/^close_[0-9a-f]{20}$/);
      const clientOrderId = clientOrderIdOf(accountId, positionId, gen);
      expect(clientOrderId).toMatch(/^co_[0-9a-f]{20}_\d+$/);
      expect(clientOrderId.endsWith(`_${gen}`)).toBe(true);
      expect(clientOrderId.length).toBeLessThanOrEqual(32);
    }),
  );
});

test('only the same account, position and generation have the same ids', () => {
  const close = fc.tuple(id, id, generation);
  fc.assert(
    fc.property(close, close, (one, other) => {
      const isSame = one.join('\n') === other.join('\n');
      expect(closeIdOf(...one) === closeIdOf(...other)).toBe(isSame);
      expect(clientOrderIdOf(...one) === clientOrderIdOf(...other)).toBe(isSame);
    }),
  );
  expect(closeIdOf('ab', 'c', 1)).not.toBe(closeIdOf('a', 'bc', 1));
  expect(closeIdOf('a', 'p1', 2)).not.toBe(closeIdOf('a', 'p', 12));
});

test('every account has a partition in range, and they spread over all of them', () => {
  fc.assert(
    fc.property(id, (accountId) => {
      const partition = partitionOf(accountId);
      expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true);
      expect(partitionOf(accountId)).toBe(partition);
    }),
  );
  const used = new Set(Array.from({ length: 1000 }, (_, i) => partitionOf(`account-${i}`)));
  expect(used.size).toBe(partitions);
});
