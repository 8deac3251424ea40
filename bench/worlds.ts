// Worlds for benches: many positions whose exits no quote of the recording reaches.
import { Replay } from '#src/cli/replay/replay';
import type { PositionSpec } from '#src/contracts/position';
import type { Scenario } from '#src/contracts/scenario';
import type { ExitsSpec, TrailingSpec } from '#src/domain/exits';
import { silentLogger } from '#src/ports/logger';
import { goldSymbol, goldSymbols } from './gold.ts';

/** Levels far from the gold prices of that day (1,273 to 1,315). */
const low = 1100;
const high = 1500;
const positionsPerAccount = 100;
/** Every third position trails, too. */
const trailsEvery = 3;

/** Half of them long, all in gold, in accounts of 100 positions without rules. */
export function farPositions(count: number, symbol = goldSymbol): Scenario {
  return farPositionsIn(count, [symbol]);
}

/** The same, spread over the symbols. */
export function farPositionsIn(count: number, symbols: readonly string[] = goldSymbols): Scenario {
  const accounts = Array.from({ length: Math.ceil(count / positionsPerAccount) }, (_, i) => ({
    accountId: `a${i}`,
    currency: 'USD',
    balance: 1_000_000,
  }));
  const positions = Array.from({ length: count }, (_, i): PositionSpec => {
    const side = Math.floor(i / symbols.length) % 2 === 0 ? 'long' : 'short';
    return {
      positionId: `p${i}`,
      accountId: `a${Math.floor(i / positionsPerAccount)}`,
      symbol: symbols[i % symbols.length] as string,
      side,
      quantity: 1,
      entryPrice: 1290,
      exits: farExits(i, side),
    };
  });
  return { instruments: instrumentsOf(symbols), accounts, positions };
}

export function instrumentsOf(symbols: readonly string[]): Scenario['instruments'] {
  return symbols.map((symbol) => ({ symbol, quoteCurrency: 'USD', contractSize: 100 }));
}

/** A stop and a target; of every third a trailing stop, too. */
export function farExits(i: number, side: 'long' | 'short'): ExitsSpec {
  const below = String(low - (i % 1000) / 10);
  const above = String(high + (i % 1000) / 10);
  const levels =
    side === 'long'
      ? { stopLoss: below, takeProfit: above }
      : { stopLoss: above, takeProfit: below };
  if (i % trailsEvery !== 0) return levels;
  return { ...levels, trailing: farTrailing(Math.floor(i / trailsEvery)) };
}

/** Further behind than the prices of the day are apart; some by percent, some in steps. */
export function farTrailing(i: number): TrailingSpec {
  const distance = String(100 + (i % 1000) / 10);
  if (i % 4 === 0) return { percent: String(8 + (i % 100) / 50) };
  return i % 4 === 1 ? { distance, step: String(0.5 + (i % 10) / 10) } : { distance };
}

export function quietReplay(scenario: Scenario): Replay {
  return new Replay(scenario, { logger: silentLogger, onClose: () => {} });
}
