// A world of LIVE accounts: a provider in memory that behaves as it is told, a clock that is moved
// in steps, and a journal whose durability can be held back.
import { decimal, text, zero } from '#src/domain/money';
import type { CloseResult } from '#src/domain/closing';
import type { JournalRecord, RecordType } from '#src/domain/records';
import type { RouteSpec } from '#src/domain/route';
import type { Broker } from '#src/ports/broker';
import type { Journal } from '#src/ports/journal';
import type { SettingsInput } from '#src/contracts/settings';
import { memoryJournal } from '#src/journal/memory-journal';
import { memoryLedger } from '#src/ledger/memory-ledger';
import { CloseoutError } from '#src/domain/errors';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { CoreHarness, startTs, type HarnessOptions } from '../support/core-harness.ts';
import {
  FakeProvider,
  type Behaviour,
  type Call,
  type FakeProviderOptions,
} from '../support/fake-provider.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { refusalOf } from './refusals.ts';

export type Body = Record<string, unknown>;

/** What the provider does with the calls of a kind, in order; the last one for all that follow. */
export type Script = Partial<Record<Call, readonly Behaviour[]>>;

export const answers: Behaviour = { kind: 'answer' };
export const silent: Behaviour = { kind: 'silent' };
export const lost: Behaviour = { kind: 'lost' };
export const unreachable: Behaviour = { kind: 'unreachable' };
export const rejects: Behaviour = { kind: 'reject', code: 'busy' };

export function says(reply: unknown): Behaviour {
  return { kind: 'say', reply };
}

/** A journal that makes nothing durable while it is held, and takes nothing once it is broken. */
export interface HeldJournal extends Journal {
  /** Types of what became durable, in order. */
  readonly log: string[];
  isHeld: boolean;
  /** Durable before `append` returns, as a journal in memory. */
  isInstant: boolean;
  /** Makes durable what waits. */
  flush(): void;
  /** Every append fails from now on. */
  break(): void;
  mend(): void;
}

function heldJournal(): HeldJournal {
  const inner = memoryJournal();
  let isBroken = false;
  let waiting: (() => void)[] = [];
  return {
    ...inner,
    log: [],
    isHeld: false,
    isInstant: false,
    // Durable a little later, as on disk, or not at all.
    append(records, whenDurable) {
      const isFirst = waiting.length === 0;
      waiting.push(() => {
        if (isBroken) whenDurable(new CloseoutError('journal_failed', 'the disk is full'));
        else
          inner.append(records, (error) => {
            this.log.push(...records.map(({ type }) => type));
            whenDurable(error);
          });
      });
      if (this.isInstant) this.flush();
      else if (isFirst && !this.isHeld) queueMicrotask(() => this.isHeld || this.flush());
    },
    flush() {
      const now = waiting;
      waiting = [];
      for (const append of now) append();
    },
    break() {
      isBroken = true;
    },
    mend() {
      isBroken = false;
      this.isHeld = false;
    },
    // A kill: what was not durable never was.
    close: async () => {
      waiting = [];
      await inner.close();
    },
  };
}

export interface LiveWorldOptions {
  readonly provider?: Partial<Omit<FakeProviderOptions, 'clock'>>;
  readonly script?: Script;
  readonly settings?: Partial<SettingsInput>;
  /** Of the route by which `a` is reached. */
  readonly route?: Omit<RouteSpec, 'route'>;
  /** What the core is given to reach the provider; the provider itself where absent. */
  readonly brokerOf?: (provider: FakeProvider) => Broker;
  readonly harness?: Partial<HarnessOptions>;
}

/** Where no price is given. */
const fillPrice = { long: '99', short: '101' } as const;

export const account = {
  ...{ accountId: 'a', currency: 'USD', balance: 1000, mode: 'LIVE' as const, route: 'demo' },
};

export class LiveWorld {
  readonly clock: ManualClock;
  readonly journal: HeldJournal;
  readonly provider: FakeProvider;
  harness: CoreHarness;
  /** What was tracked of each position. */
  private readonly tracked = new Map<string, string>();

  private constructor(clock: ManualClock, journal: HeldJournal, provider: FakeProvider) {
    this.clock = clock;
    this.journal = journal;
    this.provider = provider;
    this.harness = undefined as unknown as CoreHarness;
  }

