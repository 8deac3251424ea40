// Rules that are tied with the equity, or are by a hair not: doubles must not decide any of them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal, text } from '#src/domain/money';
import type { RuleRecord } from '#src/domain/rules';
import { D } from '../support/brute-force/exact.ts';
import { Watched } from './watched.ts';
import { anyCurrency, anyHolding, anyQuote, World, type Exact } from './world.ts';

/** Distances from a tie: none, what a double cannot see, what it can, and far away. */
const off = fc.constantFrom(
  '0',
  '0',
  '1e-25',
  '-1e-25',
  '1e-10',
  '-1e-10',
  '0.01',
  '-0.01',
  '50',
  '-50',
);

/** A rule that is tied with what it observes, once the peak is what its makers set: within `off`. */
type RuleMaker = (
  equity: Exact,
  peak: Exact,
  delta: Exact,
  margin: Exact,
) => Omit<RuleRecord, 'id'>;

/** Levels such that a floor, a warning or a recovery is at the equity. */
const levelOf = (equity: Exact, margin: Exact, delta: Exact, part: string): string => {
  const level = equity.times(part).plus(delta).times(100).dividedBy(D.max(margin, 1));
  return D.max(level, '1e-9').toDecimalPlaces(15).toFixed();
};

/** What a rule may be given: an amount above 0, a floor of at least 0. */
const limitOf = (amount: Exact): string => D.max(amount, '1e-20').toFixed();
const floorOf = (amount: Exact): string => D.max(amount, 0).toFixed();

const makers: readonly RuleMaker[] = [
  // Breach of an anchored and of a fixed rule.
  (equity, peak, delta) => ({
    anchor: 'peakEquity',
    limitAmount: limitOf(peak.minus(equity).plus(delta)),
  }),
  (equity, _peak, delta) => ({ anchor: 'fixed', floor: floorOf(equity.plus(delta)) }),
  // Warning and recovery of a fixed one: floor · 1.25 and floor · 3.2 are the equity.
  (equity, _peak, delta) => ({
    anchor: 'fixed',
    floor: floorOf(equity.times('0.8').plus(delta)),
    warningPct: '25',
  }),
  (equity, _peak, delta) => ({
    anchor: 'fixed',
    floor: floorOf(equity.times('0.3125').plus(delta)),
    warningPct: '200',
  }),
  // Warning and recovery of an anchored one, where the peak is 1.25 or 10 times the equity.
  () => ({ anchor: 'peakEquity', limitAmount: '100000000', warningPct: '20' }),
  () => ({ anchor: 'peakEquity', limitAmount: '100000000', warningPct: '100' }),
  // A lock that is tied, and one that is far away.
  (equity, peak, delta) => ({
    ...{ anchor: 'peakEquity', limitAmount: limitOf(peak.minus(equity).plus(delta)) },
    ...{ lockAtInitial: true, lockOffset: '-1' },
  }),
  (equity, peak, delta) => ({
    ...{ anchor: 'peakEquity', limitAmount: limitOf(peak.minus(equity).plus(delta)) },
    ...{ lockAtInitial: true, lockOffset: '1000000000000' },
  }),
  // The balance, tied with a floor, and with one that the peak brings up to it.
  (_equity, peak, delta) => ({
    anchor: 'peakEquity',
    limitAmount: limitOf(peak.times('0.5').plus(delta)),
    ...{ observed: 'balance', action: 'haltEntries' },
  }),
  // Breach, warning and recovery of a margin level, as far as it can be written down.
  (equity, _peak, delta, margin) => ({
    ...{ anchor: 'marginLevel', limitPct: levelOf(equity, margin, delta, '1') },
    action: 'warn',
  }),
  (equity, _peak, delta, margin) => ({
    ...{ anchor: 'marginLevel', limitPct: levelOf(equity, margin, delta, '0.8') },
    ...{ warningPct: '25', action: 'haltEntries' },
  }),
  (equity, _peak, delta, margin) => ({
    ...{ anchor: 'marginLevel', limitPct: levelOf(equity, margin, delta, '0.3125') },
    ...{ warningPct: '200', action: 'reduce' },
  }),
  // Far from everything but the peak.
  () => ({ anchor: 'peakEquity', limitPct: '90' }),
];

const given = fc.record({
  currency: anyCurrency,
  // Small beside what is held, like it, and far larger: each has its own error in doubles.
  balance: fc.oneof(
    fc.constantFrom('1', '100', '98765432109876.54321', '1234567890123456.789'),
    fc.integer({ min: 1000, max: 1_000_000 }).map(String),
  ),
  holdings: fc.array(anyHolding, { minLength: 1, maxLength: 5 }),
  quotes: fc.array(anyQuote, { minLength: 4, maxLength: 12 }),
  makers: fc.array(fc.tuple(fc.constantFrom(...makers), off, fc.boolean()), {
    minLength: 1,
    maxLength: 4,
  }),
  peak: fc.tuple(fc.constantFrom('1', '1.25', '10', '1.001'), off),
  looksAtAll: fc.boolean(),
  repeats: fc.integer({ min: 0, max: 2 }),
  removed: fc.nat(),
});

type Given = typeof given extends fc.Arbitrary<infer T> ? T : never;

function watchedOf(made: Given): Watched {
  // The equity at the last quote first, so that rules can be tied with it.
  const before = new World(made);
  for (const holding of made.holdings) before.track(holding);
  for (const quote of made.quotes) before.take(quote);
  const equity = before.exactEquity();
  const peak = D.max(equity.times(made.peak[0]).plus(made.peak[1]), '0.01');
  const rules = made.makers.map(([make, delta], i) => ({
    id: `r${i}`,
    ...make(equity, peak, new D(delta), before.exactMargin()),
  }));
  const watched = new Watched({ ...made, rules });
  watched.account.peak = watched.peak = decimal(peak.toFixed());
  if (!made.looksAtAll) for (const quote of made.quotes.slice(0, -1)) watched.world.take(quote);
  for (const holding of made.holdings) watched.track(holding);
  made.makers.forEach(([, , isWarned], i) => {
    const body = { ruleId: `r${i}`, observed: '0', floor: '0', anchorValue: '0' };
    if (isWarned) watched.tell({ type: 'rule.warned', accountId: 'a', body });
  });
  return watched;
}

test('it is never quiet when an exact judgement would act, and the peak is exact', () => {
  const seen = { quiet: 0, loud: 0, spoke: 0 };
  fc.assert(
    fc.property(given, (made) => {
      const watched = watchedOf(made);
      const take = (quote: Given['quotes'][number]): void => {
        const { look, speaks } = watched.take(quote);
        expect(speaks && look !== 'judged').toBe(false);
        expect(text(watched.watch.equity())).toBe(watched.world.exactEquity().toFixed());
        seen.quiet += Number(look === 'quiet');
        seen.loud += Number(look === 'judged');
        seen.spoke += Number(speaks);
      };
      // Either everything is looked at, or only that what the rules are tied with.
      for (const quote of made.looksAtAll ? made.quotes : made.quotes.slice(-1)) take(quote);
      // The quotes come again and again: what was judged stays quiet only while it may.
      for (let i = 0; i < made.repeats; i++) for (const quote of made.quotes) take(quote);
      watched.close(made.removed);
      const last = made.quotes.at(-1);
      if (last !== undefined) take(last);
      watched.settle();
    }),
    { numRuns: 250 },
  );
  expect(Math.min(seen.quiet, seen.loud, seen.spoke)).toBeGreaterThan(50);
});
