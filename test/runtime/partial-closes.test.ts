// Closes of parts on paper: a rung at a time, or as much as was asked for; the rest stays guarded.
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { Decimal, decimal, text, zero } from '#src/domain/money';
import { CoreHarness } from '../support/core-harness.ts';
import { refusalOf } from './refusals.ts';
import { startWorld } from './world.ts';

type Body = Record<string, unknown>;

const symbol = 'XAUUSD';
let world: CoreHarness;

beforeEach(async () => {
  world = await startWorld();
});

/** Long two lots at 2000, a hundred ounces each, unless given otherwise. */
async function track(positionId: string, more: Body = {}): Promise<void> {
  const position = { positionId, symbol, side: 'long', quantity: '2', entryPrice: '2000', ...more };
  const reply = await world.ask('gw.acc2.position.track', position);
  expect(refusalOf(reply)).toBe('ok');
}

function quote(bid: number, ask = bid): void {
  world.quote(symbol, bid, ask);
  world.clock.turn();
}

const close = (positionId: string, more: Body = {}): Promise<Body> =>
  world.ask('gw.acc2.position.close', { positionId, ...more });

const get = (positionId: string): Promise<Body> =>
  world.ask('gw.acc2.position.get', { positionId });

async function rows(): Promise<string[]> {
  return (await world.rows()).map(({ eventType, status, metaData: { quantity, pnl } }) =>
    [eventType, status, quantity, pnl].join(' '),
  );
}

const ladder = (...rungs: [number, string][]): Body => ({
  exits: { ladder: rungs.map(([price, fraction]) => ({ price, fraction })) },
});

describe('a rung closes its fraction, once', () => {
  test('and the rest stays guarded', async () => {
    await track('p', ladder([2010, '0.25'], [2020, '0.25']));
    quote(2000);
    quote(2010);
    expect(await get('p')).toMatchObject({ state: 'guarded', remainingQuantity: '1.5' });
    quote(2010);
    quote(2019);
    quote(2005);
    quote(2012);
    expect(await rows()).toEqual(['position_partially_closed 0 0.5 500']);
    quote(2021);
    expect(await rows()).toEqual([
      'position_partially_closed 0 0.5 500',
      'position_partially_closed 0 0.5 1050',
    ]);
    expect(await get('p')).toMatchObject({ state: 'guarded', remainingQuantity: '1' });
    expect(world.eventNames('acc2').filter((name) => name.startsWith('position.'))).toEqual([
      'position.tracked',
      'position.partially-closed',
      'position.partially-closed',
    ]);
  });

  test('several at once are a close each, and the last of a whole ladder ends the position', async () => {
    await track('p', ladder([2010, '0.5'], [2020, '0.3'], [2030, '0.2']));
    quote(2000);
    quote(2030);
    expect(await rows()).toEqual([
      'position_partially_closed 0 1 3000',
      'position_partially_closed 0 0.6 1800',
      'position_closed 0 0.4 1200',
    ]);
    expect(await get('p')).toMatchObject({ state: 'closed', remainingQuantity: '0' });
    expect(await world.ask('gw.acc2.account.get')).toMatchObject({ balance: '11000.5' });
  });

  test('a rung is done after a restart, too', async () => {
    await track('p', ladder([2010, '0.25'], [2020, '0.25']));
    quote(2010);
    await world.kill();
    world = await world.restart();
    quote(2015);
    expect(await rows()).toEqual(['position_partially_closed 0 0.5 500']);
    quote(2020);
    expect((await rows()).length).toBe(2);
  });

  test('a rung that was amended away and back is another one', async () => {
    await track('p', ladder([2010, '0.25']));
    quote(2010);
    await world.ask('gw.acc2.position.amend', { positionId: 'p', exits: {} });
    await world.ask('gw.acc2.position.amend', { positionId: 'p', ...ladder([2010, '0.25']) });
    quote(2011);
    expect((await rows()).length).toBe(2);
  });

  test('the stop loss closes what is left', async () => {
    const { exits } = ladder([2010, '0.25']);
    await track('p', { exits: { ...(exits as Body), stopLoss: 1990 } });
    quote(2010);
    quote(1989);
    expect(await rows()).toEqual([
      'position_partially_closed 0 0.5 500',
      'position_closed 0 1.5 -1650',
    ]);
  });
});

