// The synthetic market: jump-diffusion with spreads, in a cycle of phases with moves, a spread that
// widens, a gap and a quiet time. A function of the seed alone; none of its prices is real.
import type { QuoteInput } from '#src/contracts/quote';
import type { InstrumentSpec } from '#src/domain/instrument';
import type { GuardSpec } from '#src/domain/market-conditions';
import { Random } from './random.ts';

/** Rounds that are played in a second; each has one quote of every symbol. */
export const roundsPerSecond = 200;

export interface SyntheticInstrument {
  readonly spec: InstrumentSpec & { contractSize: number };
  readonly startPrice: number;
  /** Decimals of its tick. */
  readonly decimals: number;
  /** Standard deviation of the log mid in one round. */
  readonly volatility: number;
  /** Usual spread, as a fraction of the mid. */
  readonly spread: number;
}

function instrument(
  symbol: string,
  quoteCurrency: string,
  contractSize: number,
  [startPrice, decimals]: readonly [number, number],
  [volatility, spread]: readonly [number, number],
): SyntheticInstrument {
  const tickSize = (10 ** -decimals).toFixed(decimals);
  const spec = { symbol, quoteCurrency, contractSize, tickSize, lotStep: '0.01' };
  return { spec, startPrice, decimals, volatility, spread };
}

export const instruments: readonly SyntheticInstrument[] = [
  instrument('EURUSD', 'USD', 100_000, [1.085, 5], [0.000_03, 0.000_07]),
  instrument('USDJPY', 'JPY', 100_000, [149.5, 3], [0.000_04, 0.000_07]),
  instrument('XAUUSD', 'USD', 100, [2400, 2], [0.000_055, 0.000_12]),
  instrument('US500', 'USD', 10, [5500, 1], [0.000_06, 0.000_09]),
  instrument('BTCUSD', 'USD', 1, [64_000, 1], [0.000_15, 0.000_3]),
];

/** Where a position is closed on a gap or a spread like those of the cycle. */
export const guards: readonly GuardSpec[] = [
  { symbol: 'BTCUSD', gap: { limit: 5 } },
  { symbol: 'XAUUSD', spread: { limit: 0.5 } },
];

/** What a phase does to its symbol; `ordinary` and `quiet` are of no symbol. */
export type PhaseKind = 'ordinary' | 'move' | 'wide' | 'gap' | 'quiet';

interface PhasePlan {
  readonly kind: PhaseKind;
  readonly rounds: number;
  readonly symbol?: string;
  /** Least and greatest: log move of a `move` or `gap`, spread of a `wide`, as fractions. */
  readonly size?: readonly [number, number];
}

/** A cycle of ten seconds. The first move is over before a demo of two seconds is. */
const cycle: readonly PhasePlan[] = [
  { kind: 'ordinary', rounds: 100 },
  { kind: 'move', rounds: 160, symbol: 'US500', size: [0.025, 0.035] },
  { kind: 'ordinary', rounds: 140 },
  { kind: 'wide', rounds: 60, symbol: 'XAUUSD', size: [0.006, 0.009] },
  { kind: 'ordinary', rounds: 240 },
  { kind: 'gap', rounds: 1, symbol: 'BTCUSD', size: [0.06, 0.09] },
  { kind: 'ordinary', rounds: 199 },
  { kind: 'quiet', rounds: 400 },
  { kind: 'move', rounds: 200, symbol: 'EURUSD', size: [0.01, 0.015] },
  { kind: 'ordinary', rounds: 500 },
];

export interface Phase {
  readonly kind: PhaseKind;
  readonly symbol: string | undefined;
  readonly rounds: number;
  /** Of a move or gap: signed log change. Of a wide phase: the spread. Both as fractions. */
  readonly size: number;
}

export interface MarketRound {
  /** From 0. */
  readonly index: number;
  readonly phase: Phase;
  /** The first round of its phase. */
  readonly isPhaseStart: boolean;
  /** One of each symbol; when they happen is for the player to say. */
  readonly quotes: readonly Readonly<Omit<QuoteInput, 'ts'>>[];
}

