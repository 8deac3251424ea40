// The session of a route in any weather: its limits hold, its order holds, and no call is forgotten.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BrokerSession,
  type BrokerCall,
  type CallKind,
  type CallOutcome,
  type Lane,
} from '#actors/broker-session';
import { CloseoutError } from '#src/domain/errors';
import { routeOf, type RouteRecord } from '#src/domain/route';
import { silentLogger } from '#src/ports/logger';
import { memoryMetrics } from '#src/ports/metrics';
import { ManualClock } from '../support/manual-clock.ts';
import { settled } from './provider.ts';

const lanes: readonly Lane[] = ['risk', 'manual', 'cancel', 'read'];
const kinds: readonly CallKind[] = ['close', 'close', 'close', 'query', 'cancel', 'positions'];
const stepMs = 10;

/** What the provider does with a call each time that it is sent; later it just replies. */
type Fate = readonly [
  act: 'reply' | 'fail' | 'unreachable' | 'throttle' | 'throw' | 'silent',
  delayMs: number,
];

interface Asked {
  readonly waitSteps: number;
  readonly kind: CallKind;
  readonly lane: Lane;
  readonly fates: readonly Fate[];
  readonly deadlineMs: number | undefined;
}

interface Call extends Asked {
  readonly number: number;
  readonly isRead: boolean;
  state: 'waiting' | 'sent' | 'told';
  sends: number;
  told: CallOutcome<string>[];
}

interface Weather {
  readonly route: RouteRecord;
  readonly asked: readonly Asked[];
  readonly chance: number;
}

const fate = fc.tuple(
  fc.constantFrom('reply', 'reply', 'fail', 'unreachable', 'throttle', 'throw', 'silent'),
  fc.integer({ min: 0, max: 300 }),
) satisfies fc.Arbitrary<Fate>;

const weather: fc.Arbitrary<Weather> = fc.record({
  route: fc
    .record({
      ratePerSecond: fc.integer({ min: 2, max: 200 }),
      burst: fc.integer({ min: 1, max: 8 }),
      maxInFlight: fc.integer({ min: 1, max: 6 }),
      timeoutMs: fc.integer({ min: 20, max: 250 }),
    })
    .map((spec) => routeOf({ route: 'r', ...spec })),
  asked: fc.array(
    fc.record({
      waitSteps: fc.constantFrom(0, 0, 0, 0, 1, 5, 60),
      kind: fc.constantFrom(...kinds),
      lane: fc.constantFrom(...lanes),
      fates: fc.array(fate, { maxLength: 3 }),
      deadlineMs: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined }),
    }),
    { minLength: 5, maxLength: 60, size: 'max' },
  ),
  chance: fc.double({ min: 0, max: 0.99, noNaN: true }),
});

/** Calls that are throttled together: the closes, with the questions that they wait for. */
function groupOf({ kind, lane }: Asked): string {
  return kind === 'query' && lane !== 'read' ? 'close' : kind;
}

/** Whether `other`, which waits, should have been sent before `sent`. */
function isPassed(other: Call, sent: Call): boolean {
  // A read may have to wait for a limit of its own.
  if (other === sent || other.state !== 'waiting' || (other.isRead && !sent.isRead)) return false;
  const ranks = [lanes.indexOf(other.lane), lanes.indexOf(sent.lane)] as const;
  return ranks[0] < ranks[1] || (ranks[0] === ranks[1] && other.number < sent.number);
}

class World {
  readonly clock = new ManualClock(0);
  readonly faults: string[] = [];
  readonly calls: Call[] = [];
  readonly sentAt: { ts: number; isRead: boolean }[] = [];
  readonly session: BrokerSession;
  private readonly weather: Weather;
  private readonly throttledUntil = new Map<string, number>();

  constructor(given: Weather) {
    this.weather = given;
    this.session = new BrokerSession({
      route: () => given.route,
      clock: this.clock,
      chance: { next: () => given.chance },
      logger: silentLogger,
      metrics: memoryMetrics(),
      place: undefined,
    });
  }

  submit(asked: Asked): void {
    const number = this.calls.length;
    const isRead = asked.kind === 'positions' || groupOf(asked) === 'query';
    const call: Call = { ...asked, number, isRead, state: 'waiting', sends: 0, told: [] };
    this.calls.push(call);
    const { kind, lane, deadlineMs } = asked;
    const submitted: BrokerCall<string> = {
      ...{ kind, lane },
      ...(deadlineMs !== undefined && { deadlineTs: this.clock.now() + deadlineMs }),
      run: () => this.run(call),
      done: (outcome) => {
        call.told.push(outcome);
        call.state = 'told';
      },
    };
    this.session.submit(submitted);
  }

