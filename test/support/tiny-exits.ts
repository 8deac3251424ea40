// Exits of every kind for tiny worlds, on the ticks of their markets: equal levels, equal times,
// several due on one quote and levels beyond one another are frequent.
import type { Random } from './random.ts';
import type { ScenarioExits, ScenarioPosition, ScenarioTrailBy } from './scenario.ts';

type Position = Pick<ScenarioPosition, 'side' | 'quantity' | 'openAt'>;

/** What the levels are made of. */
export interface TinyMarket {
  readonly quoteCurrency: string;
  readonly contractSize: number;
  readonly price: number;
  readonly tick: number;
  readonly decimals: number;
}

export interface TinyTerms {
  readonly market: TinyMarket;
  /** Currency of the account. */
  readonly currency: string;
  /** Times that several positions share. */
  readonly ends: readonly number[];
}

/** About what one is worth in dollars: amounts need not be more exact. */
const dollars: Record<string, number> = { USD: 1, EUR: 1.1, JPY: 0.01 };
const ladders = [
  ['1'],
  ['0.5', 0.5],
  ['0.25', '0.25', 0.5],
  [0.1, 0.2, '0.7'],
  ['0.3333', '0.3333', '0.3334'],
  ['0.9'],
  [0.25, '0.25'],
  ['0.123456789', 0.5, '0.1', '0.01'],
];

/** Each kind of exit but the two levels with a probability of `share`. */
export function tinyExits(
  random: Random,
  position: Position,
  terms: TinyTerms,
  share: number,
): ScenarioExits {
  const { market, ends } = terms;
  const exits: ScenarioExits = {};
  const better = position.side === 'long' ? 1 : -1;
  const price = (ticks: number): string =>
    (market.price + better * ticks * market.tick).toFixed(market.decimals);
  if (random.chance(share)) exits.stopLossAmount = amount(random, position, terms);
  if (random.chance(share)) exits.takeProfitAmount = amount(random, position, terms);
  if (random.chance(share)) exits.trailing = trailing(random, market, price);
  if (random.chance(share)) {
    exits.breakEven = {
      trigger: price(random.int(-4, 4)),
      ...(random.chance(0.6) ? { offset: distance(random, market, -3, 3) } : {}),
    };
  }
  if (random.chance(share)) {
    const later = ends.filter((end) => end > Number(position.openAt ?? 0));
    if (later.length > 0) {
      const end = random.pick(later);
      exits.expiresAt = random.chance(0.2) ? new Date(end).toISOString() : end;
    }
  }
  if (random.chance(share)) {
    exits.ladder = random.pick(ladders).map((fraction) => ({
      price: price(random.int(-2, 5)),
      fraction,
    }));
  }
  return exits;
}

function trailing(
  random: Random,
  market: TinyMarket,
  price: (ticks: number) => string,
): NonNullable<ScenarioExits['trailing']> {
  const by = (): ScenarioTrailBy =>
    random.chance(0.6)
      ? { distance: random.chance(0.9) ? distance(random, market, 1, 4) : `${market.tick}1` }
      : { percent: random.pick([1, '2.5', 0.333, '10']) };
  const tiers = Array.from({ length: random.int(1, 3) }, () => ({
    at: price(random.int(-2, 4)),
    ...by(),
  }));
  return {
    ...by(),
    ...(random.chance(0.4) ? { activation: price(random.int(-3, 3)) } : {}),
    ...(random.chance(0.4) ? { step: distance(random, market, 1, 3) } : {}),
    ...(random.chance(0.4) ? { tiers } : {}),
  };
}

function distance(random: Random, { tick, decimals }: TinyMarket, low: number, high: number) {
  const text = (tick * random.int(low, high)).toFixed(decimals);
  return random.chance(0.5) ? text : Number(text);
}

/** What a few ticks come to: exactly so where nothing is converted or charged. */
function amount(random: Random, { quantity }: Position, { market, currency }: TinyTerms): string {
  const { quoteCurrency, contractSize, tick } = market;
  const rate = (dollars[quoteCurrency] ?? 1) / (dollars[currency] ?? 1);
  const perTick = tick * contractSize * Number(quantity) * rate;
  return String(Number((perTick * random.int(1, 8)).toFixed(4)));
}
