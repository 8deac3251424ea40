// The oldest of a set, one after the other, whatever is added and deleted in between.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { takeOldest } from '#src/domain/oldest';

test('it is that of a look from the beginning', () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ remove: fc.integer({ min: 0, max: 20 }) }),
    fc.constant('take' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const set = new Set<string>();
      const wanted: (string | undefined)[] = [];
      const taken: (string | undefined)[] = [];
      for (const one of steps) {
        if (one === 'take') {
          wanted.push([...set][0]);
          taken.push(takeOldest(set));
        } else if ('add' in one) set.add(String(one.add));
        else set.delete(String(one.remove));
      }
      expect(taken).toEqual(wanted);
    }),
    { numRuns: 2000 },
  );
});
