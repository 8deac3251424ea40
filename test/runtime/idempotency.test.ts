// Message ids: the same id gives the same reply, for a day, over restarts, and never two effects.
import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { closeAnswerMs } from '#src/commands/desk';
import { CloseoutError } from '#src/domain/errors';
import { storedReplyMs } from '#src/domain/state';
import { memoryJournal } from '#src/journal/memory-journal';
import { memoryLedger } from '#src/ledger/memory-ledger';
import type { Journal } from '#src/ports/journal';
import type { Ledger } from '#src/ports/ledger';
import { startTs } from '../support/core-harness.ts';
import { ManualClock } from '../support/manual-clock.ts';
import {
  enter,
  killAndRestart,
  newWorldForEachTest,
  startAgain,
  world,
  type Body,
} from './acting.ts';
import { startLive } from './live.ts';
import { refusalOf } from './refusals.ts';
import { long } from './world.ts';

newWorldForEachTest();

const trackIt = 'gw.acc1.position.track';
const closeIt = 'gw.acc1.position.close';
const id = (messageId: string): { messageId: string } => ({ messageId });

describe('a repeat', () => {
  test('gets the reply of the first, and has no effect', async () => {
    const first = await world.ask(trackIt, long, id('m1'));
    const records = world.core.state.n;
    expect(await world.ask(trackIt, long, id('m1'))).toEqual(first);
    expect(world.core.state.n).toBe(records);
    expect(world.core.state.positions.size).toBe(1);
    expect(await world.ask(trackIt, long, id('m2'))).not.toEqual(first);
  });

  test('gets it though the world has moved on', async () => {
    const first = await world.ask(trackIt, { positionId: 'p1', ...long }, id('m1'));
    world.quote('EURUSD', 1.1, 1.1);
    await world.ask(closeIt, { positionId: 'p1' });
    expect(first['state']).toBe('guarded');
    expect(await world.ask(trackIt, { positionId: 'p1', ...long }, id('m1'))).toEqual(first);
  });

  test('may be written in another way, and come from another bus', async () => {
    const body = { positionId: 'p1', ...long };
    const first = await world.ask(trackIt, body, id('m1'));
    const turned = Object.fromEntries(Object.entries(body).toReversed());
    const text = JSON.stringify(turned, undefined, 2);
    expect(await world.ask(trackIt, text, id('m1'))).toEqual(first);
    const options = { client: 'gw', messageId: 'm1' };
    expect(await world.commands.position.track('acc1', body, options)).toEqual(first);
  });

  test.each<readonly [string, string, Body]>([
    ['another body', trackIt, { ...long, quantity: '0.2' }],
    ['another account', 'gw.acc2.position.track', long],
    ['another action', 'gw.acc1.position.get', long],
    ['another resource', 'gw.acc1.account.get', long],
  ])('with %s is refused', async (_, subject, body) => {
    await world.ask(trackIt, long, id('m1'));
    const records = world.core.state.n;
    expect(refusalOf(await world.ask(subject, body, id('m1')))).toBe('409 message_id_reused');
    expect(world.core.state.n).toBe(records);
  });

  test('of another client is no repeat', async () => {
    const first = await world.ask(trackIt, long, id('m1'));
    const other = await world.ask('gw2.acc1.position.track', long, id('m1'));
    expect(other['positionId']).not.toBe(first['positionId']);
  });

  test('is one for a day', async () => {
    const first = await world.ask(trackIt, long, id('m1'));
    world.clock.advance(storedReplyMs - 1);
    expect(await world.ask(trackIt, long, id('m1'))).toEqual(first);
    world.clock.advance(1);
    const later = await world.ask(trackIt, { ...long, quantity: 1 }, id('m1'));
    expect(later).toMatchObject({ quantity: '1', openedAt: startTs + storedReplyMs });
  });

  test('is one after a kill too', async () => {
    const tracked = await world.ask(trackIt, long, id('m1'));
    const refused = await world.ask(closeIt, { positionId: 'nope' }, id('m2'));
    await killAndRestart();
    expect(await world.ask(trackIt, long, id('m1'))).toEqual(tracked);
    expect(await world.ask(closeIt, { positionId: 'nope' }, id('m2'))).toEqual(refused);
    expect(refusalOf(await world.ask(trackIt, {}, id('m1')))).toBe('409 message_id_reused');
    expect(world.core.state.positions.size).toBe(1);
  });

  test('is what an answer to an unknown client is not: nothing is stored for it', async () => {
    const records = world.core.state.n;
    await world.commands.account.get('acc1', {}, { client: '\ud83d', messageId: 'm1' });
    expect(world.core.state.n).toBe(records);
  });
});

