// One quote that reaches very many positions: it is worked off in slices, and nobody can tell.
import { beforeEach, describe, expect, test } from 'vitest';
import { memoryJournal } from '#src/journal/memory-journal';
import { memoryLedger } from '#src/ledger/memory-ledger';
import { CoreHarness, startTs } from '../support/core-harness.ts';
import { LiveWorld } from './live-world.ts';
import { refusalOf } from './refusals.ts';
import { StepClock } from './step-clock.ts';
import { accounts, instruments, long } from './world.ts';

type Body = Record<string, unknown>;

const perSlice = 4;
const count = 20;

let clock: StepClock;
let world: CoreHarness;

beforeEach(async () => {
  clock = new StepClock(startTs);
  world = await CoreHarness.start({
    world: { clock, journal: memoryJournal(), ledger: memoryLedger() },
    settings: { instruments, accounts },
    crossingsPerSlice: perSlice,
  });
});

async function track(positionId: string, exits: Body, more: Body = {}): Promise<void> {
  const body = { ...long, positionId, exits, ...more };
  expect(refusalOf(await world.ask('gw.acc2.position.track', body))).toBe('ok');
}

/** p0 to p19, with a stop at 1.05 and a target at 1.2. */
async function trackMany(exits: Body = { stopLoss: 1.05, takeProfit: 1.2 }): Promise<void> {
  for (let i = 0; i < count; i++) await track(`p${i}`, exits);
}

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `p${from + i}`);

function closes(): Body[] {
  return world.events.filter(({ event }) => event === 'position.closed');
}

function closedIds(): unknown[] {
  return closes().map((event) => event['positionId']);
}

function closed(positionId: string): Body | undefined {
  return closes().find((event) => event['positionId'] === positionId);
}

async function ask(subject: string, body: Body): Promise<Body> {
  return await world.ask(`gw.acc2.${subject}`, body);
}

test('positions are told in slices, a turn each, in tracking order', async () => {
  await trackMany();
  world.quote('EURUSD', 1.04, 1.04);
  expect(closedIds()).toEqual([]);
  for (let told = perSlice; told <= count; told += perSlice) {
    clock.step();
    expect(closedIds()).toEqual(ids(0, told));
  }
  expect(world.counter('mass_crossings')).toBe(1);
  expect(world.counter('crossings_rescued')).toBe(0);
});

test('a quote that reaches no more than a slice is worked off at once', async () => {
  for (const id of ids(0, perSlice)) await track(id, { stopLoss: 1.05 });
  world.quote('EURUSD', 1.04, 1.04);
  expect(closedIds()).toEqual(ids(0, perSlice));
  expect(world.counter('mass_crossings')).toBe(0);
});

