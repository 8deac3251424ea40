// Journal entries for the ledger's tests: drafts in, entries in their place out.
import { chainStart, hashOf } from '#src/domain/chain';
import { failedResult, filledResult, intentOf } from '#src/domain/closing';
import type { CloseCause, CloseIntent } from '#src/domain/closing';
import { noAccount, partitionOf } from '#src/domain/ids';
import { decimal } from '#src/domain/money';
import { recordVersion, type Draft, type JournalRecord } from '#src/domain/records';
import type { AccountRecord, PositionRecord, RecordBodies } from '#src/domain/records';
import type { RuleRecord } from '#src/domain/rules';
import type { JournalEntry } from '#src/ports/journal';

export const firstTs = 1_399_500_000_123;

/** Numbers and chains drafts, as a journal does. */
export class Entries {
  readonly #seqs = new Map<number, number>();
  readonly #hashes = new Map<number, string>();
  #n = 0;

  of(drafts: readonly Draft[], ts?: number): JournalEntry[] {
    return drafts.map((draft) => this.#entry(draft, ts));
  }

  #entry(draft: Draft, ts: number | undefined): JournalEntry {
    const partition = partitionOf(draft.accountId);
    const seq = (this.#seqs.get(partition) ?? 0) + 1;
    const n = ++this.#n;
    const place = { n, v: recordVersion, partition, epoch: 1, seq, ts: ts ?? firstTs + n };
    const record: JournalRecord = { ...draft, ...place };
    const prevHash = this.#hashes.get(partition) ?? chainStart;
    const hash = hashOf({ ...record, prevHash });
    this.#seqs.set(partition, seq);
    this.#hashes.set(partition, hash);
    return { record, prevHash, hash };
  }
}

export function put(symbol: string, quoteCurrency: string): Draft {
  const instrument = { symbol, quoteCurrency, contractSize: '100000' };
  return { type: 'instrument.put', accountId: noAccount, body: { instrument } };
}

export function created(
  accountId: string,
  balance = '10000',
  more: Partial<AccountRecord> = {},
): Draft {
  const rules = [{ id: 'peak', anchor: 'peakEquity' as const, limitPct: '20' }];
  const paper = { accountId, currency: 'USD', mode: 'PAPER' as const, balance, rules };
  const account = { ...paper, ...more };
  return { type: 'account.created', accountId, body: { account } };
}

function positionOf(accountId: string, positionId: string): PositionRecord {
  return {
    positionId,
    accountId,
    symbol: 'EURUSD',
    side: 'long',
    quantity: '1.5',
    entryPrice: '1.39300',
    openedAt: firstTs,
    exits: { stopLoss: '1.392' },
  };
}

export function tracked(
  accountId: string,
  positionId: string,
  more: Partial<PositionRecord> = {},
): Draft {
  const position = { ...positionOf(accountId, positionId), ...more };
  return { type: 'position.tracked', accountId, body: { position } };
}

export interface CloseDrafts {
  intent: CloseIntent;
  intended: Draft;
  /** Behind a close of a part. */
  queued: Draft;
  filled: Draft;
  failed: Draft;
}

/** What may be recorded of one close. */
export function closeOf(
  accountId: string,
  positionId: string,
  more: {
    cause?: Partial<CloseCause>;
    pnl?: string;
    generation?: number;
    error?: string;
    part?: string;
  } = {},
): CloseDrafts {
  const { cause, pnl = '-150.25', generation = 1, error = 'no quote', part } = more;
  const position = {
    ...positionOf(accountId, positionId),
    remainingQuantity: decimal('1.5'),
    generation: generation - 1,
  };
  const quote = { bid: '1.3919', ask: '1.392', ts: firstTs };
  const stopLoss = { reason: 'stop_loss', triggerPrice: '1.392' };
  const seen = { quote };
  const ofPart = part === undefined ? undefined : decimal(part);
  const intent = intentOf(position, { ...stopLoss, ...cause }, firstTs, seen, ofPart);
  const filled = filledResult(intent, { price: '1.3919', pnl, commission: '0' }, firstTs + 5);
  const failed = failedResult(intent, error, firstTs + 5);
  const reasons = [intent.reason];
  return {
    intent,
    intended: { type: 'close.intended', accountId, body: { intent } },
    queued: { type: 'close.queued', accountId, body: { intent } },
    filled: { type: 'close.filled', accountId, body: { intent, result: filled, reasons } },
    failed: { type: 'close.failed', accountId, body: { intent, result: failed, reasons } },
  };
}

export function adjusted(accountId: string, amount: string, reason = 'deposit'): Draft {
  return { type: 'account.adjusted', accountId, body: { amount, reason, by: 'operator' } };
}

export function untracked(accountId: string, positionId: string, reason = 'moved'): Draft {
  const body = { positionId, reason, by: 'operator' };
  return { type: 'position.untracked', accountId, body };
}

export function breached(
  accountId: string,
  breachId: string,
  more: Partial<RecordBodies['rule.breached']> = {},
): Draft {
  const seen = { ruleId: 'peak', observed: '7900', floor: '8000', anchorValue: '10000' };
  const body = { ...seen, breachId, reason: 'drawdown_critical', ...more };
  return { type: 'rule.breached', accountId, body };
}

/** Rules beside the one that every account here has. */
export function rulesReplaced(accountId: string, ...more: RuleRecord[]): Draft {
  const rules = [{ id: 'peak', anchor: 'peakEquity' as const, limitPct: '20' }, ...more];
  return { type: 'rules.replaced', accountId, body: { rules, by: 'op', equity: '9000' } };
}

export function restored(accountId: string, ...ruleIds: string[]): Draft {
  return { type: 'rule.restored', accountId, body: { ruleIds, observed: '9001' } };
}

export function exitsMoved(accountId: string, positionId: string, stop: string): Draft {
  const moved = { long: [[3, '1.401'] as const] };
  const quote = { bid: '1.4', ask: '1.4001', ts: firstTs, n: 4, moved };
  return { type: 'position.exits-moved', accountId, body: { positionId, moves: { stop }, quote } };
}

export function warned(accountId: string, ruleId: string): Draft {
  const body = { ruleId, observed: '8400', floor: '8000', anchorValue: '10000' };
  return { type: 'rule.warned', accountId, body };
}

export function answered(messageId: string, expiresTs: number, reply: object = {}): Draft {
  const body = { client: 'gw', messageId, requestHash: 'a'.repeat(64), reply, expiresTs };
  return { type: 'command.answered', accountId: noAccount, body };
}

export function letterAdded(
  accountId: string,
  positionId: string,
  closeId: string,
  lastError = 'no reply',
): Draft {
  const body = { closeId, positionId, reason: 'stop_loss', attempts: 3, lastError };
  return { type: 'deadletter.added', accountId, body };
}

export function letterCleared(
  accountId: string,
  positionId: string,
  closeId: string,
  end: Pick<RecordBodies['deadletter.cleared'], 'how' | 'by' | 'reason'>,
): Draft {
  return { type: 'deadletter.cleared', accountId, body: { closeId, positionId, ...end } };
}

/** Accounts, each with positions that are tracked and then closed, their rows in turn. */
export function closedPositions(accounts: number, positionsEach: number): Draft[] {
  const drafts: Draft[] = [];
  const ids = Array.from({ length: accounts }, (_, i) => `account-${i}`);
  const each = (act: (accountId: string, positionId: string) => Draft): void => {
    for (let i = 0; i < positionsEach; i++) {
      for (const id of ids) drafts.push(act(id, `${id}-p${i}`));
    }
  };
  for (const id of ids) drafts.push(created(id));
  each((accountId, positionId) => tracked(accountId, positionId));
  each((accountId, positionId) => closeOf(accountId, positionId).filled);
  return drafts;
}
