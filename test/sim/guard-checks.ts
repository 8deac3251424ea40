// What one record of an account's guard must be, given all records before it and the books as they
// are: told when it was due, with the numbers that follow from what was there.
import { lateQuotesMs } from '#actors/day-rollovers';
import { decimal, text, type Decimal } from '#src/domain/money';
import type { JournalRecord, RecordBodies, RuleObservation } from '#src/domain/records';
import type { RuleRecord } from '#src/domain/rules';
import { isStopped, type AccountFacts, type GuardFacts } from './guard-facts.ts';
import { lastResetOf } from './made-rules.ts';
import {
  actionOf,
  atDayBreak,
  equityOf,
  isBreach,
  isOver,
  isWarning,
  levelsOf,
  pnlOf,
  seenBy,
  strongerBy,
  type Books,
  type OpenPosition,
} from './rule-model.ts';

/** What there is to hold a record against. */
export interface Known {
  readonly facts: GuardFacts;
  readonly books: Books;
  /** What is due at a time when nobody runs is done by then. */
  readonly runsSince: number;
  /** Of the account: its peak at the least and, where that is known, at the most. */
  readonly peak: { readonly least: Decimal; readonly most: Decimal | undefined };
}

const shownDecimals = 10;

/** What is wrong with it; nothing where it is as it should be. */
export function* faultsOf(record: JournalRecord, known: Known): Iterable<string> {
  const account = known.facts.accounts.get(record.accountId);
  if (account === undefined) return;
  switch (record.type) {
    case 'rule.breached':
      yield* breachFaults(account, record.body, record.ts, known);
      break;
    case 'rule.warned':
      yield* warningFaults(account, record.body, known);
      break;
    case 'rule.recovered':
    case 'rule.restored':
      yield* endFaults(account, record, known);
      break;
    case 'grace.ended':
      yield* graceFaults(account, record.body, record.ts, known);
      break;
    case 'account.settled': {
      const { breachId } = record.body;
      const isRight = account.state === 'closing' && account.halt?.breachId === breachId;
      if (!isRight) yield `it was settled while ${account.state}`;
      const closing = [...account.positions.values()].filter(({ closes }) => closes.size > 0);
      if (closing.length > 0) yield `it was settled with ${closing.length} closes under way`;
      break;
    }
    case 'day.rolled':
      yield* dayFaults(account, record.body, record.ts, known);
      break;
    case 'account.resumed':
      yield* resumeFaults(account, record.body, known);
      break;
    case 'close.filled':
    case 'close.partially-filled': {
      const { intent, result, estimate } = record.body;
      const position = account.positions.get(intent.positionId);
      if (result.pnl !== undefined || position === undefined) break;
      const part = { ...position, remaining: decimal(result.quantity) };
      yield* differs('estimate', decimal(estimate ?? 0), pnlOf(part, known.books) ?? decimal(0));
      break;
    }
    case 'rules.replaced':
      yield* differs('equity', decimal(record.body.equity), equityOf(account, known.books));
      break;
    default:
      break;
  }
}

function* breachFaults(
  account: AccountFacts,
  body: RecordBodies['rule.breached'],
  ts: number,
  { facts, ...known }: Known,
): Iterable<string> {
  const rule = ruleIn(account, body.ruleId);
  yield* observationFaults(account, body, known);
  if (facts.breachIds.has(body.breachId)) yield `${body.breachId} was told before`;
  if (rule === undefined) return;
  const { action = 'close', graceUntil, also = [] } = body;
  if (action !== actionOf(rule)) yield `its action is ${action}`;
  const grace = action === 'close' ? (rule.graceSeconds ?? 0) * 1000 : 0;
  if (graceUntil !== (grace === 0 ? undefined : ts + grace)) yield `its grace ends ${graceUntil}`;
  const reason = rule.anchor === 'marginLevel' ? 'margin_stop_out' : 'drawdown_critical';
  if (body.reason !== reason) yield `its reason is ${body.reason}`;
  for (const id of [body.ruleId, ...also]) {
    const one = ruleIn(account, id);
    if (one === undefined) yield `there is no rule ${id}`;
    else if (account.breaches.has(id)) yield `${id} was breached already`;
    else if (
      !isBreach(levelsAs(one, account, known, id === rule.id ? body : undefined), seen(one))
    ) {
      if (one.anchor !== 'peakEquity' || isPeakSure(known)) yield `${id} is not breached`;
    } else if (id !== rule.id) {
      const order = account.rules.indexOf(one) - account.rules.indexOf(rule);
      if (strongerBy(one, rule) > 0 || (strongerBy(one, rule) === 0 && order < 0)) {
        yield `${id} counts more`;
      }
    }
  }
  function seen(one: RuleRecord): Decimal | undefined {
    return seenBy(one, account, known.books);
  }
}

