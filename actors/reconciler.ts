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
import { DriftPolicies } from './drift-policies.ts';
import type { LiveCloser } from './live-closer.ts';
import { askProvider, type Answered } from './provider-asker.ts';

/** How long a read of a periodic reconciliation may wait for its turn. */
const readWaitMs = 30_000;

/** What the last reconciliation of an account came to. */
export interface Reconciliation {
  readonly accountId: string;
  /** Absent before the first one. */
  readonly ranAt?: number;
  /** Whether the provider told everything. */
  readonly complete: boolean;
  readonly drifts: readonly Drift[];
  /** Why it is not complete. */
  readonly error?: string;
}

/** What is being asked about: what happens meanwhile must not be judged. */
interface Asking {
  readonly accountId: string;
  /** A person asked for it. */
  readonly isAsked: boolean;
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
  /** Accounts whose positions were compared since the start. */
  private readonly compared = new Set<string>();
  private cancel: Cancel | undefined;
  private isStopped = false;

  constructor(core: CoreContext, sessions: BrokerSessions, closer: LiveCloser) {
    this.core = core;
    this.sessions = sessions;
    this.policies = new DriftPolicies(core, closer);
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
      const apply = await this.ask(account, now + timeoutMs);
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

  /** Reconciles every account `everyMs` from now on. */
  start(everyMs: number): void {
    const { clock } = this.core;
    this.cancel = clock.at(clock.now() + everyMs, () => {
      for (const account of this.liveAccounts()) void this.run(account);
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
    const { accountId } = account;
    let running = this.underWay.get(accountId);
    if (running === undefined) {
      running = this.once(account, isAsked).finally(() => this.underWay.delete(accountId));
      this.underWay.set(accountId, running);
    }
    return await running;
  }

  runNow(accountId: string): void {
    const account = this.core.state.accounts.get(accountId);
    if (account !== undefined && isLive(account)) void this.run(account);
  }

  /** Told of every change: what changes while a provider is asked is not judged by its answer. */
  follow(record: JournalRecord): void {
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

  private async once(
    account: Account & { readonly route: string },
    isAsked: boolean,
  ): Promise<Reconciliation> {
    const deadlineTs = this.core.clock.now() + readWaitMs;
    const apply = await this.ask(account, deadlineTs, isAsked);
    if (!this.isStopped) this.core.turn(apply);
    return this.last.get(account.accountId) ?? neverRan(account.accountId);
  }

  /** Resolves, once it was asked, with what is to be done in a turn. */
  private async ask(
    account: Account & { readonly route: string },
    deadlineTs: number,
    isAsked = false,
  ): Promise<() => void> {
    const { accountId, route } = account;
    const asking: Asking = {
      accountId,
      touched: new Set(),
      closed: new Set(),
      isAdjusted: false,
      isAsked,
    };
    this.asking.add(asking);
    const answered = await askProvider(this.sessions, route, accountId, deadlineTs);
    return () => {
      this.asking.delete(asking);
      try {
        this.judge(account, answered, asking);
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
        position.state === 'closing' || asking.touched.has(position.positionId),
      isRecentlyClosed: ({ ticket, positionId = '' }) =>
        asking.closed.has(ticket) || asking.closed.has(positionId),
    };
    // A fill that was booked meanwhile may be in their balance or not.
    const isMoved = asking.touched.size > 0 || asking.isAdjusted;
    const { account: balance, ...rest } = view;
    const seen = isMoved ? rest : view;
    const findings = driftsOf(account, seen, doubts.isUnsettled, doubts.isRecentlyClosed);
    const isBalanceJudged =
      !isMoved &&
      balance?.currency === account.currency &&
      ![...account.positions.values()].some(doubts.isUnsettled);
    this.clear(account, findings, clearableOf(account, view, doubts, isBalanceJudged));
    this.tell(account, findings, asking.isAsked);
    const complete =
      fault === undefined && view.positions?.complete !== false && view.orders?.complete !== false;
    const drifts = findings.map(({ drift }) => drift);
    const error = fault === undefined ? {} : { error: fault };
    this.last.set(accountId, { accountId, ranAt: core.clock.now(), complete, drifts, ...error });
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
    isAsked: boolean,
  ): void {
    const { core } = this;
    const { accountId, route } = account;
    const policy = this.sessions.route(route).driftPolicy;
    for (const finding of findings) {
      const { drift } = finding;
      const known = account.drifts.get(driftKey(drift))?.drift;
      const isKnown = known?.ours === drift.ours && known?.theirs === drift.theirs;
      if (known === undefined || !isKnown) {
        core.metrics.count('drifts_detected');
        core.logger.error({ accountId, route, policy, ...drift }, 'drift: the provider differs');
        core.commit({ type: 'drift.detected', accountId, body: { drift, policy, route } });
      }
      // What was opened there a moment ago is tracked here in another.
      const isEarly = drift.kind === 'unknown_here' && !isKnown && !isAsked;
      if (!isEarly) this.policies.act(account, finding, policy);
    }
  }

  /** A route is reconciled once each of its accounts was compared. */
  private noteRoute(route: string): void {
    const own = this.liveAccounts().filter((account) => account.route === route);
    if (own.every(({ accountId }) => this.compared.has(accountId))) {
      this.unreconciledSince.delete(route);
    }
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
