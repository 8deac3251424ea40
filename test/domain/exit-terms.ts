// A position whose exits are looked at, in few words.
import { reachedBy, type ExitTerms, type Reached } from '#src/domain/due-exits';
import { exitsOf, type ExitProgress, type ExitsSpec } from '#src/domain/exits';
import { decimal } from '#src/domain/money';
import { price } from '#src/domain/price';
import type { Side } from '#src/domain/quote';

export interface Given {
  readonly progress?: ExitProgress;
  readonly peak?: string;
  readonly pnl?: string;
}

/** A position of 2, entered at 100. */
export function terms(side: Side, exits: ExitsSpec, progress: ExitProgress = {}): ExitTerms {
  const [quantity, entryPrice] = [decimal(2), decimal(100)];
  return { side, quantity, entryPrice, exits: exitsOf(exits), progress };
}

export function at(side: Side, exits: ExitsSpec, x: string, given: Given = {}): Reached {
  const { progress, peak, pnl } = given;
  return reachedBy(terms(side, exits, progress), {
    price: price(x),
    peak: peak === undefined ? undefined : price(peak),
    pnl: () => (pnl === undefined ? undefined : decimal(pnl)),
  });
}

export const armed = { trailsSince: 1 };
export const trail1 = { trailing: { distance: 1 } };
export const percent2 = { trailing: { percent: 2 } };
export const tiered = {
  trailing: {
    distance: 5,
    tiers: [
      { at: 110, distance: 2 },
      { at: 120, percent: 1 },
    ],
  },
};
