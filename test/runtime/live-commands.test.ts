// Commands about LIVE accounts, routes and dead letters: what is answered, and what is refused.
import { beforeAll, describe, expect, test } from 'vitest';
import { account, LiveWorld, lost, rejects, type Body } from './live-world.ts';
import { refusalOf } from './refusals.ts';

describe('refused', () => {
  let w: LiveWorld;
  let closeId: string;
  beforeAll(async () => {
    const paper = { accountId: 'paper', currency: 'USD', balance: 1000 };
    w = await LiveWorld.start({
      settings: { accounts: [account, paper] },
      script: { close: [rejects] },
    });
    await w.open('p');
    w.quote(100);
    await w.close('p');
    closeId = String((await w.letters())[0]?.['closeId']);
  });

  const live = { currency: 'USD', balance: 1, mode: 'LIVE' };
  test.each<[string, Body | (() => Body), string]>([
    ['a.position.close', { positionId: 'p', price: 99 }, '400 not_on_paper: price'],
    ['b.account.create', { ...live, route: 'nowhere' }, '400 unreachable_route: route'],
    ['b.account.create', live, '400 invalid_request: route'],
    ['b.account.create', { ...live, mode: 'DRY_RUN' }, '400 invalid_request: mode'],
    ['a.route.put', { route: 'demo' }, '403 not_permitted'],
    ['a.route.list', {}, '403 not_permitted'],
    ['_.route.put', {}, '400 invalid_request: route'],
    ['_.route.put', { route: 'a b' }, '400 invalid_request: route'],
    ['_.route.put', { route: 'r', timeoutMs: 0 }, '400 invalid_request: timeoutMs'],
    ['_.route.put', { route: 'r', ratePerSecond: -1 }, '400 invalid_request: ratePerSecond'],
    ['_.route.put', { route: 'r', burst: 0.5 }, '400 invalid_request: burst'],
    ['_.route.put', { route: 'r', driftPolicy: 'ignore' }, '400 invalid_request: driftPolicy'],
    ['_.route.put', { route: 'r', colour: 1 }, '400 invalid_request: colour'],
    ['a.deadletter.retry', { closeId: 'close_0', reason: 'x' }, '404 unknown_deadletter'],
    ['a.deadletter.discard', { closeId: 'close_0', reason: 'x' }, '404 unknown_deadletter'],
    ['paper.deadletter.retry', () => ({ closeId, reason: 'x' }), '403 foreign_account'],
    ['paper.deadletter.discard', () => ({ closeId, reason: 'x' }), '403 foreign_account'],
    ['a.deadletter.retry', () => ({ closeId }), '400 invalid_request: reason'],
    ['a.deadletter.discard', () => ({ closeId, reason: '' }), '400 invalid_request: reason'],
    ['nobody.deadletter.list', {}, '404 unknown_account'],
    ['a.deadletter.list', { state: 'old' }, '400 invalid_request: state'],
    ['_.deadletter.list', { cursor: 'x' }, '400 invalid_request: cursor'],
  ])('%s %o', async (subject, body, refusal) => {
    const reply = await w.settled(w.ask(subject, typeof body === 'function' ? body() : body));
    expect(refusalOf(reply)).toBe(refusal);
    // A refusal changes nothing.
    expect(w.deadLetters()).toEqual(['p']);
  });
});

describe('routes', () => {
  test('have defaults, what is put stays, and they are listed', async () => {
    const w = await LiveWorld.start({ settings: { routes: [] } });
    const put = { route: 'other', timeoutMs: 500, idempotentByClientId: false };
    const answer = await w.settled(w.ask('_.route.put', put));
    expect(answer).toMatchObject({ ...put, ratePerSecond: 100, burst: 200, maxInFlight: 32 });
    await w.killAndRestart();
    const { items } = await w.settled(w.ask('_.route.list'));
    expect(items).toMatchObject([
      { ...put, queryByClientId: true, driftPolicy: 'alarm' },
      { route: 'demo', timeoutMs: 2000, closeByTicket: true, protectiveCancels: true },
    ]);
    const first = await w.settled(w.ask('_.route.list', { limit: 1 }));
    expect(first).toMatchObject({ items: [{ route: 'other' }] });
    const cursor = first['nextCursor'];
    expect(await w.settled(w.ask('_.route.list', { limit: 1, cursor }))).toEqual({
      items: [expect.objectContaining({ route: 'demo' })],
    });
  });

  test('are in force at once: the timeout of the next call', async () => {
    const w = await LiveWorld.start({ script: { close: [lost], query: [lost] } });
    await w.open('p');
    w.quote(100);
    await w.settled(w.ask('_.route.put', { route: 'demo', timeoutMs: 100 }));
    void w.ask('a.position.close', { positionId: 'p', reason: 'x' });
    await w.run(80, 10);
    expect(w.stateOf('p')).toBe('closing sending');
    await w.run(60, 10);
    expect(w.stateOf('p')).toBe('closing unknown');
  });
});

