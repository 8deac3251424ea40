// The rows that the story of a breach is made of, and no more of them than fit.
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { AccountNow, History, PositionNow } from '#src/ledger/history';
import { aroundBreach, breachRow, type AroundBreach } from './around-breach.ts';
import { closesOf } from './gather.ts';

/** Rows of each kind but fills, the last ones: of a close that is tried for days there are many. */
const rowsOfKindMax = 500;
/** Closes that were asked for and have no row yet. */
const unansweredMax = 500;

/** What the ledger has of a breach; rows are in the order of the journal. */
export interface BreachFacts extends AroundBreach {
  readonly breachId: string;
  readonly breach: LedgerRow;
  /** Of the closes that it asked for. */
  readonly closes: readonly LedgerRow[];
  /** Positions whose close was asked for by it, and of which there is no outcome. */
  readonly unanswered: readonly PositionNow[];
  readonly account: AccountNow | undefined;
  readonly openPositions: number;
  /** What was left out, in words. */
  readonly cut: readonly string[];
}

/** Undefined where the ledger has no such breach. */
export async function gatherBreach(
  history: History,
  breachId: string,
): Promise<BreachFacts | undefined> {
  const breach = await breachRow(history, breachId);
  if (breach === undefined) return undefined;
  const cut: string[] = [];
  const { userId: accountId } = breach;
  const closes = [...(await closesOf(history, { breachId }, cut))];
  for (const eventType of [
    'position_partially_closed',
    'position_close_failed',
    'position_close_pending',
  ]) {
    const wanted = { breachId, eventType, isNewestFirst: true, limit: rowsOfKindMax };
    const { items, nextCursor } = await history.list(wanted);
    if (nextCursor !== undefined) cut.push(`rows ${eventType} before the last ${items.length}`);
    closes.push(...items);
  }
  closes.push(...(await learnedLater(history, breach, closes, cut)));
  const unanswered = await history.unanswered(accountId, breachId, unansweredMax);
  if (unanswered.length === unansweredMax) {
    cut.push(`closes without an answer behind the first ${unansweredMax}`);
  }
  return {
    ...{ breachId, breach, ...(await aroundBreach(history, breach)), unanswered },
    closes: closes.toSorted((a, b) => a.seq - b.seq),
    account: await history.account(accountId),
    openPositions: await history.openPositions(accountId),
    cut,
  };
}

/** What was learned of its closes when they were over: those rows do not name the breach. */
async function learnedLater(
  history: History,
  { id: behindId, userId: accountId }: LedgerRow,
  closes: readonly LedgerRow[],
  cut: string[],
): Promise<LedgerRow[]> {
  const ids = new Set(closes.map(({ closeId }) => closeId));
  const eventType = 'position_close_amended';
  const wanted = { accountId, eventType, behindId, limit: rowsOfKindMax };
  const { items, nextCursor } = await history.list(wanted);
  if (nextCursor !== undefined) cut.push(`rows ${eventType} behind the first ${items.length}`);
  return items.filter(({ closeId }) => ids.has(closeId));
}
