// What may be recorded of closes that go to a provider: one story of every step there is, and stories
// by chance.
import fc from 'fast-check';
import { apply } from '#src/domain/apply';
import {
  failedResult,
  intentOf,
  nextIntent,
  type CloseIntent,
  type FillMark,
} from '#src/domain/closing';
import { Decimal, decimal, text } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import { routeOf } from '#src/domain/route';
import { emptyState, isOpen, type Position } from '#src/domain/state';
import type { JournalEntry } from '#src/ports/journal';
import * as close from '../domain/close-drafts.ts';
import * as make from './entries.ts';
import { Entries, firstTs } from './entries.ts';

const accountId = 'live';
const cause = { reason: 'stop_loss', triggerPrice: '1.392' };

const setUp: readonly Draft[] = [
  { type: 'route.put', accountId: '_', body: { route: routeOf({ route: 'demo' }) } },
  make.created(accountId, '1000.25', { mode: 'LIVE', route: 'demo' }),
];

function failed(intent: CloseIntent): Draft {
  const result = failedResult(intent, 'discarded', firstTs + 9);
  return { type: 'close.failed', accountId, body: { intent, result, reasons: [intent.reason] } };
}

function retried(positionId: string, closeId: string): Draft {
  const body = { closeId, positionId, reason: 'again', by: 'op' };
  return { type: 'deadletter.retried', accountId, body };
}

/** The first close of a position, and its next attempt when so much is left. */
function attempts(positionId: string, left = '1.5'): [CloseIntent, CloseIntent] {
  const position = { accountId, positionId, symbol: 'EURUSD', side: 'long' as const };
  const all = { ...position, remainingQuantity: decimal('1.5'), generation: 0 };
  const first = intentOf(all, cause, firstTs, { route: 'demo' });
  const then = { ...position, remainingQuantity: decimal(left), generation: 1 };
  return [first, nextIntent(first, then)];
}

function markOf({ clientOrderId: orderKey }: CloseIntent, filled: string): FillMark {
  return { orderKey, filled };
}

const [parted, rest] = attempts('parts', '1');
const [lost, again] = attempts('lost');
const [refused] = attempts('refused');
const [own] = attempts('own');
const drift = { kind: 'quantity', positionId: 'own', ours: '1.5', theirs: '0.7' } as const;
const bulk = { bulkId: 'bulk_1', reason: 'manual', total: 2, closed: 0, failed: 0, pnl: '0' };

/** Every type of record that comes with a provider, in an order that a runtime could write. */
export const liveStory: readonly Draft[] = [
  ...setUp,
  make.tracked(accountId, 'parts'),
  make.tracked(accountId, 'lost', { stopLossId: 'sl-lost' }),
  make.tracked(accountId, 'refused'),
  make.tracked(accountId, 'own', { ticket: 7 }),
  // Filled in parts: the first by the first order, what is left by the second.
  close.intended(parted),
  close.sent(parted),
  close.unknown(parted),
  close.sent(parted, 2),
  close.acknowledged(parted),
  close.partlyFilled(parted, '0.5', markOf(parted, '0.5'), ['-3.125', '0.25']),
  close.unknown(parted),
  close.rejected(parted),
  close.intended(rest),
  close.unknown(parted, 2, 'of the order before'),
  close.filledBy(rest, markOf(rest, '1'), ['-7', '0.5']),
  close.acknowledged(rest),
  // Never answered for, a dead letter, and gone in the end.
  { type: 'bulk.progressed', accountId, body: { ...bulk, pending: 2 } },
  close.intended(lost),
  close.unknown(lost),
  close.unknown(lost, 2),
  close.unknown(lost, 3),
  make.letterAdded(accountId, 'lost', lost.closeId),
  { type: 'deadletter.alarmed', accountId: '_', body: { open: 1, oldestSince: firstTs } },
  close.unknown(lost, 4, 'nul\0 in it'),
  close.rejected(lost, 5, 'not now'),
  close.intended(again),
  retried('lost', lost.closeId),
  close.unknown(lost, 6, 'of the order before'),
  close.gone(again),
  make.letterCleared(accountId, 'lost', lost.closeId, { how: 'closed' }),
  close.amended(again, '-12.5', markOf(again, '1.5')),
  // Given up by a person.
  close.intended(refused),
  close.rejected(refused, 3),
  make.letterAdded(accountId, 'refused', refused.closeId),
  make.letterCleared(accountId, 'refused', refused.closeId, {
    how: 'discarded',
    by: 'op',
    reason: "it's gone",
  }),
  make.letterCleared(accountId, 'refused', refused.closeId, { how: 'closed' }),
  failed(refused),
  // A part of it closed by the provider itself, and what the provider says taken over.
  close.partlyFilled(own, '0.5', markOf(own, '0.5'), ['1.1', '0']),
  { type: 'drift.detected', accountId, body: { drift, policy: 'adopt', route: 'demo' } },
  {
    type: 'position.corrected',
    accountId,
    body: { positionId: 'own', remainingQuantity: '0.7', entryPrice: '1.4' },
  },
  { type: 'position.corrected', accountId, body: { positionId: 'own', exits: {} } },
  { type: 'drift.cleared', accountId, body: { drift } },
  { type: 'runtime.paused', accountId: '_', body: { reason: 'news', by: 'op' } },
  { type: 'runtime.resumed', accountId: '_', body: { reason: 'over', by: 'op' } },
];

const positionIds = ['p1', 'p2', 'p3'];
const names = [
  'intend',
  'again',
  'sent',
  'acknowledge',
  'unknown',
  'reject',
  'part',
  'fill',
  'gone',
  'fail',
  'amend',
  'correct',
  'untrack',
  'letter',
  'letterCleared',
  'adjust',
] as const;

