// Whatever is not looked at has nothing to say: accounts of all kinds under quotes at random.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Draft } from '#src/domain/records';
import type { Quote } from '#src/domain/quote';
import { isDayAnchor, ruleOf, type RuleRecord } from '#src/domain/rules';
import { quoteAt } from '../domain/arbitraries.ts';
import { anyRules } from '../domain/any-rules.ts';
import { D } from '../support/brute-force/exact.ts';
import { Watched } from './watched.ts';
import { bases, symbols, type Holding } from './world.ts';

/** So much of a symbol is worth about 10 in most currencies. */
const lots: Record<string, string> = {
  EURUSD: '0.0001',
  XAUUSD: '0.00005',
  USDJPY: '0.0001',
  EURGBP: '0.0001',
  GBPUSD: '10',
};

const anyHolding: fc.Arbitrary<Holding> = fc
  .record({
    symbol: fc.constantFrom(...symbols),
    side: fc.constantFrom('long' as const, 'long' as const, 'short' as const),
    size: fc.integer({ min: 1, max: 40 }),
    /** Off the price that it begins with, in permille. */
    off: fc.integer({ min: -20, max: 20 }),
  })
  .map(({ symbol, side, size, off }) => {
    const [base, decimals] = bases[symbol] as [number, number];
    return {
      ...{ symbol, side, quantity: new D(lots[symbol] as string).times(size).toFixed() },
      entryPrice: new D(base)
        .times(1000 + off)
        .dividedBy(1000)
        .dividedBy(10 ** decimals)
        .toFixed(),
    };
  });

/** A step of a price, in a tenth of a permille, and its spread in the last digit. */
const anyMove = fc.record({
  symbol: fc.constantFrom(...symbols),
  step: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: -15, max: 15 }) },
    { weight: 2, arbitrary: fc.integer({ min: -100, max: 100 }) },
    { weight: 1, arbitrary: fc.integer({ min: -800, max: 800 }) },
  ),
  spread: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 20 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 900 }) },
  ),
});

/** To the very end of the band of a symbol, or as wide as it is: nobody may look. */
const anyEdge = fc.record({
  symbol: fc.constantFrom(...symbols),
  edge: fc.constantFrom('low', 'high', 'wide'),
});

const changes = ['track', 'close', 'adjust', 'halt', 'resume', 'roll'] as const;
const anyChange = fc.record({
  change: fc.constantFrom(...changes),
  holding: anyHolding,
  which: fc.nat({ max: 10 }),
});

const given = fc.record({
  currency: fc.constantFrom('USD', 'EUR', 'GBP'),
  rules: anyRules
    .filter((specs) => specs.length > 0)
    .map((specs) => specs.map((spec) => ruleOf(spec).record)),
  holdings: fc.array(anyHolding, { minLength: 1, maxLength: 5 }),
  steps: fc.array(
    fc.oneof(
      { weight: 12, arbitrary: anyMove },
      { weight: 8, arbitrary: anyEdge },
      { weight: 1, arbitrary: anyChange },
    ),
    { minLength: 20, maxLength: 80 },
  ),
});

type Change = typeof anyChange extends fc.Arbitrary<infer T> ? T : never;

function change(watched: Watched, { change: what, holding, which }: Change): void {
  const accountId = 'a';
  const { account } = watched;
  const by = { reason: 'why', by: 'ops' };
  const tell = (draft: Draft): void => watched.tell(draft);
  const amount = String(which - 5);
  switch (what) {
    case 'track':
      watched.track(holding);
      break;
    case 'close':
      watched.close(which);
      break;
    case 'adjust':
      if (which === 5) return;
      tell({ type: 'account.adjusted', accountId, body: { amount, ...by } });
      break;
    case 'halt':
      if (account.halt === undefined) tell({ type: 'account.halted', accountId, body: by });
      break;
    case 'resume': {
      if (account.halt === undefined) return;
      const body = { ...by, equity: watched.watch.equity().toFixed() };
      tell({ type: 'account.resumed', accountId, body });
      break;
    }
    case 'roll': {
      const value = account.balance.plus(amount).toFixed();
      const days = account.rules.filter(({ anchor }) => isDayAnchor(anchor));
      const anchors = Object.fromEntries(days.map(({ id }) => [id, value]));
      if (days.length > 0) tell({ type: 'day.rolled', accountId, body: { at: 5, anchors } });
      break;
    }
  }
}

interface Tally {
  unseen: number;
  quiet: number;
  judged: number;
  spoke: number;
  movedUnseen: number;
  searches: number;
}

type Move = typeof anyMove extends fc.Arbitrary<infer T> ? T : never;
type Edge = typeof anyEdge extends fc.Arbitrary<infer T> ? T : never;