function* warningFaults(
  account: AccountFacts,
  body: RecordBodies['rule.warned'],
  known: Pick<Known, 'books' | 'peak'>,
): Iterable<string> {
  const rule = ruleIn(account, body.ruleId);
  yield* observationFaults(account, body, known);
  if (account.warned.has(body.ruleId)) yield 'the warning was told before';
  if (rule === undefined) return;
  const levels = levelsAs(rule, account, known, body);
  const observed = seenBy(rule, account, known.books);
  if (!isWarning(levels, observed)) yield `its warning level is ${shown(levels.warnAt)}`;
  if (isBreach(levels, observed)) yield 'it is a breach';
}

/** Anchor, floor, what was observed and every position: all as it was then. */
function* observationFaults(
  account: AccountFacts,
  body: RuleObservation,
  known: Pick<Known, 'books' | 'peak'>,
): Iterable<string> {
  if (isStopped(account)) yield `it was told while ${account.state} after a breach`;
  const rule = ruleIn(account, body.ruleId);
  if (rule === undefined) {
    yield `there is no rule ${body.ruleId}`;
    return;
  }
  const levels = levelsAs(rule, account, known, body);
  const { least, most } = known.peak;
  const anchor = decimal(body.anchorValue);
  if (rule.anchor === 'peakEquity') {
    if (anchor.lt(least) || (most !== undefined && anchor.gt(most))) {
      yield `its anchor ${body.anchorValue} is not a peak of ${text(least)} to ${shown(most)}`;
    }
  } else yield* differs('anchor', anchor, levels.anchor);
  yield* differs('floor', decimal(body.floor), levels.floor);
  const seen = seenBy(rule, account, known.books);
  const isQuotient = rule.anchor === 'marginLevel';
  const rounded = isQuotient ? seen?.toDecimalPlaces(shownDecimals) : seen;
  yield* differs('observed', decimal(body.observed), rounded);
  const { positions = [], positionsTotal, quote } = body;
  if (positionsTotal !== account.positions.size) yield `it tells of ${positionsTotal} positions`;
  const byPnl = worstFirst([...account.positions.values()], known.books);
  const order = positions.map(({ positionId }) => positionId);
  if (order.join(' ') !== byPnl.map(({ positionId }) => positionId).join(' ')) {
    yield `its positions are in the order ${order.join(' ')}`;
  }
  for (const { positionId, pnl } of positions) {
    const position = account.positions.get(positionId);
    const wanted = position && pnlOf(position, known.books);
    if (shown(wanted) !== shown(pnl === undefined ? undefined : decimal(pnl))) {
      yield `the P&L of ${positionId} is ${pnl}, not ${shown(wanted)}`;
    }
  }
  const book = quote && known.books.get(quote.symbol);
  if (quote === undefined || book?.bid.eq(quote.bid) !== true || !book.ask.eq(quote.ask)) {
    yield `its quote is ${JSON.stringify(quote)}`;
  }
}

function* endFaults(
  account: AccountFacts,
  { type, body: { ruleIds } }: Extract<JournalRecord, { type: 'rule.recovered' | 'rule.restored' }>,
  known: Pick<Known, 'books' | 'peak'>,
): Iterable<string> {
  if (isStopped(account)) yield `${type} while ${account.state} after a breach`;
  for (const id of ruleIds) {
    const rule = ruleIn(account, id);
    const isKnown = type === 'rule.recovered' ? account.warned.has(id) : account.breaches.has(id);
    if (!isKnown || rule === undefined) {
      yield `${type}: nothing was told of ${id}`;
      continue;
    }
    if (rule.anchor === 'peakEquity' && !isPeakSure(known)) continue;
    const levels = levelsAs(rule, account, known);
    const seen = seenBy(rule, account, known.books);
    const isEnd = type === 'rule.recovered' ? isOver(levels, seen) : !isBreach(levels, seen);
    if (!isEnd) yield `${type}: ${id} observes ${shown(seen)}, its floor is ${text(levels.floor)}`;
  }
}