describe('between the slices', () => {
  beforeEach(async () => {
    await trackMany();
    await track('gold', { stopLoss: 1990 }, { symbol: 'XAUUSD', entryPrice: 2000 });
    world.quote('EURUSD', 1.1, 1.1);
    world.quote('XAUUSD', 2000, 2000);
    clock.turn();
  });

  test('quotes of other symbols are taken', () => {
    world.quote('EURUSD', 1.04, 1.04);
    clock.step();
    world.quote('XAUUSD', 1990, 1990);
    expect(closedIds()).toEqual([...ids(0, 4), 'gold']);
    clock.turn();
    expect(closedIds()).toEqual([...ids(0, 4), 'gold', ...ids(4, count)]);
  });

  test('quotes of the symbol wait, and come after it in their order', async () => {
    await track('high', { takeProfit: 1.3 });
    await track('low', { stopLoss: 1.01 });
    world.quote('EURUSD', 1.04, 1.04);
    world.quote('EURUSD', 1.31, 1.31);
    world.quote('EURUSD', 1, 1);
    clock.step();
    expect(world.core.markets.bookOf('EURUSD').bid).toBe(1.04);
    expect(world.engine.waiting).toBe(2);
    clock.turn();
    expect(closedIds()).toEqual([...ids(0, count), 'high', 'low']);
    const prices = closes().map((event) => event['closedPrice']);
    expect(new Set(prices.slice(0, count))).toEqual(new Set(['1.04']));
    expect(prices.slice(count)).toEqual(['1.31', '1']);
    expect(world.engine.waiting).toBe(0);
  });

  test('nothing that the quote has changed is noted', () => {
    world.engine.feed.takeMarks();
    world.quote('EURUSD', 1.04, 1.04);
    world.quote('XAUUSD', 2001, 2001);
    clock.step();
    expect(world.engine.feed.takeMarks()).toEqual({ quotes: [], peaks: [], trails: [] });
    clock.turn();
    const { quotes } = world.engine.feed.takeMarks();
    expect(quotes.map(({ symbol, bid }) => `${symbol} ${bid}`)).toEqual([
      'EURUSD 1.04',
      'XAUUSD 2001',
    ]);
  });

  test.each<[string, Body, string]>([
    ['position.untrack', { reason: 'x' }, '409 position_not_open'],
    ['position.amend', { exits: {} }, '409 position_not_open'],
    ['position.close', {}, 'ok'],
    ['position.get', {}, 'ok'],
    ['position.close-if-triggered', { guardType: 'market', triggerReason: 'x' }, 'ok'],
  ])('%s finds a position that is marked closed already', async (command, body, refusal) => {
    world.quote('EURUSD', 1.04, 1.04);
    clock.step();
    const reply = ask(command, { positionId: 'p17', ...body });
    expect(refusalOf(await reply)).toBe(refusal);
    expect(closedIds()).toEqual([...ids(0, 4), 'p17']);
    expect(closed('p17')).toMatchObject({ closeReason: 'stop_loss', closedPrice: '1.04' });
    clock.turn();
    expect(closedIds().length).toBe(count);
  });

  test('close-all closes what is marked by its stop, and the rest as it says', async () => {
    await track('free', {});
    world.quote('EURUSD', 1.04, 1.04);
    clock.step();
    await ask('account.close-all', { reason: 'evening' });
    const reasons = new Map(closes().map((event) => [event['positionId'], event['closeReason']]));
    expect(reasons.size).toBe(count + 2);
    for (const id of ids(0, count)) expect(reasons.get(id)).toBe('stop_loss');
    expect([reasons.get('free'), reasons.get('gold')]).toEqual(['evening', 'evening']);
    clock.turn();
    expect(closes().length).toBe(count + 2);
  });

  test('a position that is not marked is amended, and its new levels wait for the next quote', async () => {
    await track('other', { stopLoss: 1.01 });
    world.quote('EURUSD', 1.04, 1.04);
    clock.step();
    expect(
      refusalOf(await ask('position.amend', { positionId: 'other', exits: { stopLoss: 1.06 } })),
    ).toBe('ok');
    clock.turn();
    expect(closedIds()).toEqual(ids(0, count));
    world.quote('EURUSD', 1.05, 1.05);
    expect(closed('other')).toMatchObject({ triggerPrice: '1.06', closedPrice: '1.05' });
  });

  test('a position that is tracked meanwhile is neither closed nor armed by the older quote', async () => {
    const trailing = { distance: 0.5 };
    await track('before', { trailing });
    world.quote('EURUSD', 1.04, 1.04);
    clock.step();
    await track('meanwhile', { stopLoss: 1.05, trailing });
    clock.turn();
    const peakOf = async (positionId: string): Promise<unknown> =>
      ((await ask('position.get', { positionId }))['exits'] as { trailing: Body }).trailing['peak'];
    expect(await peakOf('before')).toBe('1.04');
    expect(await peakOf('meanwhile')).toBeUndefined();
    world.quote('EURUSD', 1.06, 1.06);
    expect(await peakOf('meanwhile')).toBe('1.06');
  });

  test('what was told early is not told again: what moved acts from the next quote on', async () => {
    await track('moves', { breakEven: { trigger: 1.3, offset: '0.25' } });
    world.quote('EURUSD', 1.3, 1.3);
    clock.step();
    const { exits } = await ask('position.get', { positionId: 'moves' });
    expect(exits).toMatchObject({ stopLoss: '1.35', breakEven: { moved: true } });
    clock.turn();
    expect(closedIds()).toEqual(ids(0, count));
    world.quote('EURUSD', 1.3, 1.3);
    expect(closed('moves')).toMatchObject({ closeReason: 'break_even', triggerPrice: '1.35' });
  });

  test('an account guard that another symbol sets off closes what is marked by its stop', async () => {
    const rules = [{ id: 'floor', anchor: 'fixed', floor: '900' }];
    const created = { currency: 'USD', balance: 1000, rules };
    expect(refusalOf(await world.ask('gw.ruled.account.create', created))).toBe('ok');
    const small = { ...long, quantity: '0.001' };
    for (let i = 0; i < 5; i++) {
      const body = { ...small, positionId: `r${i}`, exits: { stopLoss: 1.05 } };
      await world.ask('gw.ruled.position.track', body);
    }
    const gold = { symbol: 'XAUUSD', side: 'long', quantity: '1', entryPrice: 2000 };
    await world.ask('gw.ruled.position.track', { positionId: 'g', ...gold });
    world.quote('EURUSD', 1.04, 1.04);
    clock.step();
    world.quote('XAUUSD', 1999, 1999);
    const reasonOf = (id: string): unknown => closed(id)?.['closeReason'];
    expect(reasonOf('g')).toBe('drawdown_critical');
    for (let i = 0; i < 5; i++) expect(reasonOf(`r${i}`)).toBe('stop_loss');
  });

  test('a stop waits until all were told', async () => {
    world.quote('EURUSD', 1.04, 1.04);
    clock.step();
    const stopped = world.engine.settle(10_000);
    clock.advance(100);
    await stopped;
    expect(closedIds()).toEqual(ids(0, count));
  });

  test('after a kill whoever was not told is guarded, and closes on the next quote', async () => {
    world.quote('EURUSD', 1.04, 1.04);
    clock.step();
    await world.kill();
    clock.turn();
    expect([closedIds(), world.counter('closes_filled')]).toEqual([ids(0, 4), 4]);
    world = await world.restart();
    world.events.length = 0;
    world.quote('EURUSD', 1.03, 1.03);
    clock.turn();
    expect(closedIds()).toEqual(ids(4, count));
    expect(closed('p4')).toMatchObject({ closedPrice: '1.03', triggerPrice: '1.05' });
  });
});

test('once stopped it takes no quote that waited', async () => {
  await trackMany();
  await track('low', { stopLoss: 1.01 });
  world.quote('EURUSD', 1.04, 1.04);
  world.quote('EURUSD', 1, 1);
  for (let told = 0; told < count; told += perSlice) clock.step();
  expect([closedIds().length, world.engine.waiting]).toEqual([count, 1]);
  await world.kill();
  clock.turn();
  expect(world.counter('closes_requested')).toBe(count);
  expect(world.core.state.positions.get('low')?.state).toBe('guarded');
});

test('once stopped it asks no provider for another close', async () => {
  const live = await LiveWorld.start({ harness: { crossingsPerSlice: 2 } });
  for (const id of ids(0, 8)) await live.open(id, { exits: { stopLoss: '95' } });
  live.harness.quote('X', 90, 90);
  await live.kill();
  await live.run(1000);
  expect([live.provider.received.length, live.harness.phase]).toEqual([0, 'stopped']);
  await live.restart();
  live.quote(89);
  await live.run(1000);
  expect(live.sent().length).toBe(8);
  expect(live.excess()).toEqual([]);
});