describe('refusals', () => {
  test.each<readonly [string, string, Body, string]>([
    ['invalid', trackIt, { ...long, side: 'buy' }, '400 invalid_request: side'],
    ['foreign', 'gw.acc2.position.get', { positionId: 'p1' }, '403 foreign_account'],
    ['unknown', 'gw.acc1.position.get', { positionId: 'p2' }, '404 unknown_position'],
    ['no command', 'gw.acc1.position.open', {}, '404 unknown_subject'],
    ['conflict', trackIt, { positionId: 'p1', ...long }, '409 position_exists'],
  ])('are stored: %s', async (_, subject, body, expected) => {
    await world.ask(trackIt, { positionId: 'p1', ...long });
    const first = await world.ask(subject, body, id('m1'));
    expect(refusalOf(first)).toBe(expected);
    await world.ask(trackIt, { positionId: 'p2', ...long });
    const records = world.core.state.n;
    expect(await world.ask(subject, body, id('m1'))).toEqual(first);
    expect(world.core.state.n).toBe(records);
  });

  test('that show what was cut in the middle of a character can be stored', async () => {
    const body = { ...long, side: `${'x'.repeat(58)}😀` };
    const first = await world.ask(trackIt, body, id('m1'));
    expect(refusalOf(first)).toBe('400 invalid_request: side');
    await killAndRestart();
    expect(await world.ask(trackIt, body, id('m1'))).toEqual(first);
  });

  test('of a body that is no JSON are told apart by its bytes', async () => {
    await world.ask(trackIt, Buffer.from([0xff]), id('m1'));
    const again = await world.ask(trackIt, Buffer.from([0xff]), id('m1'));
    expect(refusalOf(again)).toBe('400 invalid_request: (body)');
    const other = await world.ask(trackIt, Buffer.from([0xfe]), id('m1'));
    expect(refusalOf(other)).toBe('409 message_id_reused');
  });

  test('of a deadline are not stored', async () => {
    const late = { ...id('m1'), deadline: String(startTs - 1) };
    expect(refusalOf(await world.ask(trackIt, long, late))).toBe('408 deadline_passed');
    expect(world.core.state.replies.size).toBe(0);
    const inTime = { ...id('m1'), deadline: String(startTs) };
    expect(refusalOf(await world.ask(trackIt, long, inTime))).toBe('ok');
  });

  test('of a runtime that is not ready are not stored', async () => {
    world.phase = 'starting';
    expect(refusalOf(await world.ask(trackIt, long, id('m1')))).toBe('503 not_ready');
    expect(refusalOf(await world.ask('op._.runtime.status'))).toBe('503 not_ready');
    world.phase = 'ready';
    expect(refusalOf(await world.ask(trackIt, long, id('m1')))).toBe('ok');
  });
});

describe('while the first still runs', () => {
  test('a repeat waits for it', async () => {
    await world.ask(trackIt, { positionId: 'p1', ...long });
    const body = { positionId: 'p1' };
    const answers = [1, 2, 3].map(() => world.ask(closeIt, body, id('m1')));
    const other = await world.ask(closeIt, { ...body, reason: 'other' }, id('m1'));
    expect(refusalOf(other)).toBe('409 message_id_reused');
    world.quote('EURUSD', 1.1, 1.1);
    const [first, ...others] = await Promise.all(answers);
    expect(first).toMatchObject({ outcome: 'closed', closeReason: 'manual' });
    expect(others).toEqual([first, first]);
    expect((await world.rows()).at(-1)?.metaData).toMatchObject({ reasons: ['manual'] });
  });

  test('a repeat of a pending one waits with it, and is pending too', async () => {
    await world.ask(trackIt, { positionId: 'p1', ...long });
    const answers = [1, 2].map(() => world.ask(closeIt, { positionId: 'p1' }, id('m1')));
    world.clock.advance(closeAnswerMs);
    const [first, second] = await Promise.all(answers);
    expect(first).toMatchObject({ outcome: 'pending' });
    expect(second).toEqual(first);
  });
});