describe('position.close with a quantity', () => {
  test('closes so much, and answers with that part', async () => {
    await track('p');
    quote(2010, 2011);
    const reply = await close('p', { quantity: '0.5' });
    expect(reply).toMatchObject({
      ...{ success: true, outcome: 'closed', quantity: '0.5', closedPrice: '2010', pnl: '500' },
      ...{ closeReason: 'manual', attempts: 1 },
    });
    expect(await get('p')).toMatchObject({ state: 'guarded', remainingQuantity: '1.5' });
    const other = await close('p', { quantity: 1.5, reason: 'the rest' });
    expect(other).toMatchObject({ outcome: 'closed', quantity: '1.5', pnl: '1500' });
    expect(other['closeId']).not.toBe(reply['closeId']);
    expect(await get('p')).toMatchObject({ state: 'closed' });
    expect(await world.ask('gw.acc2.account.get')).toMatchObject({ balance: '7000.5' });
  });

  test('more than is left is refused, with both numbers', async () => {
    await track('p');
    quote(2010);
    await close('p', { quantity: '0.5' });
    const reply = await close('p', { quantity: '1.50001' });
    expect(reply).toEqual({
      error: {
        ...{ code: 409, name: 'quantity_too_large', limit: '1.5', actual: '1.50001' },
        message: '1.5 of position p is left to be closed, asked was 1.50001',
      },
    });
    expect(await get('p')).toMatchObject({ state: 'guarded', remainingQuantity: '1.5' });
  });

  test('at a price that it was closed at', async () => {
    await track('p');
    expect(await close('p', { quantity: '0.5', price: '2002' })).toMatchObject({
      ...{ outcome: 'closed', quantity: '0.5', closedPrice: '2002', pnl: '100' },
    });
    expect(await get('p')).toMatchObject({ state: 'guarded', remainingQuantity: '1.5' });
  });

  test('the same message again gives the same answer, and closes nothing', async () => {
    await track('p');
    quote(2010);
    const ask = (): Promise<Body> =>
      world.ask('gw.acc2.position.close', { positionId: 'p', quantity: 1 }, { messageId: 'm' });
    const first = await ask();
    expect(first).toMatchObject({ outcome: 'closed', quantity: '1' });
    expect(await ask()).toEqual(first);
    expect(await get('p')).toMatchObject({ remainingQuantity: '1' });
  });
});

describe('without a quote parts wait, in their order', () => {
  const waits = async (answer: Promise<Body>): Promise<Body> => {
    await new Promise(setImmediate);
    world.clock.advance(2000);
    return await answer;
  };

  test('each has its answer, and its fill on the first quote', async () => {
    await track('p');
    const one = await waits(close('p', { quantity: '0.5', reason: 'one' }));
    const two = await waits(close('p', { quantity: '0.25', reason: 'two' }));
    expect(one).toMatchObject({ outcome: 'pending', quantity: '0.5', closeReason: 'one' });
    expect(two).toMatchObject({ outcome: 'pending', quantity: '0.25', closeReason: 'two' });
    expect(await get('p')).toMatchObject({ state: 'guarded', remainingQuantity: '2' });
    expect(await close('p', { quantity: '1.26' })).toMatchObject({
      error: { name: 'quantity_too_large', limit: '1.25', actual: '1.26' },
    });
    quote(2010);
    expect((await rows()).slice(-2)).toEqual([
      'position_partially_closed 0 0.5 500',
      'position_partially_closed 0 0.25 250',
    ]);
    expect(await get('p')).toMatchObject({ state: 'guarded', remainingQuantity: '1.25' });
  });

  test.each([false, true])('of several positions; after a restart: %s', async (isRestarted) => {
    await track('p');
    await track('q');
    await waits(close('p', { quantity: 1, reason: 'one' }));
    await waits(close('q', { reason: 'two' }));
    await waits(close('p', { reason: 'three' }));
    expect(await get('p')).toMatchObject({ state: 'closing' });
    expect(await close('p', { quantity: 3 })).toMatchObject({
      error: { name: 'quantity_too_large', limit: '2' },
    });
    if (isRestarted) {
      await world.kill();
      world = await world.restart();
    }
    expect(await get('p')).toMatchObject({ state: 'closing' });
    quote(2010);
    const told = (await world.rows()).filter(({ status }) => status === 0);
    expect(
      told.map(({ description, metaData }) => `${description} ${String(metaData['pnl'])}`),
    ).toEqual([
      'Position p partially closed: one 1000',
      'Position q closed: two 2000',
      'Position p closed: three 1000',
    ]);
    expect(world.core.state.accounts.get('acc2')?.closingCount).toBe(0);
  });

  test('what has happened is booked at once, and what waits is left', async () => {
    await track('p');
    await waits(close('p', { quantity: '0.5', reason: 'waits' }));
    expect(await close('p', { quantity: 1, price: 2002 })).toMatchObject({ pnl: '200' });
    expect(await get('p')).toMatchObject({ state: 'guarded', remainingQuantity: '1' });
    await waits(close('p', { reason: 'all' }));
    expect(await close('p', { quantity: '0.25', price: 2001 })).toMatchObject({ pnl: '25' });
    expect(await get('p')).toMatchObject({ state: 'closing', remainingQuantity: '0.75' });
    quote(2010);
    expect((await rows()).slice(-2)).toEqual([
      'position_partially_closed 0 0.5 500',
      'position_closed 0 0.25 250',
    ]);
  });

  test('a price for all of it ends everything that waits', async () => {
    await track('p');
    const part = await waits(
      world.ask(
        'gw.acc2.position.close',
        { positionId: 'p', quantity: '0.5' },
        { messageId: 'part' },
      ),
    );
    expect(part).toMatchObject({ outcome: 'pending' });
    expect(await close('p', { price: 2001 })).toMatchObject({ pnl: '200', quantity: '2' });
    expect(await get('p')).toMatchObject({ state: 'closed' });
    quote(2010);
    expect((await rows()).slice(-1)).toEqual(['position_closed 0 2 200']);
    // The part was closed with all the rest.
    const again = await world.ask(
      'gw.acc2.position.close',
      { positionId: 'p', quantity: '0.5' },
      { messageId: 'part' },
    );
    expect(again).toMatchObject({ outcome: 'closed', pnl: '200' });
  });

  test('a whole close is answered when it is done, also behind a part', async () => {
    await track('p');
    const [one, two] = [close('p', { quantity: '0.5' }), close('p')];
    await new Promise(setImmediate);
    quote(2010);
    expect(await one).toMatchObject({ outcome: 'closed', quantity: '0.5', pnl: '500' });
    expect(await two).toMatchObject({ outcome: 'closed', quantity: '1.5', pnl: '1500' });
  });

  test('a position of which a part waits cannot be untracked', async () => {
    await track('p');
    await waits(close('p', { quantity: '0.5' }));
    const reply = await world.ask('gw.acc2.position.untrack', { positionId: 'p', reason: 'x' });
    expect(reply).toMatchObject({ error: { code: 409, name: 'position_not_open' } });
  });
});

