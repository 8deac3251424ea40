// Exits at a time: live they act at their own time, on the book as it then stands.
import { describe, expect, test } from 'vitest';
import { startTs } from '../support/core-harness.ts';
import {
  killAndRestart,
  newWorldForEachTest,
  restart,
  settled,
  startAgain,
  told,
  track,
  world,
  type Body,
} from './acting.ts';
import { LiveWorld, rejects } from './live-world.ts';
import { refusalOf } from './refusals.ts';

const inMs = (ms: number): { exits: { expiresAt: number } } => ({
  exits: { expiresAt: startTs + ms },
});

/** Closes so far: position, price, and how long after the start. */
function closes(): string[] {
  return told('position.closed').map(({ positionId, closedPrice, closeReason, closeTimestamp }) =>
    [positionId, closeReason, closedPrice, `+${Number(closeTimestamp) - startTs}`].join(' '),
  );
}

async function amend(positionId: string, exits: Body): Promise<string> {
  return refusalOf(await world.ask('gw.acc2.position.amend', { positionId, exits }));
}

function stateOf(positionId: string): string | undefined {
  return world.core.state.positions.get(positionId)?.state;
}

describe('on paper', () => {
  newWorldForEachTest();

  test('a position closes at its time, at the last quote, without a trigger price', async () => {
    await track('acc2', { positionId: 'p', ...inMs(5000) });
    world.quote('EURUSD', 1.2, 1.3);
    world.clock.advance(4999);
    expect(closes()).toEqual([]);
    world.clock.advance(1);
    expect(closes()).toEqual(['p expired 1.2 +5000']);
    expect(told('position.closed')[0]).not.toHaveProperty('triggerPrice');
    expect(world.clock.pending).toBeGreaterThan(0);
  });

  test('the earliest comes first, equal ones in the order in which they were tracked', async () => {
    world.quote('EURUSD', 1.2, 1.3);
    world.quote('XAUUSD', 2000, 2001);
    await track(
      'acc2',
      { positionId: 'a', ...inMs(2000) },
      { positionId: 'b', ...inMs(1000) },
      { positionId: 'c', symbol: 'XAUUSD', side: 'short', ...inMs(2000) },
      { positionId: 'd', ...inMs(9000) },
      { positionId: 'e', ...inMs(2000) },
    );
    // Set again, and set later than the others: neither changes the order.
    expect(await amend('a', { stopLoss: 1, ...inMs(2000).exits })).toBe('ok');
    expect(await amend('d', inMs(2000).exits)).toBe('ok');
    world.clock.advance(2000);
    expect(closes()).toEqual([
      'b expired 1.2 +1000',
      'a expired 1.2 +2000',
      'c expired 2001 +2000',
      'd expired 1.2 +2000',
      'e expired 1.2 +2000',
    ]);
  });

  test.each<[string, Body, string[]]>([
    ['earlier', { expiresAt: startTs + 1000 }, ['p expired 1.2 +1000']],
    ['later', { expiresAt: startTs + 6000 }, ['p expired 1.2 +6000']],
    ['to the same time', { takeProfit: 9, expiresAt: startTs + 3000 }, ['p expired 1.2 +3000']],
    ['away', { stopLoss: 1 }, []],
  ])('an amendment moves it %s', async (_, exits, expected) => {
    await track('acc2', { positionId: 'p', ...inMs(3000) });
    world.quote('EURUSD', 1.2, 1.3);
    expect(await amend('p', exits)).toBe('ok');
    world.clock.advance(10_000);
    expect(closes()).toEqual(expected);
  });

  test('what is closed, or not guarded any more, does not expire', async () => {
    world.quote('EURUSD', 1.2, 1.3);
    await track('acc2', { positionId: 'p', ...inMs(1000) }, { positionId: 'q', ...inMs(1000) });
    await world.ask('gw.acc2.position.close', { positionId: 'p' });
    await world.ask('gw.acc2.position.untrack', { positionId: 'q', reason: 'x' });
    expect(world.core.deadlines.size).toBe(0);
    world.clock.advance(5000);
    expect(closes()).toEqual(['p manual 1.2 +0']);
    expect(world.counter('closes_requested')).toBe(1);
  });

  test.each([startTs, startTs - 1, 0])(
    'a time that is not in the future, %d, is refused',
    async (expiresAt) => {
      const position = { symbol: 'EURUSD', side: 'long', quantity: 1, entryPrice: 1.1 };
      const reply = await world.ask('gw.acc2.position.track', {
        ...position,
        exits: { expiresAt },
      });
      expect(refusalOf(reply)).toBe('400 invalid_request: exits.expiresAt');
      await track('acc2', { positionId: 'p', ...inMs(3000) });
      expect(await amend('p', { expiresAt })).toBe('400 invalid_request: exits.expiresAt');
      world.quote('EURUSD', 1.2, 1.3);
      world.clock.advance(3000);
      expect(closes()).toEqual(['p expired 1.2 +3000']);
    },
  );

  test('without a quote the close waits for the first one', async () => {
    await track('acc2', { positionId: 'p', ...inMs(1000) }, { positionId: 'q', ...inMs(1000) });
    world.clock.advance(1000);
    expect([stateOf('p'), closes()]).toEqual(['closing', []]);
    // Given again unchanged it may be past: its close is under way.
    expect(await amend('p', inMs(1000).exits)).toBe('ok');
    world.clock.advance(500);
    world.quote('EURUSD', 1.2, 1.3);
    expect(closes()).toEqual(['p expired 1.2 +1500', 'q expired 1.2 +1500']);
  });

  test('a time that is still to come survives a restart', async () => {
    await track('acc2', { positionId: 'p', ...inMs(5000) });
    world.quote('EURUSD', 1.2, 1.3);
    await killAndRestart();
    world.quote('EURUSD', 1.25, 1.3);
    world.clock.advance(4999);
    expect(closes()).toEqual([]);
    world.clock.advance(1);
    expect(closes()).toEqual(['p expired 1.25 +5000']);
  });

  test('one that passed while nobody looked closes at the start, filled at the first quote', async () => {
    await track(
      'acc2',
      { positionId: 'late', ...inMs(3000) },
      { positionId: 'later', ...inMs(2000) },
    );
    await track('acc2', { positionId: 'on', ...inMs(60_000) });
    world.quote('EURUSD', 1.2, 1.3);
    await world.stop();
    world.clock.advance(10_000);
    await startAgain();
    expect(['late', 'later', 'on'].map(stateOf)).toEqual(['closing', 'closing', 'guarded']);
    // The book of before the stop values positions; nothing is filled at it.
    expect(closes()).toEqual([]);
    world.quote('EURUSD', 1.15, 1.3);
    expect(closes()).toEqual(['later expired 1.15 +10000', 'late expired 1.15 +10000']);
    expect(stateOf('on')).toBe('guarded');
  });

  test('it is asked for once, however often the runtime starts', async () => {
    await track('acc2', { positionId: 'p', ...inMs(1000) });
    world.clock.advance(1000);
    for (let i = 0; i < 3; i++) await restart();
    world.quote('EURUSD', 1.2, 1.3);
    world.clock.advance(5000);
    expect(closes()).toEqual(['p expired 1.2 +1000']);
    const rows = (await world.rows()).filter((row) => row.eventType === 'position_closed');
    expect(rows.map(({ metaData }) => metaData['reasons'])).toEqual([['expired']]);
  });

  test('an exit at a price that is reached first comes first', async () => {
    await track('acc2', { positionId: 'p', exits: { stopLoss: 1.05, expiresAt: startTs + 1000 } });
    world.quote('EURUSD', 1.05, 1.06);
    world.clock.advance(2000);
    expect(closes()).toEqual(['p stop_loss 1.05 +0']);
  });
});

