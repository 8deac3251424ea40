// Whether an account may enter new positions, and every reason why not: the one place that says so.
import type { EventDraft } from './events.ts';
import { noAccount } from './ids.ts';
import { actsAt, gaugeParts } from './market-conditions.ts';
import type { Account, State } from './state.ts';

export interface Entries {
  readonly allowed: boolean;
  readonly reasons: readonly string[];
}

/** Of an account, and of it in a symbol where one is given. */
export function entriesOf(
  account: Account,
  state: Pick<State, 'pause' | 'guards' | 'closedMarkets'>,
  symbol?: string,
): Entries {
  const ofSymbol = symbol === undefined ? [] : symbolEntriesOf(state, symbol).reasons;
  const reasons = [
    ...pauseReasons(state.pause),
    ...entryReasonsOf(account),
    ...ofSymbol.map((reason) => `${symbol}: ${reason}`),
  ];
  return { allowed: reasons.length === 0, reasons };
}

/** Entries of all accounts, as far as the runtime goes. */
export function pauseReasons(pause: State['pause']): string[] {
  return pause === undefined ? [] : [`the runtime is paused: ${pause.reason}`];
}

/** The account's own reasons. */
export function entryReasonsOf({ halt, breaches }: Account): string[] {
  const reasons: string[] = [];
  if (halt?.by === 'breach') reasons.push(`rule ${halt.ruleId ?? ''} was breached`);
  else if (halt !== undefined) reasons.push(`halted by an operator: ${halt.reason}`);
  for (const [ruleId, { action }] of breaches) {
    if (action !== 'warn') reasons.push(`rule ${ruleId} is breached`);
  }
  return reasons;
}

/** Its calendar's; all others are of its guard. */
export const marketClosedReason = 'the market is closed';

/** Entries in a symbol, whatever the account: what its market's guard and its calendar say. */
export function symbolEntriesOf(
  { guards, closedMarkets }: Pick<State, 'guards' | 'closedMarkets'>,
  symbol: string,
): Entries {
  const reasons = closedMarkets.has(symbol) ? [marketClosedReason] : [];
  const guard = guards.get(symbol);
  for (const [gauge, { level }] of guard?.active ?? []) {
    const { condition, side } = gaugeParts[gauge];
    const record = guard?.record[condition];
    if (record === undefined || record === false || !actsAt(level, record.haltEntriesOn)) continue;
    reasons.push(`${condition}${side === undefined ? '' : ` for ${side}s`} is at its limit`);
  }
  return { allowed: reasons.length === 0, reasons };
}

/** What is told where a record has changed the reasons of a symbol. */
export function symbolEntriesChanged(
  state: Pick<State, 'guards' | 'closedMarkets'>,
  symbol: string,
  before: Entries,
): EventDraft | undefined {
  const { reasons } = symbolEntriesOf(state, symbol);
  return changed(noAccount, { symbol }, reasons, before.reasons);
}

/** What is told where a record has changed an account's own reasons. */
export function entriesChanged(
  account: Account,
  before: readonly string[],
): EventDraft | undefined {
  return changed(account.accountId, {}, entryReasonsOf(account), before);
}

function changed(
  accountId: string,
  of: object,
  reasons: readonly string[],
  before: readonly string[],
): EventDraft | undefined {
  const isSame = reasons.length === before.length && reasons.every((one, i) => one === before[i]);
  if (isSame) return undefined;
  const allowed = reasons.length === 0;
  const event = allowed ? 'entries.resumed' : 'entries.halted';
  return { event, accountId, fields: { ...of, allowed, reasons } };
}
