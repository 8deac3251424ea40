// Due exits and moves, held against the contract's letter in other arithmetic.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reachedBy } from '#src/domain/due-exits';
import { exitsOf, type ExitProgress, type ExitsSpec } from '#src/domain/exits';
import { decimal } from '#src/domain/money';
import { price } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import { D } from '../support/brute-force/exact.ts';
import { priceText } from './arbitraries.ts';
import { naiveReached } from './naive-exits.ts';

const optional = { requiredKeys: [] as [] };
const trailBy = fc.oneof(
  fc.record({ distance: priceText }),
  fc.record({ percent: fc.constantFrom('25', '50', '12.5', '33.3333333333333333333', '100') }),
);
const trailing = fc
  .tuple(
    trailBy,
    fc.record({ activation: priceText, step: priceText }, optional),
    fc.array(
      fc.tuple(priceText, trailBy).map(([at, by]) => ({ at, ...by })),
      { maxLength: 3 },
    ),
  )
  .map(([by, more, tiers]) => ({ ...by, ...more, ...(tiers.length > 0 ? { tiers } : {}) }));

const exitsSpec: fc.Arbitrary<ExitsSpec> = fc.record(
  {
    stopLoss: priceText,
    takeProfit: priceText,
    stopLossAmount: priceText,
    takeProfitAmount: priceText,
    trailing,
    breakEven: fc.record({ trigger: priceText, offset: priceText }),
    ladder: fc.array(
      fc.record({ price: priceText, fraction: fc.constantFrom('0.5', '0.1', '0.333') }),
      { minLength: 1, maxLength: 3 },
    ),
  },
  optional,
);

const places = fc.uniqueArray(fc.nat(2), { maxLength: 2 });

const given = fc.record({
  side: fc.constantFrom<Side>('long', 'short'),
  exits: exitsSpec,
  quantity: fc.constantFrom('1', '0.1', '3.3'),
  entryPrice: priceText,
  x: priceText,
  peak: fc.option(priceText, { nil: undefined }),
  pnl: fc.option(fc.tuple(priceText, fc.boolean()), { nil: undefined }),
  progress: fc.record({ movedStop: priceText, tiers: places, rungs: places }, optional),
});

test('what a price reaches is what the contract says, to the last digit', () => {
  const seen = new Map<string, number>();
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(given, ({ side, exits: spec, quantity, entryPrice, x, peak, pnl, progress: p }) => {
      const exits = exitsOf(spec);
      const worth = pnl && new D(pnl[0]).times(pnl[1] ? 1 : -1);
      // Armed where there is a peak, or where there is no activation.
      const isArmed = peak !== undefined || exits.trailing?.activation === undefined;
      const progress: ExitProgress = {
        ...p,
        ...(exits.trailing !== undefined && isArmed ? { trailsSince: 1 } : {}),
      };
      const reached = reachedBy(
        { side, quantity: decimal(quantity), entryPrice: decimal(entryPrice), exits, progress },
        {
          price: price(x),
          peak: peak === undefined ? undefined : price(peak),
          pnl: () => worth && decimal(worth.toFixed()),
        },
      );
      const expected = naiveReached(
        { side, quantity, entryPrice, exits, progress },
        { x: new D(x), peak: peak === undefined ? undefined : new D(peak), pnl: worth },
      );
      expect(reached).toEqual(expected);
      for (const { reason, rung } of reached.closes) count(rung === undefined ? reason : 'rung');
      if (reached.closes.length > 1) count('rungs');
      for (const move of Object.keys(reached.moves ?? {})) count(move);
    }),
    { numRuns: 5000 },
  );
  const whats = ['stop_loss', 'break_even', 'trailing_stop', 'take_profit', 'rung', 'rungs'];
  for (const what of [...whats, 'stop', 'activatedAt', 'tiers']) {
    expect(seen.get(what) ?? 0, what).toBeGreaterThan(20);
  }
});
