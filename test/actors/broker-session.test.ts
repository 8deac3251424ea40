// The session of a route: what is sent when, and what each call is told.
import { describe, expect, test } from 'vitest';
import { waitingReadsMax } from '#actors/broker-session';
import { CloseoutError } from '#src/domain/errors';
import { down, Provider, read, startTs, submitMany, throttled, unreachable } from './provider.ts';

const ok = { kind: 'reply', reply: 'ok' };

describe('a call', () => {
  test('is sent in the turn of its submit, and told its reply once', async () => {
    const provider = new Provider();
    provider.submit('a');
    expect(provider.names).toEqual(['a']);
    expect(provider.session.status()).toEqual({
      ...{ state: 'passing', since: startTs, waiting: 0, inFlight: 1 },
    });
    await provider.answer('a');
    expect(provider.told.get('a')).toEqual([ok]);
    expect(provider.session.status()).toMatchObject({ waiting: 0, inFlight: 0 });
    provider.clock.advance(60_000);
    expect(provider.told.get('a')).toEqual([ok]);
    expect([provider.counter('broker_calls'), provider.clock.pending]).toEqual([1, 0]);
  });

  test.each<[string, string, string, unknown]>([
    ['any error', 'unknown', 'connection reset', down],
    ['what is no error', 'unknown', 'gone', 'gone'],
    ['what has no text', 'unknown', 'an error without a text', Object.create(null)],
    ['broker_unreachable', 'unreachable', 'nobody there', unreachable],
    ['another code', 'unknown', 'x', new CloseoutError('other', 'x')],
  ])('that rejects with %s is %s', async (_, kind, message, error) => {
    const rejecting = new Provider();
    rejecting.submit('a');
    await rejecting.fail(error, 'a');
    const throwing = new Provider();
    const run = (): never => {
      throw error;
    };
    throwing.submit('a', { run });
    for (const provider of [rejecting, throwing]) {
      expect(provider.told.get('a')).toEqual([{ kind, error: message }]);
      expect(provider.session.status()).toMatchObject({ inFlight: 0, lastError: message });
      expect(provider.counter('broker_calls_unknown')).toBe(kind === 'unknown' ? 1 : 0);
    }
  });

  test('without a reply within the timeout is unknown, and its late reply is told apart', async () => {
    const provider = new Provider({ timeoutMs: 300 });
    provider.submit('a');
    provider.clock.advance(299);
    expect(provider.outcomes('a')).toEqual([]);
    provider.clock.advance(1);
    expect(provider.told.get('a')).toEqual([{ kind: 'unknown', error: 'no reply within 300 ms' }]);
    expect(provider.session.status().inFlight).toBe(0);
    await provider.answer('a');
    expect(provider.late).toEqual([['a', 'ok']]);
    expect(provider.outcomes('a')).toEqual(['unknown']);
  });

  test('that is late and fails is told nothing more', async () => {
    const provider = new Provider({ timeoutMs: 300 });
    provider.submit('a');
    provider.clock.advance(300);
    await provider.fail(down, 'a');
    expect([provider.outcomes('a'), provider.late]).toEqual([['unknown'], []]);
    expect(provider.counter('broker_calls_unknown')).toBe(1);
  });

  test('that nobody wants any more is not sent, and takes no token', () => {
    const provider = new Provider({ burst: 1 });
    provider.submit('a', { isWanted: () => false });
    provider.submit('b');
    expect([provider.outcomes('a'), provider.names]).toEqual([['unwanted'], ['b']]);
  });

  test('is asked whether it is wanted just before it is sent, not before', async () => {
    const provider = new Provider({ maxInFlight: 1 });
    let isWanted = true;
    provider.submit('a');
    provider.submit('b', { isWanted: () => isWanted });
    isWanted = false;
    await provider.answer('a');
    expect([provider.outcomes('b'), provider.names]).toEqual([['unwanted'], ['a']]);
  });

  test('whose question fails is not sent, and the next one is', () => {
    const provider = new Provider();
    const isWanted = (): never => {
      throw down;
    };
    provider.submit('a', { isWanted });
    provider.submit('b');
    expect([provider.outcomes('a'), provider.names]).toEqual([['unreachable'], ['b']]);
    expect(provider.counter('broker_session_errors')).toBe(1);
  });

  test('whose caller fails when told leaves the others alone', async () => {
    const provider = new Provider({ maxInFlight: 1 });
    const done = (): never => {
      throw down;
    };
    provider.submit('a', { done });
    provider.submit('b');
    await provider.answer('a', 'b');
    expect(provider.outcomes('b')).toEqual(['reply']);
    expect(provider.logs).toEqual([['error', 'what became of a call could not be handled']]);
  });

  test('may be submitted by who is told of another', async () => {
    const provider = new Provider();
    const done = (): void => provider.submit('b', { done: () => provider.submit('c') });
    provider.submit('a', { isWanted: () => false, done });
    await provider.answer('b', 'c');
    expect(provider.names).toEqual(['b', 'c']);
  });

  test('may be submitted so by thousands who are told in one turn', async () => {
    const provider = new Provider({ maxInFlight: 1 });
    const isWanted = (): boolean => false;
    provider.submit('first');
    const done = (): void => provider.submit('again', { isWanted });
    const names = submitMany(provider, 'p', 20_000, { isWanted, done });
    await provider.answer('first');
    expect(names.every((name) => provider.outcomes(name)[0] === 'unwanted')).toBe(true);
    expect(provider.session.status().waiting).toBe(0);
    expect(provider.counter('broker_session_errors')).toBe(0);
  });
});

