// Webhooks on a real web server: what is posted, what counts as told, and what is tried again.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Notifications } from '#actors/notifications';
import { CloseoutError } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import { shownWebhook, webhookNotifier } from '#src/notifiers/webhook-notifier';
import type { WebhookOptions } from '#src/notifiers/webhook-notifier';
import { silentLogger } from '#src/ports/logger';
import type { Notifier } from '#src/ports/notifier';
import { memoryMetrics } from '#src/ports/metrics';
import { systemClock } from '#src/system/clock';
import { until } from '../support/until.ts';
import { startReceiver, type Answer } from './receiver.ts';

const nowMs = 1_700_000_000_999;

function event(seq: number): RuntimeEvent {
  const fields = { ruleId: 'peak', reason: 'Verlust – zu groß' };
  return {
    id: `evt_1_${seq}_0`,
    seq,
    event: 'guard.breached',
    accountId: 'acc1',
    ts: 5,
    ...fields,
  };
}

function webhook(url: string, more: Partial<WebhookOptions> = {}): Notifier {
  const options = { name: 'pager', timeoutMs: 5000, version: '1.2.3', now: () => nowMs };
  return webhookNotifier({ url, ...options, ...more });
}

function secretFile(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'closeout-webhook-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'secret');
  writeFileSync(path, content);
  return path;
}

/** Where nothing listens. */
async function freeUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** What the notifier rejects with. */
async function failureOf(notifier: Notifier): Promise<CloseoutError> {
  const error: unknown = await notifier.notify(event(1)).then(
    () => 'it was told',
    (failure: unknown) => failure,
  );
  expect(error).toBeInstanceOf(CloseoutError);
  return error as CloseoutError;
}

const answering =
  (status: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) =>
    void response.writeHead(status, headers).end(body);

describe('what is posted', () => {
  test('is the event as JSON, with its id, and where it comes from', async () => {
    const receiver = await startReceiver();
    await webhook(`${receiver.url}/hook?a=b`).notify(event(1));
    const [posted] = receiver.posted;
    expect(posted).toMatchObject({
      method: 'POST',
      path: '/hook?a=b',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'closeout/1.2.3',
        'closeout-event-id': 'evt_1_1_0',
      },
    });
    expect(receiver.events()).toEqual([event(1)]);
    expect(posted?.headers).not.toHaveProperty('closeout-signature');
    expect(posted?.headers).not.toHaveProperty('authorization');
  });

  test('is signed with the secret of the file, without the spaces around it', async () => {
    const receiver = await startReceiver();
    await webhook(receiver.url, { secretFile: secretFile('  top secret\n') }).notify(event(1));
    const { headers, body } = receiver.posted[0]!;
    const hmac = createHmac('sha256', 'top secret').update(`1700000000.${body}`).digest('hex');
    expect(headers['closeout-signature']).toBe(`t=1700000000,v1=${hmac}`);
  });

  test('has the login of the URL in its header', async () => {
    const receiver = await startReceiver();
    await webhook(receiver.url.replace('//', '//me:p%40ss%zz@')).notify(event(1));
    const login = Buffer.from('me:p@ss%zz').toString('base64');
    expect(receiver.posted[0]?.headers.authorization).toBe(`Basic ${login}`);
  });
});

