// Closing many positions: which, in which order, and that one failure stops no other.
import { describe, expect, test } from 'vitest';
import { closeAnswerMs } from '#src/commands/desk';
import type { BulkCloseResult, CloseResult } from '#src/domain/closing';
import { verifyChain } from '#src/domain/ledger-rows';
import { startTs } from '../support/core-harness.ts';
import {
  close,
  closeAll,
  closedIds,
  newWorldForEachTest,
  track,
  world,
  type Body,
} from './acting.ts';

newWorldForEachTest();

describe('account.close-all', () => {
  /** Unrealised at 1.2: b 1000, a 500, d 500, c -500; d is the oldest, c the largest. */
  const held = [
    { positionId: 'a', entryPrice: 1.15, ticket: 1 },
    { positionId: 'b', openedAt: startTs - 1 },
    { positionId: 'c', entryPrice: 1.25, ticket: '1' },
    { positionId: 'd', quantity: '0.05', openedAt: startTs - 2 },
  ];

  test.each([
    [undefined, 'c a d b'],
    ['worst-first', 'c a d b'],
    ['best-first', 'b a d c'],
    ['largest-first', 'c a b d'],
    ['oldest-first', 'd b a c'],
  ])('in the order %s', async (order, expected) => {
    await track('acc1', ...held);
    world.quote('EURUSD', 1.2, 1.2);
    const result = await closeAll(order === undefined ? {} : { order });
    expect(ids(result.results)).toBe(expected);
    expect(closedIds()).toBe(expected);
  });

  test('answers with every result and their sum', async () => {
    await track('acc1', ...held);
    await track('acc2', { positionId: 'other' });
    world.quote('EURUSD', 1.2, 1.2);
    const result = await closeAll({ reason: 'the end' });
    expect(result).toEqual({
      bulkId: expect.stringMatching(/^bulk_/),
      totalPositions: 4,
      successfulCloses: 4,
      failedCloses: 0,
      totalPnl: '1500',
      closeReason: 'the end',
      results: expect.any(Array),
    });
    for (const one of result.results) {
      expect(one).toMatchObject({ closeReason: 'the end', bulkId: result.bulkId, success: true });
    }
    expect(await world.ask('gw.acc2.account.get')).toMatchObject({ openPositions: 1 });
    const listed = await world.ask('gw._.ledger.list', { bulkId: result.bulkId });
    expect((listed['items'] as Body[]).length).toBe(4);
  });

  test.each<readonly [string, unknown[], string]>([
    ['by id', [{ positionId: 'b' }], 'b'],
    ['by ticket, in its type', [{ ticket: 1 }, { ticket: '1' }], 'c a'],
    ['by both', [{ positionId: 'a', ticket: 1 }], 'a'],
    ['the same one twice', [{ positionId: 'a' }, { ticket: 1 }], 'a'],
    ['with more keys', [{ positionId: 'd', note: 'x' }], 'd'],
    ['of another account', [{ positionId: 'other' }, { positionId: 'd' }], 'd'],
    ['that are not there', [{ positionId: 'nope' }, { ticket: 99 }], ''],
    [
      'that are malformed',
      [
        null,
        5,
        'a',
        [],
        {},
        { positionId: 5 },
        { ticket: -1 },
        { positionId: 'a b' },
        { ticket: 1 },
      ],
      'a',
    ],
    ['none at all', [], ''],
  ])('of entries %s', async (_, positions, expected) => {
    await track('acc1', ...held);
    await track('acc2', { positionId: 'other' });
    world.quote('EURUSD', 1.2, 1.2);
    const result = await closeAll({ positions });
    expect(ids(result.results)).toBe(expected);
    expect(result.totalPositions).toBe(positions.length);
    expect(result.failedCloses).toBe(0);
    expect(world.core.state.positions.get('other')?.state).toBe('guarded');
  });

  test('names closed ones too: their result is that of their close', async () => {
    await track('acc1', ...held);
    world.quote('EURUSD', 1.2, 1.2);
    const first = await close('a');
    const result = await closeAll({ positions: [{ positionId: 'a' }] });
    expect(result.results).toEqual([first]);
  });

  test('waits for what has no quote, and lists results as they were closed', async () => {
    await track('acc1', { positionId: 'gold', symbol: 'XAUUSD' }, { positionId: 'euro' });
    world.quote('EURUSD', 1.2, 1.2);
    const answer = closeAll({});
    world.clock.advance(closeAnswerMs);
    const pending = await answer;
    expect(pending).toMatchObject({ totalPositions: 2, successfulCloses: 1, failedCloses: 0 });
    expect(pending.results.map((one) => one.outcome).sort()).toEqual(['closed', 'pending']);
    world.quote('XAUUSD', 1300, 1300);
    const positions = [{ positionId: 'gold' }, { positionId: 'euro' }];
    const again = await closeAll({ positions });
    expect(ids(again.results)).toBe('euro gold');
    expect(again).toMatchObject({ successfulCloses: 2 });
    expect(again.results.map((one) => one.closeId).sort()).toEqual(
      pending.results.map((one) => one.closeId).sort(),
    );
  });

  test('one that fails stops no other, stays guarded, and may be closed again', async () => {
    await track('acc1', ...held);
    world.quote('EURUSD', 1.2, 1.2);
    const mend = poison('a');
    const result = await closeAll({});
    expect(result).toMatchObject({ totalPositions: 4, successfulCloses: 3, failedCloses: 1 });
    const failed = result.results.find((one) => one.positionId === 'a');
    expect(failed).toMatchObject({
      ...{ success: false, outcome: 'failed', errorMessage: 'poisoned' },
    });
    mend();
    expect(world.core.state.positions.get('a')?.state).toBe('guarded');
    expect(world.eventNames('acc1')).toContain('position.close-failed');
    const second = await close('a');
    expect(second).toMatchObject({ success: true, clientOrderId: expect.stringMatching(/_2$/) });
    expect(second.closeId).not.toBe(failed?.closeId);
    const rows = await world.rows();
    expect(rows.map((row) => row.status).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, 2]);
    expect(verifyChain(rows)).toBeUndefined();
  });

  test('a pending close that fails is tried again on the next quote, and stops no other', async () => {
    await track('acc1', ...held.map(({ positionId }) => ({ positionId })));
    const answer = closeAll({});
    const mend = poison('b');
    world.quote('EURUSD', 1.2, 1.2);
    expect(closedIds()).toBe('a c d');
    mend();
    world.quote('EURUSD', 1.2, 1.2);
    expect((await answer).successfulCloses).toBe(4);
  });

  test('over the wire carries 500 results, failures first; in process all of them', async () => {
    const many = Array.from({ length: 600 }, (_, i) => ({ positionId: `p${i}`, quantity: 0.0001 }));
    await track('acc2', ...many);
    world.quote('EURUSD', 1.1, 1.1);
    const menders = ['p7', 'p550', 'p599'].map(poison);
    const wire = { replyBytesMax: 768 * 1024 };
    const body = { reason: 'x', order: 'oldest-first' };
    const cut = (await world.ask(
      'gw.acc2.account.close-all',
      body,
      wire,
    )) as unknown as BulkCloseResult;
    for (const mend of menders) mend();
    expect(cut).toMatchObject({ totalPositions: 600, successfulCloses: 597, failedCloses: 3 });
    expect(cut.truncated).toBe(true);
    expect(cut.results.length).toBe(500);
    expect(ids(cut.results.slice(0, 4))).toBe('p7 p550 p599 p0');
    expect(ids(cut.results.slice(-2))).toBe('p496 p497');
    const rest = await world.ask('gw.acc2.ledger.list', { bulkId: cut.bulkId, limit: 1000 });
    expect((rest['items'] as Body[]).length).toBe(600);
    const whole = await world.commands.account.closeAll('acc2', { reason: 'x', positions: many });
    expect((whole as unknown as BulkCloseResult).results.length).toBe(600);
    expect(whole).not.toHaveProperty('truncated');
  });
});

/** Makes every look at the price of a position throw; undone by what it returns. */
function poison(positionId: string): () => void {
  const position = world.core.state.positions.get(positionId);
  const fields = position as unknown as { conversion: unknown };
  const { conversion } = fields;
  Object.defineProperty(fields, 'conversion', {
    configurable: true,
    get: () => {
      throw new Error('poisoned');
    },
  });
  return () => {
    Object.defineProperty(fields, 'conversion', {
      ...{ value: conversion, configurable: true, writable: true, enumerable: true },
    });
  };
}

function ids(results: readonly CloseResult[]): string {
  return results.map((result) => result.positionId).join(' ');
}
