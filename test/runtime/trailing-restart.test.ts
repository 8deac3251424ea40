// What has become of exits survives a restart: peaks, activations, tiers, moved stops, done rungs.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RuntimeEvent } from '#src/domain/events';
import {
  given,
  outcomeOf,
  priceOf,
  quoted,
  trackAll,
  type Given,
  type Quoted,
} from './exit-worlds.ts';
import {
  killAndRestart,
  newWorldForEachTest,
  restart,
  told,
  track,
  world,
  type Body,
} from './acting.ts';
import { refusalOf } from './refusals.ts';
import { startWorld } from './world.ts';

newWorldForEachTest();

async function exitsOf(positionId = 'p'): Promise<Body> {
  return (await world.ask('gw.acc2.position.get', { positionId }))['exits'] as Body;
}

async function trailing(positionId = 'p'): Promise<Body> {
  return (await exitsOf(positionId))['trailing'] as Body;
}

function at(bid: number, ask = bid): void {
  world.quote('EURUSD', bid, ask);
}

/** Lets what quotes alone have changed be noted. */
function noted(): void {
  world.clock.advance(1000);
}

/** How the last position closed. */
function closed(): Body {
  const { positionId, closeReason, triggerPrice, closedPrice } =
    told('position.closed').at(-1) ?? {};
  return { positionId, closeReason, triggerPrice, closedPrice };
}

const byDistance = { trailing: { distance: '0.05' } };

describe('a trailing stop', () => {
  test('keeps the peak that was noted, and closes on it', async () => {
    await track('acc2', { positionId: 'p', exits: byDistance });
    await track('acc2', { positionId: 's', side: 'short', exits: { trailing: { percent: 10 } } });
    expect(await trailing()).toEqual({ distance: '0.05', armed: false });
    at(1.1, 1.11);
    at(1.2, 1.21);
    at(1.18, 1.19);
    noted();
    const expected = { distance: '0.05', armed: true, peak: '1.2', trail: '1.15' };
    expect(await trailing()).toEqual(expected);
    await killAndRestart();
    expect(await trailing()).toEqual(expected);
    expect(await trailing('s')).toEqual({
      percent: '10',
      armed: true,
      peak: '1.11',
      trail: '1.221',
    });
    at(1.15, 1.2);
    expect(closed()).toEqual({
      ...{
        positionId: 'p',
        closeReason: 'trailing_stop',
        triggerPrice: '1.15',
        closedPrice: '1.15',
      },
    });
    at(1.2, 1.23);
    expect(closed()).toMatchObject({ positionId: 's', triggerPrice: '1.221', closedPrice: '1.23' });
  });

  test('keeps it through several restarts, and while its close waits', async () => {
    await track('acc2', { positionId: 'p', exits: byDistance });
    at(1.2);
    for (let i = 0; i < 3; i++) await restart();
    expect(await trailing()).toMatchObject({ peak: '1.2' });
    const close = world.ask('gw.acc2.position.close', { positionId: 'p' });
    world.clock.advance(2000);
    await close;
    await restart();
    expect(await trailing()).toMatchObject({ peak: '1.2' });
  });

  test('that no quote has armed is not armed by the book of before the restart', async () => {
    at(1.3);
    noted();
    await track('acc2', { positionId: 'p', exits: byDistance });
    await restart();
    expect(await trailing()).toEqual({ distance: '0.05', armed: false });
    at(1.2);
    expect(await trailing()).toMatchObject({ armed: true, peak: '1.2' });
  });

  test('of which nothing was noted has the peak of the last quote on record', async () => {
    await track('acc2', { positionId: 'p', exits: byDistance });
    await track('acc2', { positionId: 'other', exits: { takeProfit: 1.2 } });
    at(1.1);
    at(1.21);
    at(1.22);
    await killAndRestart();
    expect(await trailing()).toMatchObject({ armed: true, peak: '1.21' });
  });

  test('that waits for its activation waits on, and one that was activated trails on', async () => {
    const waiting = { trailing: { distance: '0.05', activation: '1.25' } };
    await track('acc2', { positionId: 'p', exits: waiting }, { positionId: 'q', exits: waiting });
    at(1.24);
    await restart();
    expect(await trailing()).toMatchObject({ armed: false });
    at(1.26);
    at(1.28);
    // The activation is a record, the better price was not noted.
    await killAndRestart();
    expect(await trailing()).toMatchObject({ armed: true, peak: '1.26', trail: '1.21' });
    at(1.21);
    expect(told('position.closed').map((event) => event['positionId'])).toEqual(['p', 'q']);
    expect(closed()).toMatchObject({ closeReason: 'trailing_stop', triggerPrice: '1.21' });
  });

  test('keeps the tiers that were reached', async () => {
    const tiers = [
      { at: '1.2', distance: '0.02' },
      { at: '1.3', distance: '0.01' },
    ];
    await track('acc2', { positionId: 'p', exits: { trailing: { distance: '0.1', tiers } } });
    at(1.1);
    at(1.21);
    noted();
    await killAndRestart();
    expect(await trailing()).toMatchObject({
      ...{ peak: '1.21', trail: '1.19' },
      tiers: [
        { ...tiers[0], reached: true },
        { ...tiers[1], reached: false },
      ],
    });
    at(1.19);
    expect(closed()).toMatchObject({ closeReason: 'trailing_stop', triggerPrice: '1.19' });
  });

  test('that was replaced begins anew, be it after a restart or before one', async () => {
    await track('acc2', { positionId: 'p', exits: byDistance });
    at(1.2);
    noted();
    await killAndRestart();
    const amend = async (exits: Body): Promise<void> => {
      const reply = await world.ask('gw.acc2.position.amend', { positionId: 'p', exits });
      expect(refusalOf(reply)).toBe('ok');
    };
    await amend({ stopLoss: 1, trailing: { distance: 0.05 } });
    expect(await trailing()).toMatchObject({ armed: true, peak: '1.2' });
    await amend({ trailing: { distance: '0.06' } });
    expect(await trailing()).toEqual({ distance: '0.06', armed: false });
    noted();
    await killAndRestart();
    expect(await trailing()).toEqual({ distance: '0.06', armed: false });
    at(1.15);
    expect(await trailing()).toMatchObject({ armed: true, peak: '1.15', trail: '1.09' });
  });
});

