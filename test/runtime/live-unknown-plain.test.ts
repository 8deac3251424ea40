// After an unknown outcome nothing is sent blindly, whatever the provider can do and says: here
// one that executes an id as often as it comes.
import { expect, test } from 'vitest';
import { ables, faultsOf, nameOf, waysOf } from './live-unknown-matrix.ts';

test.each(ables(false))('never closed twice, and no outcome assumed: %j', async (able) => {
  const faults: string[] = [];
  for (const way of waysOf(able)) {
    const found = await faultsOf(way);
    if (found.length > 0) faults.push(`${nameOf(way)}: ${found.join('; ')}`);
  }
  expect(faults).toEqual([]);
});
