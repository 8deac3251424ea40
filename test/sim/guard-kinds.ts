// What guards of accounts and of markets did, so that one sees that all of it has happened.
import type { JournalEntry } from '#src/ports/journal';
import { clearedWhy } from './market-closes.ts';
import { GuardFacts } from './guard-facts.ts';

/** How often each of it was told: breaches by anchor and action, warnings, days, and what ended. */
export function guardKinds(entries: readonly JournalEntry[]): Record<string, number> {
  const kinds: Record<string, number> = {};
  const facts = new GuardFacts();
  /** Conditions that act. */
  const acting = new Set<string>();
  const count = (kind: string): void => {
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  };
  for (const { record } of entries) {
    const account = facts.accounts.get(record.accountId);
    const anchorOf = (ruleId: string): string =>
      account?.rules.find(({ id }) => id === ruleId)?.anchor ?? '';
    const how = (dueTs: number): string => (record.ts > dueTs ? ' made up for' : '');
    switch (record.type) {
      case 'rule.breached': {
        const { ruleId, action, graceUntil, also = [] } = record.body;
        count(`breach: ${anchorOf(ruleId)} ${action}`);
        if (graceUntil !== undefined) count('grace');
        if (also.length > 0) count('breach of several rules');
        break;
      }
      case 'rule.warned':
        count(`warning: ${anchorOf(record.body.ruleId)}`);
        break;
      case 'grace.ended':
        count(`grace ended${how(account?.halt?.graceUntil ?? 0)}`);
        break;
      case 'day.rolled':
        count(`day begun${how(record.body.at)}`);
        break;
      case 'rules.replaced':
      case 'rule.recovered':
      case 'rule.restored':
      case 'account.settled':
        count(record.type);
        break;
      case 'market.changed': {
        const { condition, side, level } = record.body;
        count(`market: ${condition}${side === undefined ? '' : ` ${side}`} ${level}`);
        const gauge = `${record.body.symbol} ${condition} ${side}`;
        if (level === 'clear') acting.delete(gauge);
        else acting.add(gauge);
        break;
      }
      case 'guard.put': {
        const { symbol } = record.body.guard;
        const isKept = [...acting].some((gauge) => gauge.startsWith(`${symbol} `));
        count(isKept ? 'guard put, a condition acts on' : 'guard put');
        break;
      }
      case 'guard.removed':
        count('guard removed');
        break;
      case 'feed.switched':
        count(`feed: ${record.body.to} (${record.body.reason})`);
        break;
      case 'session.changed':
        count(`session: ${record.body.isOpen ? 'open' : 'closed'}`);
        break;
      case 'close.failed':
        if (record.body.result.errorMessage === clearedWhy) count('close not sent: cleared');
        break;
      default:
        break;
    }
    facts.apply(record);
  }
  return kinds;
}
