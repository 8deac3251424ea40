// Exits as the gateway of a simulated world makes them up: every kind, in mixes.
import type { ExitsSpec, TrailBySpec } from '#src/domain/exits';
import type { Random } from '../support/random.ts';
import { instrumentOf } from './instruments.ts';
import type { Market } from './market.ts';

export interface ExitsFor {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly quantity: string;
  readonly nowMs: number;
}

const minuteMs = 60_000;

/** Fractions of ladders: the first ones close all of it. */
const ladders = [
  ['0.5', '0.5'],
  ['0.25', '0.25', '0.5'],
  ['0.3', '0.3', '0.15', '0.25'],
  ['0.3', '0.2'],
  ['0.1', '0.33', '0.25'],
  ['0.25', '0.2', '0.25', '0.2'],
] as const;

export function madeExits(random: Random, market: Market, given: ExitsFor): ExitsSpec {
  const { symbol, side, quantity, nowMs } = given;
  const better = side === 'long' ? 1 : -1;
  const gain = (low: number, high: number): string =>
    market.away(symbol, better * random.between(low, high));
  const distance = (low: number, high: number): string =>
    market.distance(symbol, random.between(low, high));
  const trailBy = (low: number, high: number): TrailBySpec =>
    random.chance(0.5)
      ? { distance: distance(low, high) }
      : { percent: market.percent(symbol, random.between(low, high)) };
  const amount = (low: number, high: number): string => {
    const { contractSize = 1 } = instrumentOf(symbol);
    const each = market.stepOf(symbol) * Number(quantity) * contractSize;
    return Math.max(0.01, each * random.between(low, high)).toFixed(2);
  };
  const trailing = (): ExitsSpec['trailing'] => ({
    ...trailBy(2, 15),
    ...(random.chance(0.4) && { activation: gain(-1, 10) }),
    ...(random.chance(0.4) && { step: distance(0.3, 4) }),
    ...(random.chance(0.4) && {
      tiers: Array.from({ length: random.int(1, 3) }, () => ({
        at: gain(1, 15),
        ...trailBy(0.5, 8),
      })),
    }),
  });
  const breakEven = (): ExitsSpec['breakEven'] => ({
    trigger: gain(0.3, 6),
    ...(random.chance(0.6) && {
      offset: `${random.chance(0.3) ? '-' : ''}${distance(0.1, 3)}`,
    }),
  });
  return {
    ...(random.chance(0.6) && { stopLoss: random.chance(0.3) ? gain(-4, -0.3) : gain(-25, -2) }),
    ...(random.chance(0.4) && { takeProfit: gain(2, 25) }),
    ...(random.chance(0.2) && { stopLossAmount: amount(2, 20) }),
    ...(random.chance(0.2) && { takeProfitAmount: amount(2, 20) }),
    ...(random.chance(0.4) && { trailing: trailing() }),
    ...(random.chance(0.4) && { breakEven: breakEven() }),
    ...(random.chance(0.15) && {
      expiresAt: nowMs + random.int(1, 20) * minuteMs + random.int(0, 999),
    }),
    ...(random.chance(0.3) && {
      ladder: random.pick(ladders).map((fraction) => ({ price: gain(0.5, 15), fraction })),
    }),
  };
}

/** The same exits, one of them made up anew, given or taken away. */
export function changedExits(random: Random, before: ExitsSpec, fresh: ExitsSpec): ExitsSpec {
  const names = Object.keys({ ...before, ...fresh }) as (keyof ExitsSpec)[];
  if (names.length === 0) return fresh;
  const chosen = random.pick(names);
  const { [chosen]: _dropped, ...rest } = before;
  return { ...rest, ...(fresh[chosen] !== undefined && { [chosen]: fresh[chosen] }) };
}

/** The same exits in other words: numbers for text, and zeros at the end. */
export function reworded(random: Random, exits: ExitsSpec): ExitsSpec {
  const words = (value: unknown): unknown => {
    if (typeof value === 'string') {
      if (random.chance(0.3)) return Number(value);
      return value.includes('.') && random.chance(0.5) ? `${value}0` : value;
    }
    if (Array.isArray(value)) return value.map(words);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([name, one]) => [name, words(one)] as const);
    // In another order, too.
    return Object.fromEntries(random.chance(0.5) ? entries.toReversed() : entries);
  };
  return words(exits) as ExitsSpec;
}
