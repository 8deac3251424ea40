// Notifiers are told in order and one event at a time, and nothing that they do reaches the caller.
import { describe, expect, test } from 'vitest';
import { deliveryMsMax, notificationsQueuedMax, retryMsMax } from '#actors/notification-lane';
import type { NotificationTarget } from '#actors/notification-lane';
import { Notifications, notificationsStopMs } from '#actors/notifications';
import { eventsDefault } from '#src/contracts/notifier';
import { CloseoutError } from '#src/domain/errors';
import type { EventName, RuntimeEvent } from '#src/domain/events';
import { silentLogger } from '#src/ports/logger';
import { memoryMetrics } from '#src/ports/metrics';
import { ManualClock } from '../support/manual-clock.ts';

type Told = Promise<void> | void;

function event(seq: number, more: Partial<RuntimeEvent> = {}): RuntimeEvent {
  const of = { seq, event: 'guard.breached', accountId: 'acc1', ts: seq } as const;
  return { id: `e${seq}`, ...of, ...more };
}

function passing(retryAfterMs?: number): CloseoutError {
  const more = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new CloseoutError('notification_failed', 'away', { retryable: true, ...more });
}

class World {
  readonly clock = new ManualClock(1_000_000);
  readonly metrics = memoryMetrics();
  readonly lines: { message: string; fields: object }[] = [];
  /** By name, `NAME ID` of every call of a notifier. */
  readonly calls: string[] = [];
  chance = 0.5;

  notifications(...targets: NotificationTarget[]): Notifications {
    const { clock, metrics } = this;
    const error = (fields: object, message: string): void =>
      void this.lines.push({ message, fields });
    const logger = { ...silentLogger, error, warn: error };
    return new Notifications(targets, {
      clock,
      metrics,
      logger,
      chance: { next: () => this.chance },
    });
  }

  target(
    name: string,
    notify: (told: RuntimeEvent, call: number) => Told,
    more: Partial<NotificationTarget> = {},
  ): NotificationTarget {
    let call = 0;
    const notifier = {
      notify: (told: RuntimeEvent) => {
        this.calls.push(`${name} ${told.id}`);
        return notify(told, ++call) as Promise<void>;
      },
    };
    return { name, notifier, events: new Set(['guard.breached']), attempts: 5, ...more };
  }

