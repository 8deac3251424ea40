// Rows of a close as they may stand in a ledger, made by hand, and what belongs to them.
import { chainStart } from '#src/domain/chain';
import { chainRow, type LedgerEventType, type LedgerRow } from '#src/domain/ledger-rows';
import type { AccountNow, PositionNow } from '#src/ledger/history';
import type { CloseFacts } from '#src/cli/explain/gather';
import { storyOf } from '#src/cli/explain/story';

export const closeId = 'close_0123456789abcdef0123';
export const clientOrderId = 'co_0123456789abcdef0123_1';
export const midnight = Date.UTC(2026, 0, 5);

let seq = 0;

/** A row of so many milliseconds after midnight. */
export function row(ms: number, eventType: string, metaData: object, of = closeId): LedgerRow {
  seq += 1;
  const draft = {
    ...(of === '' ? {} : { closeId: of }),
    userId: 'a',
    eventType: eventType as LedgerEventType,
    description: `Row ${eventType}`,
    metaData: { ...metaData },
    status: 0 as const,
    createdAt: new Date(midnight + ms).toISOString(),
    partition: 44,
  };
  return chainRow(draft, seq, chainStart);
}

export const position: PositionNow = {
  positionId: 'p1',
  accountId: 'a',
  ticket: 7,
  symbol: 'EURUSD',
  side: 'long',
  quantity: '0.5',
  remainingQuantity: '0',
  entryPrice: '1.1',
  openedAt: new Date(midnight - 60_000),
  state: 'closed',
  closeId,
  clientOrderId,
  closeReason: 'stop_loss',
  closeRequestedAt: new Date(midnight),
  closeBreachId: null,
  outcome: 'closed',
};

export const account: AccountNow = {
  accountId: 'a',
  currency: 'USD',
  mode: 'PAPER',
  route: null,
  rules: [{ id: 'peak', anchor: 'peakEquity', limitPct: '20' }],
  state: 'normal',
};

const nothing = {
  breach: undefined,
  positionRows: [],
  beforeBreach: [],
  sinceBreach: [],
  market: [],
  sinceMarket: [],
  group: [],
  cut: [],
};

export function factsOf(rows: LedgerRow[], more: Partial<CloseFacts> = {}): CloseFacts {
  return {
    closeId,
    accountId: 'a',
    rows,
    ...nothing,
    position,
    account,
    openPositions: 0,
    ...more,
  };
}

export const quote = { bid: '1.0949', ask: '1.095', ts: midnight };
export const stop = { positionId: 'p1', closeReason: 'stop_loss', triggerPrice: '1.095', quote };
export const sent = { ...stop, attempts: 1, clientOrderId, quantity: '0.5' };
export const filled = { ...sent, closedPrice: '1.0949', pnl: '-255' };

export const drawdown = {
  ...{ positionId: 'p1', closeReason: 'drawdown_critical', quote, attempts: 1, clientOrderId },
  ...{ ruleId: 'peak', breachId: 'breach_1', observed: '7900', floor: '8000' },
};

/** The words of each line, with the time since midnight in ms. */
export function told(facts: CloseFacts): string[] {
  const { lines } = storyOf(facts);
  return lines.map(({ at, words }) => `${Date.parse(at) - midnight} ${words}`);
}

export const order = `(order ${clientOrderId}, attempt 1)`;
export const opened = '-60000 position p1 opened: long 0.5 EURUSD at 1.1';
export const stopped =
  '0 quote EURUSD bid 1.0949, ask 1.095; stop loss: the bid 1.0949 is below the stop loss 1.095';
