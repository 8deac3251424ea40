// Quotes that were held and are confirmed: nobody asks again whether they count, and they count for
// nothing that was tracked only after they had come.
import { describe, expect, test } from 'vitest';
import { memoryJournal } from '#src/journal/memory-journal';
import { memoryLedger } from '#src/ledger/memory-ledger';
import { CoreHarness, startTs } from '../support/core-harness.ts';
import type { Body } from './acting.ts';
import { refusalOf } from './refusals.ts';
import { StepClock } from './step-clock.ts';
import { accounts, instruments, long } from './world.ts';

const off = { gap: false, spread: false, liquidity: false, stale: false } as const;
const perSlice = 4;

let clock: StepClock;
let world: CoreHarness;

/** A guard of the euro that holds what jumps by 2 % until so many further quotes confirm it. */
async function enter(confirmQuotes: number, crossingsPerSlice = 1000): Promise<void> {
  clock = new StepClock(startTs);
  world = await CoreHarness.start({
    world: { clock, journal: memoryJournal(), ledger: memoryLedger() },
    settings: { instruments, accounts },
    crossingsPerSlice,
  });
  const reject = { deviationPct: 2, withinMs: 60_000, confirmQuotes };
  await world.ask('op._.guard.put', { symbol: 'EURUSD', ...off, reject });
}

async function track(positionId: string, exits: Body): Promise<void> {
  const reply = await world.ask('gw.acc2.position.track', { ...long, positionId, exits });
  expect(refusalOf(reply)).toBe('ok');
}

/** Each a millisecond after the one before. */
function at(...prices: number[]): void {
  for (const price of prices) {
    clock.advance(1);
    world.quote('EURUSD', price, price);
  }
}

/** `p1 stop_loss 1.04`, in order. */
function closes(): string[] {
  return world.events
    .filter(({ event }) => event === 'position.closed')
    .map((event) => event as unknown as Body)
    .map(({ positionId, closeReason, closedPrice }) => {
      return `${String(positionId)} ${String(closeReason)} ${String(closedPrice)}`;
    });
}

const book = (): number => world.core.markets.bookOf('EURUSD').bid;
const heldCount = (): number | undefined => world.core.markets.of('EURUSD').prints?.heldCount;

describe.each([1000, perSlice])('confirmed quotes, of slices of %d', (crossingsPerSlice) => {
  test('count one after the other, whatever the first of them has reached', async () => {
    await enter(3, crossingsPerSlice);
    const ids = Array.from({ length: 6 }, (_, i) => `p${i}`);
    for (const id of ids) await track(id, { stopLoss: 1.05 });
    for (const id of ids) await track(`low ${id}`.replace(' ', '-'), { stopLoss: 1.01 });
    await track('lower', { stopLoss: 0.85 });
    await track('high', { takeProfit: 1.2 });
    // 1.3 is a jump the other way, from what was confirmed; the last one confirms all.
    at(1.1, 1.04, 1.02, 1);
    expect([heldCount(), closes()]).toEqual([3, []]);
    at(0.8);
    // It comes while the first is worked off, is far from that, and near the last one.
    at(0.81);
    clock.turn();
    expect(closes()).toEqual([
      ...ids.map((id) => `${id} stop_loss 1.04`),
      ...ids.map((id) => `low-${id} stop_loss 1`),
      'lower stop_loss 0.8',
    ]);
    expect([heldCount(), book(), world.engine.waiting]).toEqual([0, 0.81, 0]);
    expect(world.counter('mass_crossings')).toBe(crossingsPerSlice === perSlice ? 2 : 0);
    expect(world.counter('quotes_held')).toBe(3);
    expect(world.engine.feed.accepted).toBe(6);
    expect(world.engine.feed.refused).toBe(0);
  });
});

describe('behind a crossing that is worked off', () => {
  async function crossing(): Promise<void> {
    await enter(1, perSlice);
    for (let i = 0; i < 20; i++) await track(`p${i}`, { stopLoss: 1.05 });
    await track('low', { stopLoss: 1.01 });
    at(1.1, 1.04, 1);
    clock.step();
    expect([book(), closes().length]).toEqual([1.04, perSlice]);
  }

  test('a quote that is older than what was confirmed is stale at once', async () => {
    await crossing();
    world.quote('EURUSD', 1.04, 1.04, clock.now() - 1);
    expect(world.counter('quotes_refused_stale')).toBe(1);
    clock.turn();
    expect([book(), closes().at(-1)]).toEqual([1, 'low stop_loss 1']);
  });

  test('what was confirmed counts for nothing that was tracked since', async () => {
    await crossing();
    await track('new', { stopLoss: 1.02 });
    clock.turn();
    expect([book(), closes().at(-1)]).toEqual([1, 'low stop_loss 1']);
    at(1.005);
    expect(closes().at(-1)).toBe('new stop_loss 1.005');
  });

  test('what is put in the place of the guard drops nothing that was confirmed', async () => {
    await crossing();
    await world.ask('op._.guard.remove', { symbol: 'EURUSD' });
    clock.turn();
    expect([book(), closes().at(-1)]).toEqual([1, 'low stop_loss 1']);
    expect(world.counter('quotes_refused_bad_print')).toBe(0);
  });

  test('nothing is told any more after a stop', async () => {
    await crossing();
    await world.kill();
    clock.turn();
    expect([book(), closes().length]).toEqual([1.04, perSlice]);
  });
});

