// The synthetic market: repeatable, well formed, and eventful in the way that it says.
import { describe, expect, test } from 'vitest';
import {
  cycleRounds,
  instruments,
  syntheticMarket,
  type MarketRound,
  type PhaseKind,
} from '#src/cli/demo/synthetic-market';

function roundsOf(seed: number, count: number): MarketRound[] {
  const market = syntheticMarket(seed);
  return Array.from({ length: count }, () => market.next().value);
}

const quotesOf = (rounds: readonly MarketRound[], symbol: string) =>
  rounds.flatMap(({ quotes }) => quotes).filter((quote) => quote.symbol === symbol);

const mid = ({ bid, ask }: { bid: string | number; ask: string | number }): number =>
  (Number(bid) + Number(ask)) / 2;

/** Log changes of the mid from round to round. */
function returnsOf(rounds: readonly MarketRound[], symbol: string): number[] {
  const mids = quotesOf(rounds, symbol).map(mid);
  return mids.slice(1).map((value, i) => Math.log(value / (mids[i] as number)));
}

function deviation(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

const inPhase = (rounds: readonly MarketRound[], kind: PhaseKind) =>
  rounds.filter(({ phase }) => phase.kind === kind);

test('the same seed gives the same quotes', () => {
  expect(roundsOf(1, 2 * cycleRounds)).toEqual(roundsOf(1, 2 * cycleRounds));
});

test('another seed gives other quotes', () => {
  for (const { spec } of instruments) {
    const [one, other] = [1, 2].map((seed) => quotesOf(roundsOf(seed, 50), spec.symbol));
    expect(one).not.toEqual(other);
  }
});

test.each(instruments.map(({ spec, decimals }) => [spec.symbol, decimals] as const))(
  'every round quotes %s once, in its %i decimals, the bid above 0 and below the ask',
  (symbol, decimals) => {
    const rounds = roundsOf(3, 3 * cycleRounds);
    const quotes = quotesOf(rounds, symbol);
    expect(quotes).toHaveLength(rounds.length);
    for (const { bid, ask } of quotes) {
      expect([bid, ask].map((side) => String(side).split('.')[1]?.length)).toEqual([
        decimals,
        decimals,
      ]);
      expect(Number(bid)).toBeGreaterThan(0);
      expect(Number(ask)).toBeGreaterThan(Number(bid));
    }
  },
);

test('prices stay near where they began, however long it goes on', () => {
  const last = roundsOf(4, 100 * cycleRounds).at(-1)?.quotes ?? [];
  for (const { spec, startPrice } of instruments) {
    const quote = last.find(({ symbol }) => symbol === spec.symbol);
    expect(mid(quote as { bid: string; ask: string }) / startPrice).toBeGreaterThan(0.6);
    expect(mid(quote as { bid: string; ask: string }) / startPrice).toBeLessThan(1.6);
  }
});

describe.each([1, 2, 77, 4_294_967_295])('in each cycle of seed %i', (seed) => {
  const all = roundsOf(seed, 3 * cycleRounds);
  const cycles = [0, 1, 2].map((i) => all.slice(i * cycleRounds, (i + 1) * cycleRounds));

  test('BTCUSD gaps once by more than the five percent of its guard', () => {
    for (const cycle of cycles) {
      const gaps = returnsOf(cycle, 'BTCUSD').filter((value) => Math.abs(value) > 0.052);
      expect(gaps).toHaveLength(1);
      const [told] = inPhase(cycle, 'gap');
      expect(gaps[0]).toBeCloseTo(told?.phase.size ?? 0, 4);
    }
  });

  test('nothing else comes near a gap', () => {
    for (const { spec } of instruments) {
      const gaps = returnsOf(all, spec.symbol).filter((value) => Math.abs(value) > 0.02);
      expect(gaps).toHaveLength(spec.symbol === 'BTCUSD' ? 3 : 0);
    }
  });

  test('the spread of XAUUSD is above the half percent of its guard for a while, and only then', () => {
    const spread = ({ bid, ask }: { bid: string | number; ask: string | number }): number =>
      (Number(ask) - Number(bid)) / Number(bid);
    for (const round of all) {
      const [gold] = quotesOf([round], 'XAUUSD');
      expect(spread(gold as { bid: string; ask: string }) > 0.005).toBe(
        round.phase.kind === 'wide',
      );
    }
  });

  test('the quiet phase is far quieter than the ordinary one', () => {
    for (const { spec } of instruments) {
      const quiet = deviation(returnsOf(inPhase(cycles[0] ?? [], 'quiet'), spec.symbol));
      const tick = 10 ** -(instruments.find((i) => i.spec === spec)?.decimals ?? 0);
      const usual = deviation(
        returnsOf(inPhase(cycles[0] ?? [], 'ordinary').slice(-400), spec.symbol),
      );
      expect(quiet).toBeLessThan(usual / 2 + tick);
    }
  });

  test('a move ends where it says', () => {
    for (const [i, cycle] of cycles.entries()) {
      const move = cycle.filter(({ phase }) => phase.kind === 'move' && phase.symbol === 'US500');
      const size = move[0]?.phase.size ?? 0;
      expect(Math.abs(size)).toBeGreaterThanOrEqual(0.025);
      const before = cycle[(move[0]?.index ?? 0) - i * cycleRounds - 1] as MarketRound;
      const from =
        i === 0 ? 5500 : mid(quotesOf([before], 'US500')[0] as { bid: string; ask: string });
      const to = mid(quotesOf(move.slice(-1), 'US500')[0] as { bid: string; ask: string });
      expect(Math.log(to / from)).toBeCloseTo(size, 4);
    }
  });
});
