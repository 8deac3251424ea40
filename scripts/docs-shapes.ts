// What replies and events carry, field by field. Where they have a type the compiler says which field
// is missing here; test/docs/reference.test.ts holds the rest against a running runtime.
import type { Reconciliation } from '#actors/reconciler';
import type { BulkCloseResult, CloseResult } from '#src/domain/closing';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { closeReasonOf, conditions } from '#src/domain/market-conditions';
import type { RuleBreach, RuleObservation } from '#src/domain/records';
import type { DeadLetter } from '#src/domain/state';
import type { RuntimeStatus } from '#src/host/types';
import { code, table } from './docs-fields.ts';

/** A text for each field; `?` ends the name of one that may be absent. */
export type FieldTexts<T> = {
  [K in keyof T & string as undefined extends T[K] ? `${K}?` : K]: string;
};

const closeResult: FieldTexts<CloseResult> = {
  closeId: '`close_…`; the same however often it is asked for',
  success: 'whether it is closed',
  outcome: '`closed`, `pending`, `unknown` or `failed`',
  positionId: '',
  accountId: '',
  'ticket?': '',
  quantity: 'of this close',
  'closedPrice?': 'the fill; absent while nobody has told it',
  'triggerPrice?': 'the level; absent for money, time, guards and operators',
  'pnl?': 'after commission, in account currency',
  'commission?': 'in account currency',
  closeReason:
    '`stop_loss`, `take_profit`, `trailing_stop`, `break_even`, `expired`, ' +
    `${conditions.map((condition) => code(closeReasonOf(condition))).join(', ')}, ` +
    '`drawdown_critical`, `margin_stop_out`, or what was asked for',
  closeTimestamp: 'milliseconds',
  attempts: 'how often it was sent',
  clientOrderId: 'under which it was sent',
  'bulkId?': 'of the bulk close that it belongs to',
  'dryRun?': 'not in this version',
  'errorMessage?': 'why it is not closed',
};

const bulkCloseResult: FieldTexts<BulkCloseResult> = {
  bulkId: '',
  totalPositions: 'asked for, malformed entries included',
  successfulCloses: '',
  failedCloses: '',
  totalPnl: 'of what is closed, in account currency',
  closeReason: '',
  results: 'a [close result](#close-result) each, in the order in which they were closed',
  'truncated?':
    '`true` on NATS with more than 500: failures first, the rest by `ledger.list {bulkId}`',
};

const account = {
  accountId: '',
  currency: '',
  mode: '',
  'route?': '',
  balance: '',
  equity: 'balance and what floats; what is in `unpriced` counts 0',
  'peakEquity?': 'highest equity, where a rule asks for it',
  state: '`normal`, `warning`, `grace`, `closing` or `halted`',
  'breachId?': 'of the breach that halted it: what `account.resume` has to acknowledge',
  'graceUntil?': 'when the closes of the breach begin',
  entries: '`{allowed, reasons}`: whether a new position may be entered, and every reason why not',
  rules: 'of each rule `{id, anchor, anchorValue, floor, observed?, distance?, state}`',
  'unpriced?': '`{symbol, positions}` each: symbols whose first quote so many positions wait for',
  openPositions: 'how many are open or closing',
};

const guardStatus = {
  accountId: '',
  state: 'as of the [account](#account)',
  balance: '',
  equity: '',
  initialBalance: 'as adjustments have left it',
  'usedMargin?': 'absent where none is used or no rule asks for it',
  'unpriced?': 'as of the [account](#account)',
  'breach?':
    '`{by, reason, breachId, ruleId, observed, floor, graceUntil?}` of the one that halted it',
  entries: 'as of the [account](#account)',
  rules: 'a [standing](#standing-of-a-rule) each',
};

const standing = {
  id: '',
  anchor: '',
  anchorValue: 'what the floor is measured from; of `fixed` and `marginLevel` the floor itself',
  floor: '',
  'observed?': 'the value held against it; absent for a margin level without margin in use',
  'distance?': 'observed less floor',
  state: '`normal`, `warning` or `breached`',
  'anchorMovedBy?': '`created`, `quote`, `rollover`, `adjusted`, `resumed` or `rules`',
  'anchorMovedAt?': 'milliseconds',
  action: '',
  'graceSeconds?': 'where there is one',
  observes: '`equity`, `balance` or `marginLevel`',
  'warnAt?': 'observed value at which it warns',
  'distancePct?': 'the distance in percent of what is observed',
  'breachId?': 'of a breach that is not over and closes nothing for good',
  'timezone?': 'of a day',
  'resetAt?': 'of a day',
};