  async advance(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.clock.advance(stepMs);
      await settled();
    }
  }

  /** Waits until nothing waits and nothing is in flight; false where that does not come. */
  async calm(): Promise<boolean> {
    for (let i = 0; i < 10_000; i++) {
      const { waiting, inFlight } = this.session.status();
      if (waiting === 0 && inFlight === 0) return true;
      await this.advance(1);
    }
    return false;
  }

  private run(call: Call): Promise<string> {
    const { clock } = this;
    this.checkSend(call);
    call.state = 'sent';
    const [act, delayMs] = call.fates[call.sends++] ?? ['reply', stepMs];
    if (act === 'throw') throw new Error('thrown');
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    if (act === 'silent') return promise;
    clock.at(clock.now() + delayMs, () => {
      if (act === 'reply') resolve('ok');
      else if (act === 'fail') reject(new Error('lost'));
      else if (act === 'unreachable') reject(new CloseoutError('broker_unreachable', 'away'));
      else reject(new CloseoutError('broker_throttled', '429', { retryAfterMs: delayMs }));
    });
    // Seen just before the session sees it.
    promise.catch((error: unknown) => {
      if (!(error instanceof CloseoutError) || error.code !== 'broker_throttled') return;
      const group = groupOf(call);
      const until = Math.max(
        this.throttledUntil.get(group) ?? 0,
        clock.now() + Math.max(1, delayMs),
      );
      this.throttledUntil.set(group, until);
      if (call.state === 'sent') call.state = 'waiting';
    });
    return promise;
  }

  private isThrottled(call: Call): boolean {
    return this.clock.now() < (this.throttledUntil.get(groupOf(call)) ?? 0);
  }

  private checkSend(call: Call): void {
    const now = this.clock.now();
    const { maxInFlight } = this.weather.route;
    const inFlight = this.calls.filter(({ state }) => state === 'sent');
    const reads = inFlight.filter(({ isRead }) => isRead).length;
    const faults = {
      'sent twice': call.state !== 'waiting',
      'too many in flight': inFlight.length >= maxInFlight,
      'too many reads': call.isRead && reads >= Math.max(1, Math.floor(maxInFlight / 2)),
      'sent while throttled': this.isThrottled(call),
      'sent while interrupted': this.session.status().state === 'interrupted',
      'out of turn': this.calls.some((other) => isPassed(other, call) && !this.isThrottled(other)),
    };
    for (const [name, isFault] of Object.entries(faults)) {
      if (isFault) this.faults.push(`${name}: ${call.number} at ${now}`);
    }
    this.sentAt.push({ ts: now, isRead: call.isRead });
  }
}

/** The most calls beyond what the rate allows, in any window. */
function excess(times: readonly number[], ratePerSecond: number, burst: number): number {
  let most = -Infinity;
  for (const [i, from] of times.entries()) {
    for (const [k, to] of times.slice(i).entries()) {
      most = Math.max(most, k + 1 - burst - (ratePerSecond * (to - from)) / 1000);
    }
  }
  return most;
}

test('its limits hold, its order holds, and each call is told once', async () => {
  const seen = new Map<string, number>();
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  await fc.assert(
    fc.asyncProperty(weather, async (given) => {
      const world = new World(given);
      for (const asked of given.asked) {
        world.submit(asked);
        note(world.session.status().state);
        await world.advance(asked.waitSteps);
      }
      expect(await world.calm()).toBe(true);
      expect(world.faults).toEqual([]);

      const { ratePerSecond, burst } = given.route;
      const all = world.sentAt.map(({ ts }) => ts);
      const reads = world.sentAt.filter(({ isRead }) => isRead).map(({ ts }) => ts);
      expect(excess(all, ratePerSecond, burst)).toBeLessThanOrEqual(0);
      const readBurst = Math.max(1, Math.floor(burst / 2));
      expect(excess(reads, ratePerSecond / 2, readBurst)).toBeLessThanOrEqual(0);

      for (const { kind, sends, told } of world.calls) {
        expect(told).toHaveLength(1);
        for (const outcome of told) note(outcome.kind);
        expect(kind === 'close' && (sends === 0 || told[0]?.kind === 'dropped')).toBe(false);
      }
    }),
    { numRuns: 200 },
  );
  // It was bad weather indeed.
  expect([...seen.keys()].sort()).toEqual(
    [
      ...['passing', 'interrupted', 'probing'],
      ...['reply', 'unknown', 'unreachable', 'dropped'],
    ].sort(),
  );
});
