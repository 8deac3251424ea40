// Exits of one symbol as position actors see them: when they are told, in which order, and of what.
import { expect, test } from 'vitest';
import type { ExitsSpec } from '#src/domain/exits';
import type { Quote, Side } from '#src/domain/quote';
import { inOrder, type LevelIndex } from '#src/prices/level-index';
import { quoteAt } from '../domain/arbitraries.ts';
import { ExitDesk, type Guarded } from './exit-desk.ts';

/** Gold in dollars: one lot, entered at 2000. */
function gold(desk: ExitDesk, exits: ExitsSpec, side: Side = 'long'): Guarded {
  return desk.track({ side, quantity: '1', entryPrice: '2000', exits });
}

function world(): { desk: ExitDesk; levels: LevelIndex; at: (bid: string, ask?: string) => void } {
  const desk = new ExitDesk('XAUUSD');
  const at = (bid: string, ask = bid): void => void desk.quote('XAUUSD', bid, ask);
  return { desk, levels: desk.market.levels, at };
}

function quote(bid: string, ask = bid): Quote {
  return quoteAt('XAUUSD', bid, ask);
}

/** The bid is the closing side of a long, the ask that of a short; who is told is told it all. */
test.each<[Side, ExitsSpec, [bid: string, ask: string], object[]]>([
  ['long', { stopLoss: 1990 }, ['1990.01', '1991'], []],
  ['long', { stopLoss: 1990 }, ['1990', '1991'], [{ reason: 'stop_loss', triggerPrice: '1990' }]],
  ['short', { stopLoss: 2010 }, ['2010', '2010'], [{ reason: 'stop_loss', triggerPrice: '2010' }]],
  ['short', { stopLoss: 2010 }, ['2010', '2009.99'], []],
  ['short', { takeProfit: 1990 }, ['1989', '1990.01'], []],
  ['short', { takeProfit: 1990 }, ['1', '1990'], [{ reason: 'take_profit', triggerPrice: '1990' }]],
  ['long', { stopLossAmount: 100 }, ['1999', '2001'], [{ reason: 'stop_loss' }]],
  ['long', { stopLossAmount: 100 }, ['1999.01', '2001'], []],
  ['short', { takeProfitAmount: 100 }, ['1998', '1999'], [{ reason: 'take_profit' }]],
  [
    'long',
    {
      ladder: [
        { price: 2020, fraction: 0.5 },
        { price: 2010, fraction: 0.2 },
      ],
    },
    ['2020', '2021'],
    [
      { reason: 'take_profit', triggerPrice: '2020', rung: 0, quantity: '0.5' },
      { reason: 'take_profit', triggerPrice: '2010', rung: 1, quantity: '0.2' },
    ],
  ],
  ['long', {}, ['1', '2'], []],
])('a %s with %j at %j: %j', (side, exits, [bid, ask], closes) => {
  const { desk, levels } = world();
  const { told } = gold(desk, exits, side);
  desk.world.take(quote(bid, ask));
  for (const watch of inOrder(levels.reached(quote(bid, ask)))) watch.tell(quote(bid, ask));
  expect(told.flatMap((reached) => reached.closes)).toEqual(closes);
  expect(told.length).toBe(closes.length > 0 ? 1 : 0);
});

test('levels stay set after they were told, until the subscription ends', () => {
  const { desk, levels } = world();
  const one = gold(desk, { stopLoss: 1990, takeProfit: 2010, trailing: { distance: 50 } });
  expect(levels.size).toBe(3);
  for (const at of ['1989', '2000', '2011']) {
    for (const watch of inOrder(levels.reached(quote(at)))) watch.tell(quote(at));
    levels.advance(quote(at), desk.world.story.state.n);
  }
  expect(one.told.map(({ closes }) => closes[0]?.reason)).toEqual(['stop_loss', 'take_profit']);
  desk.unwatch(one);
  expect(levels.size).toBe(0);
  expect(inOrder(levels.reached(quote('1989')))).toEqual([]);
  expect(levels.watchOf(one.position.positionId)).toBeUndefined();
});

test('whoever is reached is told in the order of tracking, whatever the prices and sides', () => {
  const { desk, at } = world();
  for (const stopLoss of [1980, 1999, 1990, 1985, 1999]) gold(desk, { stopLoss });
  for (const takeProfit of [1999, 1980]) gold(desk, { takeProfit }, 'short');
  const [first] = desk.guarded;
  // Subscribed again last, as after an amendment.
  if (first !== undefined) desk.watch(first);
  at('1970');
  expect(desk.guarded).toEqual([]);
  expect(desk.seen).toEqual(
    new Map([
      ['stop_loss', 5],
      ['take_profit', 2],
    ]),
  );
});

test('who leaves between a crossing and its telling is told nothing', () => {
  const { desk, levels } = world();
  const one = gold(desk, { stopLoss: 1990 });
  const crossed = inOrder(levels.reached(quote('1989')));
  desk.unwatch(one);
  for (const watch of crossed) watch.tell(quote('1989'));
  expect([crossed.length, one.told]).toEqual([1, []]);
});

test('a quote that reaches nothing allocates nothing to tell it', () => {
  const { desk, levels } = world();
  gold(desk, { stopLoss: 1990, trailing: { distance: 5 } });
  levels.advance(quote('2000'), desk.world.story.state.n);
  expect(inOrder(levels.reached(quote('2001')))).toBe(inOrder(levels.reached(quote('1999'))));
});