  /** Everything that can happen without time passing. */
  async settle(): Promise<void> {
    for (let calls = -1; calls !== this.calls.length;) {
      calls = this.calls.length;
      this.clock.turn();
      await new Promise(setImmediate);
      this.clock.turn();
      await new Promise(setImmediate);
    }
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  get counters(): Record<string, number> {
    return this.metrics.counters();
  }
}

test('each is told in order what it wants, in a later turn than that of the caller', async () => {
  const world = new World();
  const all = world.notifications(
    world.target('a', () => {}),
    world.target('b', () => {}, { events: new Set(['position.closed', 'market.warning']) }),
    world.target('c', () => {}, { accounts: new Set(['acc2', '_']) }),
  );
  all.take(event(1));
  all.take(event(2, { event: 'position.closed' }));
  all.take(event(3, { accountId: 'acc2' }));
  all.take(event(4, { event: 'market.warning', accountId: '_' }));
  expect(world.calls).toEqual([]);
  await world.settle();
  expect(world.calls.filter((call) => call.startsWith('a'))).toEqual(['a e1', 'a e3']);
  expect(world.calls.filter((call) => call.startsWith('b'))).toEqual(['b e2', 'b e4']);
  expect(world.calls.filter((call) => call.startsWith('c'))).toEqual(['c e3']);
  expect(world.counters).toEqual({ notifications_sent: 5 });
});

test('one delivery at a time; another notifier does not wait for it', async () => {
  const world = new World();
  const first = Promise.withResolvers<void>();
  const slow = world.target('slow', (_, call) => (call === 1 ? first.promise : undefined));
  const all = world.notifications(
    slow,
    world.target('fast', () => {}),
  );
  for (const seq of [1, 2]) all.take(event(seq));
  await world.settle();
  expect(world.calls).toEqual(['slow e1', 'fast e1', 'fast e2']);
  first.resolve();
  await world.settle();
  expect(world.calls.slice(3)).toEqual(['slow e2']);
});

describe('a notifier that fails', () => {
  const fatal: [string, () => Told][] = [
    [
      'throws at once',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['rejects with nothing', () => Promise.reject()],
    ['rejects for good', () => Promise.reject(new CloseoutError('notification_failed', 'no'))],
  ];
  test.each(fatal)('%s: the event is left, the next one is told', async (_, fail) => {
    const world = new World();
    const all = world.notifications(
      world.target('a', (_told, call) => (call === 1 ? fail() : undefined)),
    );
    expect(() => all.take(event(1))).not.toThrow();
    all.take(event(2));
    await world.settle();
    expect(world.calls).toEqual(['a e1', 'a e2']);
    expect(world.counters).toEqual({ notifications_failed: 1, notifications_sent: 1 });
    expect(world.lines).toEqual([
      {
        message: 'a notification failed',
        fields: expect.objectContaining({ notifier: 'a', id: 'e1', attempts: 1, failed: 1 }),
      },
    ]);
  });

  test('is tried again with growing waits, and those behind keep their order', async () => {
    const world = new World();
    const all = world.notifications(
      world.target('a', (_, call) => (call < 4 ? Promise.reject(passing()) : undefined)),
    );
    for (const seq of [1, 2]) all.take(event(seq));
    await world.settle();
    // Half of 1, 2 and 4 s.
    for (const ms of [500, 1000, 2000]) {
      const before = world.calls.length;
      await world.advance(ms - 1);
      expect(world.calls).toHaveLength(before);
      await world.advance(1);
      expect(world.calls.length).toBeGreaterThan(before);
    }
    expect(world.calls).toEqual(['a e1', 'a e1', 'a e1', 'a e1', 'a e2']);
    expect(world.counters).toEqual({ notifications_repeated: 3, notifications_sent: 2 });
    expect(world.lines).toEqual([]);
  });

  test('as often as it may be tried, and no more', async () => {
    const world = new World();
    const all = world.notifications(
      world.target('a', ({ id }) => (id === 'e1' ? Promise.reject(passing()) : undefined), {
        attempts: 3,
      }),
    );
    for (const seq of [1, 2]) all.take(event(seq));
    await world.settle();
    for (const ms of [500, 1000, 100_000]) await world.advance(ms);
    expect(world.calls).toEqual(['a e1', 'a e1', 'a e1', 'a e2']);
    expect(world.counters).toMatchObject({ notifications_failed: 1, notifications_sent: 1 });
  });

  test.each([
    [3000, 3000],
    [10 * retryMsMax, retryMsMax],
    [NaN, 500],
    [1, 500],
  ])('asking for %d ms it is left alone for %d ms', async (asked, waited) => {
    const world = new World();
    const all = world.notifications(
      world.target('a', (_, call) => (call === 1 ? Promise.reject(passing(asked)) : undefined)),
    );
    all.take(event(1));
    await world.settle();
    await world.advance(waited - 1);
    expect(world.calls).toHaveLength(1);
    await world.advance(1);
    expect(world.calls).toHaveLength(2);
  });

  test('by never saying anything: the event is left after a minute', async () => {
    const world = new World();
    const all = world.notifications(
      world.target('a', (_, call) => (call === 1 ? new Promise<void>(() => {}) : undefined)),
    );
    for (const seq of [1, 2]) all.take(event(seq));
    await world.settle();
    await world.advance(deliveryMsMax - 1);
    expect(world.calls).toEqual(['a e1']);
    await world.advance(1);
    expect(world.calls).toEqual(['a e1', 'a e2']);
    expect(world.counters).toEqual({ notifications_failed: 1, notifications_sent: 1 });
  });

  test('all the time: one line a second says so, and counts', async () => {
    const world = new World();
    const all = world.notifications(world.target('a', () => Promise.reject(new Error('no'))));
    for (let seq = 1; seq <= 50; seq++) all.take(event(seq));
    await world.settle();
    expect(world.lines.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ failed: 1 }),
    ]);
    await world.advance(1000);
    all.take(event(51));
    await world.settle();
    expect(world.lines[1]?.fields).toMatchObject({ id: 'e51', failed: 51 });
    expect(world.lines).toHaveLength(2);
  });
});

test('a breach outlasts the closes of very many positions that follow it', async () => {
  const world = new World();
  const told: string[] = [];
  const notify = (one: RuntimeEvent): void => void told.push(one.event);
  const all = world.notifications(world.target('a', notify, { events: new Set(eventsDefault) }));
  const closes = notificationsQueuedMax + 200;
  const story: EventName[] = ['guard.breached', 'entries.halted'];
  for (let i = 0; i < closes; i++) story.push('position.closed');
  story.splice(9, 0, 'deadletter.added');
  story.push('account.halted');
  story.forEach((name, i) => all.take(event(i + 1, { event: name })));
  await world.settle();
  expect(world.counters).toEqual({
    notifications_dropped: story.length - notificationsQueuedMax,
    notifications_sent: notificationsQueuedMax,
  });
  const others = ['guard.breached', 'entries.halted', 'deadletter.added', 'account.halted'];
  expect(told.filter((name) => name !== 'position.closed')).toEqual(others);
  expect(told.at(-1)).toBe('account.halted');
});

