// What `/health` and `/ready` answer, asked as a monitor asks.
import { expect, test } from 'vitest';
import { epochText, epochTs, healthWith, served } from './world.ts';

test('health says how every part fares and since when, as a time that people read', async () => {
  const { url } = await served({
    health: () =>
      healthWith({
        orderClosure: { isHealthy: true, since: epochTs },
        ledger: { isHealthy: false, since: epochTs + 250, detail: 'Postgres does not answer' },
      }),
  });
  const response = await fetch(`${url}/health`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(await response.json()).toEqual({
    status: 'ok',
    version: '1.2.3',
    workers: {
      isHealthy: true,
      status: 'healthy',
      uptime: 7,
      components: {
        orderClosure: { isHealthy: true, since: epochText },
        ledger: {
          isHealthy: false,
          since: '2026-01-02T03:04:05.250Z',
          detail: 'Postgres does not answer',
        },
      },
    },
  });
});

test('a runtime that is down is alive for as long as it says so', async () => {
  const workers = { isHealthy: false, status: 'down', uptime: 1, components: {} } as const;
  const { url } = await served({ health: () => ({ status: 'down', workers }) });
  const response = await fetch(`${url}/health`);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: 'down', workers });
});

test('ready is 503 while something is waited for, with what and since when, then 200', async () => {
  let isReady = false;
  const { url } = await served({
    readiness: () => ({
      ready: isReady,
      since: epochTs,
      waitingFor: isReady
        ? []
        : [
            { part: 'route:acme', since: epochTs, detail: 'positions was not answered' },
            { part: 'nats', since: epochTs },
          ],
    }),
  });
  const waiting = await fetch(`${url}/ready`);
  expect(waiting.status).toBe(503);
  expect(await waiting.json()).toEqual({
    ready: false,
    since: epochText,
    waitingFor: [
      { part: 'route:acme', since: epochText, detail: 'positions was not answered' },
      { part: 'nats', since: epochText },
    ],
  });

  isReady = true;
  const reached = await fetch(`${url}/ready`);
  expect(reached.status).toBe(200);
  expect(await reached.json()).toEqual({ ready: true, since: epochText, waitingFor: [] });
});

test.each(['/health', '/ready'])('HEAD of %s is GET without a body', async (path) => {
  const { url } = await served();
  const got = await fetch(url + path);
  const head = await fetch(url + path, { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(head.headers.get('content-length')).toBe(String((await got.text()).length));
  expect(await head.text()).toBe('');
});

test('answers are not kept by anybody, and do not name the program that made them', async () => {
  const { url } = await served();
  const { headers } = await fetch(`${url}/ready`);
  expect(headers.get('cache-control')).toBe('no-store');
  expect([...headers.keys()].sort()).toEqual([
    'cache-control',
    'connection',
    'content-length',
    'content-type',
    'date',
    'keep-alive',
    'x-content-type-options',
  ]);
});

test.each([
  ['an error', new Error('a secret')],
  ['an error that names a status', Object.assign(new Error('a secret'), { statusCode: 404 })],
  ['nothing', undefined],
])('a health that throws %s is 500, logged, and told to nobody', async (_what, thrown) => {
  let isBroken = true;
  const { url, errors } = await served({
    health: () => {
      if (isBroken) throw thrown;
      return healthWith();
    },
  });
  const response = await fetch(`${url}/health?token=mine`);
  expect(response.status).toBe(500);
  const message = 'the request failed inside; see the log';
  expect(await response.json()).toEqual({ error: { code: 500, message } });
  const error = thrown?.message ?? 'undefined';
  expect(errors).toEqual([{ method: 'GET', path: '/health', error }]);

  isBroken = false;
  expect((await fetch(`${url}/health`)).status).toBe(200);
});