test('a stop that break-even has moved stays where it is', async () => {
  const exits = { stopLoss: 1, breakEven: { trigger: '1.2', offset: '0.01' } };
  await track('acc2', { positionId: 'p', exits });
  expect(await exitsOf()).toEqual({
    stopLoss: '1',
    breakEven: { ...exits.breakEven, moved: false },
  });
  at(1.2);
  const moved = { stopLoss: '1.11', breakEven: { ...exits.breakEven, moved: true } };
  expect(await exitsOf()).toEqual(moved);
  await killAndRestart();
  expect(await exitsOf()).toEqual(moved);
  at(1.11);
  expect(closed()).toMatchObject({ closeReason: 'break_even', triggerPrice: '1.11' });
});

test('a rung that was closed is not closed again', async () => {
  const ladder = [
    { price: '1.2', fraction: '0.25' },
    { price: '1.3', fraction: '0.75' },
  ];
  await track('acc2', { positionId: 'p', exits: { ladder } });
  at(1.2);
  await killAndRestart();
  const view = await world.ask('gw.acc2.position.get', { positionId: 'p' });
  expect(view).toMatchObject({ state: 'guarded', quantity: '0.1', remainingQuantity: '0.075' });
  expect((view['exits'] as Body)['ladder']).toEqual([
    { ...ladder[0], done: true },
    { ...ladder[1], done: false },
  ]);
  at(1.25);
  expect(told('position.closed', 'position.partially-closed').length).toBeLessThanOrEqual(1);
  at(1.3);
  expect(closed()).toMatchObject({ closeReason: 'take_profit', triggerPrice: '1.3' });
});

/** Restarts before the quotes of these places: `true` stops, `false` kills what was noted. */
type Restarts = ReadonlyMap<number, boolean>;

async function run(positions: readonly Given[], quotes: readonly Quoted[], restarts: Restarts) {
  let one = await startWorld();
  const events: RuntimeEvent[] = [];
  const seen = new Set<string>();
  /** After a restart those that may not have left come again, under the same ids. */
  const collect = (): void => {
    for (const event of one.events) {
      if (!seen.has(event.id)) events.push(event);
      seen.add(event.id);
    }
  };
  await trackAll(one, positions);
  for (const [i, { symbol, tick, spread }] of quotes.entries()) {
    const isStop = restarts.get(i);
    if (isStop !== undefined) {
      if (!isStop) one.clock.advance(1000);
      collect();
      await (isStop ? one.stop() : one.kill());
      one = await one.restart();
    }
    one.quote(symbol, priceOf(symbol, tick), priceOf(symbol, tick + spread));
  }
  collect();
  const outcome = outcomeOf(one, events);
  await one.kill();
  return outcome;
}

test('restarts, wherever they come, change nothing of what closes, and at which price', async () => {
  let restarted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(given, { minLength: 4, maxLength: 20, size: 'max' }),
      fc.array(quoted, { minLength: 4, maxLength: 14, size: 'max' }),
      fc.array(fc.tuple(fc.nat(13), fc.boolean()), { minLength: 1, maxLength: 4 }),
      async (positions, quotes, places) => {
        const restarts = new Map(places);
        const [one, other] = [
          await run(positions, quotes, restarts),
          await run(positions, quotes, new Map()),
        ];
        expect(one).toEqual(other);
        restarted += restarts.size;
      },
    ),
    { numRuns: 60 },
  );
  expect(restarted).toBeGreaterThan(60);
});
