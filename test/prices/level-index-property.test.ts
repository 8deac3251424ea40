// Everything that waits for a price, held against looking at every position on every quote.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ExitsSpec } from '#src/domain/exits';
import type { Side } from '#src/domain/quote';
import { D } from '../support/brute-force/exact.ts';
import { ExitDesk, type Guarded, type Terms } from './exit-desk.ts';

/** Prices are few ticks, so that ties are common, and some have digits that no double holds. */
interface Grid {
  readonly symbol: string;
  readonly currency: string;
  readonly base: number;
  readonly tick: string;
  /** What a tick is worth for one lot, about: amounts are multiples of it. */
  readonly worth: string;
  /** Pairs of the conversion, and the mids about which they are. */
  readonly pairs: readonly (readonly [symbol: string, mid: string])[];
}

const grids: readonly Grid[] = [
  { symbol: 'XAUUSD', currency: 'USD', base: 2000, tick: '0.25', worth: '25', pairs: [] },
  {
    ...{ symbol: 'EURGBP', currency: 'USD', base: 0.8, tick: '0.001' },
    ...{ worth: '125', pairs: [['GBPUSD', '1.25']] as const },
  },
  // Its own pair: the rate moves with the price.
  { symbol: 'USDJPY', currency: 'USD', base: 160, tick: '0.2', worth: '125', pairs: [] },
  {
    ...{ symbol: 'EURGBP', currency: 'JPY', base: 0.8, tick: '0.001' },
    pairs: [
      ['GBPUSD', '1.25'],
      ['USDJPY', '160'],
    ] as const,
    worth: '20000',
  },
  {
    ...{ symbol: 'USDJPY', currency: 'EUR', base: 160, tick: '0.2' },
    ...{ worth: '100', pairs: [['EURUSD', '1.25']] as const },
  },
];

const ticksMax = 14;

function gridArbitraries({ base, tick, worth }: Grid) {
  const ticks = fc.integer({ min: -ticksMax, max: ticksMax });
  const more = fc.constantFrom('0', '0', '0', '0', '1e-24', '-1e-24');
  const at = (n: number, rest: string): string =>
    new D(tick).times(n).plus(base).plus(rest).toFixed();
  const price = fc.tuple(ticks, more).map(([n, rest]) => at(n, rest));
  const distance = fc
    .tuple(fc.integer({ min: 1, max: 8 }), more)
    .map(([n, rest]) => new D(tick).times(n).plus(rest).toFixed());
  const percent = fc
    .integer({ min: 1, max: 8 })
    .map((n) => new D(tick).times(n).times(100).dividedBy(base).toFixed());
  const trailBy = fc.oneof(fc.record({ distance }), fc.record({ percent }));
  const amount = fc.integer({ min: 1, max: 10 }).map((n) => new D(worth).times(n).toFixed());
  const trailing = fc
    .tuple(
      trailBy,
      fc.record({ activation: price, step: distance }, { requiredKeys: [] }),
      fc.array(
        fc.tuple(price, trailBy).map(([level, by]) => ({ at: level, ...by })),
        { maxLength: 2 },
      ),
    )
    .map(([by, rest, tiers]) => ({ ...by, ...rest, tiers }));
  const exits: fc.Arbitrary<ExitsSpec> = fc.record({
    stopLoss: fc.option(price, { nil: undefined, freq: 2 }),
    takeProfit: fc.option(price, { nil: undefined, freq: 2 }),
    stopLossAmount: fc.option(amount, { nil: undefined, freq: 2 }),
    takeProfitAmount: fc.option(amount, { nil: undefined, freq: 2 }),
    trailing: fc.option(trailing, { nil: undefined, freq: 3 }),
    breakEven: fc.option(
      fc.record({ trigger: price, offset: fc.constantFrom('0', tick, `-${tick}`) }),
      { nil: undefined },
    ),
    ladder: fc.option(
      fc.array(fc.record({ price, fraction: fc.constantFrom('0.25', '0.5') }), {
        minLength: 1,
        maxLength: 2,
      }),
      { nil: undefined },
    ),
  });
  const terms: fc.Arbitrary<Terms> = fc.record({
    side: fc.constantFrom<Side>('long', 'short'),
    quantity: fc.constantFrom('1', '1', '0.4'),
    entryPrice: fc.integer({ min: -4, max: 4 }).map((n) => at(n, '0')),
    exits,
  });
  return { ticks, more, at, exits, terms };
}

type Op =
  | { kind: 'track'; terms: Terms }
  | { kind: 'amend'; which: number; exits: ExitsSpec; keeps: number }
  | { kind: 'part' | 'close' | 'pause' | 'resume'; which: number }
  | { kind: 'quote'; move: number; spread: number; rests: readonly [string, string] }
  | { kind: 'rate'; which: number; move: number };

