// Whether an account may enter, with every reason why not; and what moves an account without a quote of
// what it holds: the beginning of a day, a conversion rate, a close by hand.
import { beforeEach, describe, expect, test } from 'vitest';
import { lateQuotesMs } from '#actors/day-rollovers';
import { startTs } from '../support/core-harness.ts';
import {
  account,
  closes,
  killAndRestart,
  lose,
  newWorldForEachTest,
  restart,
  startAgain,
  told,
  track,
  trackLots,
  world,
} from './acting.ts';
import type { Body } from './acting.ts';
import {
  ask,
  breachIdOfA,
  createGuarded,
  entriesTold,
  recordsOf,
  standingOf,
  stateOfA,
} from './guarded-account.ts';

newWorldForEachTest();

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

describe('entries', () => {
  const halting = {
    id: 'daily',
    anchor: 'dayStartBalance',
    limitAmount: 1000,
    action: 'haltEntries',
  };
  const closing = { id: 'peak', anchor: 'peakEquity', limitAmount: 2000 };
  const second = { id: 'least', anchor: 'fixed', floor: 9100, action: 'haltEntries' };
  const paused = 'the runtime is paused: lunch';
  const operator = 'halted by an operator: audit';

  async function entries(): Promise<unknown> {
    const shown = (await account('a'))['entries'] as { allowed: boolean; reasons: string[] };
    expect(shown.allowed).toBe(shown.reasons.length === 0);
    expect(await ask('guard.status')).toMatchObject({ entries: shown });
    return shown.reasons;
  }

  beforeEach(async () => {
    await createGuarded([halting, closing, second]);
    await trackLots('a', { positionId: 'p' });
  });

  test('are refused for every reason there is, until the last one is over', async () => {
    expect(await entries()).toEqual([]);
    await world.ask('op._.runtime.pause', { reason: 'lunch' });
    expect(await entries()).toEqual([paused]);
    await ask('account.halt', { reason: 'audit' });
    expect(await entries()).toEqual([paused, operator]);
    lose(950);
    expect(await entries()).toEqual([paused, operator, 'rule least is breached']);
    lose(1000);
    expect(await entries()).toEqual([
      ...[paused, operator, 'rule least is breached', 'rule daily is breached'],
    ]);
    lose(100);
    expect(await entries()).toEqual([paused, operator]);
    await ask('account.resume', { reason: 'done' });
    expect(await entries()).toEqual([paused]);
    await world.ask('op._.runtime.resume');
    expect(await entries()).toEqual([]);
    expect(entriesTold()).toEqual([
      ['halted', operator],
      ['halted', operator, 'rule least is breached'],
      ['halted', operator, 'rule least is breached', 'rule daily is breached'],
      ['halted', operator],
      ['resumed'],
    ]);
  });

  test('are told of under `_` where the runtime is paused', async () => {
    await world.ask('op._.runtime.pause', { reason: 'lunch' });
    await world.ask('op._.runtime.resume');
    expect(told('entries.halted', 'entries.resumed')).toMatchObject([
      { event: 'entries.halted', accountId: '_', allowed: false, reasons: [paused] },
      { event: 'entries.resumed', accountId: '_', allowed: true, reasons: [] },
    ]);
  });

  test('are refused for a breach in place of what came before it', async () => {
    lose(1000);
    expect(await entries()).toEqual(['rule daily is breached', 'rule least is breached']);
    lose(2000);
    const both = ['rule daily is breached', 'rule least is breached'];
    expect(await entries()).toEqual(['rule peak was breached', ...both]);
    await restart();
    expect(await entries()).toEqual(['rule peak was breached', ...both]);
    await ask('account.rules', { rules: [closing] });
    await ask('account.resume', { reason: 'x', acknowledge: await breachIdOfA() });
    expect(await entries()).toEqual([]);
    expect(entriesTold().at(-1)).toEqual(['resumed']);
  });

  test('halted by two rules on one quote are told of once, and of each that ends', async () => {
    lose(1000);
    lose(950);
    lose(900);
    expect(entriesTold()).toEqual([
      ['halted', 'rule daily is breached', 'rule least is breached'],
      ['halted', 'rule least is breached'],
      ['resumed'],
    ]);
    expect(told('guard.breached')).toMatchObject([{ ruleId: 'daily', also: ['least'] }]);
  });

  test('in a symbol are what its market and the account allow', async () => {
    const inSymbol = (symbol: string): Promise<Body> =>
      world.ask('gw.a.account.get', { symbol }).then((one) => one['entries'] as Body);
    await world.ask('op._.guard.put', { symbol: 'EURUSD', spread: {}, gap: false, stale: false });
    expect(await inSymbol('EURUSD')).toEqual({ allowed: true, reasons: [] });
    world.quote('EURUSD', '1.1', '1.2');
    const wide = 'EURUSD: spread is at its limit';
    expect(await inSymbol('EURUSD')).toEqual({ allowed: false, reasons: [wide] });
    expect(await inSymbol('XAUUSD')).toEqual({ allowed: true, reasons: [] });
    expect((await account('a'))['entries']).toEqual({ allowed: true, reasons: [] });
    await world.ask('op._.runtime.pause', { reason: 'lunch' });
    expect(await inSymbol('EURUSD')).toEqual({ allowed: false, reasons: [paused, wide] });
    expect(await world.ask('gw.a.account.get', { symbol: 'DOGE' })).toMatchObject({
      error: { code: 404, message: 'DOGE is no instrument' },
    });
  });

  test('of others are not touched', async () => {
    lose(2000);
    expect((await account('acc2'))['entries']).toEqual({ allowed: true, reasons: [] });
  });
});

