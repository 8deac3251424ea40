// Reconciliation: what providers hold against what is known here, at start, every so often, and on
// demand. A difference is told once, as a record, and then dealt with by the policy of its route.
import { driftKey, type Drift } from '#src/domain/drift';
import { clearableOf } from '#src/domain/drift-clearing';
import { messageOf } from '#src/domain/errors';
import { driftsOf, type ReconcileFinding } from '#src/domain/reconcile';
import type { Doubts } from '#src/domain/position-match';
import type { JournalRecord } from '#src/domain/records';
import { isLive, type Account } from '#src/domain/state';
import type { Cancel } from '#src/ports/clock';
import type { BrokerSessions } from './broker-sessions.ts';
import type { CoreContext } from './core-context.ts';
import { recordDrift } from './drift-record.ts';
import { DriftPolicies } from './drift-policies.ts';
import type { LiveCloser } from './live-closer.ts';
import { askProvider, type Answered } from './provider-asker.ts';
import { RouteTurns } from './route-turns.ts';
import { UntoldCloses } from './untold-closes.ts';

/** How long a read may wait to be sent, once it is its account's turn. */
const readWaitMs = 30_000;

/**
 * How long a difference must have stood, and a position must have been tracked, before a policy acts
 * without a person: providers' lists lag behind.
 */
export const settledMs = 5000;

/** What the last reconciliation of an account came to. */
export interface Reconciliation {
  readonly accountId: string;
  /** Absent before the first one. */
  readonly ranAt?: number;
  /** Whether the provider told everything, and that is all of its positions. */
  readonly complete: boolean;
  /** Each with the time since which it stands. */
  readonly drifts: readonly (Drift & { readonly since: number })[];
  /** Why it is not complete. */
  readonly error?: string;
}

/** At start everything waits for it; `reported`: an execution says that something has happened. */
type Why = 'start' | 'period' | 'reported' | 'asked';

/** What is being asked about: what happens meanwhile must not be judged. */
interface Asking {
  readonly accountId: string;
  readonly why: Why;
  readonly touched: Set<string>;
  readonly closed: Set<string | number>;
  /** The balance was moved by something that is no close. */
  isAdjusted: boolean;
}

export class Reconciler {
  private readonly core: CoreContext;
  private readonly sessions: BrokerSessions;
  private readonly policies: DriftPolicies;
  private readonly last = new Map<string, Reconciliation>();
  private readonly asking = new Set<Asking>();
  private readonly underWay = new Map<string, Promise<Reconciliation>>();
  private readonly unreconciledSince = new Map<string, number>();
  private lastReconciledTs: number | undefined;
  /** Accounts whose positions were compared since the start. */
  private readonly compared = new Set<string>();
  private readonly turns = new RouteTurns();
  /** Accounts that are not only reconciled because it is time to. */
  private readonly askedFor = new Map<string, 'reported' | 'asked'>();
  private readonly untold: UntoldCloses;
  /** When positions were tracked, of the last ones. */
  private readonly trackedTs = new Map<string, number>();
  private cancel: Cancel | undefined;
  private isStopped = false;

  constructor(core: CoreContext, sessions: BrokerSessions, closer: LiveCloser) {
    this.core = core;
    this.sessions = sessions;
    this.policies = new DriftPolicies(core, closer);
    this.untold = new UntoldCloses(core.state);
  }

  /**
   * Asks about every account, before anything is armed; resolves with what to do once it is. A
   * provider that does not answer delays that by the timeout of its route and no more.
   */
  async atStart(): Promise<() => void> {
    const now = this.core.clock.now();
    const accounts = this.liveAccounts();
    const applies: (() => void)[] = [];
    let isOver = false;
    const asked = accounts.map(async (account) => {
      this.unreconciledSince.set(account.route, now);
      const { timeoutMs } = this.sessions.route(account.route);
      const apply = await this.ask(account, now + timeoutMs, 'start');
      if (isOver) this.core.turn(apply);
      else applies.push(apply);
    });
    const longest = accounts.map(({ route }) => this.sessions.route(route).timeoutMs);
    await this.within(Math.max(0, ...longest), Promise.all(asked));
    return () => {
      // Until then nothing is armed, and what comes late waits for it too.
      isOver = true;
      for (const apply of applies) apply();
    };
  }

  /** Reconciles every account `everyMs` from now on, those first that were longest not. */
  start(everyMs: number): void {
    const { clock } = this.core;
    this.cancel = clock.at(clock.now() + everyMs, () => {
      const ranAt = ({ accountId }: Account): number => this.last.get(accountId)?.ranAt ?? 0;
      const accounts = this.liveAccounts().sort((a, b) => ranAt(a) - ranAt(b));
      for (const account of accounts) void this.run(account);
      this.start(everyMs);
    });
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
  }

