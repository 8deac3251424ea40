// The rows that the story of a close is made of: found in the ledger, and no more of them than fit.
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { AccountNow, History, PositionNow } from '#src/ledger/history';
import type { LedgerFilter } from '#src/ports/ledger';
import { textAt, textsAt } from './values.ts';

/** Of the close itself, from its first row on; of one that is tried for days there are many. */
const firstRowsOfCloseMax = 200;
/** And so many from its last one back. */
const lastRowsOfCloseMax = 50;
/** Of the position: before the close, and since it. */
const rowsOfPositionMax = 50;
/** Closes of the same breach, or bulk, that are put in order. */
const closesOfGroupMax = 1_000;
/** Warnings of the account that are looked through for those of the rule. */
const warningsReadMax = 100;
/** The last ones of the rule that are told. */
const warningsToldMax = 3;
/** Halts, resumptions and restorations of the account, of each kind, since the breach. */
const accountRowsMax = 10;
/** Closes that are named where an id turns out to be that of a position, a bulk or a breach. */
const namedClosesMax = 10;

/** What the ledger has of a close; rows are in the order of the journal. */
export interface CloseFacts {
  readonly closeId: string;
  /** At least one. */
  readonly rows: readonly LedgerRow[];
  /** Of its position, but not of this close. */
  readonly positionRows: readonly LedgerRow[];
  readonly breach: LedgerRow | undefined;
  /** Of the account: the last warnings of the rule, adjustments and rules before a breach. */
  readonly beforeBreach: readonly LedgerRow[];
  /** Of the account: halted, resumed, restored. */
  readonly sinceBreach: readonly LedgerRow[];
  /** `position_closed` rows of the same breach, or bulk, if there is one. */
  readonly group: readonly LedgerRow[];
  readonly position: PositionNow | undefined;
  readonly account: AccountNow | undefined;
  readonly openPositions: number;
  /** What was left out, in words. */
  readonly cut: readonly string[];
}

/** Undefined where the ledger has no row of the close. */
export async function gather(history: History, closeId: string): Promise<CloseFacts | undefined> {
  const cut: string[] = [];
  const rows = await rowsOfClose(history, closeId, cut);
  const [first] = rows;
  if (first === undefined) return undefined;
  const accountId = first.userId;
  const said = (key: string): string | undefined =>
    rows.map(({ metaData }) => textAt(metaData, key)).find((text) => text !== undefined);
  const positionId = said('positionId');
  const [breachId, bulkId] = [said('breachId'), said('bulkId')];
  const ofBreach = await aroundBreach(history, accountId, breachId, said('ruleId'), cut);
  const group = breachId === undefined ? { bulkId } : { breachId };
  const hasGroup = breachId !== undefined || bulkId !== undefined;
  const position = positionId === undefined ? undefined : await history.position(positionId);
  const account = await history.account(accountId);
  return {
    closeId,
    rows,
    positionRows:
      positionId === undefined ? [] : await rowsOfPosition(history, positionId, first, cut),
    ...ofBreach,
    group: hasGroup ? await closesOf(history, { accountId, ...group }, cut) : [],
    position,
    account,
    openPositions: await history.openPositions(accountId),
    cut,
  };
}

async function rowsOfClose(history: History, closeId: string, cut: string[]): Promise<LedgerRow[]> {
  const { items, nextCursor } = await history.list({ closeId, limit: firstRowsOfCloseMax });
  const last = items.at(-1);
  if (nextCursor === undefined || last === undefined) return items;
  const rest = await history.list({
    ...{ closeId, behindId: last.id, isNewestFirst: true, limit: lastRowsOfCloseMax },
  });
  if (rest.nextCursor !== undefined) {
    cut.push(`rows of the close between its first ${items.length} and last ${rest.items.length}`);
  }
  return [...items, ...rest.items.toReversed()];
}

/** A close that is tried for days has most of the rows since: they are told as its own. */
async function rowsOfPosition(
  history: History,
  positionId: string,
  first: LedgerRow,
  cut: string[],
): Promise<LedgerRow[]> {
  const { userId: accountId, closeId } = first;
  const wanted = { accountId, positionId, limit: rowsOfPositionMax };
  const before = await history.list({ ...wanted, beforeId: first.id, isNewestFirst: true });
  const since = await history.list({ ...wanted, behindId: first.id });
  if (before.nextCursor !== undefined) {
    cut.push(`rows of the position before its last ${rowsOfPositionMax} ahead of the close`);
  }
  if (since.nextCursor !== undefined) {
    cut.push(`rows of the position behind the ${rowsOfPositionMax} that follow the close's first`);
  }
  const rows = [...before.items.toReversed(), ...since.items];
  return rows.filter((row) => row.closeId !== closeId);
}

type AroundBreach = Pick<CloseFacts, 'breach' | 'beforeBreach' | 'sinceBreach'>;

async function aroundBreach(
  history: History,
  accountId: string,
  breachId: string | undefined,
  ruleId: string | undefined,
  cut: string[],
): Promise<AroundBreach> {
  const nothing = { breach: undefined, beforeBreach: [], sinceBreach: [] };
  if (breachId === undefined) return nothing;
  const told = { accountId, breachId, eventType: 'guard_breached', limit: 1 };
  const [breach] = (await history.list(told)).items;
  if (breach === undefined) {
    cut.push(`the row of breach ${breachId}, which is not in the ledger`);
    return nothing;
  }
  const last = async (eventType: string, limit: number): Promise<LedgerRow[]> => {
    const wanted = { accountId, eventType, limit, beforeId: breach.id, isNewestFirst: true };
    return (await history.list(wanted)).items.toReversed();
  };
  const warnings = (await last('guard_warning', warningsReadMax)).filter(
    ({ metaData }) => textAt(metaData, 'ruleId') === (ruleId ?? textAt(breach.metaData, 'ruleId')),
  );
  const since: LedgerRow[] = [];
  for (const eventType of ['guard_restored', 'account_halted', 'account_resumed']) {
    const wanted = { accountId, eventType, limit: accountRowsMax, behindId: breach.id };
    since.push(...(await history.list(wanted)).items);
  }
  return {
    breach,
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

async function closesOf(
  history: History,
  group: Omit<LedgerFilter, 'limit'>,
  cut: string[],
): Promise<LedgerRow[]> {
  const wanted = { ...group, eventType: 'position_closed', limit: closesOfGroupMax };
  const { items, nextCursor } = await history.list(wanted);
  if (nextCursor !== undefined)
    cut.push(`closes of the same cause behind the first ${items.length}`);
  return items;
}

/** Closes that somebody may have meant who gave the id of what was closed, or of why. */
export async function closesNamedBy(history: History, id: string): Promise<string[]> {
  const found = new Set<string>();
  for (const filter of [{ positionId: id }, { bulkId: id }]) {
    const { items } = await history.list({ ...filter, limit: firstRowsOfCloseMax });
    for (const { closeId } of items) if (closeId !== undefined) found.add(closeId);
  }
  return [...found].slice(0, namedClosesMax);
}