describe('dead letters', () => {
  async function withLetters(...ids: string[]): Promise<LiveWorld> {
    const w = await LiveWorld.start({
      settings: { accounts: [account, { ...account, accountId: 'b' }] },
      script: { close: [rejects] },
    });
    for (const id of ids) await w.open(id, { accountId: id[0] });
    w.quote(100);
    for (const id of ids) {
      const reason = id.endsWith('risk') ? 'stop_loss' : 'manual';
      void w.ask(`${id[0] ?? ''}.position.close`, { positionId: id, reason });
    }
    await w.run(5000);
    return w;
  }

  test('are listed by account and page, with when they are tried next', async () => {
    const w = await withLetters('a1', 'a2risk', 'b1');
    const byId = new Map((await w.letters()).map((item) => [item['positionId'], item]));
    expect([...byId.keys()].map(String).toSorted()).toEqual(['a1', 'a2risk', 'b1']);
    expect(byId.get('a1')).toEqual({
      ...{ positionId: 'a1', accountId: 'a', reason: 'manual', attempts: 3 },
      closeId: expect.stringMatching(/^close_.{12,}/) as string,
      lastError: 'busy no',
      since: expect.any(Number) as number,
    });
    const { nextAttemptAt } = byId.get('a2risk') ?? {};
    expect(Number(nextAttemptAt)).toBeGreaterThanOrEqual(w.clock.now());
    const own = await w.settled(w.ask('a.deadletter.list'));
    expect((own['items'] as Body[]).map((item) => String(item['positionId'])).toSorted()).toEqual([
      'a1',
      'a2risk',
    ]);
    const first = await w.settled(w.ask('_.deadletter.list', { limit: 2 }));
    expect(first['items']).toHaveLength(2);
    const cursor = first['nextCursor'];
    const rest = await w.settled(w.ask('_.deadletter.list', { limit: 2, cursor }));
    expect(rest['items']).toHaveLength(1);
    expect(rest['nextCursor']).toBeUndefined();
  });

  test('a manual close is retried as the same reason, and cleared when it is done', async () => {
    const w = await withLetters('a1');
    const [letter] = await w.letters();
    w.play({});
    const reply = await w.settled(
      w.ask('a.deadletter.retry', { closeId: letter?.['closeId'], reason: 'it is back' }),
    );
    expect(reply).toMatchObject({ closeId: letter?.['closeId'], reason: 'manual' });
    await w.run(100);
    expect(w.stateOf('a1')).toBe('closed');
    expect(await w.letters()).toEqual([]);
    const row = (await w.rows()).find((one) => one.eventType === 'position_closed');
    expect(row?.metaData['closeReason']).toBe('manual');
  });

  test('a retry that fails three times more is a letter again, the former one superseded', async () => {
    const w = await withLetters('a1');
    const [letter] = await w.letters();
    await w.settled(w.ask('a.deadletter.retry', { closeId: letter?.['closeId'], reason: 'x' }));
    await w.run(5000);
    const now = await w.letters();
    expect(now).toHaveLength(1);
    expect(now[0]?.['closeId']).not.toBe(letter?.['closeId']);
    expect(await w.letters('closed')).toMatchObject([
      { closeId: letter?.['closeId'], how: 'superseded' },
    ]);
    expect(w.stateOf('a1')).toBe('guarded');
  });

  test('a risk close that is retried is tried now', async () => {
    const w = await withLetters('a2risk');
    await w.run(60_000, 500);
    w.play({});
    const [letter] = await w.letters();
    const { nextAttemptAt } = letter ?? {};
    expect(Number(nextAttemptAt)).toBeGreaterThan(w.clock.now() + 200);
    await w.settled(w.ask('a.deadletter.retry', { closeId: letter?.['closeId'], reason: 'x' }));
    await w.run(100);
    expect(w.stateOf('a2risk')).toBe('closed');
  });

  test('what was discarded is not found a second time', async () => {
    const w = await withLetters('a1');
    const [letter] = await w.letters();
    const body = { closeId: letter?.['closeId'], reason: 'x' };
    expect(refusalOf(await w.settled(w.ask('a.deadletter.discard', body)))).toBe('ok');
    expect(refusalOf(await w.settled(w.ask('a.deadletter.discard', body)))).toBe(
      '404 unknown_deadletter',
    );
    expect(refusalOf(await w.settled(w.ask('a.deadletter.retry', body)))).toBe(
      '404 unknown_deadletter',
    );
  });
});
