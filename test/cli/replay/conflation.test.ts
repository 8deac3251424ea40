// Conflation against no conflation, through the whole core: under pressure the quotes of a symbol
// become a few of them, and no fixed level that the whole run reaches is missed.
import { expect, test } from 'vitest';
import { Replay, type CloseLine } from '#src/cli/replay/replay';
import { Scenario } from '#src/contracts/scenario';
import type { Quote } from '#src/domain/quote';
import { silentLogger } from '#src/ports/logger';
import { conflate } from '#src/prices/conflation';
import { Random } from '../../support/random.ts';

const worlds = 500;

/** Prices on a coarse grid, 90 to 110, so that levels and quotes often tie. */
function world(seed: number): { scenario: unknown; quotes: Quote[] } {
  const random = new Random(seed);
  const level = (): string => String(random.int(90, 110));
  const positions = Array.from({ length: 12 }, (_, i) => ({
    positionId: `p${i}`,
    accountId: 'a',
    symbol: 'S',
    side: random.pick(['long', 'short'] as const),
    quantity: '1',
    entryPrice: '100',
    exits: {
      ...(random.chance(0.7) && { stopLoss: level() }),
      ...(random.chance(0.5) && { takeProfit: level() }),
      ...(random.chance(0.4) && {
        ladder: [
          { price: level(), fraction: '0.25' },
          { price: level(), fraction: '0.5' },
        ],
      }),
    },
  }));
  const quotes = Array.from({ length: 30 }, (_, ts) => {
    const bid = random.int(92, 107);
    return { symbol: 'S', bid, ask: bid + random.int(0, 2), ts: ts + 1 };
  });
  const instruments = [{ symbol: 'S', quoteCurrency: 'USD' }];
  const accounts = [{ accountId: 'a', currency: 'USD', balance: 1000 }];
  return { scenario: { instruments, accounts, positions }, quotes };
}

function replayed(scenario: unknown, quotes: readonly Quote[]): CloseLine[] {
  const closes: CloseLine[] = [];
  const onClose = (line: CloseLine): void => void closes.push(line);
  const replay = new Replay(Scenario.parse(scenario), { logger: silentLogger, onClose });
  for (const quote of quotes) replay.quote(quote);
  return closes;
}

/** Pressure at random: runs of quotes are conflated, others come one by one. */
function underPressure(quotes: readonly Quote[], random: Random): Quote[] {
  const kept: Quote[] = [];
  for (let at = 0; at < quotes.length;) {
    const run = random.chance(0.5) ? random.int(2, 15) : 1;
    kept.push(...conflate(quotes.slice(at, at + run)));
    at += run;
  }
  return kept;
}

function quantityOf(lines: readonly CloseLine[], positionId: string): number {
  const own = lines.filter((line) => line.positionId === positionId);
  return own.reduce((sum, { quantity }) => sum + Number(quantity), 0);
}

test(`${worlds} worlds: what is closed one by one is closed under pressure, at a kept quote`, () => {
  let closes = 0;
  let dropped = 0;
  for (let seed = 1; seed <= worlds; seed++) {
    const { scenario, quotes } = world(seed);
    const kept = underPressure(quotes, new Random(-seed));
    dropped += quotes.length - kept.length;
    const all = replayed(scenario, quotes);
    const some = replayed(scenario, kept);
    for (const line of all) {
      closes++;
      const [before, after] = [all, some].map((lines) => quantityOf(lines, line.positionId));
      // What its rungs close and what its stop or target closes may differ; that it closes does not.
      expect(after, `${seed} ${line.positionId}`).toBeGreaterThanOrEqual(before as number);
    }
    for (const line of some) {
      const quote = kept.find(({ ts }) => ts === line.ts);
      expect(line.price).toBe(String(line.side === 'long' ? quote?.bid : quote?.ask));
      const beyond = Number(line.price) - Number(line.triggerPrice);
      const isLoss = line.reason === 'stop_loss';
      const isBelow = (line.side === 'long') === isLoss;
      expect(isBelow ? beyond <= 0 : beyond >= 0).toBe(true);
    }
  }
  expect(closes).toBeGreaterThan(worlds);
  expect(dropped).toBeGreaterThan(worlds);
}, 60_000);
