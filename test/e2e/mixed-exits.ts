// Positions with exits of every kind but those in money, and a stop loss far away under each.
import type { Exits } from '#src/domain/exits';
import { priceAt, priceOf, swinging, type SymbolName } from './swinging-market.ts';

export interface MixedPosition {
  readonly positionId: string;
  readonly symbol: SymbolName;
  readonly side: 'long' | 'short';
  readonly quantity: string;
  readonly entryPrice: string;
  readonly exits: Exits;
}

/** About the width of the first swings. */
const unitTicks = 100;
const farUnits = -100;

interface Levels {
  /** So many units in favour of the position. */
  readonly at: (units: number) => string;
  readonly by: (units: number) => string;
}

/** Some close soon, some late, some only at the end. */
const kinds: Readonly<Record<string, (levels: Levels) => Exits>> = {
  near: ({ by }) => ({ trailing: { distance: by(4) } }),
  wide: ({ by }) => ({ trailing: { distance: by(20) } }),
  percent: () => ({ trailing: { percent: '0.9' } }),
  percentWide: () => ({ trailing: { percent: '2.3' } }),
  stepped: ({ by }) => ({ trailing: { distance: by(12), step: by(0.3) } }),
  steppedPercent: ({ by }) => ({ trailing: { percent: '1.7', step: by(0.9) } }),
  activated: ({ at, by }) => ({ trailing: { distance: by(15), activation: at(1.5) } }),
  activatedLate: ({ at, by }) => ({
    trailing: { distance: by(9), activation: at(5), step: by(0.1) },
  }),
  tiered: ({ at, by }) => ({
    trailing: {
      distance: by(25),
      tiers: [
        { at: at(1), percent: '1.5' },
        { at: at(3.5), distance: by(11) },
        { at: at(7), distance: by(7) },
      ],
    },
  }),
  even: ({ at, by }) => ({ breakEven: { trigger: at(1.2), offset: `-${by(14)}` } }),
  ladder: ({ at }) => ({
    ladder: [
      { price: at(1), fraction: '0.3' },
      { price: at(3), fraction: '0.123' },
      { price: at(6), fraction: '0.25' },
    ],
    breakEven: { trigger: at(4), offset: '0' },
  }),
  mixed: ({ at, by }) => ({
    trailing: { distance: by(18), tiers: [{ at: at(4), percent: '0.8' }] },
    breakEven: { trigger: at(2.5), offset: `-${by(5)}` },
    ladder: [
      { price: at(2), fraction: '0.5' },
      { price: at(5), fraction: '0.5' },
    ],
  }),
};

/** One of each kind, symbol and side. */
export function mixedPositions(): MixedPosition[] {
  return Object.entries(kinds).flatMap(([kind, exitsOf]) =>
    swinging.flatMap((symbol) =>
      (['long', 'short'] as const).map((side) => {
        const levels = levelsOf(symbol, side);
        const exits = { stopLoss: levels.at(farUnits), ...exitsOf(levels) };
        return positionOf(`${kind}-${symbol}-${side}`, symbol, side, exits);
      }),
    ),
  );
}

/** Ends at its time, and trails until then. */
export function endingPosition(
  positionId: string,
  symbol: SymbolName,
  expiresAt: number,
): MixedPosition {
  const { at, by } = levelsOf(symbol, 'long');
  const exits = { stopLoss: at(farUnits), trailing: { distance: by(40) }, expiresAt };
  return positionOf(positionId, symbol, 'long', exits);
}

/** Ends at its time, and its stop is crossed already: it would close at the next quote. */
export function crossedPosition(
  positionId: string,
  symbol: SymbolName,
  expiresAt: number,
): MixedPosition {
  const { at } = levelsOf(symbol, 'short');
  return positionOf(positionId, symbol, 'short', { stopLoss: at(-farUnits), expiresAt });
}

function positionOf(
  positionId: string,
  symbol: SymbolName,
  side: MixedPosition['side'],
  exits: Exits,
): MixedPosition {
  return { positionId, symbol, side, quantity: '1.7', entryPrice: priceAt(symbol, 0), exits };
}

function levelsOf(symbol: SymbolName, side: MixedPosition['side']): Levels {
  const towards = side === 'long' ? unitTicks : -unitTicks;
  return {
    at: (units) => priceAt(symbol, units * towards),
    by: (units) => priceOf(symbol, units * unitTicks),
  };
}