describe('closing all of an account', () => {
  test('counts what is closed by it, and not the parts of before', async () => {
    await track('p');
    quote(2010);
    await close('p', { quantity: 1 });
    const reply = await world.ask('gw.acc2.account.close-all', { reason: 'flat' });
    expect(reply).toMatchObject({
      ...{ successfulCloses: 1, failedCloses: 0, totalPnl: '1000' },
      results: [{ quantity: '1', pnl: '1000' }],
    });
  });
});

const fraction = fc.integer({ min: 1, max: 40 }).map((n) => decimal(n).div(100));

test('parts add up: what was closed, and what is left, is the quantity', async () => {
  const step = fc.oneof(
    fc.record({ quote: fc.integer({ min: 1990, max: 2040 }) }),
    fc.record({ close: fraction }),
    fc.record({ closeAt: fraction }),
    fc.record({ restart: fc.constant(true) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1995, max: 2035 }), fraction), { maxLength: 4 }),
      fc.array(step, { maxLength: 12 }),
      async (rungs, steps) => {
        world = await startWorld();
        let sum = zero;
        const own = rungs.filter(([, share]) => (sum = sum.plus(share)).lte(1));
        const given = own.map(([at, share]): [number, string] => [at, text(share)]);
        await track('p', given.length === 0 ? {} : ladder(...given));
        for (const one of steps) {
          if ('quote' in one) quote(one.quote);
          else if ('restart' in one) {
            await world.kill();
            world = await world.restart();
          } else {
            const isPriced = 'closeAt' in one;
            const quantity = text((isPriced ? one.closeAt : one.close).times(2));
            const answer = close('p', { quantity, ...(isPriced ? { price: 2000 } : {}) });
            await new Promise(setImmediate);
            world.clock.advance(2000);
            await answer;
          }
        }
        quote(2000);
        const closed = (await world.rows())
          .filter(({ eventType }) => /^position_(partially_)?closed$/.test(eventType))
          .map(({ metaData }) => new Decimal(String(metaData['quantity'])));
        const { remainingQuantity, queued, intent } = world.core.state.positions.get('p') ?? {};
        const total = closed.reduce((a, b) => a.plus(b), remainingQuantity ?? zero);
        expect(text(total)).toBe('2');
        expect([queued, intent]).toEqual([[], undefined]);
        // A rung is one close at the most, of its fraction or of what was left.
        const taken = (await world.rows()).filter(
          ({ metaData }) => metaData['closeReason'] === 'take_profit',
        );
        expect(taken.length).toBeLessThanOrEqual(own.length);
      },
    ),
    { numRuns: 60 },
  );
});
