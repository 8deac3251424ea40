// Closes of parts of LIVE positions: no more than was asked for, sent again only where that is safe.
import { describe, expect, test } from 'vitest';
import {
  answers,
  blind,
  ladder,
  left,
  LiveWorld,
  type LiveWorldOptions,
  lost,
  rejects,
  says,
  silent,
  there,
} from './live-world.ts';

/** Asked by id, and executes whatever comes. */
const asked: LiveWorldOptions = { provider: { capabilities: { idempotentByClientId: false } } };

describe('a part', () => {
  test('is sent as such, and the rest stays guarded', async () => {
    const w = await LiveWorld.start();
    await w.open('p', { exits: { stopLoss: 95 } });
    w.quote(100);
    const answer = await w.close('p', { quantity: '0.5' });
    expect(answer).toMatchObject({
      ...{ success: true, outcome: 'closed', quantity: '0.5', closedPrice: '99', pnl: '-0.5' },
      attempts: 1,
    });
    expect(w.stateOf('p')).toBe('guarded');
    expect(w.sent()).toEqual(['1:0.5']);
    w.quote(94);
    await w.run(100);
    expect(w.sent()).toEqual(['1:0.5', '2:1.5']);
    expect(await w.story()).toEqual(['position_partially_closed 0 -0.5', 'position_closed 0 -1.5']);
    expect(w.balance()).toBe('998');
    expect(w.excess()).toEqual([]);
  });

  test('that fills in parts is sent again for what is left of it', async () => {
    const w = await LiveWorld.start({
      script: { close: [{ kind: 'partial', share: 0.5 }, answers] },
    });
    await w.open('p');
    w.quote(100);
    expect(await w.close('p', { quantity: 1 })).toMatchObject({
      ...{ outcome: 'closed', quantity: '1', closedPrice: '99', pnl: '-1', attempts: 2 },
    });
    expect(w.sent()).toEqual(['1:1', '2:0.5']);
    expect([w.stateOf('p'), left(w), there(w)]).toEqual(['guarded', '1', '1']);
  });

  test('without a quantity in the reply is filled by as much as was asked for', async () => {
    const w = await LiveWorld.start({
      script: { close: [says({ status: 'filled', price: '99' })] },
    });
    await w.open('p');
    w.quote(100);
    expect(await w.close('p', { quantity: '0.75' })).toMatchObject({ quantity: '0.75' });
    expect([w.stateOf('p'), left(w)]).toEqual(['guarded', '1.25']);
  });

  test('that fills more than was asked for is told, and booked as it is', async () => {
    const filled = says({ status: 'filled', filledQuantity: '1.5', price: '99' });
    const w = await LiveWorld.start({ script: { close: [filled] } });
    await w.open('p');
    w.quote(100);
    expect(await w.close('p', { quantity: 1 })).toMatchObject({ quantity: '1.5' });
    expect(w.told('drift.detected')).toMatchObject([
      { kind: 'overfill', ours: '1', theirs: '1.5' },
    ]);
    expect([w.stateOf('p'), left(w)]).toEqual(['guarded', '0.5']);
  });

  test('that is rejected three times is given up; a rung is tried again', async () => {
    const w = await LiveWorld.start({ script: { close: [rejects] } });
    await w.open('p', ladder([101, '0.25']));
    w.quote(100);
    expect(await w.close('p', { quantity: 1 })).toMatchObject({ outcome: 'failed', attempts: 3 });
    expect(w.stateOf('p')).toBe('guarded');
    expect(w.sent()).toEqual(['1:1', '2:1', '3:1']);
    w.quote(101);
    await w.run(2000);
    expect(w.sent().length).toBeGreaterThan(6);
    expect(w.deadLetters()).toEqual(['p']);
    w.play({});
    await w.run(40_000);
    expect([w.stateOf('p'), left(w)]).toEqual(['guarded', '1.5']);
    expect(w.deadLetters()).toEqual([]);
    w.quote(101);
    await w.run(100);
    expect([left(w), there(w)]).toEqual(['1.5', '1.5']);
  });

  test('of what is gone closes the position', async () => {
    const w = await LiveWorld.start();
    await w.open('p', { isThere: false });
    w.quote(100);
    expect(await w.close('p', { quantity: 1 })).toMatchObject({ success: true, outcome: 'closed' });
    expect(w.stateOf('p')).toBe('closed');
  });
});

