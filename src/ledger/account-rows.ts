// Rows of `accounts`: what records of an account, of its rules and of its closes make of one.
import { decimal, text } from '#src/domain/money';
import type { AccountRecord, JournalRecord, RuleBreach } from '#src/domain/records';
import { isSameRule, ruleOf, warnsByBreach } from '#src/domain/rules';
import type { AccountEntityRow } from './entities.ts';
import { storable } from './storable.ts';

export function createdRow(account: AccountRecord, ts: number, n: number): AccountEntityRow {
  return {
    accountId: account.accountId,
    currency: account.currency,
    mode: account.mode,
    route: account.route ?? null,
    preset: account.preset ?? null,
    rules: account.rules,
    balance: account.balance,
    initialBalance: account.balance,
    state: 'normal',
    halt: null,
    warned: [],
    createdAt: new Date(ts),
    updatedN: n,
  };
}

/** What the record makes of its account. */
export function accountAfter(
  record: JournalRecord,
  row: AccountEntityRow,
): Partial<AccountEntityRow> {
  switch (record.type) {
    case 'account.adjusted': {
      const { amount } = record.body;
      return {
        balance: plus(row.balance, amount),
        initialBalance: plus(row.initialBalance, amount),
      };
    }
    case 'account.halted':
      return { state: 'halted', halt: storable({ by: 'operator', reason: record.body.reason }) };
    case 'account.resumed':
      return { state: 'normal', halt: null, warned: [] };
    case 'account.settled':
      return { state: 'halted' };
    case 'grace.ended':
      return { state: 'closing' };
    case 'rules.replaced': {
      const { rules, preset = null } = record.body;
      const before = new Map(row.rules.map((rule) => [rule.id, ruleOf(rule)]));
      const kept = rules.map(ruleOf).filter(({ id, ...rule }) => {
        const known = before.get(id);
        return known !== undefined && isSameRule(known, { id, ...rule });
      });
      const keptIds = new Set(kept.map(({ id }) => id));
      const warned = row.warned.filter((id) => keptIds.has(id));
      return { rules, preset, ...warnedAs(row, warned) };
    }
    case 'rule.warned': {
      const others = row.warned.filter((id) => id !== record.body.ruleId);
      return warnedAs(row, [...others, record.body.ruleId]);
    }
    case 'rule.recovered': {
      return warnedAs(
        row,
        row.warned.filter((id) => !record.body.ruleIds.includes(id)),
      );
    }
    case 'rule.breached':
      return breachedAs(record.body, row);
    case 'close.partially-filled':
    case 'close.filled':
    case 'close.amended': {
      const { pnl } = record.body.result;
      return pnl === undefined ? {} : { balance: plus(row.balance, pnl) };
    }
    default:
      return {};
  }
}

function breachedAs(breach: RuleBreach, row: AccountEntityRow): Partial<AccountEntityRow> {
  const { breachId, ruleId, observed, floor, reason, action = 'close', graceUntil } = breach;
  if (action !== 'close') {
    const told = new Set([ruleId, ...(breach.also ?? [])]);
    const warning = row.rules.map(ruleOf).filter((one) => told.has(one.id) && warnsByBreach(one));
    const ids = warning.map(({ id }) => id);
    return warnedAs(row, [...row.warned.filter((id) => !ids.includes(id)), ...ids]);
  }
  const halt = { by: 'breach' as const, reason, breachId, ruleId, observed, floor };
  if (graceUntil === undefined) return { state: 'closing', halt: storable(halt) };
  return { state: 'grace', halt: storable({ ...halt, graceUntil }) };
}

/** An operator's halt, and a breach, say more than a warning. */
function warnedAs(row: AccountEntityRow, warned: readonly string[]): Partial<AccountEntityRow> {
  if (row.state !== 'normal' && row.state !== 'warning') return { warned };
  return { warned, state: warned.length === 0 ? 'normal' : 'warning' };
}

function plus(a: string, b: string): string {
  return text(decimal(a).plus(b));
}