test('a mark on who is reached is gone once it was told', () => {
  const { desk, levels } = world();
  const { position } = gold(desk, { stopLoss: 1990, stopLossAmount: 1000 });
  const watch = levels.watchOf(position.positionId);
  expect(inOrder(levels.reached(quote('1990')))).toEqual([watch]);
  expect(watch?.isNoted).toBe(true);
  watch?.tell(quote('1990'));
  expect(watch?.isNoted).toBe(false);
});

test('a trailing stop is armed by the first quote, and its peak follows the better ones', () => {
  const { desk, at } = world();
  const one = gold(desk, { trailing: { distance: 10 } });
  const short = gold(desk, { trailing: { distance: 10, step: 2 } }, 'short');
  expect(desk.peaks()).toEqual([
    [undefined, undefined],
    [undefined, undefined],
  ]);
  at('2000', '2001');
  at('2003', '2004');
  at('2001', '2002');
  expect([one.peak, short.peak].map(String)).toEqual(['2003', '2001']);
  at('1998', '1999.01');
  expect(String(short.peak)).toBe('2001');
  at('1998', '1999');
  expect(String(short.peak)).toBe('1999');
  at('1993', '1993');
  expect(desk.guarded).toEqual([short]);
});

test('a subscription that ends and begins again keeps the peak; nothing moves it meanwhile', () => {
  const { desk, at } = world();
  const one = gold(desk, { trailing: { distance: 10 } });
  at('2005');
  desk.unwatch(one);
  at('2008');
  expect(desk.peaks()).toEqual([['2005', '2005']]);
  desk.watch(one);
  at('2004');
  at('2006');
  expect(desk.peaks()).toEqual([['2006', '2006']]);
});

/** As an actor amends: the record first, then levels that are taken away and set anew. */
test.each<[string, ExitsSpec, string | undefined]>([
  ['kept', { stopLoss: 1, trailing: { distance: '10.0' } }, '2005'],
  ['changed', { trailing: { distance: 11 } }, undefined],
  ['made to wait', { trailing: { distance: 10, activation: 3000 } }, undefined],
  ['removed', {}, undefined],
  ['given by percent', { trailing: { percent: 10 } }, undefined],
])('of a trailing stop that is %s, the peak is then %3$s', (_, exits, peak) => {
  const { desk, levels, at } = world();
  const one = gold(desk, { trailing: { distance: 10 } });
  at('2005');
  desk.amend(one, exits);
  expect(levels.peakOf(one.position)?.value.toString()).toBe(peak);
  expect(one.position.peak?.value.toString()).toBe(peak);
  at('2001');
  expect(desk.peaks()[0]?.[0]).toBe(peak ?? (one.position.progress.trailsSince && '2001'));
});

test('a correction that replaces the trailing stop begins it anew too', () => {
  const { desk, levels, at } = world();
  const one = gold(desk, { trailing: { distance: 10 } });
  at('2005');
  const { positionId } = one.position;
  const body = { positionId, exits: { trailing: { distance: '11' } } };
  desk.world.story.tell({ type: 'position.corrected', accountId: 'a', body });
  levels.renew(positionId);
  expect(levels.peakOf(one.position)).toBeUndefined();
});

test('a quote arms what was set before it was taken, and not what was set since', () => {
  const { desk, levels } = world();
  const before = gold(desk, { trailing: { distance: 10 } });
  const lastN = desk.world.story.state.n;
  const after = gold(desk, { trailing: { distance: 10 } });
  const peak = (one: Guarded): number | undefined => levels.peakOf(one.position)?.value;
  levels.advance(quote('2000'), lastN);
  expect([peak(before), peak(after)]).toEqual([2000, undefined]);
  levels.advance(quote('1995'), desk.world.story.state.n);
  expect([peak(before), peak(after)]).toEqual([2000, 1995]);
});

test('peaks are to be noted when one has moved, or is new', () => {
  const { desk, levels, at } = world();
  const isUnnoted = (bid: string): boolean => {
    levels.isUnnoted = false;
    at(bid);
    return levels.isUnnoted;
  };
  gold(desk, { stopLoss: 1, takeProfit: 9999 });
  expect(isUnnoted('2000')).toBe(false);
  gold(desk, { trailing: { distance: 10 } });
  expect(isUnnoted('2000')).toBe(true);
  expect(isUnnoted('2000')).toBe(false);
  expect(isUnnoted('1999')).toBe(false);
  expect(isUnnoted('2000.000000000000000000001')).toBe(true);
});

test('an amount in another currency waits for its pair, and follows the rate', () => {
  const desk = new ExitDesk('EURGBP');
  const track = (): Guarded =>
    desk.track({
      side: 'long',
      quantity: '1',
      entryPrice: '0.8',
      exits: { takeProfitAmount: 125 },
    });
  const one = track();
  desk.quote('EURGBP', '0.9', '0.9');
  expect(desk.guarded).toEqual([one]);
  // Once there is a rate, the next quote of the symbol closes: 100 pounds are 125 dollars.
  desk.quote('GBPUSD', '1.25', '1.25');
  desk.quote('EURGBP', '0.80099', '0.9');
  desk.quote('EURGBP', '0.801', '0.9');
  expect(desk.guarded).toEqual([]);
  const other = track();
  desk.quote('GBPUSD', '1', '1');
  desk.quote('EURGBP', '0.80124', '0.9');
  expect(desk.guarded).toEqual([other]);
  desk.quote('GBPUSD', '1.5', '1.5');
  desk.quote('EURGBP', '0.80084', '0.9');
  expect(desk.guarded).toEqual([]);
});

test('nothing is set anew for a position that is not watched', () => {
  const { desk, levels } = world();
  const one = gold(desk, { stopLoss: 1990 });
  levels.renew('nobody');
  desk.unwatch(one);
  levels.renew(one.position.positionId);
  expect(levels.size).toBe(0);
});