describe('a part whose outcome is unknown', () => {
  test('is asked about, and not sent again where it was executed', async () => {
    const w = await LiveWorld.start({ script: { close: [silent] } });
    await w.open('p');
    w.quote(100);
    const answer = await w.close('p', { quantity: 1 });
    expect(answer).toMatchObject({ outcome: 'pending', quantity: '1' });
    await w.run(5000);
    expect([w.stateOf('p'), left(w), there(w)]).toEqual(['guarded', '1', '1']);
    expect(w.sent()).toEqual(['1:1']);
  });

  test('is sent again where the provider never had it, under the same id', async () => {
    const w = await LiveWorld.start({ ...asked, script: { close: [lost, answers] } });
    await w.open('p');
    w.quote(100);
    await w.close('p', { quantity: 1 });
    await w.run(5000);
    expect([w.stateOf('p'), left(w), there(w)]).toEqual(['guarded', '1', '1']);
    expect(w.sent()).toEqual(['1:1', '1:1']);
  });

  test('is what the list lacks, where nobody can be asked about the order', async () => {
    const w = await LiveWorld.start({ ...blind, script: { close: [silent] } });
    await w.open('p');
    w.quote(100);
    await w.close('p', { quantity: '0.5' });
    await w.run(5000);
    expect([w.stateOf('p'), left(w), there(w)]).toEqual(['guarded', '1.5', '1.5']);
    expect(w.sent()).toEqual(['1:0.5']);
    expect(await w.story()).toEqual(['position_close_pending 1', 'position_partially_closed 0']);
    expect(w.told('drift.detected')).toEqual([]);
  });

  test('and more is missing: that is a drift', async () => {
    const w = await LiveWorld.start({ ...blind, script: { close: [silent] } });
    await w.open('p');
    w.quote(100);
    const answer = w.close('p', { quantity: '0.5' });
    await w.run(100);
    w.provider.closeByItself('p', '0.3');
    await answer;
    await w.run(5000);
    expect([w.stateOf('p'), left(w), there(w)]).toEqual(['guarded', '1.2', '1.2']);
    expect(w.told('drift.detected')).toMatchObject([
      { kind: 'quantity', ours: '1.5', theirs: '1.2' },
    ]);
  });

  test('is never sent again where nothing makes that safe: a person must say', async () => {
    const w = await LiveWorld.start({ ...blind, script: { close: [lost, answers] } });
    await w.open('p');
    w.quote(100);
    await w.close('p', { quantity: '0.5' });
    await w.run(60_000, 500);
    expect(w.sent()).toEqual(['1:0.5']);
    expect(w.stateOf('p')).toBe('guarded unknown');
    expect(w.deadLetters()).toEqual(['p']);
    const [letter] = await w.letters();
    const closeId = letter?.['closeId'];
    await w.settled(w.ask('_.deadletter.retry', { closeId, reason: 'not there' }));
    await w.run(5000);
    expect([w.stateOf('p'), left(w), there(w)]).toEqual(['guarded', '1.5', '1.5']);
    expect(w.deadLetters()).toEqual([]);
  });

  test('and is discarded: the rest stays guarded, and the queue goes on', async () => {
    const w = await LiveWorld.start({ ...blind, script: { close: [lost, answers] } });
    await w.open('p');
    w.quote(100);
    await w.close('p', { quantity: '0.5' });
    await w.close('p', { quantity: '0.25', reason: 'next' });
    await w.run(60_000, 500);
    const [letter] = await w.letters();
    const closeId = letter?.['closeId'];
    await w.settled(w.ask('_.deadletter.discard', { closeId, reason: 'never mind' }));
    await w.run(5000);
    expect(w.sent()).toEqual(['1:0.5', '2:0.25']);
    expect([w.stateOf('p'), left(w), there(w)]).toEqual(['guarded', '1.75', '1.75']);
  });

  test.each([
    ['that can be asked', {}],
    ['that cannot', blind],
  ])('is taken up after a restart, of a provider %s', async (_name, options) => {
    const w = await LiveWorld.start({ ...options, script: { close: [silent, answers] } });
    await w.open('p', { exits: { stopLoss: 95 } });
    w.quote(100);
    void w.ask('a.position.close', { positionId: 'p', quantity: '0.5' });
    await w.run(100);
    void w.ask('a.position.close', { positionId: 'p', quantity: '0.25', reason: 'next' });
    await w.run(100);
    expect(w.stateOf('p')).toBe('guarded sending');
    await w.killAndRestart();
    await w.run(5000);
    expect([w.stateOf('p'), left(w), there(w)]).toEqual(['guarded', '1.25', '1.25']);
    expect(w.sent()).toEqual(['1:0.5', '2:0.25']);
  });
});

describe('answers', () => {
  test('a repeat of a message tells how its own part stands', async () => {
    const w = await LiveWorld.start({ script: { close: [silent, answers] } });
    await w.open('p');
    w.quote(100);
    const ask = (quantity: string, messageId: string) =>
      w.harness.ask('gw.a.position.close', { positionId: 'p', quantity }, { messageId });
    const [one, two] = [ask('0.5', 'm1'), ask('0.25', 'm2')];
    expect(await w.settled(one)).toMatchObject({ outcome: 'pending', quantity: '0.5' });
    expect(await w.settled(two)).toMatchObject({ outcome: 'pending', quantity: '0.25' });
    await w.run(5000);
    expect(await w.settled(ask('0.5', 'm1'))).toMatchObject({ outcome: 'closed', quantity: '0.5' });
    expect(await w.settled(ask('0.25', 'm2'))).toMatchObject({
      ...{ outcome: 'closed', quantity: '0.25', closeId: (await two)['closeId'] },
    });
    await w.killAndRestart();
    expect(await w.settled(ask('0.5', 'm1'))).toMatchObject({
      ...{ outcome: 'closed', quantity: '0.5', closeId: (await one)['closeId'] },
    });
    expect(w.sent()).toEqual(['1:0.5', '2:0.25']);
  });

  test('what the provider closes by itself is not of the part under way', async () => {
    const slow = { kind: 'late', ms: 500, executes: 'last' } as const;
    const w = await LiveWorld.start({ script: { close: [slow] } });
    await w.open('p', { stopLossId: 'sl' });
    w.quote(100);
    const part = w.close('p', { quantity: '0.5' });
    await w.run(100);
    w.provider.closeByItself('p', '1');
    w.provider.report({ order_id: 'sl', ord_status: 'PARTIALLY_FILLED', avgpx: '98', cumqty: '1' });
    expect([w.stateOf('p'), left(w)]).toEqual(['guarded sending', '1']);
    expect(await part).toMatchObject({ outcome: 'closed', quantity: '0.5', pnl: '-0.5' });
    expect([w.stateOf('p'), left(w), there(w)]).toEqual(['guarded', '0.5', '0.5']);
    expect(w.balance()).toBe('997.5');
  });
});
