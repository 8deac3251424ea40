// Closes that fail: a manual one is left after three attempts, a risk close never; both are alarmed.
import { describe, expect, test } from 'vitest';
import { answers, LiveWorld, lost, rejects, silent, says, unreachable } from './live-world.ts';

const fails = { kind: 'fail', executes: false } as const;

describe('a manual close that fails three times is left', () => {
  test.each([
    { name: 'rejected', close: rejects, sent: ['1:2', '2:2', '3:2'], error: 'busy no' },
    {
      name: 'nobody there',
      close: unreachable,
      sent: ['1:2', '1:2', '1:2'],
      error: 'nobody there',
    },
    {
      name: 'never there, as the provider says',
      close: fails,
      sent: ['1:2', '1:2', '1:2'],
      error: 'the provider never had it',
    },
  ])('$name', async ({ close, sent, error }) => {
    const w = await LiveWorld.start({ script: { close: [close] } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    const answer = w.ask('a.position.close', { positionId: 'p' });
    await w.run(5000);
    expect(await answer).toMatchObject({ outcome: 'failed', success: false, errorMessage: error });
    expect(w.sent()).toEqual(sent);
    expect(w.stateOf('p')).toBe('guarded');
    expect(w.deadLetters()).toEqual(['p']);
    expect((await w.story()).at(-1)).toBe('position_close_failed 2');
    await w.run(60_000, 500);
    expect(w.sent()).toEqual(sent);

    // It is guarded again: its stop works as ever, and what it closes clears the letter.
    w.play({});
    w.quote(99);
    await w.run(100);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.deadLetters()).toEqual([]);
    expect(await w.letters('closed')).toMatchObject([{ positionId: 'p', how: 'closed' }]);
    expect(w.balance()).toBe('998');
    expect(w.excess()).toEqual([]);
  });
});

/** Of each `position_close_failed`, row or event: the order that failed. */
async function failedOrders(w: LiveWorld): Promise<{ rows: unknown[]; events: unknown[] }> {
  const rows = (await w.rows()).filter((row) => row.eventType === 'position_close_failed');
  return {
    rows: rows.map(({ metaData }) => metaData['clientOrderId']),
    events: w.told('position.close-failed').map((event) => event['clientOrderId']),
  };
}

describe('each rejection is told once, the last one too', () => {
  const taken = says({ status: 'pending' });
  const refused = says({ status: 'rejected', code: 'busy' });
  const orders = ['1', '2', '3'].map((nth): unknown => expect.stringMatching(`_${nth}$`));

  test.each([
    { name: 'in reply', script: { close: [rejects] } },
    { name: 'when asked, after it was taken', script: { close: [taken], query: [refused] } },
  ])('$name', async ({ script }) => {
    const w = await LiveWorld.start({ script });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    const answer = w.ask('a.position.close', { positionId: 'p' });
    await w.run(60_000, 50);
    expect(await answer).toMatchObject({ success: false });
    expect(w.stateOf('p')).toBe('guarded');
    expect(await failedOrders(w)).toEqual({ rows: orders, events: orders });
    expect(await w.letters()).toMatchObject([{ positionId: 'p', attempts: 3 }]);
    const names = w.harness.eventNames('a').filter((name) => /letter|failed/.test(name));
    expect(names.slice(-2)).toEqual(['deadletter.added', 'position.close-failed']);

    // What comes next counts its own failures, from the first.
    w.play({ close: [rejects, answers] });
    w.quote(99);
    await w.run(2000);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.sent().slice(-2)).toEqual(['4:2', '5:2']);
    expect(w.excess()).toEqual([]);
  });

  test('a letter that is there already counts it', async () => {
    const w = await LiveWorld.start({
      script: { close: [lost], query: [unreachable], positions: [unreachable] },
    });
    await w.open('p');
    const answer = w.ask('a.position.close', { positionId: 'p' });
    await w.run(10_000, 50);
    expect(await answer).toMatchObject({ outcome: 'pending' });
    const [before] = await w.letters();
    w.play({ query: [refused] });
    await w.run(40_000, 100);
    expect(w.stateOf('p')).toBe('guarded');
    const [after] = await w.letters();
    expect(after).toMatchObject({ closeId: before?.['closeId'], lastError: 'busy' });
    expect(after?.['attempts']).toBeGreaterThan(Number(before?.['attempts']));
  });
});

