// What a change of state means to markets, watches and actors. Told of every record, once applied.
import type { DrawdownGuardEvent } from '#machines/drawdown-guard.machine';
import { accountOf, positionOf } from '#src/domain/apply';
import { judge } from '#src/domain/judge';
import { text, zero } from '#src/domain/money';
import { closedWorth } from '#src/domain/pnl';
import type { JournalRecord } from '#src/domain/records';
import { shownObserved } from '#src/domain/rule-levels';
import { needsMargin } from '#src/domain/rules';
import { isOpen, type Account, type Position } from '#src/domain/state';
import { EquityWatch } from '#src/prices/equity-watch';
import type { CoreContext } from './core-context.ts';
import { finishClosing } from './breach-closes.ts';
import { awaitGrace, cancelOrders } from './drawdown-guard.actor.ts';
import { OutcomeWaiters } from './outcome-waiters.ts';
import type { Supervisor } from './supervisor.actor.ts';

export class Consequences {
  readonly outcomes = new OutcomeWaiters();
  private readonly core: CoreContext;
  private readonly supervisor: Supervisor;
  private readonly watches = new Map<string, EquityWatch>();
  /** Open and closing positions. */
  private readonly open = new Map<string, Position>();
  /** Accounts whose closes may all have their outcome, or whose breaches be over, since this turn. */
  private readonly settling = new Set<Account>();
  /** Positions of which a close has ended in this turn, with others that wait behind it. */
  private readonly ended = new Set<string>();

  constructor(core: CoreContext, supervisor: Supervisor) {
    this.core = core;
    this.supervisor = supervisor;
  }

  /** Creates markets, watches and actors from the state, and makes up for a turn cut short. */
  arm(): void {
    const { state, markets, marketWatch } = this.core;
    for (const symbol of state.instruments.keys()) {
      markets.of(symbol);
      marketWatch.followSessions(symbol);
    }
    for (const mark of state.marks.values()) markets.of(mark.symbol).book.restore(mark);
    for (const symbol of state.guards.keys()) marketWatch.guard(symbol);
    for (const account of state.accounts.values()) this.watchAccount(account);
    for (const position of state.positions.values()) {
      if (!isOpen(position)) continue;
      this.enter(position);
      this.partEnded(position);
    }
    for (const watch of this.watches.values()) {
      watch.resume();
      markets.peaks.settleOld(watch);
    }
    void this.supervisor.closer;
    for (const account of state.accounts.values()) {
      if (account.state === 'grace') awaitGrace(this.core, account);
      if (account.state === 'closing') finishClosing(this.core, account);
      // A kill may have come before they were cancelled.
      const isBreached = account.halt?.by === 'breach' && account.state !== 'grace';
      if (isBreached) cancelOrders(this.core, account);
      if (account.state === 'closing' || account.positions.size === 0) this.settling.add(account);
    }
  }

  /**
   * At the end of a turn: closes that waited behind one of a part begin, and accounts whose last
   * close has its outcome are told so.
   */
  settle(): void {
    if (this.ended.size > 0) this.beginNext();
    if (this.settling.size === 0) return;
    for (const account of this.settling) {
      const { state, closingCount } = account;
      if (account.positions.size === 0) this.restore(account);
      if (state !== 'closing' || closingCount > 0) continue;
      this.tellGuard(account, { type: 'closes.settled' });
    }
    this.settling.clear();
  }

  /** No quote concerns an account that holds nothing: what was told of it is not kept for ever. */
  private restore(account: Account): void {
    const { balance, halt, rules, breaches, warned } = account;
    if (halt?.by === 'breach' || (breaches.size === 0 && warned.size === 0)) return;
    const observation = { equity: closedWorth(account), balance, usedMargin: zero };
    const { restored, recovered } = judge(rules, account, observation, account);
    const observedOf = ([id]: readonly string[]): string => {
      const rule = rules.find((one) => one.id === id);
      return text((rule && shownObserved(rule, observation)) ?? observation.equity);
    };
    if (restored.length > 0) {
      const observed = observedOf(restored);
      this.tellGuard(account, { type: 'rules.restored', ruleIds: restored, observed });
    }
    if (recovered.length > 0) {
      const isLast = warned.size === recovered.length;
      const observed = observedOf(recovered);
      this.tellGuard(account, { type: 'rules.recovered', ruleIds: recovered, observed, isLast });
    }
  }