  /** Routes whose accounts were not all compared since the start, and since when that is so. */
  get unreconciled(): ReadonlyMap<string, number> {
    return this.unreconciledSince;
  }

  /** When the last of the routes that were not reconciled at the start was; undefined before. */
  get reconciledSince(): number | undefined {
    return this.lastReconciledTs;
  }

  /** The last one of each account, in the order of the accounts. */
  status(accountId?: string): Reconciliation[] {
    const accounts = this.liveAccounts().filter(
      (a) => accountId === undefined || a.accountId === accountId,
    );
    return accounts.map((a) => this.last.get(a.accountId) ?? neverRan(a.accountId));
  }

  /** Reconciles one account now, `isAsked` where a person wants it so; who asks while it runs gets the same answer. */
  async run(
    account: Account & { readonly route: string },
    isAsked = false,
  ): Promise<Reconciliation> {
    const { accountId, route } = account;
    if (isAsked) this.askedFor.set(accountId, 'asked');
    let running = this.underWay.get(accountId);
    if (running === undefined) {
      running = this.once(account).finally(() => this.underWay.delete(accountId));
      this.underWay.set(accountId, running);
    }
    if (isAsked) this.turns.hurry(route, accountId);
    return await running;
  }

  runNow(accountId: string): void {
    const account = this.core.state.accounts.get(accountId);
    if (account === undefined || !isLive(account)) return;
    if (!this.askedFor.has(accountId)) this.askedFor.set(accountId, 'reported');
    void this.run(account);
  }

  /** Told of every change: what changes while a provider is asked is not judged by its answer. */
  follow(record: JournalRecord): void {
    if (record.type === 'close.filled') {
      const closed = this.core.state.positions.get(record.body.intent.positionId);
      if (closed !== undefined) this.untold.note(closed);
    }
    // Not left until the next round. To ask does no harm, be it on record that it exists or not.
    if (record.type === 'account.created') {
      const { accountId } = record;
      this.core.afterDurable({ isSafeUnrecorded: true, act: () => this.begin(accountId) });
    }
    if (record.type === 'position.tracked') {
      this.noteTracked(record.body.position.positionId);
    }
    if (this.asking.size === 0) return;
    if (record.type === 'account.adjusted') {
      for (const asking of this.asking) asking.isAdjusted ||= asking.accountId === record.accountId;
    }
    const positionId = positionOf(record);
    if (positionId === undefined) return;
    const position = this.core.state.positions.get(positionId);
    for (const asking of this.asking) {
      if (asking.accountId !== record.accountId) continue;
      asking.touched.add(positionId);
      asking.closed.add(positionId);
      if (position?.ticket !== undefined) asking.closed.add(position.ticket);
    }
  }

  private async once(account: Account & { readonly route: string }): Promise<Reconciliation> {
    const { accountId, route } = account;
    await this.turns.enter(route, accountId);
    try {
      // Counted from its turn on: how many accounts there are is no reason to reconcile only some.
      const deadlineTs = this.core.clock.now() + readWaitMs;
      if (!this.isStopped) {
        const apply = await this.ask(account, deadlineTs, 'period');
        if (!this.isStopped) this.core.turn(apply);
      }
    } finally {
      this.turns.leave(route);
    }
    return this.last.get(accountId) ?? neverRan(accountId);
  }

  private begin(accountId: string): void {
    const account = this.core.state.accounts.get(accountId);
    if (account !== undefined && isLive(account)) void this.run(account);
  }

  private noteTracked(positionId: string): void {
    const now = this.core.clock.now();
    for (const [id, ts] of this.trackedTs) {
      if (ts > now - settledMs) break;
      this.trackedTs.delete(id);
    }
    this.trackedTs.set(positionId, now);
  }

  /** Resolves, once it was asked, with what is to be done in a turn. */
  private async ask(
    account: Account & { readonly route: string },
    deadlineTs: number,
    why: 'start' | 'period',
  ): Promise<() => void> {
    const { accountId, route } = account;
    const asking: Asking = {
      ...{ accountId, why, touched: new Set(), closed: new Set(), isAdjusted: false },
    };
    this.asking.add(asking);
    const answered = await askProvider(this.sessions, route, accountId, deadlineTs);
    return () => {
      this.asking.delete(asking);
      try {
        const reason = this.askedFor.get(accountId) ?? asking.why;
        this.askedFor.delete(accountId);
        this.judge(account, answered, { ...asking, why: reason });
      } catch (error) {
        this.core.metrics.count('reconciliations_failed');
        this.core.logger.error({ accountId, error: messageOf(error) }, 'reconciliation failed');
      }
    };
  }