test('a stop that was crossed while its manual close failed acts on the next quote', async () => {
  const w = await LiveWorld.start({ script: { close: [rejects, rejects, rejects, answers] } });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  const answer = w.ask('a.position.close', { positionId: 'p' });
  await w.run(20);
  w.quote(99);
  await w.run(3000);
  expect(await answer).toMatchObject({ outcome: 'failed' });
  expect(w.stateOf('p')).toBe('guarded');
  w.quote('98.9');
  await w.run(100);
  expect((await w.rows()).at(-2)?.metaData).toMatchObject({ closeReason: 'stop_loss' });
  expect(w.stateOf('p')).toBe('closed');
});

describe('a risk close is tried until it is done', () => {
  test.each([
    { name: 'rejected', close: rejects, generations: true },
    { name: 'unreachable', close: unreachable, generations: false },
    { name: 'fails', close: fails, generations: false },
    { name: 'lost', close: lost, generations: false },
  ])('$name', async ({ close, generations }) => {
    const w = await LiveWorld.start({ script: { close: [close] } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    w.quote(99);
    await w.run(10_000, 50);
    expect(w.deadLetters()).toEqual(['p']);
    expect(w.stateOf('p')).toMatch(/^closing/);
    const before = w.sent().length;
    expect(before).toBeGreaterThanOrEqual(3);
    await w.run(120_000, 500);
    expect(w.sent().length).toBeGreaterThan(before);
    // With waits that double up to half a minute, nobody is hammered.
    expect(w.sent().length).toBeLessThan(30);
    expect(new Set(w.sent()).size > 1).toBe(generations);

    w.play({});
    await w.run(40_000, 500);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.deadLetters()).toEqual([]);
    expect(w.balance()).toBe('998');
    expect(w.excess()).toEqual([]);
    const names = w.harness.eventNames('a');
    expect(names.filter((name) => name.startsWith('deadletter'))).toEqual([
      'deadletter.added',
      'deadletter.cleared',
    ]);
  });

  test('the letter comes with the third failure, not before', async () => {
    const w = await LiveWorld.start({ script: { close: [rejects] } });
    await w.open('p');
    w.quote(100);
    const answer = w.ask('a.position.close', { positionId: 'p', reason: 'stop_loss' });
    await w.run(250, 10);
    expect(w.sent()).toEqual(['1:2', '2:2']);
    expect(w.deadLetters()).toEqual([]);
    await w.run(150, 10);
    expect(w.sent()).toEqual(['1:2', '2:2', '3:2']);
    expect(w.deadLetters()).toEqual(['p']);
    await w.run(2000);
    expect(await answer).toMatchObject({ outcome: 'pending' });
  });

  test('not when the provider has closed it meanwhile', async () => {
    const w = await LiveWorld.start({ script: { close: [rejects] } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    w.quote(99);
    await w.run(1000);
    const sent = w.sent().length;
    w.provider.closeByItself('p');
    await w.run(30_000, 100);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.sent()).toHaveLength(sent);
    expect(w.deadLetters()).toEqual([]);
  });
});

test('a manual close that a stop has joined is a risk close', async () => {
  const w = await LiveWorld.start({ script: { close: [rejects] } });
  await w.open('p');
  w.quote(100);
  const first = w.ask('a.position.close', { positionId: 'p' });
  await w.run(20);
  const second = w.ask('a.position.close', { positionId: 'p', reason: 'stop_loss' });
  await w.run(20_000, 100);
  expect(w.stateOf('p')).toMatch(/^closing/);
  w.play({});
  await w.run(40_000, 100);
  expect(w.stateOf('p')).toBe('closed');
  const [answer, joined] = [await first, await second];
  expect(joined['closeId']).toBe(answer['closeId']);
  const row = (await w.rows()).find((r) => r.eventType === 'position_closed');
  expect(row?.metaData['reasons']).toEqual(['manual', 'stop_loss']);
  expect(row?.metaData['closeReason']).toBe('manual');
});

test('an earlier send that may have been executed is not forgotten when nobody takes the next', async () => {
  const w = await LiveWorld.start({
    provider: { capabilities: { queryByClientId: false } },
    script: { close: [silent, unreachable], positions: [unreachable] },
  });
  await w.open('p');
  w.quote(100);
  const answer = w.ask('a.position.close', { positionId: 'p' });
  await w.run(30_000, 50);
  // Closed there, and not known here: anything but "failed, guarded again".
  expect(w.stateOf('p')).toMatch(/^closing/);
  expect(w.deadLetters()).toEqual(['p']);
  expect(await answer).toMatchObject({ outcome: 'pending' });
  w.play({});
  await w.run(40_000, 100);
  expect(w.stateOf('p')).toBe('closed');
  expect(w.excess()).toEqual([]);
});

describe('where nothing makes a second send safe', () => {
  const able = {
    ...{ idempotentByClientId: false, queryByClientId: false },
    ...{ closeByTicket: false, reduceOnly: false },
  };
  async function stuck(first = lost): Promise<LiveWorld> {
    const provider = { capabilities: able, isNetting: true };
    const w = await LiveWorld.start({ provider, script: { close: [first, answers] } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    w.quote(99);
    await w.run(60_000, 100);
    return w;
  }

  test('it is not sent again, but alarmed', async () => {
    const w = await stuck();
    expect(w.sent()).toEqual(['1:2']);
    expect(w.stateOf('p')).toBe('closing unknown');
    expect(await w.letters()).toMatchObject([{ positionId: 'p', accountId: 'a' }]);
    expect(w.harness.eventNames()).toContain('deadletter.added');
    await w.run(60_000, 500);
    expect(w.harness.eventNames()).toContain('deadletter.alarm');
    expect(w.sent()).toEqual(['1:2']);
  });

  test('an operator sends it again', async () => {
    const w = await stuck();
    const [letter] = await w.letters();
    const { closeId } = letter ?? {};
    const reply = await w.settled(
      w.ask('a.deadletter.retry', { closeId, reason: 'the desk says it is open' }),
    );
    expect(reply).toMatchObject({ closeId, positionId: 'p' });
    await w.run(1000);
    expect(w.sent()).toEqual(['1:2', '1:2']);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.deadLetters()).toEqual([]);
    const row = (await w.rows()).find((r) => r.eventType === 'deadletter_retried');
    expect(row?.metaData).toMatchObject({ closeId, by: 'gw', reason: 'the desk says it is open' });
  });

  test('an operator sends a manual one again that the provider never had', async () => {
    const provider = { capabilities: { ...able, queryByClientId: true }, isNetting: true };
    const says500 = says({ status: 500 });
    const w = await LiveWorld.start({
      provider,
      script: { close: [lost, answers], query: [says500], positions: [says500] },
    });
    await w.open('p');
    const answer = w.ask('a.position.close', { positionId: 'p' });
    await w.run(60_000, 100);
    expect(await answer).toMatchObject({ outcome: 'pending' });
    expect(w.stateOf('p')).toBe('closing unknown');
    const [letter] = await w.letters();
    const retried = w.ask('a.deadletter.retry', { closeId: letter?.['closeId'], reason: 'x' });
    w.play({});
    await w.settled(retried);
    await w.run(1000);
    expect(w.sent()).toEqual(['1:2', '1:2']);
    expect(w.stateOf('p')).toBe('closed');
  });

  test('an operator who retries does not close what is closed', async () => {
    const w = await stuck(silent);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.sent()).toEqual(['1:2']);
    expect(w.deadLetters()).toEqual([]);
  });

  test('an operator gives it up: the position is guarded again', async () => {
    const w = await stuck();
    const [letter] = await w.letters();
    const { closeId } = letter ?? {};
    await w.settled(w.ask('a.deadletter.discard', { closeId, reason: 'was closed by phone' }));
    expect(w.stateOf('p')).toBe('guarded');
    expect(w.deadLetters()).toEqual([]);
    expect(await w.letters('closed')).toMatchObject([{ closeId, how: 'discarded' }]);
    const row = (await w.rows()).find((r) => r.eventType === 'deadletter_cleared');
    expect(row?.metaData).toMatchObject({ closeId, by: 'gw', reason: 'was closed by phone' });
    await w.run(60_000, 500);
    expect(w.sent()).toEqual(['1:2']);
    // The next quote beyond its stop closes it, as a new close.
    w.quote(98.9);
    await w.run(100);
    expect(w.sent()).toEqual(['1:2', '2:2']);
    expect(w.excess()).toEqual([]);
  });
});

test('a fill that comes after the close was given up is booked, once', async () => {
  const w = await LiveWorld.start({
    provider: { capabilities: { idempotentByClientId: false, queryByClientId: false } },
    script: { close: [{ kind: 'late', ms: 20_000, executes: 'first' }], positions: [says({})] },
  });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(10_000, 100);
  const [letter] = await w.letters();
  await w.settled(w.ask('_.deadletter.discard', { closeId: letter?.['closeId'], reason: 'x' }));
  expect(w.stateOf('p')).toBe('guarded');
  await w.run(20_000, 100);
  expect(w.stateOf('p')).toBe('closed');
  expect(w.balance()).toBe('998');
  expect(w.sent()).toEqual(['1:2']);
  const closed = (await w.rows()).filter((row) => row.eventType === 'position_closed');
  // It is the close that was given up, whose order it was: the same id, for the same reason.
  expect(closed.map((row) => [row.closeId, row.metaData['closeReason']])).toEqual([
    [letter?.['closeId'], 'stop_loss'],
  ]);
});

test('the alarm is raised every minute until there is no letter, across a restart too', async () => {
  const w = await LiveWorld.start({ script: { close: [rejects] } });
  await w.open('p');
  w.quote(100);
  await w.close('p');
  const alarms = (): number =>
    w.harness.eventNames('_').filter((name) => name === 'deadletter.alarm').length;
  await w.run(179_000, 500);
  expect(alarms()).toBe(2);
  await w.killAndRestart();
  const before = alarms();
  await w.run(61_000, 500);
  expect(alarms()).toBe(before + 1);
  const [letter] = await w.letters();
  await w.settled(w.ask('_.deadletter.discard', { closeId: letter?.['closeId'], reason: 'x' }));
  await w.run(120_000, 500);
  expect(alarms()).toBe(before + 1);
});

test('a letter of an earlier close does not stand for the one that is under way', async () => {
  const w = await LiveWorld.start({ script: { close: [rejects] } });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  await w.close('p');
  const [letter] = await w.letters();
  w.play({ close: [{ kind: 'late', ms: 1000, executes: 'last' }] });
  w.quote(99);
  await w.run(20);
  expect(w.stateOf('p')).toBe('closing sending');
  await w.settled(w.ask('_.deadletter.discard', { closeId: letter?.['closeId'], reason: 'old' }));
  expect(w.stateOf('p')).toBe('closing sending');
  await w.run(2000);
  expect(await w.story('p')).toContain('position_closed 0 -2');
});

test('a position that is not tracked any more has no letter', async () => {
  const w = await LiveWorld.start({ script: { close: [rejects] } });
  await w.open('p');
  w.quote(100);
  await w.close('p');
  expect(w.deadLetters()).toEqual(['p']);
  await w.settled(w.ask('a.position.untrack', { positionId: 'p', reason: 'by hand' }));
  expect(w.deadLetters()).toEqual([]);
  expect(await w.letters('closed')).toMatchObject([{ positionId: 'p', how: 'untracked' }]);
});

test('five hundred letters that are over are kept', async () => {
  const w = await LiveWorld.start();
  await w.open('p');
  const { core } = w.harness;
  const common = { positionId: 'p' };
  core.turn(() => {
    for (let i = 0; i < 502; i++) {
      const letter = { ...common, closeId: `close_${i}`, reason: 'x', attempts: 3, lastError: 'e' };
      core.commit({ type: 'deadletter.added', accountId: 'a', body: letter });
      const end = { ...common, closeId: `close_${i}`, how: 'discarded' } as const;
      core.commit({ type: 'deadletter.cleared', accountId: 'a', body: end });
    }
  });
  const reply = await w.settled(w.ask('_.deadletter.list', { state: 'closed', limit: 1000 }));
  const ids = (reply['items'] as { closeId: string }[]).map(({ closeId }) => closeId);
  expect(ids).toHaveLength(500);
  expect([ids.at(0), ids.at(-1)]).toEqual(['close_2', 'close_501']);
});
