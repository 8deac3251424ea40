// The watch of an account's equity: quiet where nothing happens, never where something does.
import { expect, test } from 'vitest';
import { decimal, text } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import type { RuleRecord } from '#src/domain/rules';
import type { Position } from '#src/domain/state';
import { EquityWatch, observe } from '#src/prices/equity-watch';
import { Markets } from '#src/prices/market';
import { quoteAt } from '../domain/arbitraries.ts';
import { accountCreated, instrumentPut, positionTracked, Story } from '../domain/story.ts';
import { Watched, type Look } from './watched.ts';
import type { Holding } from './world.ts';

const gold: Holding = { symbol: 'XAUUSD', side: 'long', quantity: '1', entryPrice: '2000' };
const peak20: RuleRecord = { id: 'peak', anchor: 'peakEquity', limitPct: '20' };
const floor: RuleRecord = { id: 'floor', anchor: 'fixed', floor: '9000' };
const balance: RuleRecord = {
  id: 'own',
  anchor: 'initialBalance',
  limitPct: '5',
  observed: 'balance',
};
/** 10,000 of margin are in use: a tenth of it is an equity of 1,000. */
const margin: RuleRecord = { id: 'margin', anchor: 'marginLevel', limitPct: '80' };

/** One lot of gold at 2000 in an account of 10,000: 100 for every 1 that the bid moves. */
function goldWorld(rules: RuleRecord[]): {
  watched: Watched;
  at: (bid: string, ask?: string) => Look;
} {
  const watched = new Watched({ currency: 'USD', balance: '10000', rules });
  watched.track(gold);
  const at = (bid: string, ask = '9999'): Look => watched.take(quoteAt('XAUUSD', bid, ask)).look;
  return { watched, at };
}

function breached(ruleId: string, action: 'close' | 'warn' | 'haltEntries' | 'reduce'): Draft {
  const observation = { ruleId, observed: '8000', floor: '8000', anchorValue: '10000' };
  const body = { ...observation, breachId: 'b', reason: 'drawdown_critical', action };
  return { type: 'rule.breached', accountId: 'a', body };
}

function deposit(amount: string): Draft {
  return { type: 'account.adjusted', accountId: 'a', body: { amount, reason: 'x', by: 'y' } };
}

/** Whether the first quote is left to doubles. */
test.each<[string, RuleRecord[], string, boolean]>([
  ['without rules', [], '1900.01', true],
  ['below the peak', [peak20], '1999.99', true],
  ['at the peak', [peak20], '2000', false],
  ['above the peak', [peak20], '2000.01', false],
  ['just above the warning', [peak20], '1985.01', true],
  ['at the warning', [peak20], '1985', false],
  ['at the floor', [peak20], '1980', false],
  ['just above a fixed floor', [floor], '1990.01', true],
  ['at a fixed floor', [floor], '1990', false],
  ['far above a fixed floor', [floor], '9000', true],
  ['just above a margin level', [margin], '1980.01', true],
  ['at a margin level', [margin], '1980', false],
  ['the balance, whatever the price', [balance], '2000', false],
])('%s: %j at %s is quiet: %j', (_, rules, bid, expected) => {
  expect(goldWorld(rules).at(bid)).toBe(expected ? 'quiet' : 'judged');
});

test('a balance is looked at where a record has moved it, and not for a price', () => {
  const { watched, at } = goldWorld([balance]);
  expect(at('2000')).toBe('judged');
  for (const bid of ['1950', '2100', '1901']) expect(at(bid)).not.toBe('judged');
  watched.tell(deposit('0.01'));
  expect(at('1901')).toBe('judged');
});

test('before the first quote the equity is the balance', () => {
  const { watched } = goldWorld([floor]);
  expect(watched.watch.isQuiet()).toBe(true);
  expect(text(watched.watch.equity())).toBe('10000');
});

test('what was judged is quiet until a price moves that it hangs on', () => {
  const { watched, at } = goldWorld([peak20]);
  expect(at('1985')).toBe('judged');
  expect(watched.watch.isQuiet()).toBe(true);
  watched.world.take(quoteAt('XAUUSD', '1985', '2001'));
  expect(watched.watch.isQuiet()).toBe(true);
  watched.world.take(quoteAt('XAUUSD', '1980', '2001'));
  expect(watched.watch.isQuiet()).toBe(false);
});

test('within its bands it is not looked at, whether up or down', () => {
  const { watched, at } = goldWorld([peak20]);
  at('1995', '1995');
  const { bands } = watched.world.markets.of('XAUUSD');
  const [hold] = [...bands.holds()];
  if (hold === undefined) throw new Error('the account hangs on gold');
  const [low, high] = hold.home.bandOf(hold);
  expect(low).toBeGreaterThan(1985);
  expect(low).toBeLessThan(1995);
  expect(high).toBeGreaterThan(1995);
  expect(at(String(low), '1995')).toBe('unseen');
  expect(at('1995', String(high))).toBe('unseen');
  expect(at(String(low * (1 - 1e-12)), '1995')).not.toBe('unseen');
});