describe('a pending close is not stored: a repeat tells how it stands', () => {
  const pendingSingle = async (): Promise<Body> => {
    await world.ask(trackIt, { positionId: 'p1', ...long });
    const answer = world.ask(closeIt, { positionId: 'p1' }, id('m1'));
    world.clock.advance(closeAnswerMs);
    return await answer;
  };

  test.each([
    ['in this process', false],
    ['after a kill', true],
  ])('of one position, %s', async (_, isKilled) => {
    const first = await pendingSingle();
    expect(first['outcome']).toBe('pending');
    if (isKilled) {
      await killAndRestart();
    }
    expect(await world.ask(closeIt, { positionId: 'p1' }, id('m1'))).toEqual(first);
    world.quote('EURUSD', 1.2, 1.2);
    const closed = await world.ask(closeIt, { positionId: 'p1' }, id('m1'));
    expect(closed).toMatchObject({ outcome: 'closed', closeId: first['closeId'] });
    const other = await world.ask(closeIt, { positionId: 'p2' }, id('m1'));
    expect(refusalOf(other)).toBe('409 message_id_reused');
  });

  test.each([
    ['in this process', false],
    ['after a kill', true],
  ])('of many, under the same bulkId, %s', async (_, isKilled) => {
    for (const [positionId, symbol] of [
      ['p1', 'EURUSD'],
      ['p2', 'XAUUSD'],
    ]) {
      await world.ask(trackIt, { ...long, positionId, symbol });
    }
    world.quote('EURUSD', 1.1, 1.1);
    const ask = () => world.ask('gw.acc1.account.close-all', { reason: 'x' }, id('m1'));
    const answer = ask();
    world.clock.advance(closeAnswerMs);
    const first = await answer;
    expect(first).toMatchObject({ totalPositions: 2, successfulCloses: 1 });
    await world.ask(trackIt, { positionId: 'p3', ...long });
    if (isKilled) {
      await killAndRestart();
    }
    expect(await ask()).toEqual(first);
    world.quote('XAUUSD', 1300, 1300);
    const { bulkId } = first;
    expect(await ask()).toMatchObject({ bulkId, totalPositions: 2, successfulCloses: 2 });
    expect(world.core.state.positions.get('p3')?.state).toBe('guarded');
  });

  test('a kill before the answer begins no second close', async () => {
    await world.ask(trackIt, { positionId: 'p1', ...long });
    const lost = world.ask(closeIt, { positionId: 'p1' }, id('m1'));
    await world.kill();
    world.clock.advance(closeAnswerMs);
    await lost;
    await startAgain();
    expect(await world.ask(closeIt, { positionId: 'p1' }, id('m1'))).toMatchObject({
      outcome: 'pending',
    });
    world.quote('EURUSD', 1.1, 1.1);
    expect((await world.rows()).map((row) => row.eventType)).toEqual([
      'position_close_pending',
      'position_closed',
    ]);
  });

  test('an answer that comes when the runtime has stopped is told, and harms nothing', async () => {
    await world.ask(trackIt, { positionId: 'p1', ...long });
    const answer = world.ask(closeIt, { positionId: 'p1' }, id('m1'));
    await world.stop();
    world.clock.advance(closeAnswerMs);
    expect(await answer).toMatchObject({ outcome: 'pending' });
    expect(world.phase).toBe('stopped');
  });
});

