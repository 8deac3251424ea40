// After an unknown outcome nothing is sent blindly, whatever the provider can do and says.
import { describe, expect, test } from 'vitest';
import { faultsOf, nameOf, waysOf, type Able } from './live-unknown-matrix.ts';

const bools = [true, false];
const ables: Able[] = bools.flatMap((idempotentByClientId) =>
  bools.flatMap((queryByClientId) =>
    bools.flatMap((closeByTicket) =>
      bools.map((reduceOnly) => ({
        ...{ idempotentByClientId, queryByClientId, closeByTicket, reduceOnly },
      })),
    ),
  ),
);

describe('never closed twice, and no outcome assumed', () => {
  test.each(ables)('%j', async (able) => {
    const faults: string[] = [];
    for (const way of waysOf(able)) {
      const found = await faultsOf(way);
      if (found.length > 0) faults.push(`${nameOf(way)}: ${found.join('; ')}`);
    }
    expect(faults).toEqual([]);
  });
});
