// Worlds for benches: a replay with many positions whose levels no quote of the recording crosses.
import { Replay } from '#src/cli/replay/replay';
import { openQuotes } from '#src/cli/replay/csv-quotes';
import { mergeQuotes, needsRefill } from '#src/cli/replay/merge';
import type { Scenario } from '#src/contracts/scenario';
import type { Quote } from '#src/domain/quote';
import { silentLogger } from '#src/ports/logger';

const goldFile = '../shared/data/XAUUSD-2014-05-02.csv.gz';

/** Levels far from the gold prices of that day (1,273 to 1,315). */
const low = 1100;
const high = 1500;

/** Half of them long, each with a stop and a target, in accounts of 100 positions without rules. */
export function farPositions(count: number, symbol = 'XAUUSD'): Scenario {
  const accounts = Array.from({ length: Math.ceil(count / 100) }, (_, i) => ({
    accountId: `a${i}`,
    currency: 'USD',
    balance: 1_000_000,
  }));
  const positions = Array.from({ length: count }, (_, i) => {
    const isLong = i % 2 === 0;
    const below = String(low - (i % 1000) / 10);
    const above = String(high + (i % 1000) / 10);
    return {
      positionId: `p${i}`,
      accountId: `a${Math.floor(i / 100)}`,
      symbol,
      side: isLong ? ('long' as const) : ('short' as const),
      quantity: 1,
      entryPrice: 1290,
      exits: { stopLoss: isLong ? below : above, takeProfit: isLong ? above : below },
    };
  });
  return {
    instruments: [{ symbol, quoteCurrency: 'USD', contractSize: 100 }],
    accounts,
    positions,
  };
}

export function quietReplay(scenario: Scenario): Replay {
  return new Replay(scenario, { logger: silentLogger, onClose: () => {} });
}

/** The gold recording, from its file. */
export async function eachGoldQuote(take: (quote: Quote) => void): Promise<void> {
  const merged = mergeQuotes([await openQuotes({ symbol: 'XAUUSD', path: goldFile })]);
  for (;;) {
    const quote = merged.nextSync();
    if (quote === undefined) break;
    if (quote === needsRefill) await merged.refill();
    else take(quote);
  }
  merged.close();
}
