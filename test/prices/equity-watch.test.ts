// The watch of an account's equity: quiet where nothing happens, never where something does.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal, text, type Decimal } from '#src/domain/money';
import { judge, needsPeak, type RuleRecord } from '#src/domain/rules';
import type { Position } from '#src/domain/state';
import { EquityWatch } from '#src/prices/equity-watch';
import { Markets } from '#src/prices/market';
import { quoteAt } from '../domain/arbitraries.ts';
import {
  accountCreated,
  closeFilled,
  instrumentPut,
  positionTracked,
  Story,
} from '../domain/story.ts';
import { D } from '../support/brute-force/exact.ts';
import { anyCurrency, anyHolding, anyQuote, World, type Exact, type Holding } from './world.ts';

const gold: Holding = { symbol: 'XAUUSD', side: 'long', quantity: '1', entryPrice: '2000' };
const peak20: RuleRecord = { id: 'peak', anchor: 'peakEquity', limitPct: '20' };
const floor: RuleRecord = { id: 'floor', anchor: 'fixed', floor: '9000' };

/** One lot of gold at 2000 in an account of 10,000: 100 for every 1 that the bid moves. */
function goldWorld(rules: RuleRecord[]): {
  world: World;
  watch: EquityWatch;
  at: (bid: string) => boolean;
} {
  const world = new World({ currency: 'USD', balance: '10000', rules });
  const watch = new EquityWatch(world.account, world.markets.bookOf);
  watch.add(world.track(gold));
  const at = (bid: string): boolean => {
    world.take(quoteAt('XAUUSD', bid, '9999'));
    return watch.isQuiet();
  };
  return { world, watch, at };
}

test.each<[string, RuleRecord[], string, boolean]>([
  ['without rules', [], '0.01', true],
  ['below the peak', [peak20], '1999.99', true],
  ['at the peak', [peak20], '2000', false],
  ['above the peak', [peak20], '2000.01', false],
  ['just above the warning', [peak20], '1985.01', true],
  ['at the warning', [peak20], '1985', false],
  ['at the floor', [peak20], '1980', false],
  ['just above a fixed floor', [floor], '1990.01', true],
  ['at a fixed floor', [floor], '1990', false],
  ['far above a fixed floor', [floor], '9000', true],
])('%s: %j at %s is quiet: %j', (_, rules, bid, expected) => {
  expect(goldWorld(rules).at(bid)).toBe(expected);
});

test('before the first quote the equity is the balance', () => {
  const { watch } = goldWorld([floor]);
  expect(watch.isQuiet()).toBe(true);
  expect(text(watch.equity())).toBe('10000');
});

test('where it was judged it is quiet until a price moves that it hangs on', () => {
  const { world, watch, at } = goldWorld([peak20]);
  expect(at('2000')).toBe(false);
  watch.settleJudged();
  expect(at('2000')).toBe(true);
  world.take(quoteAt('XAUUSD', '2000', '2001'));
  expect(watch.isQuiet()).toBe(true);
  expect(at('2000.01')).toBe(false);
  expect(at('2000')).toBe(false);
});

test.each<[string, (world: World, watch: EquityWatch) => void]>([
  ['a position more', (world, watch) => watch.add(world.track({ ...gold, side: 'short' }))],
  ['a position more of the same kind', (world, watch) => watch.add(world.track(gold))],
  ['a position less', (world, watch) => void watch.remove(world.story.position('p0'))],
  [
    'a position less of two of a kind',
    (world, watch) => {
      watch.add(world.track(gold));
      watch.settleJudged();
      watch.remove(world.story.position('p0'));
    },
  ],
  [
    'another balance',
    (world, watch) => {
      world.account.balance = decimal('10000.01');
      watch.settle();
    },
  ],
])('%s makes it be judged again', (_, change) => {
  const { world, watch, at } = goldWorld([peak20]);
  at('2000');
  watch.settleJudged();
  expect(watch.isQuiet()).toBe(true);
  change(world, watch);
  expect(watch.isQuiet()).toBe(false);
});

test('after a breach only the peak moves', () => {
  const { world, watch, at } = goldWorld([peak20, floor]);
  const observation = { ruleId: 'peak', observed: '8000', floor: '8000', anchorValue: '10000' };
  const body = { ...observation, breachId: 'b', reason: 'drawdown_critical' };
  world.story.tell({ type: 'rule.breached', accountId: 'a', body });
  watch.settle();
  expect(['1', '1980', '1985', '1999.99', '2000.01'].map(at)).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
});

test('after the breach of a fixed rule alone nothing moves any more', () => {
  const { world, watch, at } = goldWorld([floor]);
  const observation = { ruleId: 'floor', observed: '8000', floor: '9000', anchorValue: '9000' };
  const body = { ...observation, breachId: 'b', reason: 'drawdown_critical' };
  world.story.tell({ type: 'rule.breached', accountId: 'a', body });
  watch.settle();
  expect(['1', '9999'].map(at)).toEqual([true, true]);
});