  static async start(options: LiveWorldOptions = {}): Promise<LiveWorld> {
    const clock = new ManualClock(startTs);
    const provider = new FakeProvider({
      clock,
      priceOf: (_symbol, side) => fillPrice[side],
      ...options.provider,
    });
    const journal = heldJournal();
    const world = new LiveWorld(clock, journal, provider);
    const broker = options.brokerOf?.(provider) ?? provider;
    let isStarting = true;
    // Accounts that are new are asked about at once: no script, and no rate, is meant for that.
    const brokers = {
      get demo(): Broker {
        return isStarting ? { close: (order) => broker.close(order) } : broker;
      },
    };
    const { behaviour } = provider;
    provider.behaviour = () => says({ status: 'unsupported' });
    world.harness = await CoreHarness.start({
      world: { clock, journal, ledger: memoryLedger() },
      brokers,
      settings: {
        instruments: [{ symbol: 'X', quoteCurrency: 'USD' }],
        accounts: [account],
        routes: [{ route: 'demo', ...options.route }],
        ...options.settings,
      },
      // Reconciliation has tests of its own, and must not find out what is to be asked about here.
      reconcileEveryS: 1_000_000,
      ...options.harness,
    });
    provider.reports$.subscribe((report) => {
      // What is reported while nobody listens is lost.
      if (world.harness.phase !== 'stopped') world.harness.engine.live.reports.take('demo', report);
    });
    await world.run(0);
    isStarting = false;
    provider.calls.length = 0;
    provider.behaviour = behaviour;
    if (options.script !== undefined) world.play(options.script);
    return world;
  }

  /** From now on the provider behaves so. */
  play(script: Script): void {
    const done = new Map<Call, number>();
    this.provider.behaviour = (call) => {
      const own = script[call] ?? [answers];
      const i = done.get(call) ?? 0;
      done.set(call, i + 1);
      return own[Math.min(i, own.length - 1)] ?? answers;
    };
  }

  /** A position of 2 bought at 100, there and here, unless given otherwise. */
  async open(positionId: string, more: Body = {}): Promise<void> {
    const { accountId = 'a', exits, isThere = true, ...terms } = more;
    const position = {
      ...{ positionId, ticket: positionId, symbol: 'X', side: 'long' as const },
      ...{ quantity: '2', entryPrice: '100', ...terms },
    };
    if (isThere === true) {
      // A provider knows every position by some ticket, told or not.
      this.provider.open(String(accountId), { ...position, ticket: position.ticket ?? positionId });
    }
    const { ticket, ...rest } = position;
    const body = { ...rest, ...(ticket === undefined ? {} : { ticket }), exits };
    const reply = await this.settled(this.ask(`${String(accountId)}.position.track`, body));
    if (refusalOf(reply) !== 'ok') throw new Error(JSON.stringify(reply));
    this.tracked.set(positionId, position.quantity);
  }

  quote(bid: number | string, symbol = 'X'): void {
    this.harness.quote(symbol, bid, bid);
    this.clock.turn();
  }

  async ask(subject: string, body: unknown = {}): Promise<Body> {
    return await this.harness.ask(`gw.${subject}`, body);
  }

  /** Asks for a close, and lets time pass until it is answered. */
  async close(positionId: string, more: Body = {}): Promise<CloseResult> {
    const answer = this.ask('a.position.close', { positionId, ...more });
    return (await this.settled(answer)) as unknown as CloseResult;
  }

  /** Lets time pass, at most some seconds, until an answer is there. */
  async settled<T>(answer: Promise<T>): Promise<T> {
    let isThere = false;
    void answer.finally(() => (isThere = true)).catch(() => {});
    await flush();
    for (let i = 0; i < 150 && !isThere; i++) await this.run(20);
    if (!isThere) throw new Error('there was no answer within 3 s');
    return await answer;
  }

