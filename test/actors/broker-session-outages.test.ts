// A session through what goes wrong: a provider that does not answer, a stop, an actor that fails.
import { describe, expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { failuresInARowMax } from '#machines/broker-session.machine';
import {
  down,
  interrupt,
  Provider,
  read,
  startTs,
  submitMany,
  throttled,
  unreachable,
} from './provider.ts';

describe('a provider that does not answer', () => {
  test('is not called any more after some failures in a row', async () => {
    const provider = new Provider({ timeoutMs: 100 });
    submitMany(provider, 'p', failuresInARowMax - 2);
    provider.clock.advance(100);
    provider.submit('unreachable');
    await provider.fail(unreachable, 'unreachable');
    provider.submit('answered');
    await provider.answer('answered');
    expect(provider.session.status().state).toBe('passing');
    await interrupt(provider);
    provider.submit('waits');
    expect(provider.names).not.toContain('waits');
    expect(provider.session.status()).toEqual({
      ...{ state: 'interrupted', since: startTs + 100, waiting: 1, inFlight: 0 },
      lastError: 'connection reset',
    });
    expect(provider.counter('broker_circuit_opened')).toBe(1);
    expect(provider.logs).toEqual([['warn', 'a provider does not answer']]);
  });

  test('that throttles between failures does answer', async () => {
    const provider = new Provider();
    submitMany(provider, 'p', 2 * failuresInARowMax);
    for (const [i, name] of [...provider.names].entries()) {
      await provider.fail(i === failuresInARowMax - 1 ? throttled() : down, name);
    }
    expect(provider.session.status().state).toBe('interrupted');
    expect(provider.counter('broker_circuit_opened')).toBe(1);
    const few = new Provider();
    submitMany(few, 'p', 2 * failuresInARowMax - 1);
    for (const [i, name] of [...few.names].entries()) {
      await few.fail(i === failuresInARowMax - 1 ? throttled() : down, name);
    }
    expect(few.session.status().state).toBe('passing');
  });

  test.each([
    [0, [250, 500, 1000, 2000, 2500, 2500]],
    [0.5, [375, 750, 1500, 3000, 3750, 3750]],
    [0.999_999, [500, 1000, 2000, 4000, 5000, 5000]],
  ])('is tried with one call after pauses that grow, by a chance of %d', async (chance, pauses) => {
    const provider = new Provider({ timeoutMs: 100_000 });
    provider.chance = chance;
    await interrupt(provider);
    submitMany(provider, 'w', 20);
    provider.submit('first', { lane: 'risk' });
    let count = provider.sent.length;
    for (const pauseMs of pauses) {
      provider.clock.advance(pauseMs - 1);
      expect([provider.session.status().state, provider.sent.length]).toEqual([
        'interrupted',
        count,
      ]);
      provider.clock.advance(1);
      const { state, inFlight } = provider.session.status();
      expect([state, inFlight, provider.sent.length]).toEqual(['probing', 1, ++count]);
      await provider.fail(down, provider.names.at(-1) as string);
    }
    expect(provider.counter('broker_circuit_opened')).toBe(1);
  });

  test.each<[string, (provider: Provider) => Promise<void>]>([
    ['a reply', (provider) => provider.answer('w1')],
    ['too much', (provider) => provider.fail(throttled(1), 'w1')],
  ])('passes again when the one call is answered by %s', async (_, answer) => {
    const provider = new Provider();
    await interrupt(provider);
    submitMany(provider, 'w', 3);
    provider.clock.advance(500);
    expect(provider.names.slice(failuresInARowMax)).toEqual(['w1']);
    await answer(provider);
    expect(provider.session.status().state).toBe('passing');
    provider.clock.advance(1);
    await provider.answer('w1', 'w2', 'w3');
    expect(['w1', 'w2', 'w3'].map((name) => provider.outcomes(name))).toEqual([
      ...[['reply'], ['reply'], ['reply']],
    ]);
    expect(provider.logs.at(-1)).toEqual(['info', 'a provider answers again']);
    // The next pause is as short as the first one was.
    await interrupt(provider);
    provider.clock.advance(250);
    expect(provider.session.status().state).toBe('probing');
  });

  test('is tried by the first submit where nothing waited', async () => {
    const provider = new Provider();
    await interrupt(provider);
    provider.clock.advance(10_000);
    expect(provider.session.status()).toMatchObject({ state: 'probing', inFlight: 0 });
    provider.submit('a');
    provider.submit('b');
    expect(provider.names.slice(failuresInARowMax)).toEqual(['a']);
    await provider.answer('a');
    expect(provider.names.slice(failuresInARowMax)).toEqual(['a', 'b']);
  });

  test('is tried with the next call where the first is not wanted', async () => {
    const provider = new Provider();
    await interrupt(provider);
    provider.submit('a', { isWanted: () => false });
    provider.submit('b');
    provider.clock.advance(500);
    expect(provider.outcomes('a')).toEqual(['unwanted']);
    expect(provider.names.at(-1)).toBe('b');
  });

  test('is called again where the reply to its trial comes after the timeout', async () => {
    const provider = new Provider({ timeoutMs: 300 });
    await interrupt(provider);
    submitMany(provider, 'p', 3);
    provider.clock.advance(250);
    expect(provider.session.status().state).toBe('probing');
    provider.clock.advance(300);
    expect(provider.session.status().state).toBe('interrupted');
    await provider.answer('p1');
    expect(provider.session.status().state).toBe('passing');
    expect(provider.names.slice(-2)).toEqual(['p2', 'p3']);
    expect([provider.outcomes('p1'), provider.late]).toEqual([['unknown'], [['p1', 'ok']]]);
    // The pause that was cut short does not end a later one.
    await provider.fail(down, 'p2', 'p3');
    await provider.fail(down, ...submitMany(provider, 'q', 3));
    expect(provider.session.status().state).toBe('interrupted');
    provider.clock.advance(249);
    expect(provider.session.status().state).toBe('interrupted');
  });

  test('is not given up while replies come late', async () => {
    const provider = new Provider({ timeoutMs: 300 });
    for (let i = 0; i < 20; i++) {
      provider.submit(`p${i}`);
      provider.clock.advance(300);
      await provider.answer(`p${i}`);
    }
    expect(provider.session.status().state).toBe('passing');
    expect(provider.names).toHaveLength(20);
  });

  test('is not given up because of questions that no close waits for', async () => {
    const provider = new Provider({ maxInFlight: 4 });
    const names = submitMany(provider, 'q', 20, { kind: 'query', lane: 'read' });
    expect(provider.names).toHaveLength(2);
    provider.submit('close');
    expect(provider.names.at(-1)).toBe('close');
    for (const name of names) await provider.fail(down, name);
    expect(provider.session.status().state).toBe('passing');
  });

  test('is not believed to answer because of what was sent before', async () => {
    const provider = new Provider({ timeoutMs: 100_000 });
    submitMany(provider, 'old', 3);
    await interrupt(provider);
    await provider.answer('old1');
    expect(provider.session.status().state).toBe('interrupted');
    provider.submit('probe');
    provider.clock.advance(500);
    await provider.answer('old2');
    await provider.fail(down, 'old3');
    expect(provider.session.status().state).toBe('probing');
    await provider.answer('probe');
    expect(provider.session.status().state).toBe('passing');
    expect(provider.outcomes('old2')).toEqual(['reply']);
  });

  test('is not called in a circle by who submits again at once', () => {
    const provider = new Provider();
    let runs = 0;
    const run = (): never => {
      runs++;
      throw down;
    };
    const again = (): void => provider.submit('a', { run, done: again });
    again();
    expect(runs).toBe(failuresInARowMax);
    provider.clock.advance(250);
    expect(runs).toBe(failuresInARowMax + 1);
  });
});

describe('a session that stops', () => {
  test('drops what waits, forgets what was sent, and takes nothing more', async () => {
    const provider = new Provider({ maxInFlight: 2, timeoutMs: 300 });
    submitMany(provider, 'p', 2);
    provider.submit('manual', { lane: 'manual', done: () => provider.submit('again') });
    provider.submit('read', { ...read, deadlineTs: startTs + 10 });
    provider.session.stop();
    provider.session.stop();
    provider.submit('after');
    await provider.answer('p1');
    await provider.fail(throttled(), 'p2');
    provider.clock.advance(60_000);
    expect(provider.names).toEqual(['p1', 'p2']);
    expect([...provider.told.keys()].map((name) => [name, ...provider.outcomes(name)])).toEqual([
      ...[['p1'], ['p2'], ['manual', 'stopped'], ['read', 'stopped']],
      ...[
        ['again', 'stopped'],
        ['after', 'stopped'],
      ],
    ]);
    expect([provider.late, provider.clock.pending]).toEqual([[], 0]);
    expect(provider.session.status()).toMatchObject({ waiting: 0, inFlight: 0 });
  });

  test.each<[string, (provider: Provider) => Promise<void>]>([
    ['interrupted', interrupt],
    ['throttled', (provider) => provider.fail(throttled(), 'w1')],
    ['out of tokens', () => Promise.resolve()],
    ['late', (provider) => Promise.resolve(provider.clock.advance(2000))],
  ])('leaves no timer behind when it was %s', async (_, begin) => {
    const provider = new Provider({ burst: 10, ratePerSecond: 1 });
    submitMany(provider, 'w', 1);
    await begin(provider);
    submitMany(provider, 'v', 20);
    provider.session.stop();
    expect(provider.clock.pending).toBe(0);
    const count = provider.sent.length;
    provider.clock.advance(60_000);
    await provider.answer('w1');
    expect([provider.sent.length, provider.late]).toEqual([count, []]);
  });
});

describe('the actor of a session', () => {
  const id = 'broker-session:r';

  /** A provider whose session is under a root that restarts it, as the supervisor does. */
  function underRoot(spec: ConstructorParameters<typeof Provider>[0] = {}): {
    provider: Provider;
    actor: () => ReturnType<typeof parent.system.get>;
  } {
    const restart = (): void => provider.session.restart();
    const rootMachine = createMachine({ on: { 'xstate.error.actor.*': { actions: restart } } });
    const parent = createActor(rootMachine).start();
    const provider = new Provider(spec, { id, systemId: id, parent });
    return { provider, actor: () => parent.system.get(id) };
  }

  test('is found by its name until the session stops', () => {
    const { provider, actor } = underRoot();
    expect(actor()?.getSnapshot()).toMatchObject({ value: 'passing' });
    provider.session.stop();
    expect(actor()).toBeUndefined();
    provider.session.restart();
    expect(actor()).toBeUndefined();
  });

  test('that fails is made anew: what waits is sent, and the limits hold', async () => {
    const { provider, actor } = underRoot({ maxInFlight: failuresInARowMax });
    await interrupt(provider);
    submitMany(provider, 'w', failuresInARowMax + 1);
    const before = actor();
    let reads = 0;
    // Whatever it can do: reading the type of this event throws.
    const unreadable = {
      get type(): string {
        if (reads++ > 0) throw new Error('unreadable');
        return 'unreadable';
      },
    };
    before?.send(unreadable);
    expect(actor()).not.toBe(before);
    const passing = { state: 'passing', waiting: 1, inFlight: failuresInARowMax };
    expect(provider.session.status()).toMatchObject(passing);
    provider.clock.advance(500);
    expect(provider.session.status()).toMatchObject(passing);
  });

  test('that fails while a call is told loses nothing', async () => {
    const { provider } = underRoot();
    provider.chance = undefined;
    const names = submitMany(provider, 'p', failuresInARowMax);
    await provider.fail(down, ...names);
    expect(names.map((name) => provider.outcomes(name))).toEqual(names.map(() => ['unknown']));
    provider.submit('next');
    await provider.answer('next');
    expect(provider.outcomes('next')).toEqual(['reply']);
  });
});