describe('at a provider', () => {
  test('the close is sent at its time, whether there was a quote or not', async () => {
    const live = await LiveWorld.start();
    await live.open('p', inMs(5000));
    await live.run(startTs + 4980 - live.clock.now());
    expect(live.sent()).toEqual([]);
    await live.run(40);
    expect(live.sent('p')).toEqual(['1:2']);
    expect(live.stateOf('p')).toBe('closed');
    expect(live.told('position.closed')).toMatchObject([{ closeReason: 'expired' }]);
  });

  test('one that passed while nobody looked is sent at the start', async () => {
    const live = await LiveWorld.start();
    await live.open('p', inMs(5000));
    await live.kill();
    live.clock.advance(60_000);
    await live.restart();
    await live.run(100);
    expect(live.sent('p')).toEqual(['1:2']);
    expect(live.stateOf('p')).toBe('closed');
  });

  /** Rejected until it is in the dead letters, then given up by an operator. */
  async function discarded(): Promise<LiveWorld> {
    const live = await LiveWorld.start({ script: { close: [rejects] } });
    await live.open('p', inMs(1000));
    for (let i = 0; i < 60 && live.deadLetters().length === 0; i++) await live.run(1000);
    const [letter] = await live.letters();
    const body = { closeId: letter?.['closeId'], reason: 'not now' };
    const reply = live.ask('a.deadletter.discard', body);
    await settled();
    expect(refusalOf(await reply)).toBe('ok');
    expect(live.stateOf('p')).toBe('guarded');
    live.provider.received.length = 0;
    return live;
  }

  test('a close that was given up is tried again a second later', async () => {
    const live = await discarded();
    live.play({});
    await live.run(980);
    expect(live.sent()).toEqual([]);
    await live.run(40);
    expect(live.sent('p').length).toBe(1);
    expect(live.stateOf('p')).toBe('closed');
    expect(live.excess()).toEqual([]);
  });

  test('one that was given up and then set to another time waits for that time, and no longer', async () => {
    const live = await discarded();
    live.play({});
    const exits = { expiresAt: live.clock.now() + 300 };
    const reply = await live.settled(live.ask('a.position.amend', { positionId: 'p', exits }));
    expect(refusalOf(reply)).toBe('ok');
    await live.run(280);
    expect(live.sent()).toEqual([]);
    await live.run(40);
    expect(live.sent('p').length).toBe(1);
  });
});
