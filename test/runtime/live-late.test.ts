// What is said of an earlier send says nothing of the last one, and what an operator has allowed
// once is not allowed for good.
import { describe, expect, test } from 'vitest';
import { answers, LiveWorld, lost, rejects, silent, says, without } from './live-world.ts';
import type { Behaviour } from '../support/fake-provider.ts';

const netting = {
  isNetting: true,
  capabilities: { idempotentByClientId: false, closeByTicket: false },
};
const stop = { exits: { stopLoss: 99.5 } };

/** The first close is answered late with `first`; the second is executed, and told late. */
async function sentTwice(first: object): Promise<LiveWorld> {
  const w = await LiveWorld.start({ provider: netting });
  let closes = 0;
  const late = (): Promise<object> =>
    new Promise((resolve) => w.clock.at(w.clock.now() + 3000, () => resolve(first)));
  const behaviours: (() => Behaviour)[] = [
    () => says(late()),
    () => ({ kind: 'late', ms: 1800, executes: 'last' }),
  ];
  w.provider.behaviour = (call) => (call === 'close' && behaviours[closes++]?.()) || answers;
  await w.open('p', stop);
  w.quote(100);
  w.quote(99);
  return w;
}

describe('while the second send of an order is on its way', () => {
  test.each([
    { name: 'a rejection', reply: { status: 'rejected', code: 'busy' } },
    { name: 'an acknowledgement', reply: { status: 'pending' } },
  ])('$name of the first one that comes late changes nothing', async ({ reply }) => {
    const w = await sentTwice(reply);
    await w.run(20_000);
    expect(w.sent()).toEqual(['1:2', '1:2']);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.excess()).toEqual([]);
  });

  test('a report that it was rejected changes nothing', async () => {
    const w = await sentTwice({ status: 'rejected' });
    while (w.sent().length < 2) await w.run(20);
    const { clientOrderId } = w.provider.received[0]!;
    const report = { order_id: clientOrderId, ord_status: 'REJECTED' };
    w.harness.engine.live.reports.take('demo', report);
    expect(w.stateOf('p')).toBe('closing sending');
    await w.run(20_000);
    expect(w.sent()).toEqual(['1:2', '1:2']);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.excess()).toEqual([]);
  });
});

test('a rejection that comes late of the only send counts', async () => {
  const w = await LiveWorld.start({
    provider: netting,
    script: { query: [lost], positions: [lost] },
  });
  let closes = 0;
  const late = new Promise((resolve) => {
    w.clock.at(w.clock.now() + 3000, () => resolve({ status: 'rejected', code: 'busy' }));
  });
  w.provider.behaviour = (call) => {
    if (call !== 'close') return call === 'query' || call === 'positions' ? lost : answers;
    return closes++ === 0 ? says(late) : answers;
  };
  await w.open('p', stop);
  w.quote(100);
  w.quote(99);
  await w.run(20_000);
  expect(w.sent()).toEqual(['1:2', '2:2']);
  expect(w.stateOf('p')).toBe('closed');
});

test('a retry of a rejected close does not allow a later one to be sent twice', async () => {
  const w = await LiveWorld.start({
    provider: {
      isNetting: true,
      capabilities: { ...netting.capabilities, queryByClientId: false, reduceOnly: false },
    },
    brokerOf: (provider) => without(provider, 'query', 'positions'),
    script: { close: [rejects, rejects, rejects, rejects, silent, answers] },
  });
  await w.open('p', stop);
  w.quote(100);
  w.quote(99);
  for (let i = 0; i < 200 && w.deadLetters().length === 0; i++) await w.run(20);
  const [letter] = await w.letters();
  const body = { closeId: letter?.['closeId'], reason: 'try' };
  await w.settled(w.ask('_.deadletter.retry', body));
  await w.run(30_000);
  expect(w.sent()).toEqual(['1:2', '2:2', '3:2', '4:2', '5:2']);
  expect(w.stateOf('p')).toBe('closing unknown');
  expect(w.excess()).toEqual([]);
});

describe('a close that was discarded while its outcome was unknown', () => {
  async function discarded(): Promise<LiveWorld> {
    const w = await LiveWorld.start({
      provider: netting,
      script: {
        close: [{ kind: 'late', ms: 60_000, executes: 'last' }, answers],
        query: [lost],
        positions: [lost],
      },
    });
    await w.open('p', stop);
    w.quote(100);
    w.quote(99);
    await w.run(15_000, 50);
    const [letter] = await w.letters();
    const body = { closeId: letter?.['closeId'], reason: 'x' };
    await w.settled(w.ask('_.deadletter.discard', body));
    expect(w.stateOf('p')).toBe('guarded');
    return w;
  }

  test('is not closed a second time where nobody says what is there', async () => {
    const w = await discarded();
    w.quote('98.9');
    await w.run(50_000, 50);
    expect(w.sent()).toEqual(['1:2']);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.excess()).toEqual([]);
  });

  test('is looked at first after a restart, too', async () => {
    const w = await discarded();
    await w.killAndRestart();
    w.quote('98.9');
    await w.run(5000, 50);
    expect(w.sent()).toEqual(['1:2']);
    await w.run(50_000, 50);
    w.play({});
    await w.run(40_000, 50);
    expect(w.sent()).toEqual(['1:2']);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.excess()).toEqual([]);
  });

  test('is sent where an operator says so', async () => {
    const w = await discarded();
    w.quote('98.9');
    for (let i = 0; i < 400 && w.deadLetters().length === 0; i++) await w.run(50);
    const [letter] = await w.letters();
    const body = { closeId: letter?.['closeId'], reason: 'it is open' };
    const retried = w.ask('_.deadletter.retry', body);
    for (let i = 0; i < 300 && w.sent().length < 2; i++) await w.run(50);
    expect(await retried).toMatchObject({ positionId: 'p' });
    expect(w.sent()).toEqual(['1:2', '2:2']);
    expect(w.stateOf('p')).toBe('closed');
  });
});