describe('a day', () => {
  const day = { id: 'equity', anchor: 'dayStartEquity', limitAmount: 1000, resetAt: '00:05' };
  const rules = [
    day,
    { ...day, id: 'balance', anchor: 'dayStartBalance' },
    { ...day, id: 'higher', anchor: 'dayStartHigher' },
    { ...day, id: 'highest', anchor: 'highestDayEndBalance' },
  ];
  const resetTs = startTs + 5 * minuteMs;

  async function anchors(): Promise<unknown[]> {
    const standings = await Promise.all(rules.map(({ id }) => standingOf(id)));
    return standings.map((one) => one?.['anchorValue']);
  }

  beforeEach(async () => {
    await createGuarded(rules);
    await trackLots('a', { positionId: 'p' }, { positionId: 'q', quantity: 0.5 });
    lose(-400);
    await ask('position.close', { positionId: 'q' });
  });

  test('begins a little after its time where no quote comes, from the book as it stands', async () => {
    lose(300);
    world.clock.advance(5 * minuteMs + lateQuotesMs - 1);
    expect(await anchors()).toEqual(['10000', '10000', '10000', '10000']);
    world.clock.advance(1);
    expect(await anchors()).toEqual(['9900', '10200', '10200', '10200']);
    expect(await standingOf('equity')).toMatchObject({
      ...{ anchorMovedBy: 'rollover', anchorMovedAt: resetTs },
      ...{ timezone: 'UTC', resetAt: '00:05' },
    });
    world.clock.advance(dayMs);
    expect(await standingOf('equity')).toMatchObject({ anchorMovedAt: resetTs + dayMs });
    expect(await recordsOf('day.rolled')).toHaveLength(2);
  });

  test('begins before a quote that has its time', async () => {
    world.clock.advance(5 * minuteMs - 1000);
    const bid = '1.09500';
    world.quote('EURUSD', bid, bid, resetTs);
    world.clock.turn();
    expect(await anchors()).toEqual(['10600', '10200', '10600', '10200']);
    world.clock.advance(1000);
    expect(await recordsOf('day.rolled')).toHaveLength(1);
  });

  test('with a loss that was carried into it can be breached by the next quote', async () => {
    lose(300);
    await ask('account.rules', { rules: [{ ...day, id: 'carried', anchor: 'dayStartHigher' }] });
    lose(900);
    expect(await stateOfA()).toBe('warning');
    world.clock.advance(5 * minuteMs);
    // 10,200 at the beginning of the day, 9,300 now: 100 more are left.
    lose(999);
    expect(await stateOfA()).toBe('warning');
    lose(1200);
    expect(await closes()).toContainEqual(['p', 'drawdown_critical', 'carried']);
  });

  test('that begins with the equity below its floor breaches at once, by the next quote', async () => {
    await ask('account.rules', {
      rules: [{ ...day, anchor: 'dayStartBalance', limitAmount: 100 }],
    });
    lose(99);
    await trackLots('a', { positionId: 'won', symbol: 'XAUUSD', entryPrice: 1000, quantity: 1 });
    await ask('position.close', { positionId: 'won', price: 1010 });
    lose(99);
    expect(await stateOfA()).not.toBe('halted');
    world.clock.advance(5 * minuteMs);
    lose(99);
    expect(await stateOfA()).not.toBe('halted');
    lose(100);
    expect(await stateOfA()).toBe('halted');
  });

  test.each([
    ['a stop', restart],
    ['a kill', killAndRestart],
  ])('and its anchors outlive %s', async (_name, again) => {
    world.clock.advance(5 * minuteMs + lateQuotesMs);
    const before = await ask('guard.status');
    await again();
    expect(await ask('guard.status')).toEqual(before);
    expect(await recordsOf('day.rolled')).toHaveLength(1);
  });

  test('that began while nobody looked is made up for, be they several, once', async () => {
    lose(300);
    world.clock.advance(1000);
    await world.kill();
    world.clock.advance(3 * dayMs);
    await startAgain();
    expect(await anchors()).toEqual(['9900', '10200', '10200', '10200']);
    const missed = { anchorMovedBy: 'rollover', anchorMovedAt: resetTs + 2 * dayMs };
    expect(await standingOf('equity')).toMatchObject(missed);
    expect(await recordsOf('day.rolled')).toHaveLength(1);
    await killAndRestart();
    expect(await recordsOf('day.rolled')).toHaveLength(1);
    world.clock.advance(dayMs);
    expect(await recordsOf('day.rolled')).toHaveLength(2);
  });

  test('of each rule begins at its own time, in its own zone', async () => {
    const zoned = { ...day, id: 'prague', timezone: 'Europe/Prague', resetAt: '02:00' };
    await ask('account.rules', { rules: [day, zoned] });
    world.clock.advance(5 * minuteMs + lateQuotesMs);
    expect(await standingOf('prague')).toMatchObject({ anchorMovedBy: 'rules' });
    world.clock.advance(55 * minuteMs);
    expect(await standingOf('prague')).toMatchObject({
      ...{ anchorMovedBy: 'rollover', anchorMovedAt: startTs + 60 * minuteMs },
    });
    expect(await standingOf('equity')).toMatchObject({ anchorMovedAt: resetTs });
  });
});

