// An account on a quote (contract section 2, step 7): its equity, its rules, then its peak.
import { judge } from '#src/domain/judge';
import { shownObserved } from '#src/domain/rule-levels';
import { warnsByBreach } from '#src/domain/rules';
import { text } from '#src/domain/money';
import type { EquityWatch } from '#src/prices/equity-watch';
import type { Market } from '#src/prices/market';
import type { DrawdownGuardEvent } from '#machines/drawdown-guard.machine';
import { closeLate } from './breach-closes.ts';
import type { Core } from './core.ts';

export class AccountJudge {
  private readonly core: Core;
  /** How often a quote has left the bands of an account, and how often doubles could not tell then. */
  looks = 0;
  exactLooks = 0;

  constructor(core: Core) {
    this.core = core;
  }

  look(watch: EquityWatch, market: Market): void {
    const { account } = watch;
    const { peaks } = this.core.markets;
    this.looks++;
    const isBreached = account.halt?.by === 'breach';
    if (isBreached && account.state !== 'grace') closeLate(this.core, account, market.symbol);
    if (watch.isQuiet()) return;
    this.exactLooks++;
    peaks.settle(watch);
    const { n } = this.core.state;
    if (!isBreached) this.judge(watch);
    peaks.seen(watch, watch.equity(), market.book.ts);
    // What it has done, such as a close, is news to the rules on the next quote.
    if (this.core.state.n > n) watch.changed();
    else watch.judged();
  }

  private judge(watch: EquityWatch): void {
    const { account } = watch;
    const observation = watch.observe();
    const verdict = judge(account.rules, account, observation, account);
    const observedOf = (ids: readonly string[]): string => {
      const rule = account.rules.find(({ id }) => id === ids[0]);
      return text((rule && shownObserved(rule, observation)) ?? observation.equity);
    };
    const { breach, also, recovered, restored, warnings, short } = verdict;
    if (breach !== undefined) {
      const told = [breach.rule.id, ...also];
      const warns = account.rules.some((rule) => warnsByBreach(rule) && told.includes(rule.id));
      const observed = observedOf(told);
      this.tell(account.accountId, {
        type: 'rule.breached',
        finding: breach,
        also,
        observed,
        warns,
      });
      if (breach.rule.action === 'close') return;
    }
    if (restored.length > 0) {
      const observed = observedOf(restored);
      this.tell(account.accountId, { type: 'rules.restored', ruleIds: restored, observed });
    }
    for (const finding of warnings) {
      const observed = observedOf([finding.rule.id]);
      this.tell(account.accountId, { type: 'rule.warned', finding, observed });
    }
    if (recovered.length > 0) {
      const isLast = account.warned.size === recovered.length;
      const observed = observedOf(recovered);
      const ruleIds = recovered;
      this.tell(account.accountId, { type: 'rules.recovered', ruleIds, observed, isLast });
    }
    // Closes that restore a margin come when all that was found is told.
    for (const finding of short) this.tell(account.accountId, { type: 'margin.short', finding });
  }

  private tell(accountId: string, event: DrawdownGuardEvent): void {
    const { supervisor } = this.core;
    supervisor.tellGuard(
      () => supervisor.drawdownGuard(accountId),
      (guard) => guard.send(event),
    );
  }
}