/** What is left of the volatility in a quiet phase, which has no jumps either. */
const quietFactor = 0.1;
/** Chance of a jump of one symbol in one round, and its standard deviation in volatilities. */
const jumpChance = 0.002;
const jumpVolatilities = 12;
/** How much of its distance from the start price a log mid loses in a round, so that it stays near. */
const homing = 0.000_1;
/** Further from the start price than this, a move or gap goes back towards it. */
const farFromStart = 0.08;
/** Standard deviation of the log of the spread. */
const spreadWobble = 0.25;

/** One symbol on its way: `x` is the log of its mid over the start price. */
interface Walk {
  readonly instrument: SyntheticInstrument;
  readonly random: Random;
  x: number;
}

/** Endless; the same seed gives the same rounds. */
export function* syntheticMarket(seed: number): Generator<MarketRound, never> {
  const walks = instruments.map((of): Walk => ({
    instrument: of,
    random: new Random(seed, of.spec.symbol),
    x: 0,
  }));
  const script = new Random(seed, 'phases');
  let index = 0;
  for (;;) {
    for (const plan of cycle) {
      const mover = walks.find((walk) => walk.instrument.spec.symbol === plan.symbol);
      const phase = { ...plan, symbol: plan.symbol, size: sizeOf(plan, mover?.x ?? 0, script) };
      // The first move is one from the start price, so that its end is certain to be away from it.
      const target = (index < cycleRounds || mover === undefined ? 0 : mover.x) + phase.size;
      for (let left = plan.rounds; left > 0; left--) {
        const quotes = walks.map((walk) => step(walk, phase, target, left));
        yield { index: index++, phase, isPhaseStart: left === plan.rounds, quotes };
      }
    }
  }
}

/** Rounds of a whole cycle. */
export const cycleRounds = cycle.reduce((sum, { rounds }) => sum + rounds, 0);

function sizeOf({ kind, size }: PhasePlan, x: number, script: Random): number {
  if (size === undefined) return 0;
  const drawn = script.between(...size);
  const isUp = script.chance(0.5);
  if (kind === 'wide') return drawn;
  if (Math.abs(x) > farFromStart) return x > 0 ? -drawn : drawn;
  return isUp ? drawn : -drawn;
}

function step(walk: Walk, phase: Phase, target: number, roundsLeft: number) {
  const { instrument: of, random } = walk;
  const isOwn = phase.symbol === of.spec.symbol;
  const noise = of.volatility * random.normal();
  const jump = random.chance(jumpChance) ? of.volatility * jumpVolatilities * random.normal() : 0;
  if (phase.kind === 'quiet') {
    walk.x += quietFactor * noise;
  } else if (isOwn && phase.kind === 'gap') {
    walk.x += phase.size;
  } else if (isOwn && phase.kind === 'move') {
    // A bridge: whatever the noise does, the move ends exactly at its target.
    walk.x += (target - walk.x) / roundsLeft + noise * (1 - 1 / roundsLeft);
  } else {
    walk.x += noise + jump - homing * walk.x;
  }
  const usual = of.spread * Math.exp(spreadWobble * random.normal());
  return quoteOf(of, walk.x, isOwn && phase.kind === 'wide' ? phase.size : usual);
}

/** Whole ticks, at least one between bid and ask. */
function quoteOf(of: SyntheticInstrument, x: number, spread: number) {
  const ticksPerUnit = 10 ** of.decimals;
  const mid = of.startPrice * Math.exp(x) * ticksPerUnit;
  const bid = Math.max(1, Math.round(mid * (1 - spread / 2)));
  const ask = bid + Math.max(1, Math.round(mid * spread));
  const shown = (ticks: number): string => (ticks / ticksPerUnit).toFixed(of.decimals);
  return { symbol: of.spec.symbol, bid: shown(bid), ask: shown(ask) };
}