describe('a conversion rate', () => {
  const gold = { symbol: 'XAUUSD', quantity: 1, entryPrice: 1300 };
  const eur: Body = { currency: 'EUR', balance: 1000 };

  test('moves the equity alone, and breaches', async () => {
    const rules = [{ id: 'peak', anchor: 'peakEquity', limitAmount: 100, warningPct: 5 }];
    await createGuarded(rules, eur);
    await track('a', { positionId: 'gold', ...gold });
    world.quote('EURUSD', '1.2', '1.2');
    // 600 USD of profit.
    world.quote('XAUUSD', 1306, 1306);
    expect(await account('a')).toMatchObject({ peakEquity: '1500', state: 'normal' });
    world.quote('EURUSD', '1.4', '1.4');
    expect(await account('a')).toMatchObject({ equity: '1428.5714285714', state: 'normal' });
    world.quote('EURUSD', '1.4286', '1.4286');
    expect(await account('a')).toMatchObject({ state: 'warning' });
    world.quote('EURUSD', '1.5', '1.5');
    expect(await closes()).toEqual([['gold', 'drawdown_critical', 'peak']]);
    expect(await account('a')).toMatchObject({ state: 'halted', balance: '1400' });
    // It was the euro that decided, and gold that was sold at its own price.
    expect(told('guard.breached')).toMatchObject([
      { observed: '1400', floor: '1400', quote: { symbol: 'EURUSD', bid: '1.5' } },
    ]);
    expect(told('position.closed')).toMatchObject([{ closedPrice: '1306', pnl: '400' }]);
  });

  test('is waited for: until then what is open is worth nothing', async () => {
    const rules = [{ id: 'least', anchor: 'fixed', floor: 900 }];
    await createGuarded(rules, eur);
    await track('a', { positionId: 'gold', ...gold });
    world.quote('XAUUSD', 1298, 1298);
    expect(await account('a')).toMatchObject({ equity: '1000', state: 'normal' });
    world.quote('EURUSD', '1.25', '1.25');
    expect(await account('a')).toMatchObject({ state: 'halted', balance: '840' });
  });

  test('closes what was tracked after a breach only with a quote of its own symbol', async () => {
    await createGuarded([{ id: 'least', anchor: 'fixed', floor: 900 }], eur);
    await track('a', { positionId: 'gold', ...gold });
    world.quote('EURUSD', '1.25', '1.25');
    world.quote('XAUUSD', 1298, 1298);
    expect(await stateOfA()).toBe('halted');
    await track('a', { positionId: 'late', ...gold });
    world.quote('EURUSD', '1.26', '1.26');
    expect(await account('a')).toMatchObject({ openPositions: 1 });
    world.quote('XAUUSD', 1299, 1299);
    expect((await closes()).at(-1)).toEqual(['late', 'drawdown_critical', 'least']);
  });
});