  private tellGuard({ accountId }: Account, event: DrawdownGuardEvent): void {
    this.supervisor.tellGuard(
      () => this.supervisor.drawdownGuard(accountId),
      (guard) => guard.send(event),
    );
  }

  private beginNext(): void {
    for (const positionId of this.ended) {
      this.ended.delete(positionId);
      this.supervisor.closer.send({ type: 'part.ended', positionId });
    }
  }

  follow(record: JournalRecord): void {
    const { supervisor } = this;
    const { state, marketWatch } = this.core;
    switch (record.type) {
      case 'instrument.put':
        this.renewMargins(record.body.instrument.symbol);
        marketWatch.followSessions(record.body.instrument.symbol);
        break;
      case 'guard.put':
        marketWatch.guard(record.body.guard.symbol);
        break;
      case 'guard.removed':
        marketWatch.unguard(record.body.symbol);
        break;
      case 'account.created':
        this.watchAccount(accountOf(state, record.accountId));
        break;
      case 'account.halted':
      case 'account.resumed':
        supervisor.drawdownGuard(record.accountId)?.send({ type: record.type });
        this.watches.get(record.accountId)?.changed();
        break;
      case 'rule.breached':
      case 'grace.ended':
        this.settling.add(accountOf(state, record.accountId));
        this.watches.get(record.accountId)?.changed();
        break;
      case 'account.adjusted':
      case 'day.rolled':
        this.settling.add(accountOf(state, record.accountId));
        this.watches.get(record.accountId)?.changed();
        break;
      case 'rule.warned':
      case 'rule.recovered':
      case 'rule.restored':
        this.watches.get(record.accountId)?.changed();
        break;
      case 'rules.replaced':
        this.replaceRules(accountOf(state, record.accountId));
        break;
      case 'position.tracked':
        this.enter(positionOf(state, record.body.position.positionId));
        break;
      case 'position.amended':
        supervisor.position(record.body.positionId)?.send({ type: 'position.amended' });
        break;
      case 'position.exits-moved':
        this.renew(record.body.positionId);
        break;
      case 'position.untracked':
        supervisor.position(record.body.positionId)?.send({ type: 'position.untracked' });
        this.leave(record.accountId, record.body.positionId);
        break;
      case 'position.corrected': {
        const { positionId, exits } = record.body;
        this.revalue(record.accountId, positionId);
        if (exits !== undefined) {
          supervisor.position(positionId)?.send({ type: 'position.amended' });
        }
        break;
      }
      case 'market.changed':
      case 'feed.switched':
        this.count(record);
        break;
      default:
        this.followClose(record);
        break;
    }
  }

  private count(
    record: Extract<JournalRecord, { type: 'market.changed' | 'feed.switched' }>,
  ): void {
    const { metrics } = this.core;
    if (record.type === 'feed.switched') metrics.count('feed_switches');
    else if (record.body.level === 'warning') metrics.count('market_warnings');
    else if (record.body.level === 'critical') metrics.count('market_criticals');
  }

  private followClose(record: JournalRecord): void {
    const { supervisor } = this;
    switch (record.type) {
      case 'close.intended': {
        const { positionId, route, isPart = false } = record.body.intent;
        const isSent = route !== undefined;
        supervisor.position(positionId)?.send({ type: record.type, isSent, isPart });
        if (isPart) this.renew(positionId);
        break;
      }
      case 'close.queued': {
        const { positionId, isPart } = record.body.intent;
        const { phase = 'waiting' } = positionOf(this.core.state, positionId);
        if (isPart) this.renew(positionId);
        else supervisor.position(positionId)?.send({ type: record.type, phase });
        break;
      }
      case 'close.sent':
        supervisor.position(record.body.positionId)?.send({ type: record.type });
        break;
      case 'close.acknowledged':
      case 'close.unknown':
      case 'close.rejected':
        supervisor.position(record.body.intent.positionId)?.send({ type: record.type });
        break;
      case 'close.partially-filled':
        this.partFilled(record.accountId, record.body.intent.positionId);
        break;
      case 'close.amended':
        this.settling.add(accountOf(this.core.state, record.accountId));
        this.watches.get(record.accountId)?.changed();
        break;
      case 'close.filled':
        supervisor.position(record.body.intent.positionId)?.send({ type: record.type });
        this.leave(record.accountId, record.body.intent.positionId);
        break;
      case 'close.failed': {
        const { positionId } = record.body.intent;
        const isGuarded = positionOf(this.core.state, positionId).state === 'guarded';
        supervisor.position(positionId)?.send({ type: record.type, isGuarded });
        this.renew(positionId);
        this.partEnded(positionOf(this.core.state, positionId));
        this.outcomes.tell(positionId);
        this.settling.add(accountOf(this.core.state, record.accountId));
        break;
      }
      default:
        break;
    }
  }