describe('the order of calls', () => {
  test('is that of the lanes, and within a lane that of the submits', async () => {
    const provider = new Provider({ maxInFlight: 1 });
    provider.submit('first', { lane: 'read' });
    for (const n of [1, 2]) {
      provider.submit(`read${n}`, read);
      provider.submit(`cancel${n}`, { kind: 'cancel', lane: 'cancel' });
      provider.submit(`manual${n}`, { lane: 'manual' });
      provider.submit(`risk${n}`);
    }
    expect(provider.session.status()).toMatchObject({ waiting: 8, inFlight: 1 });
    for (let i = 0; i < 9; i++) await provider.answer(provider.names[i] as string);
    expect(provider.names).toEqual([
      ...['first', 'risk1', 'risk2', 'manual1', 'manual2'],
      ...['cancel1', 'cancel2', 'read1', 'read2'],
    ]);
  });

  test('lets a read of the same lane wait its turn, and closes pass where it has to wait', async () => {
    const provider = new Provider({ maxInFlight: 2 });
    const positions = { kind: 'positions', lane: 'risk' } as const;
    provider.submit('readA', positions);
    provider.submit('readB', positions);
    provider.submit('close1');
    provider.submit('close2');
    expect(provider.names).toEqual(['readA', 'close1']);
    await provider.answer('readA');
    expect(provider.names).toEqual(['readA', 'close1', 'readB']);
    await provider.answer('close1');
    expect(provider.names).toEqual(['readA', 'close1', 'readB', 'close2']);
  });
});

describe('the rate', () => {
  test('is the burst at once, then a call whenever a token is there', () => {
    const provider = new Provider({ ratePerSecond: 100, burst: 3 });
    submitMany(provider, 'p', 6);
    expect(provider.sent).toHaveLength(3);
    provider.clock.advance(9);
    expect(provider.sent).toHaveLength(3);
    provider.clock.advance(41);
    expect(provider.sent.map(({ ts }) => ts - startTs)).toEqual([0, 0, 0, 10, 20, 30]);
  });

  test('leaves reads half of it, and closes the rest at once', () => {
    const provider = new Provider({ ratePerSecond: 100, burst: 4 });
    submitMany(provider, 'read', 4, read);
    submitMany(provider, 'close', 2);
    expect(provider.names).toEqual(['read1', 'read2', 'close1', 'close2']);
    provider.clock.advance(1000);
    const since = provider.sent.slice(4).map(({ name, ts }) => [name, ts - startTs]);
    expect(since).toEqual([
      ['read3', 20],
      ['read4', 40],
    ]);
  });

  test('follows the route as it is put', () => {
    const provider = new Provider({ ratePerSecond: 0.01, burst: 1 });
    submitMany(provider, 'p', 3);
    expect(provider.sent).toHaveLength(1);
    provider.spec = { ratePerSecond: 1000, burst: 1 };
    provider.clock.advance(1001);
    expect(provider.sent.map(({ ts }) => ts - startTs)).toEqual([0, 1000, 1001]);
  });
});