describe('a rule that observes the balance', () => {
  const cash = {
    ...{ id: 'cash', anchor: 'dayStartBalance', limitAmount: 500, observed: 'balance' },
  };
  beforeEach(async () => {
    await createGuarded([cash]);
    await trackLots('a', { positionId: 'p' }, { positionId: 'q', quantity: 0.1 });
  });

  test('sees no floating loss, and a close by hand with the next quote', async () => {
    lose(5000);
    expect(await account('a')).toMatchObject({ state: 'normal', equity: '4500' });
    lose(500);
    await ask('position.close', { positionId: 'p' });
    expect(await account('a')).toMatchObject({ state: 'normal', balance: '9500' });
    expect(await standingOf('cash')).toMatchObject({ observed: '9500', state: 'breached' });
    // The same price again is a quote like each other one.
    lose(500);
    expect(await account('a')).toMatchObject({ state: 'halted', openPositions: 0 });
    expect(told('guard.breached')).toMatchObject([{ observed: '9500', floor: '9500' }]);
    expect((await closes()).at(-1)).toEqual(['q', 'drawdown_critical', 'cash']);
  });

  test('sees the close of an exit on its own quote', async () => {
    await ask('position.amend', { positionId: 'p', exits: { stopLoss: '1.095' } });
    lose(500);
    expect(await closes()).toEqual([
      ['p', 'stop_loss', undefined],
      ['q', 'drawdown_critical', 'cash'],
    ]);
  });

  test('sees what was closed at a price that was told, and what is put back', async () => {
    lose(0);
    await ask('position.close', { positionId: 'p', price: '1.0951' });
    lose(0);
    expect(await account('a')).toMatchObject({ state: 'warning', balance: '9510' });
    await ask('account.adjust', { amount: -5000, reason: 'out' });
    lose(0);
    expect(await account('a')).toMatchObject({ state: 'warning', balance: '4510' });
  });
});