describe('an answer', () => {
  test.each([[200], [202], [204]])('%d: it was told', async (status) => {
    const receiver = await startReceiver(answering(status));
    await webhook(receiver.url).notify(event(1));
    expect(receiver.posted).toHaveLength(1);
  });

  test.each<[number, Record<string, string>, object]>([
    [400, {}, { retryable: false }],
    [401, {}, { retryable: false }],
    [404, { 'retry-after': '5' }, { retryable: false, retryAfterMs: undefined }],
    [410, {}, { retryable: false }],
    [408, {}, { retryable: true, retryAfterMs: undefined }],
    [429, { 'retry-after': '7' }, { retryable: true, retryAfterMs: 7000 }],
    [429, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, { retryAfterMs: undefined }],
    [429, { 'retry-after': '-1' }, { retryable: true, retryAfterMs: undefined }],
    [500, {}, { retryable: true, retryAfterMs: undefined }],
    [503, { 'retry-after': '0' }, { retryable: true, retryAfterMs: 0 }],
    [599, {}, { retryable: true }],
  ])('%d with %j: %j', async (status, headers, more) => {
    const receiver = await startReceiver(answering(status, headers, 'why'));
    const message = `${receiver.url} answered ${status}`;
    const failure = await failureOf(webhook(`${receiver.url}/secret-path`));
    expect(failure).toMatchObject({ code: 'notification_failed', message, ...more });
  });

  test.each([[301], [302], [303], [307], [308]])('%d is not followed', async (status) => {
    const elsewhere = await startReceiver();
    const receiver = await startReceiver(answering(status, { location: elsewhere.url }));
    expect(await failureOf(webhook(receiver.url))).toMatchObject({
      retryable: false,
      message: `${receiver.url} answered ${status}: redirects are not followed`,
    });
    expect(elsewhere.posted).toEqual([]);
  });

  test('without an end is not read', async () => {
    const receiver = await startReceiver((response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.writeHead(200).on('drain', more);
      more();
    });
    await webhook(receiver.url).notify(event(1));
    await until(() => receiver.open() === 0);
    expect(receiver.posted).toHaveLength(1);
  });

  test('that does not come in time may come later', async () => {
    const receiver = await startReceiver(() => {});
    const failure = await failureOf(webhook(receiver.url, { timeoutMs: 20 }));
    expect(failure).toMatchObject({
      retryable: true,
      message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ did not answer: .*timeout/),
    });
    await until(() => receiver.open() === 0);
  });

  test('is not waited for any more once the notifier is closed', async () => {
    const receiver = await startReceiver(() => {});
    const notifier = webhook(receiver.url);
    const failing = failureOf(notifier);
    await until(() => receiver.posted.length === 1);
    notifier.close?.();
    expect(await failing).toMatchObject({ code: 'notification_failed' });
    await until(() => receiver.open() === 0);
  });

  test('that nobody gives may come later, and no secret is told', async () => {
    const url = await freeUrl();
    const failure = await failureOf(webhook(`${url.replace('//', '//me:sesame@')}/secret-path`));
    expect(failure).toMatchObject({
      retryable: true,
      message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ did not answer: .*ECONNREFUSED/),
    });
    expect(failure.message).not.toMatch(/sesame|secret/);
  });

  test('that is cut off may be tried again', async () => {
    const receiver = await startReceiver((response) => void response.socket?.destroy());
    expect(await failureOf(webhook(receiver.url))).toMatchObject({ retryable: true });
  });
});

test.each([
  ['is not there', '/nowhere/at/all', /expected a readable file: ENOENT/],
  ['holds nothing', () => secretFile(' \n'), /expected a secret in /],
])('a secret file that %s is a fault at the start', (_, file, message) => {
  const path = typeof file === 'string' ? file : file();
  expect(() => webhook('http://h', { secretFile: path })).toThrow(
    expect.objectContaining({ code: 'settings_invalid', message: expect.stringMatching(message) }),
  );
});

test('a URL is shown without anything that may be secret', () => {
  expect(shownWebhook('https://me:sesame@h.example:8443/T0/B1?token=x#y')).toBe(
    'https://h.example:8443',
  );
});

describe('told through Notifications', () => {
  /** Retries at once: of the wait before one, chance takes nothing. */
  function notifications(notifier: Notifier): { all: Notifications; counters: () => object } {
    const metrics = memoryMetrics();
    const target = { name: 'pager', notifier, events: new Set(['guard.breached']), attempts: 5 };
    const ports = { clock: systemClock(), chance: { next: () => 0 }, logger: silentLogger };
    const all = new Notifications([target], { ...ports, metrics });
    onTestFinished(() => all.stop());
    return { all, counters: () => metrics.counters() };
  }

  test('a server that comes back is told everything in order, signed anew each time', async () => {
    const receiver = await startReceiver((response, n) => {
      if (n === 2) response.socket?.destroy();
      else response.writeHead([503, 0, 429, 200][n - 1] ?? 200).end();
    });
    let ms = nowMs;
    const now = (): number => (ms += 1000);
    const { all, counters } = notifications(
      webhook(receiver.url, { secretFile: secretFile('s'), now }),
    );
    for (const seq of [1, 2, 3]) all.take(event(seq));
    await until(() => receiver.posted.length === 6);
    expect(receiver.events().map(({ seq }) => seq)).toEqual([1, 1, 1, 1, 2, 3]);
    const ids = receiver.posted.map(({ headers }) => headers['closeout-event-id']);
    expect(new Set(ids.slice(0, 4))).toEqual(new Set(['evt_1_1_0']));
    const times = receiver.posted.map(({ headers }) =>
      String(headers['closeout-signature']).slice(0, 't=1700000000'.length),
    );
    expect(new Set(times).size).toBe(6);
    await until(() => Object.entries(counters()).length === 2);
    await all.stop();
    expect(counters()).toEqual({ notifications_sent: 3, notifications_repeated: 3 });
  });

  test('what is refused is left, what fails five times too', async () => {
    const receiver = await startReceiver((response, n) => {
      response.writeHead(n === 1 ? 400 : 500).end();
    });
    const { all, counters } = notifications(webhook(receiver.url));
    for (const seq of [1, 2]) all.take(event(seq));
    await until(() => receiver.posted.length === 6);
    await all.stop();
    expect(receiver.events().map(({ seq }) => seq)).toEqual([1, 2, 2, 2, 2, 2]);
    expect(counters()).toEqual({ notifications_failed: 2, notifications_repeated: 4 });
  });
});
