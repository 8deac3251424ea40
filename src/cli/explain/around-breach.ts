// The row of a breach, and the rows of its account that led to it and followed from it.
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { History } from '#src/ledger/history';
import { textAt, textsAt } from './values.ts';

/** Warnings of the account that are looked through for those of the rule. */
const warningsReadMax = 100;
/** The last ones of the rule that are told. */
const warningsToldMax = 3;
/** Halts, resumptions and restorations of the account, of each kind, since the breach. */
const accountRowsMax = 10;

export interface AroundBreach {
  /** Of the account: the last warnings of the rule, adjustments and rules before a breach. */
  readonly beforeBreach: readonly LedgerRow[];
  /** Of the account: halted, resumed, restored. */
  readonly sinceBreach: readonly LedgerRow[];
}

/** The row of a breach, if there is such a one. */
export async function breachRow(
  history: History,
  breachId: string,
): Promise<LedgerRow | undefined> {
  return (await history.list({ breachId, eventType: 'guard_breached', limit: 1 })).items[0];
}

/** What of the account led to a breach, and what followed from it. */
export async function aroundBreach(history: History, breach: LedgerRow): Promise<AroundBreach> {
  const { userId: accountId } = breach;
  const ruleId = textAt(breach.metaData, 'ruleId');
  const last = async (eventType: string, limit: number): Promise<LedgerRow[]> => {
    const wanted = { accountId, eventType, limit, beforeId: breach.id, isNewestFirst: true };
    return (await history.list(wanted)).items.toReversed();
  };
  const warnings = (await last('guard_warning', warningsReadMax)).filter(
    ({ metaData }) => textAt(metaData, 'ruleId') === ruleId,
  );
  const since: LedgerRow[] = [];
  for (const eventType of ['guard_restored', 'account_halted', 'account_resumed']) {
    const wanted = { accountId, eventType, limit: accountRowsMax, behindId: breach.id };
    since.push(...(await history.list(wanted)).items);
  }
  return {
    beforeBreach: inOrder([
      ...warnings.slice(-warningsToldMax),
      ...(await last('account_adjusted', 1)),
      ...(await last('account_rules_replaced', 1)),
    ]),
    sinceBreach: untilItsEnd(inOrder(since), breach),
  };
}

/** Rows of an account are of one partition, whose rows are counted. */
function inOrder(rows: readonly LedgerRow[]): LedgerRow[] {
  return rows.toSorted((a, b) => a.seq - b.seq);
}

/** What comes behind the end of a breach is of another story. */
function untilItsEnd(rows: readonly LedgerRow[], { metaData: breach }: LedgerRow): LedgerRow[] {
  const ruleId = textAt(breach, 'ruleId') ?? '';
  const end = rows.findIndex(
    ({ eventType, metaData }) =>
      eventType === 'account_resumed' ||
      (eventType === 'guard_restored' && textsAt(metaData, 'ruleIds').includes(ruleId)),
  );
  const told = end === -1 ? rows : rows.slice(0, end + 1);
  return told.filter(
    ({ eventType, metaData }) =>
      eventType !== 'guard_restored' || textsAt(metaData, 'ruleIds').includes(ruleId),
  );
}
