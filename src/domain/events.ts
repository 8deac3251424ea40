// Events: what a record tells the outside. A function of the record alone, so that a restart
// tells them again under the same ids.
import { bookOf } from './closing.ts';
import { pauseReasons } from './entries.ts';
import { noAccount } from './ids.ts';
import type { CloseOutcomeBody, JournalRecord } from './records.ts';

export type EventName =
  | 'position.tracked'
  | 'position.amended'
  | 'position.exits-moved'
  | 'position.closed'
  | 'position.partially-closed'
  | 'position.close-amended'
  | 'position.close-failed'
  | 'position.untracked'
  | 'guard.warning'
  | 'guard.breached'
  | 'guard.restored'
  | 'account.halted'
  | 'account.resumed'
  | 'account.adjusted'
  | 'account.rules-replaced'
  | 'entries.halted'
  | 'entries.resumed'
  | 'market.warning'
  | 'market.critical'
  | 'market.cleared'
  | 'feed.switched'
  | 'bulk.progressed'
  | 'deadletter.added'
  | 'deadletter.cleared'
  | 'deadletter.alarm'
  | 'drift.detected';

/** An event without its number. */
export interface EventDraft {
  readonly event: EventName;
  readonly accountId: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An event as it goes out; `seq` counts the account's events from 1, `ts` is in milliseconds. */
export type RuntimeEvent = {
  id: string;
  seq: number;
  event: EventName;
  accountId: string;
  ts: number;
} & Record<string, unknown>;

const none: readonly EventDraft[] = [];

/** What the record alone tells; that entries are halted or resumed is told by what it changes. */
export function eventsOf(record: JournalRecord): readonly EventDraft[] {
  const { accountId } = record;
  const one = (event: EventName, fields: object): EventDraft => ({
    event,
    accountId,
    fields: fields as Record<string, unknown>,
  });
  switch (record.type) {
    case 'position.tracked':
      return [one('position.tracked', record.body.position)];
    case 'position.amended':
      return [one('position.amended', record.body)];
    case 'position.exits-moved': {
      const { positionId, moves, quote } = record.body;
      return [one('position.exits-moved', { positionId, ...moves, quote: bookOf(quote) })];
    }
    case 'position.untracked':
      return [one('position.untracked', record.body)];
    case 'close.filled':
      return [one('position.closed', withCause(record.body))];
    case 'close.partially-filled':
      return [one('position.partially-closed', withCause(record.body))];
    case 'close.amended':
      return [one('position.close-amended', record.body.result)];
    case 'bulk.progressed':
      return [one('bulk.progressed', record.body)];
    case 'deadletter.added':
      return [one('deadletter.added', record.body)];
    case 'deadletter.cleared':
      return [one('deadletter.cleared', record.body)];
    case 'deadletter.alarmed':
      return [one('deadletter.alarm', record.body)];
    case 'drift.detected': {
      const { drift, policy, route } = record.body;
      return [one('drift.detected', { ...drift, policy, route })];
    }
    case 'runtime.paused': {
      const reasons = pauseReasons(record.body);
      return [one('entries.halted', { ...record.body, allowed: false, reasons })];
    }
    case 'runtime.resumed':
      return [one('entries.resumed', { ...record.body, allowed: true, reasons: [] })];
    case 'close.rejected':
    case 'close.failed':
      return [one('position.close-failed', withCause(record.body))];
    case 'rule.warned':
      return [one('guard.warning', record.body)];
    case 'rule.breached':
      return [one('guard.breached', record.body)];
    case 'rule.restored':
      return [one('guard.restored', record.body)];
    case 'account.settled':
      return [one('account.halted', { by: 'breach', ...record.body })];
    case 'account.halted':
      return [one('account.halted', record.body)];
    case 'account.resumed':
      return [one('account.resumed', record.body)];
    case 'rules.replaced':
      return [one('account.rules-replaced', record.body)];
    case 'account.adjusted':
      return [one('account.adjusted', record.body)];
    case 'market.changed': {
      const { level, ...rest } = record.body;
      const event = level === 'clear' ? 'market.cleared' : (`market.${level}` as const);
      return [{ event, accountId: noAccount, fields: rest }];
    }
    case 'feed.switched':
      return [one('feed.switched', record.body)];
    default:
      return none;
  }
}

/** What closed it: which rule and which breach, or what the guard of its market measured. */
function withCause({ intent, result }: CloseOutcomeBody): object {
  const { ruleId, breachId, market } = intent;
  return {
    ...result,
    ...(ruleId === undefined ? {} : { ruleId }),
    ...(breachId === undefined ? {} : { breachId }),
    ...(market?.level === undefined ? {} : { market }),
  };
}

/** With their ids and numbers; `seqBefore` is that of the account's last event. */
export function numbered(
  record: JournalRecord,
  drafts: readonly EventDraft[],
  seqBefore: number,
): RuntimeEvent[] {
  return drafts.map(({ event, accountId, fields }, i) => ({
    ...fields,
    id: `evt_${record.partition}_${record.seq}_${i}`,
    seq: seqBefore + i + 1,
    event,
    accountId,
    ts: record.ts,
  }));
}