  /** Lets time pass in small steps, and everything happen that it brings about. */
  async run(ms: number, stepMs = 20): Promise<void> {
    this.clock.turn();
    await flush();
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left));
      await flush();
      this.clock.turn();
    }
    await flush();
  }

  async kill(): Promise<void> {
    await this.harness.kill();
  }

  async restart(): Promise<void> {
    const next = this.harness.restart();
    await this.settled(next);
    this.harness = await next;
  }

  async killAndRestart(): Promise<void> {
    await this.kill();
    await this.restart();
  }

  /** `state phase` of a position; `state` where it has no close under way. */
  stateOf(positionId: string): string {
    const position = this.harness.core.state.positions.get(positionId);
    const { state = 'unknown', phase } = position ?? {};
    return phase === undefined ? state : `${state} ${phase}`;
  }

  balance(accountId = 'a'): string {
    return text(this.harness.core.state.accounts.get(accountId)?.balance ?? zero);
  }

  /** Ids under which closes of a position came in, by generation. */
  sent(positionId?: string): string[] {
    return this.provider.received
      .filter((order) => positionId === undefined || order.positionId === positionId)
      .map(({ clientOrderId, quantity }) => `${clientOrderId.split('_').at(-1) ?? ''}:${quantity}`);
  }

  /** What was done twice at the provider, or more of than was there; empty where all is well. */
  excess(): string[] {
    const found: string[] = [];
    if (this.provider.overCloses > 0) found.push(`${this.provider.overCloses} over-closes`);
    for (const [positionId, closed] of this.provider.closedOf) {
      const tracked = decimal(this.tracked.get(positionId) ?? '0');
      if (closed.gt(tracked)) found.push(`${positionId}: ${text(closed)} of ${text(tracked)}`);
    }
    return found;
  }

  deadLetters(): string[] {
    return [...this.harness.core.state.deadLetters.values()].map((letter) => letter.positionId);
  }

  /** `eventType status` of each row, with P&L where there is one. */
  async story(positionId?: string): Promise<string[]> {
    const rows = await this.rows();
    return rows
      .filter((row) => positionId === undefined || row.metaData['positionId'] === positionId)
      .map(({ eventType, status, metaData: { pnl } }) =>
        [eventType, status, ...(typeof pnl === 'string' ? [pnl] : [])].join(' '),
      );
  }

  /** Events of a name, of this start. */
  told(name: string): Body[] {
    return this.harness.events.filter((event) => event.event === name);
  }

  async rows(): Promise<readonly LedgerRow[]> {
    return await this.harness.rows();
  }

  /** Records of a type that are durable, in order. */
  async records<T extends RecordType>(type: T): Promise<Extract<JournalRecord, { type: T }>[]> {
    const found: JournalRecord[] = [];
    for (let n = 0; ;) {
      const page = await this.journal.read(n, 500);
      if (page.length === 0) break;
      found.push(...page.map((entry) => entry.record));
      n += page.length;
    }
    return found.filter((r): r is Extract<JournalRecord, { type: T }> => r.type === type);
  }

  async letters(state = 'open'): Promise<Body[]> {
    const reply = await this.settled(this.ask('_.deadletter.list', { state }));
    return reply['items'] as Body[];
  }
}

/** The provider without some of its calls. */
export function without(provider: FakeProvider, ...calls: ('query' | 'positions')[]): Broker {
  const { capabilities, reports$ } = provider;
  return {
    capabilities,
    reports$,
    close: (order) => provider.close(order),
    ...(calls.includes('query') ? {} : { query: (request) => provider.query(request) }),
    ...(calls.includes('positions') ? {} : { positions: (request) => provider.positions(request) }),
    orders: () => provider.orders(),
    account: (request) => provider.account(request),
    cancelCounterpart: (cancel) => provider.cancelCounterpart(cancel),
  };
}

/** Lets everything happen that needs no clock. */
async function flush(): Promise<void> {
  await new Promise(setImmediate);
}

/** The exits of a ladder: prices, and their fractions. */
export const ladder = (...rungs: [number, string][]): Body => ({
  exits: { ladder: rungs.map(([price, fraction]) => ({ price, fraction })) },
});

/** What is left of a position here. */
export const left = (w: LiveWorld, positionId = 'p'): string =>
  w.harness.core.state.positions.get(positionId)?.remainingQuantity.toFixed() ?? 'unknown';

/** What is left of it at the provider. */
export const there = (w: LiveWorld, positionId = 'p'): string =>
  w.provider.held.get(positionId)?.quantity ?? '0';

/** A provider that neither can be asked by id, nor executes an id once. */
export const blind: LiveWorldOptions = {
  provider: { capabilities: { idempotentByClientId: false, queryByClientId: false } },
};
