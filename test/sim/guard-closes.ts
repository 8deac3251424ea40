// Closes that a breach asks for: only after it, only then, the worst position first, and of a margin
// rule no more than it takes.
import { text } from '#src/domain/money';
import type { CloseIntent } from '#src/domain/closing';
import type { JournalRecord } from '#src/domain/records';
import { intentOf, isOnItsWay, type AccountFacts } from './guard-facts.ts';
import { worstFirst, type Known } from './guard-checks.ts';
import { seenBy, type OpenPosition } from './rule-model.ts';

const guardReasons = ['drawdown_critical', 'margin_stop_out'];

export function* closeFaults(record: JournalRecord, known: Known): Iterable<string> {
  const intent = intentOf(record);
  const account = known.facts.accounts.get(record.accountId);
  if (intent === undefined || account === undefined) return;
  const { breachId, reason, closeId } = intent;
  if (breachId === undefined) {
    if (guardReasons.includes(reason)) yield `${intent.positionId}: ${reason} without a breach`;
    return;
  }
  const breach = known.facts.breachIds.get(breachId);
  const isOfIt =
    breach?.accountId === account.accountId && breach.ruleIds.includes(intent.ruleId ?? '');
  if (!isOfIt) yield `${intent.positionId}: nothing was told of ${breachId}`;
  if (known.facts.closeIds.has(closeId)) return;
  yield* newFaults(intent, account, known);
}

function* newFaults(intent: CloseIntent, account: AccountFacts, known: Known): Iterable<string> {
  const { breachId, ruleId = '', positionId } = intent;
  const { halt, state, breaches, positions, rules } = account;
  const position = positions.get(positionId);
  if (position === undefined) return;
  const guarded = [...positions.values()].filter(isGuarded);
  if (halt?.by === 'breach') {
    if (halt.breachId !== breachId) yield `${positionId}: ${breachId} is not why it is halted`;
    if (state === 'grace') yield `${positionId}: closed in the grace`;
    // What comes later is closed on quotes of its own symbol.
    const ofSymbol = guarded.filter(({ symbol }) => symbol === intent.symbol);
    const [first] = worstFirst(ofSymbol, known.books);
    if (first !== position) yield `${positionId} is closed before ${first?.positionId}`;
    return;
  }
  const breach = breaches.get(ruleId);
  if (breach?.action !== 'reduce' || breach.breachId !== breachId) {
    yield `${positionId}: ${ruleId} asks for no close`;
    return;
  }
  const quoted = guarded.filter(({ symbol }) => known.books.has(symbol));
  const [worst] = worstFirst(quoted, known.books);
  if (worst !== position) yield `${positionId} is closed before ${worst?.positionId}`;
  const rule = rules.find(({ id }) => id === ruleId);
  const level = rule && seenBy(rule, account, known.books, (one) => !isOnItsWay(account, one));
  if (level === undefined || level.gt(rule?.limitPct ?? 0)) {
    yield `${positionId} is closed at a margin level of ${level && text(level)}`;
  }
}

function isGuarded({ closes }: OpenPosition): boolean {
  return closes.size === 0;
}
