// The beginning of a day for the rules that have one: their anchors are taken anew, from the account as
// it stands before the quote that comes next.
import { lastReset, nextReset, type DayClock } from '#src/domain/days';
import { text, type Decimal } from '#src/domain/money';
import { dayAnchorAt, isDayAnchor, type Rule } from '#src/domain/rules';
import type { Account } from '#src/domain/state';
import { equityOf } from '#src/prices/exposure';
import type { CoreContext } from './core-context.ts';

/** Accounts whose rules share the beginning of their day. */
interface Group {
  readonly clock: DayClock;
  readonly accounts: Set<Account>;
  next: number;
}

/**
 * A day begins on the first quote that is of it, as in a replay; without one this long after, so that
 * quotes of the old day that are late still count for it.
 */
export const lateQuotesMs = 5000;

export class DayRollovers {
  private readonly core: CoreContext;
  private readonly groups = new Map<string, Group>();
  /** When the next day begins, of any rule; `Infinity` where none has days. */
  next = Infinity;

  constructor(core: CoreContext) {
    this.core = core;
  }

  /** The account has rules, or has others now. */
  watch(account: Account): void {
    for (const group of this.groups.values()) group.accounts.delete(account);
    for (const { day, id } of account.rules) {
      if (day === undefined) continue;
      const key = `${day.timezone} ${day.resetAt}`;
      const since = account.anchors.get(id)?.since ?? 0;
      const next = nextReset(day, since);
      const group = this.groups.get(key) ?? { clock: day, accounts: new Set(), next };
      this.groups.set(key, group);
      group.accounts.add(account);
      // After a restart a day may have begun meanwhile.
      group.next = Math.min(group.next, next);
    }
    this.schedule();
  }

  /** Begins the days that are due at or before `ts`; of several that were missed, the last one. */
  runUntil(ts: number): void {
    while (this.next <= ts) {
      const first = [...this.groups.values()].find((group) => group.next === this.next);
      if (first === undefined) return;
      this.roll(first, ts);
      this.schedule();
    }
  }

  private roll(group: Group, ts: number): void {
    const { core } = this;
    const at = lastReset(group.clock, ts);
    group.next = nextReset(group.clock, at);
    const accounts = [...group.accounts].sort((a, b) => a.order - b.order);
    for (const account of accounts) {
      // Any word may be an id, `__proto__` too.
      const anchors = new Map<string, string>();
      let equity: Decimal | undefined;
      for (const rule of account.rules) {
        if (!isDue(account, rule, group.clock, at) || !isDayAnchor(rule.anchor)) continue;
        equity ??= equityOf(account, core.markets.bookOf);
        const before = account.anchors.get(rule.id)?.value ?? account.balance;
        const value = dayAnchorAt(rule.anchor, before, { balance: account.balance, equity });
        anchors.set(rule.id, text(value));
      }
      if (anchors.size === 0) continue;
      const body = { at, anchors: Object.fromEntries(anchors) };
      core.commit({ type: 'day.rolled', accountId: account.accountId, body });
      core.metrics.count('days_rolled');
    }
  }

  private schedule(): void {
    this.next = Infinity;
    for (const [key, group] of this.groups) {
      if (group.accounts.size === 0) this.groups.delete(key);
      else this.next = Math.min(this.next, group.next);
    }
  }
}

/** A day that began before the anchor was set is none of its rule. */
function isDue(account: Account, { id, day }: Rule, clock: DayClock, at: number): boolean {
  if (day === undefined || day.timezone !== clock.timezone || day.resetAt !== clock.resetAt)
    return false;
  return (account.anchors.get(id)?.since ?? 0) < at;
}
