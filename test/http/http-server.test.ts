// Where the server listens, whom it answers, and how it ends.
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { CloseoutError } from '#src/domain/errors';
import { until } from '../support/until.ts';
import { client, parsed, said, served } from './world.ts';

/** Far below the timeouts, after which connections end by themselves. */
const promptMs = 2000;

async function serveError(port: number): Promise<CloseoutError> {
  const error: unknown = await served({ port }).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(CloseoutError);
  return error as CloseoutError;
}

test('a port that is taken is said to be, with the setting that changes it', async () => {
  const { port } = await served();
  const error = await serveError(port);
  expect(error).toMatchObject({ code: 'http_unavailable', retryable: true });
  expect(error.message).toBe(
    `HTTP cannot listen on 127.0.0.1:${port}: the port is taken; ` +
      'CLOSEOUT_HTTP_PORT changes the port',
  );
});

test('a port that is none cannot be taken later either', async () => {
  const error = await serveError(70_000);
  expect(error).toMatchObject({ code: 'http_unavailable', retryable: false });
  expect(error.message).toContain('127.0.0.1:70000');
});

test('it listens on 127.0.0.1 and on no other address', async () => {
  const { port } = await served();
  const socket = connect(port, '127.0.0.2');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});

test.each([
  ['localhost', 200],
  ['LocalHost:7070', 200],
  ['127.0.0.1', 200],
  ['127.0.0.1:7070', 200],
  ['[::1]:7070', 200],
  ['', 403],
  ['evil.example', 403],
  ['evil.example:7070', 403],
  ['localhost.evil.example', 403],
  ['evil.example#localhost', 403],
  ['localhost:7070:evil.example', 403],
  ['user@localhost', 403],
  ['127.0.0.1.nip.io', 403],
  ['127.0.0.2', 403],
  ['0.0.0.0:7070', 403],
])('a request for the host "%s" is answered with %i', async (host, status) => {
  const { port } = await served();
  const head = `GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const answer = parsed(await said(port, head));
  const message = 'the host is not this machine: ask localhost or 127.0.0.1';
  const body = status === 200 ? { status: 'ok' } : { error: { code: 403, message } };
  expect(answer).toMatchObject({ status, body });
});

test.each(['HTTP/1.1\r\nConnection: close', 'HTTP/1.0'])(
  'a request without a host is refused: %j',
  async (rest) => {
    const { port } = await served();
    const answer = parsed(await said(port, `GET /health ${rest}\r\n\r\n`));
    expect(answer).toMatchObject({ status: 403, body: { error: { code: 403 } } });
  },
);

test('a foreign host learns not even what there is', async () => {
  const { port } = await served();
  const head = 'GET /nothing HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n';
  expect(parsed(await said(port, head)).status).toBe(403);
});

test.each([
  ['GET', '/', 404, 'there is nothing at /'],
  ['GET', '/health/', 404, 'there is nothing at /health/'],
  ['GET', '/nothing?token=mine', 404, 'there is nothing at /nothing'],
  ['GET', '/__proto__', 404, 'there is nothing at /__proto__'],
  ['GET', '/%zz', 400, "'/%zz' is not a valid url component"],
  ['OPTIONS', '*', 404, 'there is nothing at *'],
  ['POST', '/nothing', 404, 'there is nothing at /nothing'],
  ['POST', '/health', 405, '/health takes GET, HEAD, not POST'],
  ['PROPFIND', '/ready', 405, '/ready takes GET, HEAD, not PROPFIND'],
])('%s %s is %i', async (method, path, code, message) => {
  const { port } = await served();
  const answer = await said(
    port,
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
      'Content-Type: application/xml\r\nContent-Length: 4\r\n\r\n<a/>',
  );
  expect(parsed(answer)).toEqual({ status: code, body: { error: { code, message } } });
  expect(answer.includes('\r\nallow: GET, HEAD\r\n')).toBe(code === 405);
});

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['a URL that is too long', `GET /${'x'.repeat(9000)} HTTP/1.1\r\n\r\n`, 431],
  ['headers that are too large', `GET /health HTTP/1.1\r\nX: ${'x'.repeat(9000)}\r\n\r\n`, 431],
])('%s is answered in the error form, and ends the connection', async (_what, text, code) => {
  const { port } = await served();
  const message = expect.any(String) as string;
  expect(parsed(await said(port, text))).toEqual({
    status: code,
    body: { error: { code, message } },
  });
});

test('many at once are all answered', async () => {
  const { url } = await served();
  const responses = await Promise.all(Array.from({ length: 200 }, () => fetch(`${url}/health`)));
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  await Promise.all(responses.map((response) => response.text()));
});

test('closing cuts what is open: kept alive, half asked, or silent', async () => {
  const server = await served();
  const kept = await client(server.port);
  kept.socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => kept.heard().includes('Connection: keep-alive'), 10_000, 'an answer');
  const asking = await client(server.port);
  asking.socket.write('GET /health HTTP/1.1\r\nHost: local');
  const silent = await client(server.port);

  const startedMs = performance.now();
  await server.close();
  await Promise.all([kept.ended, asking.ended, silent.ended]);
  expect(performance.now() - startedMs).toBeLessThan(promptMs);
  await expect(fetch(`${server.url}/health`)).rejects.toThrow('fetch failed');
});

test('a port is free again once its server has closed, and closing twice is closing', async () => {
  const first = await served();
  await first.close();
  await first.close();
  const second = await served({ port: first.port });
  expect((await fetch(`${second.url}/ready`)).status).toBe(200);
});
