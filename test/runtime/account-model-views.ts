// What a core tells and shows of accounts, in the words of the model.
import { expect } from 'vitest';
import { text, type Decimal } from '#src/domain/money';
import type { RuntimeEvent } from '#src/domain/events';
import { reasonsOf } from './account-model-guard.ts';
import { actionOf, standingOf } from './account-model-rules.ts';
import { needsPeak, type ModelAccount } from './account-model-types.ts';
import type { AccountModel } from './account-model.ts';

type Body = Record<string, unknown>;

export function isSame(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}

/** Shows what is expected, and more. */
export function shows(actual: object, expected: object): void {
  expect(actual).toMatchObject(expected);
}

/** What `account.get` or `guard.status` of the account should show. */
export function viewOf(
  model: AccountModel,
  account: ModelAccount,
  command: 'account.get' | 'guard.status',
): Body {
  const seen = model.measure(account);
  const reasons = reasonsOf(account);
  const rules = account.rules.map((rule) => {
    const { spec } = rule;
    const { anchorValue, floor, observed, warnAt, isBreached } = standingOf(rule, seen);
    const isKnown = account.halt?.ruleId === spec.id || account.active.has(spec.id);
    const state = account.warned.has(spec.id) ? 'warning' : 'normal';
    const more = { action: actionOf(spec), ...(warnAt && { warnAt: text(warnAt) }) };
    return {
      ...{ id: spec.id, anchor: spec.anchor },
      ...{ anchorValue: text(anchorValue), floor: text(floor) },
      ...(observed && { observed: text(observed), distance: text(observed.minus(floor)) }),
      state: isKnown || isBreached ? 'breached' : state,
      ...(command === 'guard.status' ? more : {}),
    };
  });
  const entries = { allowed: reasons.length === 0, reasons };
  const { state, positions, graceUntil } = account;
  const all = { state, balance: text(seen.balance), equity: text(seen.equity), entries, rules };
  if (command === 'account.get') {
    return {
      ...{ ...all, openPositions: positions.size },
      ...(graceUntil === undefined ? {} : { graceUntil }),
      ...(needsPeak(account) ? { peakEquity: text(account.peak) } : {}),
    };
  }
  const hasMargin = account.rules.some(({ spec }) => spec.anchor === 'marginLevel');
  const used = hasMargin && !seen.usedMargin.isZero() ? { usedMargin: text(seen.usedMargin) } : {};
  return { ...all, initialBalance: text(seen.initial), ...used };
}

/** What of an account changes by records alone. */
export function stateOf({
  state,
  balance,
  warned,
}: {
  readonly state: string;
  readonly balance: Decimal;
  readonly warned: ReadonlySet<string>;
}): object {
  return { state, balance: text(balance), warned: [...warned].sort() };
}

/** What the model tells of too; undefined of what it does not. */
export function wordsOf(event: RuntimeEvent): string | undefined {
  const { ruleId, observed, floor, anchorValue, quote, positions } = event;
  const standings = (positions ?? []) as { readonly positionId: string; readonly pnl?: string }[];
  const worth = standings.map(({ positionId, pnl = '-' }) => `${positionId}:${pnl}`);
  const symbol = (quote as { readonly symbol: string } | undefined)?.symbol;
  const seen = [ruleId, observed, floor, anchorValue, symbol, worth];
  const { positionId, quantity, closedPrice, pnl, closeReason } = event;
  switch (event.event) {
    case 'guard.warning':
      return ['warning', ...seen].join(' ');
    case 'guard.breached':
      return ['breached', ...seen, event['action'], event['reason'], 'also', event['also']].join(
        ' ',
      );
    case 'guard.restored':
      return ['restored', event['ruleIds'], observed].join(' ');
    case 'account.halted':
      return ['halted', event['by'] === 'breach' ? 'breach' : 'operator'].join(' ');
    case 'entries.halted':
    case 'entries.resumed':
      return ['entries', event['allowed'], (event['reasons'] as string[]).join(' | ')].join(' ');
    case 'position.closed':
      return ['closed', positionId, quantity, closedPrice, pnl, closeReason].join(' ');
    case 'position.partially-closed':
      return ['part', positionId, quantity, closedPrice, pnl].join(' ');
    default:
      return undefined;
  }
}