test('the last position of a symbol and conversion is the last', () => {
  const world = new World({ currency: 'USD', balance: '10000', rules: [peak20] });
  const watch = new EquityWatch(world.account, world.markets.bookOf);
  const [one, other, euro] = [gold, gold, { ...gold, symbol: 'EURUSD' }].map((h) => world.track(h));
  for (const position of [one, other, euro]) if (position !== undefined) watch.add(position);
  expect([one, other, euro, euro].map((position) => position && watch.remove(position))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test('positions of a symbol that are converted in different ways are looked at apart', () => {
  const story = new Story().tell(
    instrumentPut({ symbol: 'XAUUSD', quoteCurrency: 'USD' }),
    instrumentPut({ symbol: 'GBPUSD', quoteCurrency: 'USD' }),
    instrumentPut({ symbol: 'EURGBP', quoteCurrency: 'GBP' }),
    accountCreated({ currency: 'EUR' }),
    positionTracked({ positionId: 'cross' }),
    // From here on there is the pair itself.
    instrumentPut({ symbol: 'EURUSD', quoteCurrency: 'USD' }),
    positionTracked({ positionId: 'direct' }),
  );
  const [cross, direct] = ['cross', 'direct'].map((id) => story.position(id)) as [
    Position,
    Position,
  ];
  expect([cross, direct].map(({ conversion }) => conversion.length)).toEqual([2, 1]);
  const watch = new EquityWatch(story.account(), new Markets().bookOf);
  watch.add(cross);
  watch.add(direct);
  expect([watch.remove(cross), watch.remove(direct)]).toEqual([true, true]);
});

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

/** A rule that is tied with the equity, once the peak is what its makers set: within `off`. */
type RuleMaker = (equity: Exact, peak: Exact, delta: Exact) => Omit<RuleRecord, 'id'>;

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

/** An account that is watched and judged as the feed does, beside the exact judgement. */
class Watched {
  readonly world: World;
  readonly watch: EquityWatch;

  constructor(made: Given) {
    // The equity at the last quote first, so that rules can be tied with it.
    const before = new World(made);
    for (const holding of made.holdings) before.track(holding);
    for (const quote of made.quotes) before.take(quote);
    const equity = before.exactEquity();
    const peak = D.max(equity.times(made.peak[0]).plus(made.peak[1]), '0.01');
    const rules = made.makers.map(([make, delta], i) => ({
      id: `r${i}`,
      ...make(equity, peak, new D(delta)),
    }));
    this.world = new World({ ...made, rules });
    this.world.account.peak = decimal(peak.toFixed());
    made.makers.forEach(([, , isWarned], i) => {
      if (isWarned) this.warn(`r${i}`);
    });
    this.watch = new EquityWatch(this.world.account, this.world.markets.bookOf);
    for (const holding of made.holdings) this.watch.add(this.world.track(holding));
  }

  /** Whether it is quiet, and whether something is to be done; does it where it is not quiet. */
  look(): { isQuiet: boolean; acts: boolean } {
    const { account } = this.world;
    const equity = decimal(this.world.exactEquity().toFixed());
    const isQuiet = this.watch.isQuiet();
    const movesPeak = needsPeak(account.rules) && equity.gt(account.peak);
    if (account.halt !== undefined) {
      if (!isQuiet) this.settle(movesPeak ? equity : account.peak);
      return { isQuiet, acts: movesPeak };
    }
    const { breach, warnings, recovered } = judge(
      account.rules,
      account.peak,
      equity,
      account.warned,
    );
    if (!isQuiet) {
      if (breach !== undefined) {
        this.breach(breach.rule.id);
      } else {
        const body = { ruleIds: [...recovered], observed: text(equity) };
        this.world.story.tell({ type: 'rule.recovered', accountId: 'a', body });
        for (const { rule } of warnings) this.warn(rule.id);
      }
      this.settle(movesPeak ? equity : account.peak);
    }
    const acts = breach !== undefined || warnings.length + recovered.length > 0 || movesPeak;
    return { isQuiet, acts };
  }

  /** One of the open positions is closed. */
  close(which: number): void {
    const { story, account } = this.world;
    const open = [...account.positions.values()];
    const gone = open[which % open.length];
    if (gone === undefined) return;
    this.watch.remove(gone);
    story.tell(closeFilled(story.intent(gone.positionId), '-1.5'));
    this.watch.settle();
  }

  private settle(peak: Decimal): void {
    this.world.account.peak = peak;
    this.watch.settleJudged();
  }

  private warn(ruleId: string): void {
    const body = { ruleId, observed: '0', floor: '0', anchorValue: '0' };
    this.world.story.tell({ type: 'rule.warned', accountId: 'a', body });
  }

  private breach(ruleId: string): void {
    const observation = { ruleId, observed: '0', floor: '0', anchorValue: '0' };
    const body = { ...observation, breachId: 'b', reason: 'drawdown_critical' };
    this.world.story.tell({ type: 'rule.breached', accountId: 'a', body });
  }
}

test('it is never quiet when an exact judgement would act or the peak would move', () => {
  const seen = { quiet: 0, loud: 0, acted: 0 };
  fc.assert(
    fc.property(given, (made) => {
      const watched = new Watched(made);
      const look = (): void => {
        expect(text(watched.watch.equity())).toBe(watched.world.exactEquity().toFixed());
        const { isQuiet, acts } = watched.look();
        expect(isQuiet && acts).toBe(false);
        seen.quiet += Number(isQuiet);
        seen.loud += Number(!isQuiet);
        seen.acted += Number(acts);
      };
      // Either everything is looked at, or only that what the rules are tied with.
      for (const quote of made.quotes) {
        watched.world.take(quote);
        if (made.looksAtAll || quote === made.quotes.at(-1)) look();
      }
      // The quotes come again and again: what was judged stays quiet only while it may.
      for (let i = 0; i < made.repeats; i++) {
        for (const quote of made.quotes) {
          watched.world.take(quote);
          look();
        }
      }
      watched.close(made.removed);
      look();
    }),
    { numRuns: 400 },
  );
  expect(Math.min(seen.quiet, seen.loud, seen.acted)).toBeGreaterThan(100);
});