function atEdge(watched: Watched, { symbol, edge }: Edge): Quote | undefined {
  const { bands } = watched.world.markets.of(symbol);
  const [hold] = [...bands.holds()];
  if (hold === undefined) return undefined;
  const band = hold.home.bandOf(hold);
  if (band[0] > band[1]) return undefined;
  const [low, high] = [new D(band[0]).toFixed(), new D(band[1]).toFixed()];
  return quoteAt(symbol, edge === 'high' ? high : low, edge === 'low' ? low : high);
}

type Given = typeof given extends fc.Arbitrary<infer T> ? T : never;

function live({ currency, rules, holdings, steps }: Given, tally: Tally): void {
  const watched = new Watched({ currency, balance: '100', rules });
  for (const holding of holdings) watched.track(holding);
  const units = new Map(symbols.map((symbol) => [symbol, bases[symbol]?.[0] ?? 1]));
  const moved = ({ symbol, step, spread }: Move): Quote => {
    const [base, decimals] = bases[symbol] as [number, number];
    const bid = Math.max(1, (units.get(symbol) ?? base) + Math.round((base * step) / 10_000));
    units.set(symbol, bid);
    const priceOf = (whole: number): string => new D(whole).dividedBy(10 ** decimals).toFixed();
    return quoteAt(symbol, priceOf(bid), priceOf(bid + spread));
  };
  for (const step of steps) {
    if ('change' in step) {
      change(watched, step);
      continue;
    }
    const { symbol } = step;
    const quote = 'edge' in step ? atEdge(watched, step) : moved(step);
    if (quote === undefined) continue;
    const isHeld = [...watched.world.markets.of(symbol).bands.holds()].length > 0;
    const seen = watched.take(quote);
    expect('edge' in step && seen.look !== 'unseen').toBe(false);
    expect(isHeld || seen.look === 'unseen').toBe(true);
    expect(seen.speaks && seen.look !== 'judged').toBe(false);
    if (isHeld) tally[seen.look]++;
    tally.spoke += Number(seen.speaks);
    tally.movedUnseen += Number(seen.movesPeak && seen.look !== 'judged');
  }
  watched.settle();
  tally.searches += watched.world.markets.peaks.searches;
}

test('what is within the bands, or quiet, is nothing that an exact judgement would act on', () => {
  const tally = { unseen: 0, quiet: 0, judged: 0, spoke: 0, movedUnseen: 0, searches: 0 };
  fc.assert(
    fc.property(given, (made) => live(made, tally)),
    { numRuns: 150 },
  );
  // All of it happened, or nothing was tested.
  expect(Math.min(...Object.values(tally))).toBeGreaterThan(5);
});

/** Each kind of rule alone: many of a kind hide what one of them lets through. */
test.each<[string, RuleRecord]>([
  ['a peak', { id: 'r', anchor: 'peakEquity', limitPct: '5' }],
  ['a peak by an amount', { id: 'r', anchor: 'peakEquity', limitAmount: '5', action: 'warn' }],
  [
    'a locked peak',
    { id: 'r', anchor: 'peakEquity', limitPct: '5', lockAtInitial: true, action: 'haltEntries' },
  ],
  [
    'a peak and the balance',
    { id: 'r', anchor: 'peakEquity', limitPct: '5', observed: 'balance', action: 'warn' },
  ],
  [
    'a locked peak and the balance',
    {
      ...{ id: 'r', anchor: 'peakEquity', limitAmount: '2', observed: 'balance' },
      ...{ action: 'haltEntries', lockAtInitial: true, lockOffset: '3' },
    },
  ],
  ['the start of a day', { id: 'r', anchor: 'dayStartHigher', limitPct: '5', action: 'warn' }],
  ['a floor', { id: 'r', anchor: 'fixed', floor: '98', warningPct: '1', action: 'haltEntries' }],
  ['a floor that never warns', { id: 'r', anchor: 'fixed', floor: '98', action: 'warn' }],
  ['a margin', { id: 'r', anchor: 'marginLevel', limitPct: '100', action: 'haltEntries' }],
  [
    'a margin that warns',
    { id: 'r', anchor: 'marginLevel', limitPct: '80', warningPct: '20', action: 'warn' },
  ],
  [
    'a margin that is reduced',
    { id: 'r', anchor: 'marginLevel', limitPct: '120', warningPct: '10', action: 'reduce' },
  ],
])('nor where its rule is %s', (_, rule) => {
  const tally = { unseen: 0, quiet: 0, judged: 0, spoke: 0, movedUnseen: 0, searches: 0 };
  const property = fc.property(given, (made) => live({ ...made, rules: [rule] }, tally));
  fc.assert(property, { numRuns: 80 });
  const { unseen, judged, spoke } = tally;
  expect(Math.min(unseen, judged, spoke)).toBeGreaterThan(3);
});
