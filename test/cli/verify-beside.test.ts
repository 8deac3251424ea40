// `closeout verify` beside a runtime that runs.
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isRefused } from '#src/index';
import { startLive } from '../runtime/live.ts';
import { freshDatabase } from '../support/servers.ts';
import { verified } from './audited.ts';

const long = { symbol: 'EURUSD', side: 'long', quantity: '0.1', entryPrice: '1.1' };

test('a runtime that writes all the while is not kept from it, and all holds', async () => {
  const url = await freshDatabase();
  const live = await startLive({ settings: { CLOSEOUT_DATABASE_URL: url } });
  const { runtime, directory } = live;
  live.quote('EURUSD', 1.1, 1.1001);
  let closed = 0;
  let isOver = false;
  const trading = (async () => {
    for (; !isOver; closed++) {
      const positionId = `p${closed}`;
      const tracked = await runtime.commands.position.track('acc2', { positionId, ...long });
      const reply = await runtime.commands.position.close('acc2', { positionId });
      if (isRefused(tracked) || isRefused(reply)) throw new Error(JSON.stringify(reply));
      await sleep(1);
    }
  })();
  const environment = { CLOSEOUT_DATA_DIR: directory, CLOSEOUT_DATABASE_URL: url };
  let before = -1;
  for (let time = 1; time <= 3; time++) {
    expect(await verified(environment)).toEqual({
      status: 0,
      journal: expect.stringMatching(/^ok \d+ records of \d+ partitions hold/),
      ledger: expect.stringMatching(/^ok \d+ rows of \d+ partitions? hold/),
      against: expect.stringMatching(/^ok \d+ rows are what their records make/),
    });
    expect(closed).toBeGreaterThan(before);
    before = closed;
  }
  isOver = true;
  await trading;
  await runtime.stop();
  const { against } = await verified(environment);
  expect(against).toBe(`ok ${closed} rows are what their records make`);
});

test('with PGlite a runtime is told from a damage, and keeps its directory', async () => {
  const live = await startLive();
  const { runtime, directory } = live;
  live.quote('EURUSD', 1.1, 1.1001);
  await runtime.commands.position.track('acc2', { positionId: 'p1', ...long });
  const environment = { CLOSEOUT_DATA_DIR: directory };
  const beside = await verified(environment);
  expect(beside).toMatchObject({ status: 1, journal: expect.stringMatching(/^ok /) });
  expect(beside.ledger).toContain(`in use by pid ${process.pid} `);
  const reply = await runtime.commands.position.close('acc2', { positionId: 'p1' });
  expect(reply).toMatchObject({ success: true });
  await runtime.stop();
  const after = await verified(environment);
  expect(after).toMatchObject({ status: 0, against: 'ok 1 rows are what their records make' });
  await (await startLive({ directory })).runtime.stop();
});
