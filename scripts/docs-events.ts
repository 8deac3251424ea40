// Every event: when it is told, and what it carries beside what all have. The compiler says which
// event, or which field of one, is missing here.
import type { CloseResult, MarketCause } from '#src/domain/closing';
import type { Drift } from '#src/domain/drift';
import type { Entries } from '#src/domain/entries';
import type { EventName } from '#src/domain/events';
import type { ExitMoves } from '#src/domain/exits';
import type { PositionRecord, RecordBodies, RuleBreach } from '#src/domain/records';
import { code, table } from './docs-fields.ts';
import { linkTo, ruleBreach, ruleObservation, shapes, type FieldTexts } from './docs-shapes.ts';

/** With what a breach, or a market guard, says of its closes. */
type CloseTold = CloseResult & { ruleId?: string; breachId?: string; market?: MarketCause };

interface Payloads {
  'position.tracked': Omit<PositionRecord, 'accountId'>;
  'position.amended': RecordBodies['position.amended'];
  'position.exits-moved': { positionId: string; quote: object } & ExitMoves;
  'position.closed': CloseTold;
  'position.partially-closed': CloseTold;
  'position.close-amended': CloseResult;
  'position.close-failed': CloseTold;
  'position.untracked': RecordBodies['position.untracked'];
  'guard.warning': RecordBodies['rule.warned'];
  'guard.breached': RuleBreach;
  'guard.restored': RecordBodies['rule.restored'];
  'account.halted': { by: string; reason?: string; breachId?: string };
  'account.resumed': RecordBodies['account.resumed'];
  'account.adjusted': RecordBodies['account.adjusted'];
  'account.rules-replaced': RecordBodies['rules.replaced'];
  'entries.halted': Entries & { symbol?: string } & Partial<RecordBodies['runtime.paused']>;
  'entries.resumed': Entries & { symbol?: string } & Partial<RecordBodies['runtime.resumed']>;
  'market.warning': Omit<RecordBodies['market.changed'], 'level'>;
  'market.critical': Omit<RecordBodies['market.changed'], 'level'>;
  'market.cleared': Omit<RecordBodies['market.changed'], 'level'>;
  'feed.switched': RecordBodies['feed.switched'];
  'bulk.progressed': RecordBodies['bulk.progressed'];
  'deadletter.added': RecordBodies['deadletter.added'];
  'deadletter.cleared': RecordBodies['deadletter.cleared'];
  'deadletter.alarm': RecordBodies['deadletter.alarmed'];
  'drift.detected': Drift & Pick<RecordBodies['drift.detected'], 'policy' | 'route'>;
}

type EventTexts = {
  readonly [E in EventName]: {
    readonly told: string;
    readonly fields: FieldTexts<Payloads[E]>;
  };
};

const closeResult = shapes['Close result'];
const closeTold = {
  ...closeResult,
  'ruleId?': 'of the breach that closed it',
  'breachId?': 'of it',
  'market?': 'of a market guard: `{level, limit, measured?, before?}`, as in `market.warning`',
};
const market = {
  symbol: '',
  condition: '`gap`, `spread`, `liquidity`, `volatility` or `stale`',
  'side?': 'of liquidity: `long` is that of the bid',
  'measured?': 'percent, lots, standard deviations or seconds',
  limit: 'as the guard has it',
  'before?': 'the mid before a gap',
};
const entries = {
  allowed: '',
  reasons: 'every one, of this account or, under `_`, of the symbol or the runtime',
  'symbol?': 'whose market it is',
  'reason?': 'of a pause or its end',
  'by?': 'who paused or resumed the runtime',
};