function* graceFaults(
  { state, halt }: AccountFacts,
  { breachId }: RecordBodies['grace.ended'],
  ts: number,
  { runsSince }: Known,
): Iterable<string> {
  if (state !== 'grace' || halt?.breachId !== breachId) yield `its grace ended while ${state}`;
  const due = halt?.graceUntil ?? 0;
  if (ts < due) yield `its grace ended ${due - ts} ms too early`;
  const late = ts - Math.max(due, runsSince);
  if (late > 0) yield `its grace ended ${late} ms too late`;
}

function* dayFaults(
  account: AccountFacts,
  { at, anchors }: RecordBodies['day.rolled'],
  ts: number,
  { books, runsSince }: Known,
): Iterable<string> {
  if (at > ts) yield `a day began ${at - ts} ms too early`;
  const late = ts - Math.max(at + lateQuotesMs, runsSince);
  if (late > 0) yield `a day began ${late} ms too late`;
  const equity = equityOf(account, books);
  for (const [id, value] of Object.entries(anchors)) {
    const rule = ruleIn(account, id);
    const before = account.anchors.get(id);
    if (rule === undefined || before === undefined || lastResetOf(rule, ts) !== at) {
      yield `no day of ${id} began at ${at}`;
      continue;
    }
    if (before.sinceTs >= at) yield `the day of ${id} had begun already`;
    yield* differs(id, decimal(value), atDayBreak(rule, account, equity, before.value));
  }
}

function* resumeFaults(
  account: AccountFacts,
  { acknowledge, equity }: RecordBodies['account.resumed'],
  { books }: Known,
): Iterable<string> {
  const { state, halt, balance, initial, positions } = account;
  if (state !== 'halted') yield `it was resumed while ${state}`;
  if (halt?.breachId !== acknowledge) yield `${halt?.breachId} was resumed by ${acknowledge}`;
  const now = equityOf(account, books);
  yield* differs('equity', decimal(equity), now);
  for (const rule of account.rules) {
    const value = atDayBreak(rule, account, now, balance);
    const anchors = new Map([[rule.id, { value }]]);
    const anew = { balance, initial, positions, untold: account.untold, anchors };
    const isAtOnce = isBreach(levelsOf(rule, anew, now), seenBy(rule, account, books));
    if (isAtOnce) yield `it was resumed with ${rule.id} breached`;
  }
}

/** What the rule acts at; its peak as it was told, where it is. */
function levelsAs(
  rule: RuleRecord,
  account: AccountFacts,
  { peak }: Pick<Known, 'peak'>,
  told?: RuleObservation,
) {
  return levelsOf(rule, account, told === undefined ? peak.least : decimal(told.anchorValue));
}

function isPeakSure({ peak: { least, most } }: Pick<Known, 'peak'>): boolean {
  return most?.eq(least) === true;
}

/** The lowest P&L first, ties as tracked; one without a price counts nothing. */
export function worstFirst(positions: readonly OpenPosition[], books: Books): OpenPosition[] {
  const worth = new Map(positions.map((one) => [one, pnlOf(one, books) ?? decimal(0)]));
  const of = (one: OpenPosition): Decimal => worth.get(one) as Decimal;
  return [...positions].sort((a, b) => of(a).cmp(of(b)) || a.order - b.order);
}

function ruleIn({ rules }: AccountFacts, ruleId: string): RuleRecord | undefined {
  return rules.find(({ id }) => id === ruleId);
}

function* differs(what: string, is: Decimal, should: Decimal | undefined): Iterable<string> {
  if (should?.eq(is) !== true) yield `${what} is ${text(is)}, not ${shown(should)}`;
}

function shown(value: Decimal | undefined): string {
  return value === undefined ? 'none' : text(value);
}