describe('tracked after a quote that is held', () => {
  const exits: readonly [string, Body][] = [
    ['stop', { stopLoss: 1.05 }],
    ['money', { stopLossAmount: 10 }],
    ['target of a short', { takeProfit: 1.05 }],
    ['rung of a short', { ladder: [{ price: 1.05, fraction: 1 }] }],
  ];

  test.each(exits)('a %s is not reached by it, but by what confirms it', async (name, given) => {
    await enter(2);
    const side = name.endsWith('short') ? { side: 'short' } : {};
    const put = async (positionId: string): Promise<void> => {
      const body = { ...long, ...side, positionId, exits: given };
      expect(refusalOf(await world.ask('gw.acc2.position.track', body))).toBe('ok');
    };
    await put('before');
    at(1.1, 1.04);
    await put('between');
    at(1.03);
    await put('last');
    expect(closes()).toEqual([]);
    at(1.02);
    const told = closes().map((line) => line.replace(/ \w+ /, ' '));
    expect(told).toEqual(['before 1.04', 'between 1.03', 'last 1.02']);
  });

  test('nothing at all is reached where what confirms it does not reach it', async () => {
    await enter(1);
    at(1.1, 1);
    await track('p', { stopLoss: 1.05 });
    at(1.06, 1.055);
    expect(closes()).toEqual([]);
    at(1.05);
    expect(closes()).toEqual(['p stop_loss 1.05']);
  });

  test('a break-even, a tier and an activation do not see it', async () => {
    await enter(1);
    at(1.1, 1.3);
    await track('even', { breakEven: { trigger: 1.25 } });
    await track('tier', { trailing: { distance: 0.3, tiers: [{ at: 1.25, distance: 0.01 }] } });
    await track('active', { trailing: { distance: 0.01, activation: 1.25 } });
    at(1.2);
    expect(book()).toBe(1.2);
    at(1.19, 1.18, 1.1);
    expect(closes()).toEqual([]);
  });

  test.each(['as it is', 'after a kill'])(
    'a trailing stop is armed by the first quote after it (%s)',
    async (how) => {
      await enter(1);
      await track('old', { trailing: { distance: 0.2 } });
      await track('first', { takeProfit: 1.25 });
      at(1.1, 1.3);
      await track('new', { trailing: { distance: 0.1 } });
      // Each of the two decides something, so that both are on record before anything is noted.
      await track('gone', { takeProfit: 1.19 });
      at(1.2);
      expect(closes()).toEqual(['first take_profit 1.3', 'gone take_profit 1.2']);
      if (how === 'after a kill') {
        await world.kill();
        world = await world.restart();
      }
      const peakOf = async (positionId: string): Promise<unknown> => {
        const { exits: now } = await world.ask('gw.acc2.position.get', { positionId });
        return ((now as Body)['trailing'] as Body)['peak'];
      };
      expect([await peakOf('old'), await peakOf('new')]).toEqual(['1.3', '1.2']);
    },
  );
});

test('a guard that acts on it closes nothing that was tracked since; one that acts later does', async () => {
  await enter(1);
  const reject = { deviationPct: 2, withinMs: 60_000, confirmQuotes: 1 };
  const spread = { limit: 1, confirmMs: 50, closeOn: 'warning' };
  await world.ask('op._.guard.put', {
    symbol: 'EURUSD',
    ...off,
    gap: { limit: 5 },
    spread,
    reject,
  });
  await track('old', {});
  at(1.1, 1);
  await track('new', {});
  at(1.01);
  expect(closes()).toEqual(['old market_gap 1']);
  await track('wide', {});
  world.quote('EURUSD', 1.01, 1.03);
  await track('late', {});
  clock.advance(50);
  expect(closes().slice(1)).toEqual([
    'new market_spread 1.01',
    'wide market_spread 1.01',
    'late market_spread 1.01',
  ]);
});

test('a later one of those that are confirmed together counts for what it should', async () => {
  await enter(2);
  at(1.1, 1.3);
  await track('p', { trailing: { distance: 0.05 } });
  at(1.25);
  await track('q', { trailing: { distance: 0.05 } });
  at(1.2);
  // The peak of p is 1.25, that of q 1.2.
  expect(closes()).toEqual(['p trailing_stop 1.2']);
  at(1.18, 1.16, 1.151);
  expect(closes()).toHaveLength(1);
  at(1.15);
  expect(closes()).toHaveLength(2);
});

test('what nobody will confirm any more is refused, and counted as such', async () => {
  await enter(3);
  at(1.1, 1.3, 1.31);
  const { core, engine } = world;
  expect(core.refuseHeld(core.markets.of('EURUSD'))).toBe(2);
  expect(core.refuseHeld(core.markets.of('EURUSD'))).toBe(0);
  expect(core.refuseHeld(core.markets.of('XAUUSD'))).toBe(0);
  expect([heldCount(), engine.feed.accepted, engine.feed.refused]).toEqual([0, 1, 2]);
  expect(world.counter('quotes_refused_bad_print')).toBe(2);
  at(1.3);
  expect([heldCount(), book()]).toEqual([1, 1.1]);
});
