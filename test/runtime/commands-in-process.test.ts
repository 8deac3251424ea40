// Commands as functions of the same process: any value may come, and none is a crash.
import { beforeAll, describe, expect, test } from 'vitest';
import type { CoreHarness } from '../support/core-harness.ts';
import { refusalOf } from './refusals.ts';
import { accounts, instruments, startPopulated } from './world.ts';

let world: CoreHarness;
beforeAll(async () => {
  world = await startPopulated();
});

const bad = (paths: string): string => `400 invalid_request: ${paths}`;

describe('values of the same process', () => {
  const circular: Record<string, unknown> = { reason: 'x' };
  circular['self'] = circular;
  const ring: unknown[] = [];
  ring.push(ring);
  const deep = (levels: number): object => (levels === 0 ? [] : [deep(levels - 1)]);
  const bare = Object.assign(Object.create(null) as object, { positionId: 'p1' });

  test.each<readonly [string, unknown, string]>([
    ['an array', ['reason'], bad('(body)')],
    ['text', 'reason', bad('(body)')],
    ['a number', 5, bad('(body)')],
    ['null', null, bad('(body)')],
    ['a function', () => {}, bad('(body)')],
    ['a circle', circular, bad('self')],
    ['a circle of lists', { reason: 'x', positions: ring }, bad('positions[0]')],
    ['a circle where text belongs', { reason: circular }, bad('reason.self')],
    ['a bigint', { reason: 5n }, bad('reason')],
    ['a symbol', { reason: Symbol('x') }, bad('reason')],
    ['a function in it', { reason: (why: string) => why }, bad('reason')],
    ['a number that is none', { reason: NaN }, bad('reason')],
    ['a circle among entries', { reason: 'x', positions: [circular] }, bad('positions[0].self')],
    ['half a character', { reason: '\ud83d' }, bad('reason')],
    ['half a character in a name', { reason: 'x', '\ud83d': 1 }, bad('\ufffd')],
    ['33 levels', { reason: 'x', positions: deep(31) }, '413 request_too_deep'],
    ['5,000 levels', { reason: 'x', positions: deep(5000) }, '413 request_too_deep'],
  ])('%s as a body is refused, with a message id and without', async (what, body, expected) => {
    const run = world.commands.account.closeAll;
    const messageId = what.replaceAll(' ', '-');
    expect(refusalOf(await run('eur1', body as object))).toBe(expected);
    expect(refusalOf(await run('eur1', body as object, { messageId }))).toBe(expected);
    expect(refusalOf(await run('eur1', body as object, { messageId }))).toBe(expected);
  });

  test('what JSON has no form for is no entry of a bulk close, and is told apart by its text', async () => {
    const run = world.commands.account.closeAll;
    const bulk = (entry: unknown) =>
      run('eur1', { reason: 'x', positions: [entry] }, { messageId: 'formless' });
    const first = await bulk(5n);
    expect(first).toMatchObject({ totalPositions: 1, results: [] });
    expect(await bulk(5n)).toEqual(first);
    expect(refusalOf(await bulk(NaN))).toBe('409 message_id_reused');
  });

  test('an object without a prototype will do', async () => {
    const { position } = world.commands;
    expect(await position.get('acc1', bare, { messageId: 'bare' })).toMatchObject({
      positionId: 'p1',
    });
  });

  test('what is undefined is absent', async () => {
    const { position } = world.commands;
    const body = { positionId: 'p1', more: undefined };
    expect(refusalOf(await position.get('acc1', body))).toBe(bad('more'));
    const list = { state: undefined, limit: undefined };
    expect(refusalOf(await position.list('acc1', list, { messageId: 'list' }))).toBe('ok');
  });

  test.each<readonly [string, unknown, object, string]>([
    ['an account with a dot', 'a.b', {}, bad('account')],
    ['an account that is a number', 5, {}, bad('account')],
    ['an empty account', '', {}, bad('account')],
    ['a client with a space', 'acc1', { client: 'a b' }, bad('client')],
    ['a deadline that is no number', 'acc1', { deadlineTs: NaN }, '400 unusable_header'],
    ['a message id that is a number', 'acc1', { messageId: 5 }, '400 unusable_header'],
  ])('%s is refused', async (_, accountId, options, expected) => {
    const reply = await world.commands.account.create(
      accountId as string,
      { currency: 'USD', balance: 1 },
      options,
    );
    expect(refusalOf(reply)).toBe(expected);
  });

  test('nothing has come of all that', () => {
    const { state } = world.core;
    expect([...state.accounts.keys()]).toEqual(accounts.map((one) => one.accountId));
    expect([...state.instruments.keys()]).toEqual(instruments.map((i) => i.symbol));
    expect([...state.positions.values()].map((p) => [p.positionId, p.state])).toEqual([
      ['p1', 'guarded'],
      ['q1', 'guarded'],
      ['c1', 'closed'],
    ]);
  });
});
