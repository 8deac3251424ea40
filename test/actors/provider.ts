// A session on a clock that stands still, and calls to a provider that answers when it is told to.
import { expect } from 'vitest';
import { BrokerSession, type BrokerCall, type CallOutcome } from '#actors/broker-session';
import { failuresInARowMax } from '#machines/broker-session.machine';
import { CloseoutError } from '#src/domain/errors';
import { routeOf, type RouteSpec } from '#src/domain/route';
import type { Logger } from '#src/ports/logger';
import { memoryMetrics } from '#src/ports/metrics';
import { ManualClock } from '../support/manual-clock.ts';

export const startTs = 1_000_000;

/** What makes a call a read. */
export const read = { kind: 'positions', lane: 'read' } as const;

export const down = new Error('connection reset');
export const unreachable = new CloseoutError('broker_unreachable', 'nobody there');

export function throttled(retryAfterMs?: number): CloseoutError {
  const options = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new CloseoutError('broker_throttled', '429', options);
}

/** Lets promises that are settled tell so; none of them takes more turns than this. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

export interface Sent {
  readonly name: string;
  readonly ts: number;
  readonly answer: (reply: string) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

type Asked = Partial<BrokerCall<string>>;

export class Provider {
  readonly clock = new ManualClock(startTs);
  readonly metrics = memoryMetrics();
  readonly logs: [level: string, message: string][] = [];
  spec: Omit<RouteSpec, 'route'>;
  /** What the next random number is; without one, asking for it fails. */
  chance: number | undefined = 0;
  readonly session: BrokerSession;
  /** Every call that went out, in order. */
  readonly sent: Sent[] = [];
  /** What each call was told. */
  readonly told = new Map<string, CallOutcome<string>[]>();
  readonly late: [name: string, reply: string][] = [];

  constructor(
    spec: Omit<RouteSpec, 'route'> = {},
    place?: ConstructorParameters<typeof BrokerSession>[0]['place'],
  ) {
    this.spec = spec;
    const log = (level: string) => (_: object, message: string) => {
      this.logs.push([level, message]);
    };
    const logger = { debug: log('debug'), info: log('info'), warn: log('warn') };
    this.session = new BrokerSession({
      route: () => routeOf({ route: 'r', ...this.spec }),
      clock: this.clock,
      chance: { next: () => this.nextChance() },
      logger: { ...logger, error: log('error') } satisfies Logger,
      metrics: this.metrics,
      place,
    });
  }

  /** Submits a close in the lane `risk`, or what `asked` says, under a name. */
  submit(name: string, asked: Asked = {}): void {
    const { done, ...given } = asked;
    this.told.set(name, []);
    this.session.submit<string>({
      kind: 'close',
      lane: 'risk',
      run: () =>
        new Promise((resolve, reject) => {
          const answer = async (reply: string): Promise<void> => {
            resolve(reply);
            await settled();
          };
          const fail = async (error: unknown): Promise<void> => {
            reject(error);
            await settled();
          };
          this.sent.push({ name, ts: this.clock.now(), answer, fail });
        }),
      late: (reply) => this.late.push([name, reply]),
      ...given,
      done: (outcome) => {
        this.told.get(name)?.push(outcome);
        done?.(outcome);
      },
    });
  }

  /** The names of the calls that went out, in order. */
  get names(): string[] {
    return this.sent.map(({ name }) => name);
  }

  /** The last call of this name that went out. */
  call(name: string): Sent {
    const sent = this.sent.findLast((one) => one.name === name);
    if (sent === undefined) throw new Error(`${name} was not sent`);
    return sent;
  }

  async answer(...names: string[]): Promise<void> {
    for (const name of names) await this.call(name).answer('ok');
  }

  async fail(error: unknown, ...names: string[]): Promise<void> {
    for (const name of names) await this.call(name).fail(error);
  }

  /** The kinds of the outcomes that a call was told. */
  outcomes(name: string): string[] {
    return (this.told.get(name) ?? []).map((outcome) =>
      outcome.kind === 'dropped' ? outcome.why : outcome.kind,
    );
  }

  counter(name: string): number {
    return this.metrics.counters()[name] ?? 0;
  }

  private nextChance(): number {
    if (this.chance === undefined) throw new Error('no chance');
    return this.chance;
  }
}

/** Names `p1`, `p2`, …, submitted alike. */
export function submitMany(
  provider: Provider,
  prefix: string,
  count: number,
  asked: Partial<BrokerCall<string>> = {},
): string[] {
  const names = Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
  for (const name of names) provider.submit(name, asked);
  return names;
}

/** Fails as many calls in a row as interrupt a route. */
export async function interrupt(provider: Provider): Promise<void> {
  const names = submitMany(provider, 'lost', failuresInARowMax);
  await provider.fail(down, ...names);
  expect(provider.session.status().state).toBe('interrupted');
}
