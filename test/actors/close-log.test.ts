// The log of closes: a line each while there are few, and once a minute how many there were.
import { describe, expect, test } from 'vitest';
import type { Logger } from '#src/ports/logger';
import { answers, LiveWorld, rejects, says } from '../runtime/live-world.ts';

type Line = Record<string, unknown> & { message: string; level: string };

function logOf(): { logger: Logger; lines: Line[]; named: (name: string) => Line[] } {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ ...fields, message, level });
  const logger = {
    ...{ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  };
  return { logger, lines, named: (name) => lines.filter((line) => line.message === name) };
}

test('a close is logged when it is asked for and when it is done', async () => {
  const { logger, named } = logOf();
  const w = await LiveWorld.start({
    harness: { logger },
    script: { close: [{ kind: 'late', ms: 240, executes: 'last' }] },
  });
  await w.open('p', { exits: { stopLoss: '99.5' } });
  w.quote(100);
  w.quote(99);
  expect(named('close.received')).toMatchObject([
    { level: 'info', positionId: 'p', accountId: 'a', reason: 'stop_loss', triggerPrice: '99.5' },
  ]);
  expect(named('close.succeeded')).toEqual([]);
  await w.run(400, 10);
  const closeId = named('close.received')[0]?.['closeId'];
  expect(named('close.succeeded')).toMatchObject([
    { closeId, positionId: 'p', closedPrice: '99', pnl: '-2', elapsedMs: 240 },
  ]);
});

test('one close, however often it is sent, is one line each', async () => {
  const { logger, named } = logOf();
  const part = says({ status: 'partiallyFilled', filledQuantity: '1', price: '99' });
  const w = await LiveWorld.start({
    harness: { logger },
    script: { close: [rejects, part, answers] },
  });
  await w.open('p');
  w.quote(100);
  await w.close('p');
  expect(named('close.received')).toHaveLength(1);
  expect(named('close.succeeded')).toHaveLength(1);
});

test('one that is left is logged as failed', async () => {
  const { logger, named } = logOf();
  const w = await LiveWorld.start({ harness: { logger }, script: { close: [rejects] } });
  await w.open('p');
  w.quote(100);
  await w.close('p');
  expect(named('close.failed')).toMatchObject([{ positionId: 'p', errorMessage: 'busy no' }]);
});

test('how long it took counts from the request, across a restart too', async () => {
  const { logger, named } = logOf();
  const pending = says({ status: 'pending' });
  const w = await LiveWorld.start({
    harness: { logger },
    script: { close: [pending], query: [pending] },
  });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(1000);
  await w.killAndRestart();
  await w.run(1000);
  const { clientOrderId = '' } = w.provider.received[0] ?? {};
  w.provider.report({ order_id: clientOrderId, ord_status: 'EXECUTED', avgpx: 99, cumqty: 2 });
  expect(Number(named('close.succeeded')[0]?.['elapsedMs'])).toBeGreaterThanOrEqual(2000);
});

describe('close.stats', () => {
  const fields = [
    ...['processed', 'closed', 'failed', 'slCancels', 'tpCancels', 'typeIds'],
    ...['uptimeS', 'ratePerS', 'avgMs'],
  ];

  test('has these fields, once a minute', async () => {
    const { logger, named } = logOf();
    const w = await LiveWorld.start({ harness: { logger } });
    await w.run(59_000, 1000);
    expect(named('close.stats')).toHaveLength(0);
    await w.run(182_000, 1000);
    expect(named('close.stats')).toHaveLength(4);
    for (const { level, message: _message, ...body } of named('close.stats')) {
      expect(level).toBe('info');
      expect(Object.keys(body).sort()).toEqual([...fields].sort());
    }
    expect(named('close.stats').map((line) => line['uptimeS'])).toEqual([60, 120, 180, 240]);
    await w.kill();
    await w.run(120_000, 1000);
    expect(named('close.stats')).toHaveLength(4);
  });

  test('adds up', async () => {
    const { logger, named } = logOf();
    const w = await LiveWorld.start({
      harness: { logger },
      script: {
        close: [
          { kind: 'late', ms: 100, executes: 'last' },
          { kind: 'late', ms: 300, executes: 'last' },
          rejects,
        ],
      },
    });
    for (const id of ['p', 'q', 'r']) {
      await w.open(id, { stopLossId: `sl-${id}`, takeProfitId: `tp-${id}` });
    }
    await w.open('s', { stopLossId: 'sl-s', takeProfitId: 'tp-s' });
    await w.open('t', { stopLossId: 'sl-t', takeProfitId: 'tp-t' });
    w.quote(100);
    for (const id of ['p', 'q', 'r']) await w.close(id);
    for (const [id, order] of Object.entries({ s: 'sl-s', t: 'tp-t' })) {
      const { price = '' } = w.provider.closeByItself(id) ?? {};
      w.provider.report({ order_id: order, ord_status: 'EXECUTED', avgpx: price, cumqty: '2' });
      await w.run(100);
    }
    await w.run(60_000, 100);
    const [{ avgMs, ratePerS, ...stats } = {} as Line] = named('close.stats');
    expect(stats).toMatchObject({
      ...{ processed: 5, closed: 4, failed: 1, uptimeS: 60 },
      // A stop that was executed cancels the target, and the other way round.
      ...{ slCancels: 1, tpCancels: 1, typeIds: 2 },
    });
    expect(ratePerS).toBeCloseTo(5 / 60, 3);
    // 100 and 300 ms of our own, and two that the provider closed by itself.
    expect(Number(avgMs)).toBeGreaterThanOrEqual(100);
    expect(Number(avgMs)).toBeLessThanOrEqual(110);
  });
});

test('at most some lines a second, and then how many were left out', async () => {
  const { logger, lines, named } = logOf();
  const w = await LiveWorld.start({ harness: { logger } });
  for (let i = 0; i < 100; i++) await w.open(`p${i}`, { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(500);
  const told = lines.filter((line) => line.message.startsWith('close.'));
  expect(told).toHaveLength(50);
  await w.run(60_000, 1000);
  const left = named('close lines left out: see the ledger');
  expect(left.map((line) => line['lines'])).toEqual([150]);
  expect(named('close.stats')[0]).toMatchObject({ processed: 100, closed: 100 });
});