  /** Less is left; where the part that was to be closed is closed, that one has its outcome. */
  private partFilled(accountId: string, positionId: string): void {
    this.revalue(accountId, positionId);
    const position = positionOf(this.core.state, positionId);
    if (position.intent !== undefined) return;
    this.supervisor.position(positionId)?.send({ type: 'part.closed' });
    this.partEnded(position);
    this.outcomes.tell(positionId);
  }

  private partEnded({ positionId, intent, queued }: Position): void {
    if (intent === undefined && queued.length > 0) this.ended.add(positionId);
  }

  /** What the position waits for hangs on what has become of its exits, and on what is left of it. */
  private renew(positionId: string): void {
    const position = this.open.get(positionId);
    if (position !== undefined) this.core.markets.of(position.symbol).levels.renew(positionId);
  }

  private watchAccount(account: Account): void {
    this.watchEquity(account);
    this.core.rollovers.watch(account);
    this.supervisor.guardAccount(account);
  }

  /** Nobody looks at an account without rules, unless a breach closes what comes into it. */
  private watchEquity(account: Account): void {
    if (account.rules.length === 0 && account.halt?.by !== 'breach') return;
    const watch = new EquityWatch(account, this.core.markets);
    this.watches.set(account.accountId, watch);
    this.core.markets.peaks.add(watch);
  }

  private replaceRules(account: Account): void {
    const { accountId } = account;
    const before = this.watches.get(accountId);
    if (before !== undefined) {
      before.end();
      this.core.markets.peaks.remove(before);
      this.watches.delete(accountId);
    }
    this.watchEquity(account);
    const watch = this.watches.get(accountId);
    for (const position of account.positions.values()) watch?.add(position);
    this.core.rollovers.watch(account);
    const isCalm = account.state === 'normal';
    this.supervisor.drawdownGuard(accountId)?.send({ type: 'rules.replaced', isCalm });
  }

  settlePeak(accountId: string): void {
    const watch = this.watches.get(accountId);
    if (watch !== undefined) this.core.markets.peaks.settle(watch);
  }

  private enter(position: Position): void {
    const { markets } = this.core;
    this.open.set(position.positionId, position);
    // Found after a restart: the next note must have it, as it counts what came before as noted.
    if (position.peak !== undefined) markets.of(position.symbol).levels.isUnnoted = true;
    markets.of(position.symbol).positions.set(position.positionId, position);
    this.watches.get(position.accountId)?.add(position);
    this.supervisor.guardPosition(position);
  }

  /** What is left of a position, or what was paid for it, has changed. */
  private revalue(accountId: string, positionId: string): void {
    this.renew(positionId);
    const position = this.open.get(positionId);
    const watch = this.watches.get(accountId);
    if (position !== undefined) watch?.revalue(position);
  }

  /** What is open in the symbol may use another margin: the next quote of its accounts tells. */
  private renewMargins(symbol: string): void {
    const told = new Set<string>();
    for (const position of this.core.markets.of(symbol).positions.values()) {
      const { accountId, conversion } = position;
      const key = [accountId, ...conversion.map((leg) => leg.symbol)].join(' ');
      if (told.has(key)) continue;
      told.add(key);
      const watch = this.watches.get(accountId);
      if (watch !== undefined && needsMargin(watch.account.rules)) watch.revalue(position);
    }
  }

  private leave(accountId: string, positionId: string): void {
    const { state, markets } = this.core;
    this.supervisor.forgetPosition(positionId);
    const account = accountOf(state, accountId);
    this.settling.add(account);
    const position = this.open.get(positionId);
    this.open.delete(positionId);
    if (position !== undefined) markets.of(position.symbol).positions.delete(positionId);
    this.outcomes.tell(positionId);
    const watch = this.watches.get(accountId);
    if (position === undefined) watch?.changed();
    else watch?.remove(position);
  }
}