describe('an answer that comes when the runtime has stopped', () => {
  test('is told, and nothing more is recorded', async () => {
    const inner = memoryLedger();
    const { promise, resolve } = Promise.withResolvers<void>();
    const ledger: Ledger = {
      ...inner,
      list: async (filter) => {
        await promise;
        return await inner.list(filter);
      },
    };
    const clock = new ManualClock(startTs);
    await enter({ world: { clock, journal: memoryJournal(), ledger } });
    const answer = world.ask('op._.ledger.list', {}, id('m1'));
    await world.stop();
    const records = world.core.state.n;
    resolve();
    expect(await answer).toEqual({ items: [] });
    expect(world.core.state.n).toBe(records);
    expect(world.phase).toBe('stopped');
  });
});

describe('the stored reply and the effect', () => {
  test('are one append to the journal', async () => {
    const appends: string[][] = [];
    const inner = memoryJournal();
    const journal: Journal = {
      ...inner,
      append: (records, whenDurable) => {
        appends.push(records.map((record) => record.type));
        inner.append(records, whenDurable);
      },
    };
    const clock = new ManualClock(startTs);
    await enter({ world: { clock, journal, ledger: memoryLedger() } });
    appends.length = 0;
    await world.ask(trackIt, { positionId: 'p1', ...long }, id('m1'));
    world.quote('EURUSD', 1.1, 1.1);
    await world.ask(closeIt, { positionId: 'p1' }, id('m2'));
    await world.ask(closeIt, { positionId: 'p2' }, id('m3'));
    expect(appends).toEqual([
      ['position.tracked', 'command.answered'],
      ['close.filled', 'command.answered'],
      ['command.answered'],
    ]);
  });

  test.each<readonly [string, (whenDurable: (error: CloseoutError) => void) => void]>([
    ['says so', (tell) => tell(new CloseoutError('journal_failed', 'the disk is full'))],
    ['throws', () => assert.fail('the disk is full')],
  ])('are neither there where the journal fails and %s', async (_, failing) => {
    const inner = memoryJournal();
    let isFull = false;
    const journal: Journal = {
      ...inner,
      append: (records, whenDurable) => {
        if (isFull) failing(whenDurable);
        else inner.append(records, whenDurable);
      },
    };
    const clock = new ManualClock(startTs);
    await enter({ world: { clock, journal, ledger: memoryLedger() } });
    isFull = true;
    expect(await world.ask(trackIt, long, id('m1'))).toMatchObject({
      error: { code: 503, message: 'the journal failed: the disk is full' },
    });
    expect(refusalOf(await world.ask('gw.acc1.account.get'))).toBe('503 not_ready');
    isFull = false;
    await killAndRestart();
    expect(world.core.state.positions.size).toBe(0);
    expect(refusalOf(await world.ask(trackIt, long, id('m1')))).toBe('ok');
  });
});

describe('on disk', () => {
  test('a new runtime on the same directory answers repeats, and a pending close', async () => {
    const first = await startLive();
    const { commands } = first.runtime;
    const adjust = { amount: 50, reason: 'deposit' };
    const adjusted = await commands.account.adjust('acc1', adjust, id('m1'));
    expect(adjusted).toMatchObject({ balance: '10050' });
    await commands.position.track('acc1', { positionId: 'p1', ...long });
    const pending = await commands.position.close('acc1', { positionId: 'p1' }, id('m2'));
    expect(pending).toMatchObject({ outcome: 'pending' });
    await first.runtime.stop();

    const second = await startLive({ directory: first.directory });
    const again = second.runtime.commands;
    expect(await again.account.adjust('acc1', adjust, id('m1'))).toEqual(adjusted);
    expect(await again.account.get('acc1')).toMatchObject({ balance: '10050' });
    expect(await again.position.close('acc1', { positionId: 'p1' }, id('m2'))).toEqual(pending);
    second.quote('EURUSD', 1.2);
    expect(await again.position.close('acc1', { positionId: 'p1' }, id('m2'))).toMatchObject({
      ...{ outcome: 'closed', closeId: (pending as Body)['closeId'] },
    });
    await second.runtime.stop();
  });
});