describe('concurrency', () => {
  test('is at most maxInFlight, of which reads hold at most half', async () => {
    const provider = new Provider({ maxInFlight: 4 });
    submitMany(provider, 'read', 3, read);
    submitMany(provider, 'close', 3);
    expect(provider.names).toEqual(['read1', 'read2', 'close1', 'close2']);
    await provider.answer('close1');
    expect(provider.names.at(-1)).toBe('close3');
    await provider.answer('close2');
    expect(provider.sent).toHaveLength(5);
    await provider.answer('read2');
    expect(provider.names.at(-1)).toBe('read3');
  });

  test('leaves reads one place where there is one', async () => {
    const provider = new Provider({ maxInFlight: 1, burst: 1 });
    provider.submit('a', read);
    expect(provider.names).toEqual(['a']);
  });

  test('a call that timed out makes room', () => {
    const provider = new Provider({ maxInFlight: 1, timeoutMs: 300 });
    submitMany(provider, 'p', 2);
    provider.clock.advance(300);
    expect(provider.names).toEqual(['p1', 'p2']);
  });
});

describe('a provider that has had too much', () => {
  test.each<[string, number | undefined, number]>([
    ['as long as it says', 2500, 2500],
    ['a second where it does not say', undefined, 1000],
    ['a second where it says nonsense', Number.NaN, 1000],
    ['a minute at most', 3_600_000, 60_000],
    ['a millisecond at least', 0, 1],
  ])('is left alone %s', async (_, retryAfterMs, waitMs) => {
    const provider = new Provider({ timeoutMs: 100_000 });
    provider.submit('a');
    await provider.fail(throttled(retryAfterMs), 'a');
    provider.submit('b');
    expect(provider.session.status()).toEqual({
      ...{ state: 'passing', since: startTs, waiting: 2, inFlight: 0 },
      ...{ lastError: '429', throttledUntil: startTs + waitMs },
    });
    provider.clock.advance(waitMs - 1);
    expect(provider.names).toEqual(['a']);
    provider.clock.advance(1);
    expect(provider.names).toEqual(['a', 'a', 'b']);
    expect(provider.outcomes('a')).toEqual([]);
    await provider.answer('a');
    expect(provider.told.get('a')).toEqual([ok]);
    expect(provider.session.status()).not.toHaveProperty('throttledUntil');
    expect(provider.counter('broker_calls_throttled')).toBe(1);
    expect(provider.counter('broker_calls')).toBe(3);
  });

  test('is sent again in the order of before, by the longest of the waits', async () => {
    const provider = new Provider({ maxInFlight: 3 });
    submitMany(provider, 'p', 4);
    await provider.fail(throttled(500), 'p2');
    await provider.fail(throttled(2000), 'p3');
    await provider.fail(throttled(100), 'p1');
    provider.clock.advance(1999);
    expect(provider.names).toEqual(['p1', 'p2', 'p3']);
    provider.clock.advance(1);
    expect(provider.names.slice(3)).toEqual(['p1', 'p2', 'p3']);
  });

  test.each(['positions', 'orders', 'account', 'cancel'] as const)(
    'of %s is asked nothing of that kind, and everything else',
    async (kind) => {
      const provider = new Provider();
      provider.submit('a', { ...read, kind });
      await provider.fail(throttled(60_000), 'a');
      provider.submit('b', { ...read, kind });
      const [other] = (['account', 'orders'] as const).filter((one) => one !== kind);
      if (other !== undefined) provider.submit('other', { ...read, kind: other });
      provider.submit('question', { kind: 'query' });
      provider.submit('close');
      expect(provider.names).toEqual(['a', 'other', 'question', 'close']);
      provider.clock.advance(60_000);
      expect(provider.names.slice(4)).toEqual(['a', 'b']);
    },
  );

  test('of questions that no close waits for still has the closes', async () => {
    const provider = new Provider();
    provider.submit('a', { kind: 'query', lane: 'read' });
    await provider.fail(throttled(60_000), 'a');
    provider.submit('close');
    expect(provider.names).toEqual(['a', 'close']);
    await provider.fail(throttled(1000), 'close');
    provider.submit('question', { kind: 'query' });
    expect(provider.names).toEqual(['a', 'close']);
  });

  test('is left alone too when it says so after the timeout', async () => {
    const provider = new Provider({ timeoutMs: 300 });
    provider.submit('a');
    provider.clock.advance(300);
    await provider.fail(throttled(500), 'a');
    provider.submit('b');
    expect([provider.names, provider.outcomes('a')]).toEqual([['a'], ['unknown']]);
    provider.clock.advance(500);
    expect(provider.names).toEqual(['a', 'b']);
  });

  test('does not get again what nobody wants any more', async () => {
    const provider = new Provider();
    let isWanted = true;
    provider.submit('a', { isWanted: () => isWanted });
    provider.submit('b', { ...read, deadlineTs: startTs + 500 });
    await provider.fail(throttled(), 'a', 'b');
    isWanted = false;
    provider.clock.advance(1000);
    expect([provider.outcomes('a'), provider.outcomes('b')]).toEqual([['unwanted'], ['deadline']]);
    expect(provider.names).toEqual(['a', 'b']);
  });
});

