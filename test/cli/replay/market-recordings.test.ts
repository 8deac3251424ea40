// Market guards on recorded quotes into which gaps, prints, wide spreads, thin sizes and silences were
// put: held against the exact reference, and what a bad print and a real fall come to.
import { describe, expect, test } from 'vitest';
import type { CloseLine } from '#src/cli/replay/replay';
import type { Quote } from '#src/domain/quote';
import { bruteForce } from '../../support/brute-force.ts';
import type { GuardedScenario, MarketGuardSpec } from '../../support/brute-force/market-terms.ts';
import { readRecording, recordings } from '../../support/recordings.ts';
import { replayed } from './replayed.ts';

const taken = 12_000;
const gold = readRecording('XAUUSD', recordings.XAUUSD).slice(0, taken);
const euro = readRecording('EURUSD', recordings.EURUSD).slice(0, taken);

/** What is put into a recording behind its n-th quote. */
type Injection =
  | { readonly at: number; readonly kind: 'print' | 'gap'; readonly factor: number }
  | {
      readonly at: number;
      readonly kind: 'spread';
      readonly factor: number;
      readonly count: number;
    }
  | { readonly at: number; readonly kind: 'thin'; readonly size: number; readonly count: number }
  | { readonly at: number; readonly kind: 'silence'; readonly ms: number };

function injected(quotes: readonly Quote[], injections: readonly Injection[]): Quote[] {
  const out: Quote[] = [];
  let factor = 1;
  let later = 0;
  quotes.forEach((quote, i) => {
    let { bid, ask } = { bid: scaled(quote.bid, factor), ask: scaled(quote.ask, factor) };
    let size = 50;
    for (const one of injections) {
      const isNow = i >= one.at && i < one.at + ('count' in one ? one.count : 1);
      if (!isNow) continue;
      if (one.kind === 'gap') {
        factor *= one.factor;
        [bid, ask] = [scaled(bid, one.factor), scaled(ask, one.factor)];
      }
      if (one.kind === 'print') [bid, ask] = [scaled(bid, one.factor), scaled(ask, one.factor)];
      if (one.kind === 'spread') ask = scaled(ask, one.factor);
      if (one.kind === 'thin') ({ size } = one);
      if (one.kind === 'silence') later += one.ms;
    }
    out.push({ ...quote, bid, ask, ts: quote.ts + later, bidSize: size, askSize: size });
  });
  return out;
}

function scaled(price: number, factor: number): number {
  return Math.round(price * factor * 100_000) / 100_000;
}

function scenarioOf(
  symbol: string,
  guard: MarketGuardSpec,
  quotes: readonly Quote[],
): GuardedScenario {
  const every = Math.floor(quotes.length / 40);
  return {
    instruments: [{ symbol, quoteCurrency: 'USD', contractSize: 1 }],
    accounts: [{ accountId: 'a', currency: 'USD', balance: 1_000_000 }],
    positions: Array.from({ length: 40 }, (_, i) => {
      const quote = quotes[i * every] as Quote;
      return {
        ...{ positionId: `p${i}`, accountId: 'a', symbol, quantity: 1, openAt: quote.ts },
        ...{ side: i % 2 === 0 ? ('long' as const) : ('short' as const), entryPrice: quote.bid },
      };
    }),
    marketGuards: { [symbol]: guard },
  };
}

const everything: readonly Injection[] = [
  { at: 1000, kind: 'print', factor: 1.03 },
  { at: 2000, kind: 'spread', factor: 1.008, count: 30 },
  { at: 3500, kind: 'silence', ms: 150_000 },
  { at: 5000, kind: 'gap', factor: 0.94 },
  { at: 6500, kind: 'thin', size: 3, count: 50 },
  { at: 8000, kind: 'print', factor: 0.9 },
  { at: 9500, kind: 'gap', factor: 1.12 },
];

const guards: readonly [string, MarketGuardSpec][] = [
  ['its defaults', { stale: { closeOn: 'critical' } }],
  [
    'confirmations',
    {
      gap: { limit: 2 },
      spread: { confirmQuotes: 5, confirmMs: 1500, closeOn: 'warning', clearAfterMs: 2000 },
      liquidity: { closeOn: 'warning', confirmQuotes: 3 },
      volatility: { limit: 6, windowMs: 5000, halfLifeMs: 120_000, closeOn: 'warning' },
    },
  ],
  [
    'prints held',
    { gap: { limit: 2 }, reject: { deviationPct: 1, withinMs: 60_000, confirmQuotes: 2 } },
  ],
];

describe.each([
  ['XAUUSD', gold],
  ['EURUSD', euro],
])('%s, with injections', (symbol, recorded) => {
  test.each(guards)('a guard with %s does what the reference does', (_name, guard) => {
    const quotes = injected(recorded, everything);
    const scenario = scenarioOf(symbol, guard, quotes);
    const expected: unknown[] = [];
    const reference = bruteForce(scenario, quotes, undefined, (change) => expected.push(change));
    const { result, changes } = replayed(scenario, quotes);
    expect(result).toEqual(reference);
    expect(changes).toEqual(expected);
    expect(reference.closes.length).toBeGreaterThan(10);
  });
});

describe('a quote that jumps on recorded gold', () => {
  const reject = { deviationPct: 1, withinMs: 60_000, confirmQuotes: 1 };
  const gap = { limit: 2 };
  const at = 4000;
  const closesOf = (injection: Injection, guard: MarketGuardSpec): CloseLine[] => {
    const quotes = injected(gold, [injection]);
    const off = { spread: false, liquidity: false, stale: false } as const;
    return replayed(scenarioOf('XAUUSD', { ...off, ...guard }, quotes), quotes).result.closes;
  };

  test('as a bad print closes everything, unless it is held: then it closes nothing', () => {
    const print = { at, kind: 'print', factor: 0.97 } as const;
    const quotes = injected(gold, [print]);
    const closes = closesOf(print, { gap });
    expect(closes.length).toBeGreaterThan(5);
    expect(new Set(closes.map(({ ts }) => ts))).toContain(quotes[at]?.ts);
    expect(closesOf(print, { gap, reject })).toEqual([]);
  });

  test('as a real fall closes on the same quote, at its price, once the next one has confirmed it', () => {
    const fall = { at, kind: 'gap', factor: 0.97 } as const;
    const direct = closesOf(fall, { gap });
    const held = closesOf(fall, { gap, reject });
    expect(direct.length).toBeGreaterThan(5);
    expect(held).toEqual(direct);
    // What it costs is seen where somebody looks while it is held: nothing has closed by then.
    const quotes = injected(gold, [fall]).slice(0, at + 1);
    const scenario = scenarioOf('XAUUSD', { gap, reject, spread: false }, injected(gold, [fall]));
    expect(replayed(scenario, quotes).result.closes).toEqual([]);
  });
});