const position = {
  positionId: '',
  accountId: '',
  'ticket?': '',
  symbol: '',
  side: '',
  quantity: 'as it was tracked',
  entryPrice: '',
  openedAt: 'milliseconds',
  exits:
    'as they stand: `stopLoss` where it was moved to, `breakEven.moved`, `trailing.armed`, `.peak`, ' +
    '`.trail`, `.tiers[].reached`, `ladder[].done`',
  'stopLossId?': '',
  'takeProfitId?': '',
  'closeOrderId?': '',
  state: '`guarded`, `closing` or `closed`; `untracked` in the answer to `position.untrack`',
  remainingQuantity: 'what is left',
  'unrealisedPnl?': 'of what is left, in account currency; absent without a quote, and when closed',
  'closeId?': 'of the close under way, or the last one',
};

const marketGuard = {
  symbol: '',
  gap: '`false`, or what is configured and `{state, since?, measured?}`: `normal`, `warning` or `critical`',
  spread: 'the same',
  liquidity: 'the same, but `long` and `short` each with `{state, since?, measured?}`',
  volatility:
    'as `gap`, and `windows`: `{known, needed}`, how many are over of those that it takes before it says anything',
  stale: 'as `gap`',
  'reject?': 'as it is configured',
  'feeds?': 'as it is configured, and `active`: `primary` or `fallback`',
  quotes:
    '`{lastTs?, held?, sequences?: [{feed?, last, holes, missed, repeats}]}`: the last quote that counted, how many are held, and what the numbers of each feed left out or told twice',
  entries: '`{allowed, reasons}` in the symbol, whatever the account',
};

const deadLetter: FieldTexts<
  Omit<DeadLetter, 'end' | 'order'> & { nextAttemptAt?: number; endedAt?: number; how?: string }
> = {
  closeId: '',
  positionId: '',
  accountId: '',
  reason: 'of the close',
  attempts: '',
  lastError: '',
  since: 'milliseconds',
  'nextAttemptAt?': 'milliseconds, where it is tried again',
  'endedAt?': 'milliseconds, where it is over',
  'how?': '`closed`, `discarded`, `superseded` or `untracked`',
};

const reconciliation: FieldTexts<Reconciliation & { ageMs?: number }> = {
  accountId: '',
  'ranAt?': 'milliseconds; absent before the first',
  'ageMs?': 'how long that is ago',
  complete: 'whether the provider listed all of its positions',
  drifts: '`{kind, positionId?, ticket?, symbol?, ours?, theirs?, since}` each',
  'error?': 'why it is not complete',
};

const ledgerRow: FieldTexts<LedgerRow> = {
  id: '`rlog_<partition>_<seq>`',
  'closeId?': '',
  userId: 'the account',
  eventType:
    'such as `position_closed`, `guard_breached` or, under `_`, `market_warning` and `feed_switched`',
  description: 'for people',
  metaData: 'the same for programs',
  status: '0 success, 1 pending or unknown, 2 failed',
  createdAt: 'ISO-8601',
  partition: 'each has a hash chain of its own',
  seq: 'counts the rows of the partition',
  prevHash: '',
  hash: 'SHA-256 over the RFC 8785 form of the row without it',
};

const runtimeStatus: FieldTexts<RuntimeStatus & { paused?: object }> = {
  state: '`ready`, `draining`, …',
  version: '',
  ready: '',
  uptimeMs: '',
  components: 'health by part',
  counters: 'numbers by name',
  'paused?': '`{reason, by}`',
};

export const ruleObservation: FieldTexts<RuleObservation> = {
  ruleId: '',
  observed: '',
  floor: '',
  anchorValue: '',
  'quote?': 'on which it happened',
  'equity?': 'of a margin level, in account currency',
  'usedMargin?': 'the same',
  'positions?': 'the worst with their P&L',
  'positionsTotal?': '',
};

export const ruleBreach: FieldTexts<RuleBreach> = {
  ...ruleObservation,
  breachId: 'to acknowledge',
  reason: '`drawdown_critical` or `margin_stop_out`',
  'action?': '`close` where absent',
  'also?': 'rules breached by the same quote that count less',
  'graceUntil?': 'milliseconds',
};

/** By their headings. */
export const shapes = {
  Account: account,
  'Guard status of an account': guardStatus,
  'Standing of a rule': standing,
  Position: position,
  'Close result': closeResult,
  'Bulk close result': bulkCloseResult,
  'Market guard': marketGuard,
  'Dead letter': deadLetter,
  Reconciliation: reconciliation,
  'Ledger row': ledgerRow,
  'Runtime status': runtimeStatus,
} as const satisfies Record<string, Record<string, string>>;
export type ShapeName = keyof typeof shapes;

/** A link to the table of a shape, in these words. */
export function linkTo(name: ShapeName, words: string = name.toLowerCase()): string {
  return `[${words}](#${name.toLowerCase().replaceAll(' ', '-')})`;
}

export function shapeTables(): string {
  return Object.entries(shapes)
    .map(([name, fields]) => {
      const rows = Object.entries(fields).map(([field, what]) => [code(field), what]);
      return `### ${name}\n\n${table(['field', 'what'], rows)}`;
    })
    .join('\n\n');
}