test('of too many of one kind that wait the oldest are dropped, told once a second', async () => {
  const world = new World();
  const first = Promise.withResolvers<void>();
  const all = world.notifications(
    world.target('a', (_, call) => (call === 1 ? first.promise : undefined)),
  );
  all.take(event(0));
  await world.settle();
  for (let seq = 1; seq <= notificationsQueuedMax + 3; seq++) all.take(event(seq));
  expect(world.counters).toEqual({ notifications_dropped: 3 });
  expect(world.lines).toEqual([
    {
      message: 'a notification was dropped',
      fields: expect.objectContaining({ id: 'e1', dropped: 1, why: 'too many wait' }),
    },
  ]);
  first.resolve();
  await world.settle();
  expect(world.calls).toHaveLength(notificationsQueuedMax + 1);
  expect(world.calls[1]).toBe('a e4');
  expect(world.calls.at(-1)).toBe(`a e${notificationsQueuedMax + 3}`);
});

describe('a stop', () => {
  test('waits for what is to be told', async () => {
    const world = new World();
    const all = world.notifications(world.target('a', () => {}));
    for (const seq of [1, 2, 3]) all.take(event(seq));
    const stopped = all.stop();
    await world.settle();
    await stopped;
    expect(world.calls).toEqual(['a e1', 'a e2', 'a e3']);
    expect(world.clock.pending).toBe(0);
  });

  test.each<[string, () => Told]>([
    ['a notifier that never says anything', () => new Promise<void>(() => {})],
    ['an attempt that is far away', () => Promise.reject(passing(retryMsMax))],
  ])('does not wait for ever for %s, and leaves no timer', async (_, notify) => {
    const world = new World();
    let closed = 0;
    const target = world.target('a', notify);
    Object.assign(target.notifier, { close: () => void closed++ });
    const all = world.notifications(target);
    for (const seq of [1, 2, 3]) all.take(event(seq));
    await world.settle();
    let isStopped = false;
    const stopped = all.stop().then(() => (isStopped = true));
    await world.advance(notificationsStopMs - 1);
    expect({ isStopped, closed }).toEqual({ isStopped: false, closed: 0 });
    await world.advance(1);
    await stopped;
    await world.settle();
    expect(closed).toBe(1);
    expect(world.calls).toEqual(['a e1']);
    expect(world.counters).toEqual({ notifications_dropped: 3 });
    expect(world.clock.pending).toBe(0);
    all.take(event(4));
    await world.settle();
    expect(world.calls).toEqual(['a e1']);
    expect(world.counters).toEqual({ notifications_dropped: 4 });
  });

  test('of what has nothing to tell is at once, also where it cannot close', async () => {
    const world = new World();
    const target = world.target('a', () => {});
    const close = (): never => {
      throw new Error('broken');
    };
    Object.assign(target.notifier, { close });
    await world.notifications(target).stop();
    expect(world.lines).toEqual([
      { message: 'a notifier did not close', fields: { notifier: 'a', error: 'broken' } },
    ]);
  });
});

/** `halted XAUUSD: closed, spread` and `resumed XAUUSD`, and which of them are told. */
test.each<[string, string[], string[]]>([
  ['a night', ['halted A: closed', 'resumed A'], []],
  ['another reason', ['halted A: spread', 'resumed A'], ['halted A: spread', 'resumed A']],
  [
    'another reason at night',
    ['halted A: closed', 'halted A: closed, spread', 'halted A: closed', 'resumed A'],
    ['halted A: closed, spread', 'halted A: closed', 'resumed A'],
  ],
  [
    'a night of each symbol by itself, and accounts',
    ['halted A: closed', 'halted B: spread', 'halted: x', 'resumed A', 'resumed', 'resumed B'],
    ['halted B: spread', 'halted: x', 'resumed', 'resumed B'],
  ],
  ['a morning after a restart, which may end anything', ['resumed A'], ['resumed A']],
  [
    'the night after',
    ['halted A: spread', 'resumed A', 'halted A: closed', 'resumed A'],
    ['halted A: spread', 'resumed A'],
  ],
])('of quiet hours, %s', async (_what, done, wanted) => {
  const world = new World();
  const told: string[] = [];
  const texts = new Map<string, string>();
  const events = new Set(['entries.halted', 'entries.resumed']);
  const notify = ({ id }: RuntimeEvent): void => void told.push(texts.get(id) ?? '');
  const quiet = world.target('quiet', notify, { events, hasQuietHours: true });
  const loud = world.target('loud', () => undefined, { events });
  const all = world.notifications(quiet, loud);
  done.forEach((text, i) => {
    const [head = '', why = ''] = text.split(': ');
    const [what = '', symbol] = head.split(' ');
    const reasons = why.split(', ').map((one) => (one === 'closed' ? 'the market is closed' : one));
    const of = symbol === undefined ? {} : { symbol };
    const one = event(i, { event: `entries.${what}` as EventName, reasons, ...of });
    texts.set(one.id, text);
    all.take(one);
  });
  await world.settle();
  expect(told).toEqual(wanted);
  // Whoever names the events has all of them.
  expect(world.calls.filter((call) => call.startsWith('loud'))).toHaveLength(done.length);
});
