// After an unknown outcome: what is asked, in which order, and what an answer does not say.
import { describe, expect, test } from 'vitest';
import { answers, LiveWorld, lost, says, silent, without } from './live-world.ts';

describe('what is asked, and in which order', () => {
  const quick = {
    name: 'the id first, then the positions, then the same id',
    close: [lost, answers],
  };
  test.each([
    { ...quick, lacks: [], calls: ['close', 'query', 'positions', 'close'] },
    {
      name: 'an order that is found is not asked about further',
      ...{ close: [silent], lacks: [], calls: ['close', 'query'] },
    },
    {
      name: 'no query in the adapter: positions at once',
      ...{ close: [silent], lacks: ['query'] as const, calls: ['close', 'positions'] },
    },
    {
      name: 'neither: the same id again, since it is executed once',
      ...{ close: [silent, answers], lacks: ['query', 'positions'] as const },
      calls: ['close', 'close'],
    },
  ])('$name', async ({ close, lacks, calls }) => {
    const w = await LiveWorld.start({
      script: { close },
      brokerOf: (provider) => without(provider, ...lacks),
    });
    await w.open('p');
    w.quote(100);
    w.provider.calls.length = 0;
    void w.ask('a.position.close', { positionId: 'p' });
    await w.run(10_000, 50);
    expect(w.provider.calls).toEqual(calls);
    expect(w.stateOf('p')).toBe('closed');
    expect(new Set(w.sent())).toEqual(new Set(['1:2']));
    expect(w.balance()).toBe(lacks.length === 1 ? '1000' : '998');
  });

  // The first call is under way when the others come, and cannot tell them.
  test('positions of an account are asked for once for all who wait', async () => {
    const w = await LiveWorld.start({
      script: { close: [lost, lost, lost, answers] },
      brokerOf: (provider) => without(provider, 'query'),
      route: { ratePerSecond: 1, burst: 3 },
    });
    for (const id of ['p', 'q', 'r']) await w.open(id, { exits: { stopLoss: 99 } });
    w.quote(100);
    w.provider.calls.length = 0;
    w.quote(98);
    await w.run(20_000, 50);
    expect(w.provider.calls.filter((call) => call === 'positions')).toHaveLength(2);
    expect(w.sent()).toHaveLength(6);
    expect(w.excess()).toEqual([]);
  });
});

describe('a ticket that nobody has told', () => {
  const only = { idempotentByClientId: false, queryByClientId: false, reduceOnly: false };

  test('makes no second send safe', async () => {
    const capabilities = { ...only, closeByTicket: true };
    const w = await LiveWorld.start({
      provider: { capabilities, isNetting: true },
      script: { close: [lost, answers] },
    });
    await w.open('p', { ticket: undefined, exits: { stopLoss: 99 } });
    w.quote(100);
    w.quote(98);
    await w.run(60_000, 100);
    expect(w.sent()).toEqual(['1:2']);
    expect(w.deadLetters()).toEqual(['p']);
  });

  test('nor does one like it that is listed, which may be another', async () => {
    const row = { ticket: 9, symbol: 'X', side: 'long', quantity: '2', entryPrice: '100' };
    const capabilities = { ...only, reduceOnly: true, closeByTicket: false };
    const w = await LiveWorld.start({
      provider: { capabilities },
      script: { close: [silent], positions: [says({ complete: true, positions: [row] })] },
    });
    for (const id of ['p', 'q']) await w.open(id, { ticket: undefined });
    w.quote(100);
    void w.ask('a.position.close', { positionId: 'p', reason: 'x' });
    await w.run(60_000, 100);
    // What was executed is p, what is listed is q: sent again, the order would close q.
    expect(w.sent()).toEqual(['1:2']);
    expect(w.deadLetters()).toEqual(['p']);
  });

  test.each([
    { name: 'at another entry price', theirs: { entryPrice: '100.01', quantity: '2' } },
    { name: 'with less of it', theirs: { entryPrice: '100', quantity: '1' } },
  ])('is not one that is gone: $name', async ({ theirs }) => {
    const row = { ticket: 77, symbol: 'X', side: 'long', ...theirs };
    const w = await LiveWorld.start({
      provider: { capabilities: { ...only, closeByTicket: false } },
      script: { close: [lost], positions: [says({ complete: true, positions: [row] })] },
    });
    await w.open('p', { ticket: undefined, exits: { stopLoss: 99 } });
    w.quote(100);
    w.quote(98);
    await w.run(60_000, 100);
    // It may be the one: that it is closed would be assumed.
    expect(w.stateOf('p')).toBe('closing unknown');
    expect(w.deadLetters()).toEqual(['p']);
  });
});