export interface LiveStep {
  readonly name: (typeof names)[number];
  readonly positionId: string;
  /** Hundredths of what is left, a P&L, and whatever else there is to choose. */
  readonly size: number;
  /** Of the close before the one under way. */
  readonly isLate: boolean;
}

export const liveSteps: fc.Arbitrary<LiveStep[]> = fc.array(
  fc.record({
    name: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('intend' as const, 'unknown' as const) },
      { weight: 8, arbitrary: fc.constantFrom(...names) },
    ),
    positionId: fc.constantFrom(...positionIds),
    size: fc.integer({ min: 1, max: 99 }),
    isLate: fc.boolean(),
  }),
  { maxLength: 120, size: 'max' },
);

/** The entries of a story by chance; steps that no runtime could take are left out. */
export class LiveStory {
  readonly state = emptyState();
  readonly entries: JournalEntry[] = [];
  private readonly numbered = new Entries();
  /** Of each position, in order. */
  private readonly intents = new Map<string, CloseIntent[]>();

  constructor(steps: readonly LiveStep[]) {
    this.tell(make.put('EURUSD', 'USD'));
    for (const draft of setUp) this.tell(draft);
    for (const positionId of positionIds) this.tell(make.tracked(accountId, positionId));
    for (const step of steps) {
      const draft = this.draftOf(step);
      if (draft !== undefined) this.tell(draft);
    }
  }

  private tell(draft: Draft): void {
    const entries = this.numbered.of([draft]);
    this.entries.push(...entries);
    for (const { record } of entries) apply(this.state, record);
    if (draft.type !== 'close.intended') return;
    const { intent } = draft.body;
    this.intents.set(intent.positionId, [...(this.intents.get(intent.positionId) ?? []), intent]);
  }

  private draftOf({ name, positionId, size, isLate }: LiveStep): Draft | undefined {
    if (name === 'adjust') return make.adjusted(accountId, `${size}.01`);
    const position = this.state.positions.get(positionId);
    if (position === undefined) return undefined;
    const letter = position.deadLetter;
    if (name === 'letterCleared') {
      const how = isLate ? 'superseded' : 'closed';
      return letter === undefined
        ? undefined
        : make.letterCleared(accountId, positionId, letter, { how });
    }
    if (name === 'amend') return this.amended(position, size);
    const isUnderWay = position.intent !== undefined;
    const late = this.intents.get(positionId)?.at(isLate && isUnderWay ? -2 : -1);
    const told = late && toldOf(name, late, size);
    if (told !== undefined || !isOpen(position)) return told;
    const intent = position.intent ?? intentOf(position, cause, firstTs, { route: 'demo' });
    switch (name) {
      case 'intend':
        return isUnderWay ? undefined : close.intended(intent);
      case 'again':
        return isUnderWay ? close.intended(nextIntent(intent, position)) : undefined;
      case 'letter':
        // A close has one letter: the end of it is the end of the close, or a person's.
        if (letter !== undefined || !isUnderWay) return undefined;
        if (this.state.closedLetters.has(intent.closeId)) return undefined;
        return make.letterAdded(accountId, positionId, intent.closeId);
      case 'untrack':
        return isUnderWay || size > 10 ? undefined : make.untracked(accountId, positionId);
      case 'fail':
        return isUnderWay ? failed(intent) : undefined;
      case 'gone':
        return size > 20 ? undefined : close.gone(intent);
      case 'fill':
        return size > 20
          ? undefined
          : close.filledBy(intent, markOf(intent, '9'), [`${size}`, '1']);
      case 'part':
        return partOf(position, intent, size);
      default:
        return correctionOf(positionId, size);
    }
  }

  /** A price that was missing, at the most once a result. */
  private amended({ positionId, result }: Position, size: number): Draft | undefined {
    const intent = this.intents.get(positionId)?.find(({ clientOrderId }) => {
      return clientOrderId === result?.clientOrderId;
    });
    if (intent === undefined || result?.success !== true) return undefined;
    return result.pnl === undefined ? close.amended(intent, `${size}.5`) : undefined;
  }
}

/** What a provider, or its silence, tells of an order: of any, at any time. */
function toldOf(name: LiveStep['name'], intent: CloseIntent, size: number): Draft | undefined {
  switch (name) {
    case 'sent':
      return close.sent(intent, size);
    case 'acknowledge':
      return close.acknowledged(intent);
    case 'unknown':
      return close.unknown(intent, size, `error ${size}`);
    case 'reject':
      return close.rejected(intent, size, `error ${size}`);
    default:
      return undefined;
  }
}

function partOf(position: Position, intent: CloseIntent, size: number): Draft | undefined {
  const quantity = text(position.remainingQuantity.times(new Decimal(size).div(100)));
  const before = position.fills.get(intent.clientOrderId)?.filled ?? new Decimal(0);
  const mark = markOf(intent, text(before.plus(quantity)));
  const draft = close.partlyFilled(intent, quantity, mark, [`-${size}.125`, '0.5']);
  if (draft.type !== 'close.partially-filled' || size % 2 === 0) return draft;
  // Its price, or the rate for its P&L, is not known yet.
  const { pnl: _pnl, commission: _commission, ...result } = draft.body.result;
  return { ...draft, body: { ...draft.body, result } };
}

function correctionOf(positionId: string, size: number): Draft {
  const bodies = [
    { positionId, remainingQuantity: `${size}.5` },
    { positionId, entryPrice: `1.${size}1` },
    { positionId, exits: { stopLoss: `1.${size}1` } },
    { positionId, remainingQuantity: `${size}`, entryPrice: '1.5', exits: {} },
  ];
  const body = bodies[size % bodies.length] as (typeof bodies)[number];
  return { type: 'position.corrected', accountId, body };
}
