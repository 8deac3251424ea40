// Clients that are slow, silent or too many: none holds anything for ever, nor keeps others out.
import { expect, onTestFinished, test } from 'vitest';
import type { HttpLimits } from '#src/http/limits';
import { until } from '../support/until.ts';
import { client, parsed, served, type Client, type Served } from './world.ts';

const request = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** The limit that is tried, looked at often; the others are out of reach. */
async function limited(limits: Partial<HttpLimits>): Promise<Served> {
  const far = 600_000;
  return await served({
    limits: {
      headTimeoutMs: far,
      requestTimeoutMs: far,
      silenceTimeoutMs: far,
      keepAliveMs: far,
      checkIntervalMs: 20,
      ...limits,
    },
  });
}

/** Goes on saying `text`, never to an end. */
function dribble({ socket }: Client, text: string): void {
  const timer = setInterval(() => {
    if (!socket.writableNeedDrain) socket.write(text);
  }, 10);
  socket.on('close', () => clearInterval(timer));
  onTestFinished(() => clearInterval(timer));
}

const late = {
  status: 408,
  body: { error: { code: 408, message: 'the request took too long to come' } },
};

test('a client that says nothing is sent away', async () => {
  const { port } = await limited({ headTimeoutMs: 200 });
  const { ended } = await client(port);
  expect(parsed(await ended)).toEqual(late);
});

test('a client whose headers never end is sent away, while others are answered', async () => {
  const { port, url } = await limited({ headTimeoutMs: 200 });
  const slow = await Promise.all(Array.from({ length: 50 }, () => client(port)));
  for (const each of slow) {
    each.socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\nX: ');
    dribble(each, 'x');
  }
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const answers = await Promise.all(slow.map(({ ended }) => ended));
  expect(answers.map(parsed)).toEqual(slow.map(() => late));
});

test('a client whose body never ends is sent away, though it has its answer', async () => {
  const { port } = await limited({ requestTimeoutMs: 300, headTimeoutMs: 200 });
  const slow = await client(port);
  slow.socket.write('POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n');
  dribble(slow, 'x');
  expect(await slow.ended).toContain('HTTP/1.1 405 Method Not Allowed');
});

test('a client that reads no answer is cut', async () => {
  const { port } = await limited({ silenceTimeoutMs: 300, connectionRequestsMax: 1_000_000 });
  const deaf = await client(port);
  deaf.socket.pause();
  dribble(deaf, request.repeat(5000));
  await deaf.ended;
  expect(deaf.heard()).toBe('');
});

test('a connection without a request is closed after its time', async () => {
  const { port } = await limited({ keepAliveMs: 100 });
  const { socket, ended } = await client(port);
  socket.write(request);
  expect(await ended).toContain('HTTP/1.1 200 OK');
});

test('a connection has so many requests: the last answer says so, and one more cuts it', async () => {
  const { port } = await limited({ connectionRequestsMax: 3 });
  const busy = await client(port);
  busy.socket.write(request.repeat(3));
  const lines = (): string[] => busy.heard().match(/HTTP.* OK|Connection: [\w-]+/g) ?? [];
  await until(() => lines().length === 6, 10_000, 'three answers');
  expect(lines()).toEqual([
    ...['HTTP/1.1 200 OK', 'Connection: keep-alive'],
    ...['HTTP/1.1 200 OK', 'Connection: keep-alive'],
    ...['HTTP/1.1 200 OK', 'Connection: close'],
  ]);

  expect(busy.socket.closed).toBe(false);
  busy.socket.write(request);
  expect((await busy.ended).match(/ 200 OK/g)).toHaveLength(3);
});

test('one connection too many is closed as it comes, until another has gone', async () => {
  const { port, url } = await limited({ connectionsMax: 3 });
  const [first] = await Promise.all([client(port), client(port), client(port)]);
  const extra = await client(port);
  expect(await extra.ended).toBe('');

  first?.socket.destroy();
  const answered = await until(
    () => fetch(`${url}/health`, { headers: { connection: 'close' } }),
    10_000,
    'an answer',
  );
  expect(answered.status).toBe(200);
});
