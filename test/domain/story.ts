// A state as its records make it, for tests that want one without a runtime around it.
import { accountOf, apply, positionOf } from '#src/domain/apply';
import { intentOf, type CloseIntent, type CloseResult } from '#src/domain/closing';
import type { RuntimeEvent } from '#src/domain/events';
import { partitionOf } from '#src/domain/ids';
import type { InstrumentSpec } from '#src/domain/instrument';
import { recordVersion } from '#src/domain/records';
import type { AccountRecord, Draft, JournalRecord, PositionRecord } from '#src/domain/records';
import { emptyState, type Account, type Position, type State } from '#src/domain/state';

const firstTs = 1_700_000_000_000;

/** Gives drafts their places, applies them, and keeps what they told the outside. */
export class Story {
  readonly state: State = emptyState();
  readonly records: JournalRecord[] = [];
  readonly events: RuntimeEvent[] = [];

  /** Applies drafts, a millisecond apart unless `ts` says when. */
  tell(...drafts: readonly Draft[]): this {
    for (const draft of drafts) this.tellAt(firstTs + this.state.n, draft);
    return this;
  }

  tellAt(ts: number, draft: Draft): this {
    const partition = partitionOf(draft.accountId);
    const record: JournalRecord = {
      ...draft,
      n: this.state.n + 1,
      v: recordVersion,
      partition,
      epoch: 1,
      seq: (this.state.partitionSeq[partition] ?? 0) + 1,
      ts,
    };
    this.records.push(record);
    this.events.push(...apply(this.state, record));
    return this;
  }

  account(accountId = 'a'): Account {
    return accountOf(this.state, accountId);
  }

  position(positionId = 'p'): Position {
    return positionOf(this.state, positionId);
  }

  /** The intent that would close the position now. */
  intent(positionId = 'p', reason = 'manual'): CloseIntent {
    return intentOf(this.position(positionId), { reason }, firstTs, {});
  }
}

export function instrumentPut(instrument: InstrumentSpec): Draft {
  return { type: 'instrument.put', accountId: '_', body: { instrument } };
}

export function accountCreated(given: Partial<AccountRecord> = {}): Draft {
  const account: AccountRecord = {
    accountId: 'a',
    currency: 'USD',
    mode: 'PAPER',
    balance: '10000',
    rules: [],
    ...given,
  };
  return { type: 'account.created', accountId: account.accountId, body: { account } };
}

export function positionTracked(given: Partial<PositionRecord> = {}): Draft {
  const position: PositionRecord = {
    positionId: 'p',
    accountId: 'a',
    symbol: 'XAUUSD',
    side: 'long',
    quantity: '1',
    entryPrice: '2000',
    openedAt: firstTs,
    exits: {},
    ...given,
  };
  return { type: 'position.tracked', accountId: position.accountId, body: { position } };
}

/** A fill of the intent, booked with this P&L. */
export function closeFilled(intent: CloseIntent, pnl: string, reasons = [intent.reason]): Draft {
  const result = resultOf(intent, { success: true, outcome: 'closed', closedPrice: '2000', pnl });
  return { type: 'close.filled', accountId: intent.accountId, body: { intent, result, reasons } };
}

export function closeFailed(intent: CloseIntent, errorMessage: string): Draft {
  const result = resultOf(intent, { success: false, outcome: 'failed', errorMessage });
  const body = { intent, result, reasons: [intent.reason] };
  return { type: 'close.failed', accountId: intent.accountId, body };
}

function resultOf(
  intent: CloseIntent,
  outcome: Pick<CloseResult, 'success' | 'outcome'> & Partial<CloseResult>,
): CloseResult {
  return {
    closeId: intent.closeId,
    positionId: intent.positionId,
    accountId: intent.accountId,
    quantity: intent.quantity,
    closeReason: intent.reason,
    closeTimestamp: intent.requestedTs,
    attempts: 1,
    clientOrderId: intent.clientOrderId,
    ...outcome,
  };
}

export const gold: InstrumentSpec = {
  symbol: 'XAUUSD',
  contractSize: '100',
  quoteCurrency: 'USD',
};

/** An account `a` in USD with one position `p`, long one lot of gold at 2000. */
export function guardedStory(): Story {
  return new Story().tell(instrumentPut(gold), accountCreated(), positionTracked());
}
