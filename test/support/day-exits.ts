// Exits of every kind for a trading day over recordings.
import type { Random } from './random.ts';
import type { ScenarioExits, ScenarioTrailBy } from './scenario.ts';

export interface DayTerms {
  /** From the lowest to the highest price of the day. */
  readonly range: number;
  readonly decimals: number;
  /** What the position makes while the price goes through the range, about. */
  readonly rangeWorth: number;
  /** A price so far in the position's favour, in ranges. */
  readonly level: (least: number, most: number) => string;
  /** A time of the day after it is opened; undefined where exits have none. */
  readonly end: (() => number) | undefined;
}

const share = 0.25;
const ladders = [
  ['1'],
  ['0.5', 0.3, '0.2'],
  [0.25, '0.25'],
  ['0.123', 0.5, '0.01', '0.1', '0.267'],
];

/** Each kind of exit but the two levels with the same probability. */
export function dayExits(random: Random, terms: DayTerms): ScenarioExits {
  const { range, decimals, rangeWorth, level, end } = terms;
  const exits: ScenarioExits = {};
  const distance = (least: number, most: number): string =>
    (range * random.between(least, most)).toFixed(decimals);
  const amount = (): string => (rangeWorth * random.between(0.05, 0.6)).toFixed(2);
  const by = (): ScenarioTrailBy =>
    random.chance(0.6)
      ? { distance: distance(0.03, 0.3) }
      : { percent: random.between(0.02, 0.4).toFixed(3) };
  if (random.chance(share)) exits.stopLossAmount = amount();
  if (random.chance(share)) exits.takeProfitAmount = amount();
  if (random.chance(share)) {
    const tiers = Array.from({ length: random.int(1, 3) }, () => ({
      at: level(0.05, 0.5),
      ...by(),
    }));
    exits.trailing = {
      ...by(),
      ...(random.chance(0.4) ? { activation: level(-0.1, 0.3) } : {}),
      ...(random.chance(0.4) ? { step: distance(0.005, 0.05) } : {}),
      ...(random.chance(0.4) ? { tiers } : {}),
    };
  }
  if (random.chance(share)) {
    const offset = (range * random.between(-0.05, 0.05)).toFixed(decimals);
    exits.breakEven = { trigger: level(0, 0.4), ...(random.chance(0.5) ? { offset } : {}) };
  }
  if (end !== undefined && random.chance(share)) {
    const at = end();
    exits.expiresAt = random.chance(0.2) ? new Date(at).toISOString() : at;
  }
  if (random.chance(share)) {
    exits.ladder = random.pick(ladders).map((fraction) => ({ price: level(0.02, 0.5), fraction }));
  }
  return exits;
}
