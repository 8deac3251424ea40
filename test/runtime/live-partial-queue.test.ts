// What comes behind the close of a part of a LIVE position: it waits for its outcome, one order at a
// time, and nothing of it is lost.
import { describe, expect, test } from 'vitest';
import type { Draft } from '#src/domain/records';
import { closeFailed } from '../domain/story.ts';
import {
  answers,
  blind,
  ladder,
  left,
  LiveWorld,
  lost,
  rejects,
  silent,
  there,
  unreachable,
} from './live-world.ts';

/** Writes a record to the journal of a runtime that was killed. */
async function append(w: LiveWorld, draft: Draft): Promise<void> {
  const { journal } = w;
  await journal.open();
  const records = (await journal.read(0, 500)).map((entry) => entry.record);
  const last = records.at(-1);
  const before = records.findLast(({ accountId }) => accountId === draft.accountId);
  if (last === undefined || before === undefined) throw new Error('there are records');
  const place = { n: last.n + 1, seq: before.seq + 1 };
  await new Promise<void>((resolve) => {
    journal.append([{ ...before, ...draft, ...place }], () => resolve());
  });
  await journal.close();
}

describe('what comes behind a part', () => {
  const slow = { kind: 'late', ms: 500, executes: 'last' } as const;

  test('rungs of one quote are sent one after the other, once each', async () => {
    const w = await LiveWorld.start({ script: { close: [slow] } });
    await w.open('p', ladder([101, '0.25'], [102, '0.25'], [103, '0.5']));
    w.quote(100);
    w.quote(103);
    await w.run(100);
    expect(w.sent()).toEqual(['1:0.5']);
    w.quote(103);
    w.quote(104);
    await w.run(5000);
    expect(w.sent()).toEqual(['1:0.5', '2:0.5', '3:1']);
    expect(w.stateOf('p')).toBe('closed');
    expect(await w.story()).toEqual([
      'position_partially_closed 0 -0.5',
      'position_partially_closed 0 -0.5',
      'position_closed 0 -1',
    ]);
    expect(w.excess()).toEqual([]);
  });

  test('a stop loss takes the next generation, and further reasons join it', async () => {
    const w = await LiveWorld.start({ script: { close: [slow] } });
    await w.open('p', { exits: { stopLoss: 95 } });
    w.quote(100);
    const part = w.close('p', { quantity: '0.5' });
    await w.run(100);
    w.quote(94);
    expect(w.stateOf('p')).toBe('closing sending');
    const all = w.ask('a.account.close-all', { reason: 'flat' });
    await w.run(100);
    expect(w.sent()).toEqual(['1:0.5']);
    expect(await part).toMatchObject({ outcome: 'closed', quantity: '0.5' });
    expect(await w.settled(all)).toMatchObject({ successfulCloses: 1, totalPnl: '-1.5' });
    expect(w.sent()).toEqual(['1:0.5', '2:1.5']);
    const [row] = (await w.rows()).filter(({ eventType }) => eventType === 'position_closed');
    expect(row?.metaData['reasons']).toEqual(['stop_loss', 'flat']);
  });

  test('and does not wait for a part that is rejected', async () => {
    const w = await LiveWorld.start({ script: { close: [rejects, answers] } });
    await w.open('p', { exits: { stopLoss: 95 } });
    w.quote(100);
    const part = w.ask('a.position.close', { positionId: 'p', quantity: '0.5' });
    w.journal.isHeld = true;
    w.quote(94);
    w.journal.isHeld = false;
    w.journal.flush();
    await w.run(20);
    expect(w.sent()).toEqual(['1:0.5', '2:2']);
    expect(w.stateOf('p')).toBe('closed');
    expect(await w.settled(part)).toMatchObject({ success: false, outcome: 'failed' });
  });

  test('nor for one that waits to be tried again', async () => {
    const w = await LiveWorld.start({
      script: { close: [rejects, answers] },
      harness: { chance: { next: () => 0.999 } },
    });
    await w.open('p', ladder([101, '0.25']));
    w.quote(101);
    await w.run(20);
    expect(w.stateOf('p')).toBe('guarded rejected');
    expect(await w.close('p')).toMatchObject({ outcome: 'closed', quantity: '2' });
    expect(w.sent()).toEqual(['1:0.5', '2:2']);
  });

  test('an emergency stop closes what the part leaves, and the accounts are halted', async () => {
    const w = await LiveWorld.start({ script: { close: [slow] } });
    await w.open('p');
    w.quote(100);
    void w.ask('a.position.close', { positionId: 'p', quantity: '0.5' });
    await w.run(100);
    const stop = w.ask('_.runtime.emergency-stop', { confirm: 'FLATTEN', reason: 'flat' });
    expect(await w.settled(stop)).toMatchObject({ successfulCloses: 1, failedCloses: 0 });
    expect([w.stateOf('p'), there(w)]).toEqual(['closed', '0']);
    expect(w.sent()).toEqual(['1:0.5', '2:1.5']);
  });

  test('a queued close survives a restart', async () => {
    const w = await LiveWorld.start({ script: { close: [silent, answers] } });
    await w.open('p', { exits: { stopLoss: 95 } });
    w.quote(100);
    void w.ask('a.position.close', { positionId: 'p', quantity: '0.5' });
    await w.run(100);
    w.quote(94);
    await w.run(20);
    await w.killAndRestart();
    await w.run(5000);
    expect([w.stateOf('p'), there(w)]).toEqual(['closed', '0']);
    expect(w.sent()).toEqual(['1:0.5', '2:1.5']);
    expect(w.harness.core.state.accounts.get('a')?.closingCount).toBe(0);
  });

  test.each(['all', '0.25'])('and begins where a kill cut the turn before it: %s', async (next) => {
    const w = await LiveWorld.start({ script: { close: [lost, answers] } });
    await w.open('p');
    w.quote(100);
    void w.ask('a.position.close', { positionId: 'p', quantity: '0.5' });
    await w.run(100);
    const part = w.harness.core.state.positions.get('p')?.intent;
    void w.ask('a.position.close', {
      positionId: 'p',
      ...(next === 'all' ? {} : { quantity: next }),
    });
    await w.run(100);
    await w.kill();
    if (part === undefined) throw new Error('a part is under way');
    await append(w, closeFailed(part, 'no'));
    await w.restart();
    await w.run(5000);
    expect(w.sent()).toEqual(['1:0.5', next === 'all' ? '2:2' : '2:0.25']);
    expect(w.stateOf('p')).toBe(next === 'all' ? 'closed' : 'guarded');
    expect(w.excess()).toEqual([]);
  });

  test('a part that cannot be told of does not keep a guard waiting, where that is safe', async () => {
    const w = await LiveWorld.start({ ...blind, script: { close: [lost, answers] } });
    await w.open('p', { exits: { stopLoss: 95 } });
    w.quote(100);
    await w.close('p', { quantity: '0.5' });
    w.quote(94);
    await w.run(60_000, 500);
    expect([w.stateOf('p'), there(w)]).toEqual(['closed', '0']);
    expect(w.excess()).toEqual([]);
  });

  test('unreachable: both are tried for as long as it takes', async () => {
    const w = await LiveWorld.start({ script: { close: [unreachable] } });
    await w.open('p', ladder([101, '0.25'], [102, '0.25']));
    w.quote(102);
    await w.run(3000);
    expect(left(w)).toBe('2');
    w.play({});
    await w.run(60_000, 500);
    expect([w.stateOf('p'), left(w), there(w)]).toEqual(['guarded', '1', '1']);
  });
});

describe('a rung that was not closed as a whole', () => {
  test('is closed for the rest of it, where an operator took its place and gave up', async () => {
    const half = { kind: 'partial', share: 0.5 } as const;
    const close = [half, ...Array.from({ length: 7 }, () => rejects)];
    const w = await LiveWorld.start({ script: { close } });
    await w.open('p', ladder([110, '0.5']));
    w.quote(100);
    w.quote(110);
    await w.run(300);
    void w.close('p');
    await w.run(10_000);
    w.play({});
    w.quote(111);
    await w.run(60_000);
    expect([left(w), there(w)]).toEqual(['1', '1']);
    expect(w.excess()).toEqual([]);
  });

  test('is closed for what another part had claimed, where that was never closed', async () => {
    const w = await LiveWorld.start({ script: { close: [rejects, rejects, rejects, answers] } });
    await w.open('p', ladder([101, '0.5'], [103, '0.5']));
    w.quote(100);
    void w.close('p', { quantity: '0.2' });
    w.quote(104);
    await w.run(60_000);
    w.quote(105);
    await w.run(5000);
    expect([left(w), there(w), w.stateOf('p')]).toEqual(['0', '0', 'closed']);
    expect(w.excess()).toEqual([]);
  });
});