describe('a deadline', () => {
  test('drops a read that waits beyond it, at once', async () => {
    const provider = new Provider({ maxInFlight: 1, timeoutMs: 60_000 });
    provider.submit('a');
    provider.submit('b', { ...read, deadlineTs: startTs + 500 });
    provider.clock.advance(500);
    expect(provider.outcomes('b')).toEqual([]);
    provider.clock.advance(1);
    expect(provider.outcomes('b')).toEqual(['deadline']);
    await provider.answer('a');
    expect(provider.names).toEqual(['a']);
  });

  test.each([
    ['is sent until it has passed', 0, ['a'], []],
    ['is not sent after it', -1, [], ['deadline']],
  ])('%s', (_, ms, names, outcomes) => {
    const provider = new Provider();
    provider.submit('a', { ...read, deadlineTs: startTs + ms });
    expect([provider.names, provider.outcomes('a')]).toEqual([names, outcomes]);
  });

  test('means nothing to a close', async () => {
    const provider = new Provider({ maxInFlight: 1, timeoutMs: 60_000 });
    provider.submit('a');
    provider.submit('b', { deadlineTs: startTs + 1 });
    provider.clock.advance(1000);
    await provider.answer('a');
    expect(provider.names).toEqual(['a', 'b']);
  });

  test('of a read that was sent in time means nothing more', async () => {
    const provider = new Provider({ maxInFlight: 1, timeoutMs: 60_000 });
    provider.submit('a');
    provider.submit('b', { ...read, deadlineTs: startTs + 500 });
    await provider.answer('a');
    provider.clock.advance(1000);
    await provider.answer('b');
    expect(provider.outcomes('b')).toEqual(['reply']);
  });
});

describe('too many waiting', () => {
  test('reads are dropped beyond their limit, closes never', async () => {
    const provider = new Provider({ maxInFlight: 1, ratePerSecond: 1e6, burst: 1e6 });
    provider.submit('first');
    const reads = submitMany(provider, 'read', waitingReadsMax + 2, read);
    const closes = submitMany(provider, 'close', waitingReadsMax + 2);
    expect(reads.filter((name) => provider.outcomes(name).length > 0)).toEqual(reads.slice(-2));
    expect(provider.outcomes(reads.at(-1) as string)).toEqual(['deadline']);
    expect(provider.session.status().waiting).toBe(waitingReadsMax + closes.length);
    provider.spec = { maxInFlight: 1e6, ratePerSecond: 1e6, burst: 1e6 };
    await provider.answer('first');
    expect(provider.names).toEqual(['first', ...closes, ...reads.slice(0, -2)]);
  });
});