  private judge(
    account: Account & { readonly route: string },
    { view, fault, isBlind }: Answered,
    asking: Asking,
  ): void {
    const { core } = this;
    const { accountId, route } = account;
    core.metrics.count('reconciliations');
    const doubts: Doubts = {
      isUnsettled: (position) =>
        position.state === 'closing' ||
        position.intent !== undefined ||
        asking.touched.has(position.positionId),
      isRecentlyClosed: ({ ticket, positionId = '' }) =>
        asking.closed.has(ticket) || asking.closed.has(positionId),
    };
    // A fill that was booked meanwhile may be in their balance or not; one without a price is not here.
    const isMoved = asking.touched.size > 0 || asking.isAdjusted || this.untold.has(account);
    const { account: balance, ...rest } = view;
    const seen = isMoved ? rest : view;
    const findings = driftsOf(account, seen, doubts.isUnsettled, doubts.isRecentlyClosed);
    const isBalanceJudged =
      !isMoved &&
      balance?.currency === account.currency &&
      ![...account.positions.values()].some(doubts.isUnsettled);
    this.clear(account, findings, clearableOf(account, view, doubts, isBalanceJudged));
    this.tell(account, findings, asking.why);
    // Without all positions nothing is known of what is missing; orders are only what they bring.
    const complete =
      fault === undefined && view.positions?.complete === true && view.orders?.complete !== false;
    const ranAt = core.clock.now();
    const drifts = findings.map(({ drift }) => {
      const since = account.drifts.get(driftKey(drift))?.since ?? ranAt;
      return { ...drift, since };
    });
    const error = fault === undefined ? {} : { error: fault };
    this.last.set(accountId, { accountId, ranAt, complete, drifts, ...error });
    if (!isBlind) this.compared.add(accountId);
    this.noteRoute(route);
    if (fault !== undefined) {
      core.logger.warn({ accountId, route, error: fault }, 'reconciliation is not complete');
    }
  }

  /** Differences that are gone are over. */
  private clear(
    account: Account,
    findings: readonly ReconcileFinding[],
    isClearable: (drift: Drift) => boolean,
  ): void {
    const { accountId } = account;
    const found = new Set(findings.map(({ drift }) => driftKey(drift)));
    for (const [key, { drift }] of [...account.drifts]) {
      if (found.has(key) || !isClearable(drift)) continue;
      this.core.commit({ type: 'drift.cleared', accountId, body: { drift } });
    }
  }

  /** New differences are recorded, and all are dealt with. */
  private tell(
    account: Account & { readonly route: string },
    findings: readonly ReconcileFinding[],
    why: Why,
  ): void {
    const policy = this.sessions.route(account.route).driftPolicy;
    for (const finding of findings) {
      const { drift } = finding;
      const entry = account.drifts.get(driftKey(drift));
      const known = entry?.drift;
      const isKnown = known?.ours === drift.ours && known?.theirs === drift.theirs;
      if (known === undefined || !isKnown) recordDrift(this.core, account, drift);
      const since = isKnown ? entry?.since : undefined;
      if (this.isSettled(finding, since, why)) this.policies.act(account, finding, policy);
    }
  }

  /** Whether a finding, there since a run before this one or not at all, is no list that lags. */
  private isSettled(
    { drift, position }: ReconcileFinding,
    since: number | undefined,
    why: Why,
  ): boolean {
    if (why === 'asked') return true;
    // What was opened there a moment ago is tracked here in another; ours waits for nothing else.
    if (why === 'start') return since !== undefined || drift.kind !== 'unknown_here';
    const settledTs = this.core.clock.now() - settledMs;
    const trackedTs = position === undefined ? undefined : this.trackedTs.get(position.positionId);
    if ((trackedTs ?? 0) > settledTs) return false;
    if (why === 'reported' && drift.kind !== 'unknown_here') return true;
    return since !== undefined && since <= settledTs;
  }

  /** A route is reconciled once each of its accounts was compared. */
  private noteRoute(route: string): void {
    const own = this.liveAccounts().filter((account) => account.route === route);
    if (!own.every(({ accountId }) => this.compared.has(accountId))) return;
    if (this.unreconciledSince.delete(route)) this.lastReconciledTs = this.core.clock.now();
  }

  private liveAccounts(): (Account & { readonly route: string })[] {
    return [...this.core.state.accounts.values()].filter(isLive);
  }

  private async within(ms: number, work: Promise<unknown>): Promise<void> {
    const { clock } = this.core;
    await new Promise<void>((resolve) => {
      const cancel = clock.at(clock.now() + ms, resolve);
      void work.finally(() => {
        cancel();
        resolve();
      });
    });
  }
}

function neverRan(accountId: string): Reconciliation {
  return { accountId, complete: false, drifts: [] };
}

/** The position whose size, price or state a record changes. */
function positionOf({ body }: JournalRecord): string | undefined {
  if ('position' in body) return body.position.positionId;
  if ('intent' in body) return body.intent.positionId;
  return 'positionId' in body ? body.positionId : undefined;
}