export const events: EventTexts = {
  'position.tracked': {
    told: 'a position is guarded',
    fields: {
      positionId: '',
      'ticket?': '',
      symbol: '',
      side: '',
      quantity: '',
      entryPrice: '',
      openedAt: '',
      exits: '',
      'stopLossId?': '',
      'takeProfitId?': '',
      'closeOrderId?': '',
    },
  },
  'position.amended': { told: 'its exits were replaced', fields: { positionId: '', exits: '' } },
  'position.exits-moved': {
    told: 'break-even moved the stop, or a trailing stop was armed or reached a tier; not for each move of a trail',
    fields: {
      positionId: '',
      'stop?': 'where break-even put it',
      'activatedAt?': 'first peak',
      'tiers?': 'reached ones, by place',
      quote: 'that did it',
    },
  },
  'position.closed': { told: 'all that was left is closed', fields: closeTold },
  'position.partially-closed': { told: 'a part is closed', fields: closeTold },
  'position.close-amended': {
    told: 'price or P&L of a close became known later',
    fields: closeResult,
  },
  'position.close-failed': {
    told: 'a close was rejected, and is tried again, or was given up',
    fields: closeTold,
  },
  'position.untracked': {
    told: 'guarding ended without a close',
    fields: { positionId: '', reason: '', by: '' },
  },
  'guard.warning': { told: 'a rule warns', fields: ruleObservation },
  'guard.breached': {
    told: 'a rule is breached, whatever its action',
    fields: ruleBreach,
  },
  'guard.restored': {
    told: 'breaches that halted entries, or reduced, are over',
    fields: { ruleIds: '', 'observed?': 'by the first; absent without margin in use' },
  },
  'account.halted': {
    told: 'every close of a breach has its outcome, or an operator halted the account',
    fields: {
      by: '`breach`, or the client that asked',
      'reason?': 'of the operator',
      'breachId?': 'of the breach',
    },
  },
  'account.resumed': {
    told: 'a halt was ended',
    fields: { reason: '', by: '', 'acknowledge?': 'the breach', equity: 'the new peak' },
  },
  'account.adjusted': {
    told: 'a deposit or withdrawal was booked',
    fields: { amount: '', reason: '', by: '' },
  },
  'account.rules-replaced': {
    told: 'rules were replaced',
    fields: { rules: '', 'preset?': '', by: '', equity: 'from which new anchors begin' },
  },
  'entries.halted': {
    told: 'entries are not allowed any more, or the reasons have changed',
    fields: entries,
  },
  'entries.resumed': { told: 'the last of the reasons is gone', fields: entries },
  'market.warning': { told: 'a market guard is at its limit (under `_`)', fields: market },
  'market.critical': { told: 'it is at twice its limit (under `_`)', fields: market },
  'market.cleared': { told: 'it is over (under `_`)', fields: market },
  'feed.switched': {
    told: 'quotes of another feed count from now on (under `_`)',
    fields: {
      symbol: '',
      to: '`primary` or `fallback`',
      feed: 'its name',
      reason: '`silent`: the one before said nothing; `back`: the primary has been quoting again',
    },
  },
  'bulk.progressed': {
    told: 'a bulk close is further',
    fields: { bulkId: '', reason: '', total: '', closed: '', failed: '', pending: '', pnl: '' },
  },
  'deadletter.added': {
    told: 'a close failed three times',
    fields: { closeId: '', positionId: '', reason: '', attempts: '', lastError: '' },
  },
  'deadletter.cleared': {
    told: 'a dead letter is over',
    fields: {
      closeId: '',
      positionId: '',
      how: '`closed`, `discarded`, `superseded` or `untracked`',
      'reason?': '',
      'by?': '',
    },
  },
  'deadletter.alarm': {
    told: 'dead letters are still open (under `_`)',
    fields: { open: 'how many', oldestSince: 'milliseconds' },
  },
  'drift.detected': {
    told: 'the provider says something else than is known here',
    fields: {
      kind: '',
      'positionId?': '',
      'ticket?': '',
      'symbol?': '',
      'ours?': '',
      'theirs?': '',
      policy: '`alarm`, `adopt` or `close`',
      route: '',
    },
  },
};

function fieldsCell(fields: Readonly<Record<string, string>>): string {
  const isClose = 'closeTimestamp' in fields;
  const own = Object.entries(fields).filter(([name]) => !isClose || !(name in closeResult));
  const shown = own.map(([name, what]) => (what === '' ? code(name) : `${code(name)} (${what})`));
  return [...(isClose ? [linkTo('Close result')] : []), ...shown].join(', ');
}

export function eventTable(): string {
  const rows = Object.entries(events).map(([event, { told, fields }]) => [
    code(event),
    told,
    fieldsCell(fields),
  ]);
  return table(['event', 'told when', 'fields'], rows);
}
