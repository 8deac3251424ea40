// Random positions with exits of every kind, random quotes, and what came of them.
import fc from 'fast-check';
import type { ExitsSpec } from '#src/domain/exits';
import { priceText } from '#src/domain/price';
import type { RuntimeEvent } from '#src/domain/events';
import { expect } from 'vitest';
import type { CoreHarness } from '../support/core-harness.ts';
import { refusalOf } from './refusals.ts';

export interface Given {
  readonly symbol: 'EURUSD' | 'XAUUSD';
  readonly side: 'long' | 'short';
  readonly exits: ExitsSpec;
}

export interface Quoted {
  readonly symbol: 'EURUSD' | 'XAUUSD';
  /** In ticks about the start. */
  readonly tick: number;
  readonly spread: number;
  /** Turns of the event loop until the next one. */
  readonly turns: number;
}

const grids = {
  EURUSD: { base: 1.1, tick: 0.01, digits: 2 },
  XAUUSD: { base: 2000, tick: 5, digits: 0 },
};
const symbol = fc.constantFrom<'EURUSD' | 'XAUUSD'>('EURUSD', 'EURUSD', 'EURUSD', 'XAUUSD');

export function priceOf(of: keyof typeof grids, tick: number): string {
  const { base, tick: size, digits } = grids[of];
  return (base + tick * size).toFixed(digits);
}

export const given: fc.Arbitrary<Given> = symbol.chain((of) => {
  const level = fc.integer({ min: -4, max: 4 }).map((tick) => priceOf(of, tick));
  const distance = fc.integer({ min: 1, max: 4 }).map((n) => String(n * grids[of].tick));
  const exits = fc.record(
    {
      stopLoss: level,
      takeProfit: level,
      stopLossAmount: fc.constantFrom(1000, 2000),
      trailing: fc.record(
        { distance, activation: level, step: distance },
        { requiredKeys: ['distance'] },
      ),
      breakEven: fc.record({ trigger: level }),
      ladder: fc.array(fc.record({ price: level, fraction: fc.constantFrom('0.25', '0.5') }), {
        minLength: 1,
        maxLength: 2,
      }),
    },
    { requiredKeys: [] },
  );
  return fc.record({ symbol: fc.constant(of), side: fc.constantFrom('long', 'short'), exits });
});

export const quoted: fc.Arbitrary<Quoted> = fc.record({
  symbol,
  tick: fc.integer({ min: -5, max: 5 }),
  spread: fc.nat(1),
  turns: fc.nat(3),
});

const kept = [
  'positionId',
  'closeReason',
  'triggerPrice',
  'closedPrice',
  'quantity',
  'pnl',
] as const;

/** p0 and so on, a lot each. */
export async function trackAll(world: CoreHarness, positions: readonly Given[]): Promise<void> {
  for (const [i, { symbol: of, side, exits }] of positions.entries()) {
    const terms = { symbol: of, side, quantity: '1', entryPrice: priceOf(of, 0) };
    const body = { positionId: `p${i}`, ...terms, exits };
    expect(refusalOf(await world.ask('gw.acc2.position.track', body))).toBe('ok');
  }
}

/** By symbol: its closes in their order; and how the positions stand in the end. */
export function outcomeOf({ core }: CoreHarness, events: readonly RuntimeEvent[]) {
  const closes = events
    .filter(({ event }) => event === 'position.closed' || event === 'position.partially-closed')
    .map((event) => event as unknown as Record<string, unknown>);
  const of = (name: string): unknown[] =>
    closes
      .filter(({ positionId }) => core.state.positions.get(String(positionId))?.symbol === name)
      .map((event) => kept.map((field) => event[field]));
  const left = [...core.state.positions.values()].map((position) => {
    const peak = core.markets.of(position.symbol).levels.peakOf(position);
    const { movedStop, rungs, tiers, trailsSince } = position.progress;
    const armed = trailsSince !== undefined;
    const isShown = peak !== undefined && position.state === 'guarded';
    const shown = isShown ? priceText(peak) : undefined;
    return [position.positionId, position.state, movedStop, rungs, tiers, armed, shown];
  });
  return { closes: [of('EURUSD'), of('XAUUSD')], left };
}
