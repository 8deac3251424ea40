// What must hold of markets and their guards when a simulated world is over. To add an invariant, add a
// row.
import { symbolEntriesOf } from '#src/domain/entries';
import { lastOfEntries, symbolKey } from './guard-invariants.ts';
import type { Invariant } from './invariants.ts';

export const marketInvariants: readonly Invariant[] = [
  {
    name: 'sequence numbers are counted as they came',
    *faults({ world }) {
      yield* world.marketMemory.sequenceFaults();
    },
  },
  {
    name: 'what was told last of entries in a symbol is how they are',
    *faults({ world, entries }) {
      const last = lastOfEntries(entries);
      for (const symbol of world.markets.keys()) {
        if (world.recovered === undefined) break;
        const { allowed, reasons } = symbolEntriesOf(world.recovered, symbol);
        const told = last.get(symbolKey(symbol))?.['reasons'] as readonly string[] | undefined;
        const shown = (told ?? []).join('; ');
        if (shown === reasons.join('; ') && allowed === (reasons.length === 0)) continue;
        yield `${symbol}: told ${shown}, they are ${reasons.join('; ')}`;
      }
    },
  },
];