function opOf(grid: Grid): fc.Arbitrary<Op> {
  const { exits, terms, more } = gridArbitraries(grid);
  const which = fc.nat();
  // Mostly small steps, and some gaps through many levels.
  const move = fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: -2, max: 2 }) },
    { weight: 1, arbitrary: fc.integer({ min: -9, max: 9 }) },
  );
  const of = <K extends Op['kind']>(kind: K) => fc.constant(kind);
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: of('track'), terms }) },
    { weight: 1, arbitrary: fc.record({ kind: of('amend'), which, exits, keeps: fc.nat(255) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom<'part' | 'close' | 'pause' | 'resume'>(
          'part',
          'close',
          'pause',
          'resume',
        ),
        which,
      }),
    },
    {
      weight: 9,
      arbitrary: fc.record({
        kind: of('quote'),
        move,
        spread: fc.integer({ min: 0, max: 2 }),
        rests: fc.tuple(more, more),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: of('rate'), which, move: fc.integer({ min: -6, max: 6 }) }),
    },
  );
}

/** Some exits of before, and some new ones. */
function mixed(before: ExitsSpec, after: ExitsSpec, keeps: number): ExitsSpec {
  const names = [
    'stopLoss',
    'takeProfit',
    'trailing',
    'breakEven',
    'ladder',
    'stopLossAmount',
  ] as const;
  const kept = names.filter((_, i) => (keeps >> i) & 1);
  return { ...after, ...Object.fromEntries(kept.map((name) => [name, before[name]])) };
}

class Run {
  readonly desk: ExitDesk;
  private readonly grid: Grid;
  private readonly at: (n: number, rest: string) => string;
  private tick = 0;

  constructor(grid: Grid) {
    this.grid = grid;
    this.desk = new ExitDesk(grid.symbol, grid.currency);
    this.at = gridArbitraries(grid).at;
  }

  act(op: Op): void {
    const { desk } = this;
    if (op.kind === 'track') return void desk.track(op.terms);
    if (op.kind === 'quote') return this.quote(op);
    if (op.kind === 'rate') return this.rate(op);
    const one = desk.guarded[op.which % desk.guarded.length];
    if (one === undefined) return;
    if (op.kind === 'amend') desk.amend(one, mixed(one.position.exits, op.exits, op.keeps));
    else if (op.kind === 'part') this.part(one);
    else if (op.kind === 'close') desk.remove(one);
    else if (op.kind === 'pause') desk.unwatch(one);
    else desk.watch(one);
  }

  private part(one: Guarded): void {
    const left = one.position.remainingQuantity.times('0.5').toFixed();
    this.desk.correct(one, { remainingQuantity: left });
  }

  private quote({ move, spread, rests }: Extract<Op, { kind: 'quote' }>): void {
    this.tick = Math.max(-ticksMax, Math.min(ticksMax, this.tick + move));
    const [bid, ask] = [this.at(this.tick, rests[0]), this.at(this.tick + spread, rests[1])];
    const isCrossed = new D(ask).lt(bid);
    this.desk.quote(this.grid.symbol, bid, isCrossed ? bid : ask);
  }

  /** Within the band of a rate, to its edge, and beyond it. */
  private rate({ which, move }: Extract<Op, { kind: 'rate' }>): void {
    const pair = this.grid.pairs[which % this.grid.pairs.length];
    if (pair === undefined) return;
    const mid = new D(pair[1]).times(new D(1).plus(new D(move).times('0.0004')));
    this.desk.quote(pair[0], mid.minus('0.0001').toFixed(), mid.plus('0.0001').toFixed());
  }
}

const outcomes = ['stop_loss', 'break_even', 'trailing_stop', 'take_profit', 'rung'];

test.each(grids)('$symbol in $currency: each is told what one look a quote says', (grid) => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(opOf(grid), { minLength: 10, maxLength: 60, size: 'max' }), (ops) => {
      const run = new Run(grid);
      for (const op of ops) run.act(op);
      for (const [what, count] of run.desk.seen) seen.set(what, (seen.get(what) ?? 0) + count);
      for (const one of [...run.desk.guarded]) run.desk.remove(one);
      // Nothing is left behind by those who left.
      const { levels } = run.desk.market;
      expect([levels.size, levels.longs.size]).toEqual([0, 0]);
    }),
    { numRuns: 200 },
  );
  for (const what of [...outcomes, 'stop', 'activatedAt', 'tiers']) {
    expect(seen.get(what) ?? 0, what).toBeGreaterThan(20);
  }
});
