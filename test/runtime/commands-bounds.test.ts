// Bounds of the command desk, and what is taken beyond them.
import { describe, expect, test } from 'vitest';
import { commandsInFlightMax } from '#src/commands/desk';
import { storedRepliesMax } from '#src/domain/state';
import { startTs } from '../support/core-harness.ts';
import { newWorldForEachTest, world } from './acting.ts';
import { refusalOf } from './refusals.ts';
import { long } from './world.ts';

newWorldForEachTest();

const trackIt = 'gw.acc1.position.track';
const closeIt = 'gw.acc1.position.close';
const id = (messageId: string): { messageId: string } => ({ messageId });

describe('too many', () => {
  test(`beyond ${commandsInFlightMax} under way only closes and halts are taken`, async () => {
    await world.ask(trackIt, { positionId: 'p1', ...long });
    await world.ask(trackIt, { positionId: 'p2', ...long });
    const waiting = Array.from({ length: commandsInFlightMax }, () =>
      world.ask(closeIt, { positionId: 'p1' }),
    );
    for (const [subject, body] of [
      [trackIt, long],
      ['gw.acc1.account.get', {}],
      ['op._.runtime.status', {}],
    ] as const) {
      expect(await world.ask(subject, body, id(subject))).toMatchObject({
        error: { code: 429, limit: commandsInFlightMax, actual: commandsInFlightMax + 1 },
      });
    }
    const triggered = { positionId: 'p1', guardType: 'market', triggerReason: 'x' };
    const urgent = [
      world.ask(closeIt, { positionId: 'p2' }, id('m1')),
      world.ask('gw.acc1.position.close-if-triggered', triggered),
      world.ask('gw.acc1.account.close-all', { reason: 'x' }),
      world.ask('gw.acc1.account.halt', { reason: 'x' }),
    ];
    world.quote('EURUSD', 1.1, 1.1);
    for (const reply of await Promise.all(urgent)) expect(refusalOf(reply)).toBe('ok');
    await Promise.all(waiting);
    expect(refusalOf(await world.ask(trackIt, long, id(trackIt)))).toBe('ok');
  });

  test('stored replies make room when they expire, and for closes and halts before', async () => {
    const { replies } = world.core.state;
    for (let i = 0; i < storedRepliesMax; i++) {
      const messageId = `m${i}`;
      const reply = { client: 'x', messageId, requestHash: '', reply: {} };
      replies.set(`x/${messageId}`, { ...reply, expiresTs: startTs + 1000 });
    }
    expect(await world.ask(trackIt, long, id('m1'))).toMatchObject({
      error: { code: 429, limit: storedRepliesMax, actual: storedRepliesMax },
    });
    expect(refusalOf(await world.ask(trackIt, long))).toBe('ok');
    expect(refusalOf(await world.ask('gw.acc1.account.halt', { reason: 'x' }, id('m2')))).toBe(
      'ok',
    );
    expect(replies.size).toBe(storedRepliesMax);
    expect(replies.has('x/m0')).toBe(false);
    world.clock.advance(1000);
    expect(refusalOf(await world.ask(trackIt, long, id('m1')))).toBe('ok');
    expect([...replies.keys()]).toEqual(['gw/m2', 'gw/m1']);
  });
});