test('no band is set while a price is missing, or where a position waits for its symbol', () => {
  const { watched, at } = goldWorld([floor]);
  watched.track({ ...gold, symbol: 'EURUSD', entryPrice: '1.1' });
  at('2000', '2000');
  expect(at('2000.5', '2000.5')).toBe('unseen');
  expect(watched.take(quoteAt('EURUSD', '1.1', '1.1')).look).not.toBe('unseen');
  expect(watched.take(quoteAt('EURUSD', '1.1', '1.1001')).look).toBe('unseen');
  watched.tell(breached('floor', 'close'));
  // What is guarded still closes on the next quote of its symbol: none may pass unseen.
  for (const bid of ['2000', '2000', '2000.1']) expect(at(bid, '2000.1')).toBe('quiet');
});

test.each<[string, (watched: Watched) => void]>([
  ['a position more', (watched) => void watched.track({ ...gold, side: 'short' })],
  ['a position more of the same kind', (watched) => void watched.track(gold)],
  ['a position less', (watched) => watched.close(0)],
  ['another balance', (watched) => watched.tell(deposit('0.01'))],
])('%s opens its bands', (_, change) => {
  const { watched, at } = goldWorld([peak20]);
  watched.track({ ...gold, quantity: '0.01' });
  at('1995', '1995');
  expect(at('1995', '1995')).toBe('unseen');
  change(watched);
  expect(at('1995', '1995')).not.toBe('unseen');
});

test('after a breach that closes nothing but the peak moves, and no rule asks for it', () => {
  const { watched, at } = goldWorld([peak20, floor]);
  watched.tell(breached('peak', 'close'));
  for (const bid of ['1901', '1980', '1985', '1999.99', '1901']) expect(at(bid)).not.toBe('judged');
  at('2010');
  watched.settle();
  expect(text(watched.account.peak)).toBe('11000');
});

test('a reduction is looked at on every quote', () => {
  const { watched, at } = goldWorld([{ ...margin, action: 'reduce' }]);
  expect(at('2000')).not.toBe('judged');
  watched.tell(breached('margin', 'reduce'));
  watched.tell({ type: 'account.halted', accountId: 'a', body: { reason: 'x', by: 'y' } });
  for (const bid of ['1980', '1980', '1979']) expect(at(bid)).toBe('judged');
  expect(at('2000')).toBe('judged');
  expect(watched.account.breaches.size).toBe(0);
});

test('the peak is found when it is asked for, if no rule had to know it', () => {
  const { watched, at } = goldWorld([{ ...peak20, limitPct: '90', warningPct: '80' }]);
  for (const bid of ['1990', '2030', '2060', '2010', '1995']) at(bid, bid);
  watched.settle();
  expect(text(watched.account.peak)).toBe('16000');
  expect(watched.account.peakMoved.what).toBe('quote');
  expect(watched.watch.needsPeak).toBe(true);
});

test('who lets go of everything hangs on nothing', () => {
  const { watched, at } = goldWorld([floor]);
  watched.watch.end();
  expect([...watched.world.markets.of('XAUUSD').bands.holds()]).toEqual([]);
  expect(at('1')).toBe('unseen');
});

test('an account hangs on a symbol as long as a position does', () => {
  const watched = new Watched({ currency: 'EUR', balance: '10000', rules: [peak20] });
  const holdsOf = (symbol: string): number => watched.world.markets.of(symbol).bands.size;
  const held = (): number[] => ['XAUUSD', 'EURUSD', 'GBPUSD'].map(holdsOf);
  watched.track(gold);
  watched.track(gold);
  // The euro is the conversion pair of all of them.
  watched.track({ ...gold, symbol: 'GBPUSD' });
  expect(held()).toEqual([1, 1, 1]);
  watched.close(0);
  expect(held()).toEqual([1, 1, 1]);
  watched.close(0);
  expect(held()).toEqual([0, 1, 1]);
  watched.close(0);
  expect(held()).toEqual([0, 0, 0]);
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
  const markets = new Markets();
  const watch = new EquityWatch(story.account(), markets);
  watch.add(cross);
  watch.add(direct);
  expect(watch.holdings.map(({ legs }) => legs.length)).toEqual([2, 1]);
  watch.remove(cross);
  expect(watch.holdings.map(({ legs }) => legs.length)).toEqual([1]);
  expect(['XAUUSD', 'EURGBP', 'EURUSD'].map((of) => markets.of(of).bands.size)).toEqual([1, 0, 1]);
});

test('the margin in use is counted where a rule asks for it', () => {
  const { watched } = goldWorld([margin]);
  const bookOf = watched.world.markets.bookOf;
  expect(text(observe(watched.account, bookOf).usedMargin)).toBe('10000');
  expect(text(observe(goldWorld([floor]).watched.account, bookOf).usedMargin)).toBe('0');
  expect(observe(watched.account, bookOf).balance).toEqual(decimal(10000));
});

test('a rate falls by its spread as well, when its ask comes down to its bid', () => {
  const rules: RuleRecord[] = [
    { id: 'day', anchor: 'dayStartHigher', limitPct: '5', action: 'warn' },
  ];
  const watched = new Watched({ currency: 'EUR', balance: '100', rules });
  watched.track({ symbol: 'USDJPY', side: 'short', quantity: '0.0035', entryPrice: '147.6' });
  watched.take(quoteAt('EURUSD', '1.1', '1.1005'));
  // A loss in yen of 4.9995 in euro: what the spread of the rate is worth brings it to the floor.
  expect(watched.take(quoteAt('USDJPY', '149.94', '149.955'))).toMatchObject({ speaks: true });
  expect(watched.take(quoteAt('EURUSD', '1.1', '1.1'))).toEqual({
    ...{ look: 'judged', speaks: true, movesPeak: false },
  });
});
