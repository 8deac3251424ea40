// The rows that the story of a close is made of: found in the ledger, and no more of them than fit.
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { AccountNow, History, PositionNow } from '#src/ledger/history';
import type { LedgerFilter } from '#src/ports/ledger';
import { aroundBreach, breachRow, type AroundBreach } from './around-breach.ts';
import { aroundMarket, type AroundMarket } from './around-market.ts';
import { objectAt, textAt, timeAt } from './values.ts';

/** Of the close itself, from its first row on; of one that is tried for days there are many. */
const firstRowsOfCloseMax = 200;
/** And so many from its last one back. */
const lastRowsOfCloseMax = 50;
/** Of the position: before the close, and since it. */
const rowsOfPositionMax = 50;
/** Closes of the same breach, or bulk, that are put in order. */
const closesOfGroupMax = 1_000;
/** Closes that are named where an id turns out to be that of a position, a bulk or a breach. */
const namedClosesMax = 10;

/** What the ledger has of a close; rows are in the order of the journal. */
export interface CloseFacts extends AroundBreach, AroundMarket {
  readonly closeId: string;
  readonly accountId: string;
  /** None where it was asked for and has no outcome: then `position` says what is known. */
  readonly rows: readonly LedgerRow[];
  /** Of its position, but not of this close. */
  readonly positionRows: readonly LedgerRow[];
  readonly breach: LedgerRow | undefined;
  /** `position_closed` rows of the same breach, or bulk, if there is one. */
  readonly group: readonly LedgerRow[];
  readonly position: PositionNow | undefined;
  readonly account: AccountNow | undefined;
  readonly openPositions: number;
  /** What was left out, in words. */
  readonly cut: readonly string[];
}

/** Undefined where the ledger has no row of the close, and no position is being closed by it. */
export async function gather(history: History, closeId: string): Promise<CloseFacts | undefined> {
  const cut: string[] = [];
  const rows = await rowsOfClose(history, closeId, cut);
  const [first] = rows;
  const said = (key: string): string | undefined =>
    rows.map(({ metaData }) => textAt(metaData, key)).find((text) => text !== undefined);
  const positionId = said('positionId');
  const position =
    positionId === undefined
      ? await history.positionOfClose(closeId)
      : await history.position(positionId);
  const accountId = first?.userId ?? position?.accountId;
  if (accountId === undefined) return undefined;
  const breachId = first === undefined ? position?.closeBreachId : said('breachId');
  const bulkId = said('bulkId');
  const breach = typeof breachId === 'string' ? await breachRow(history, breachId) : undefined;
  if (typeof breachId === 'string' && breach === undefined) {
    cut.push(`the row of breach ${breachId}, which is not in the ledger`);
  }
  const around =
    breach === undefined
      ? { beforeBreach: [], sinceBreach: [] }
      : await aroundBreach(history, breach);
  const byGuard = {
    reason: said('closeReason') ?? said('reason') ?? position?.closeReason ?? undefined,
    symbol: position?.symbol ?? said('symbol'),
    side: position?.side ?? said('side'),
    askedTs: askedTsOf(rows, position),
    firstId: first?.id,
  };
  const market = await aroundMarket(history, byGuard, cut);
  const group = typeof breachId === 'string' ? { breachId } : { bulkId };
  const hasGroup = Object.values(group).some((id) => id !== undefined);
  return {
    ...{ closeId, accountId, rows, breach, ...around, ...market },
    positionRows:
      positionId === undefined || first === undefined
        ? []
        : await rowsOfPosition(history, positionId, first, cut),
    group: hasGroup ? await closesOf(history, { accountId, ...group }, cut) : [],
    position,
    account: await history.account(accountId),
    openPositions: await history.openPositions(accountId),
    cut,
  };
}

/** When the close was asked for, as far as a row says so; else the time of the first one. */
function askedTsOf(rows: readonly LedgerRow[], position: PositionNow | undefined): number {
  for (const { metaData } of rows) {
    const asked =
      timeAt(objectAt(metaData, 'market'), 'requestedTs') ?? timeAt(metaData, 'requestedTs');
    if (asked !== undefined) return asked;
  }
  const [first] = rows;
  if (first !== undefined) return Date.parse(first.createdAt);
  return position?.closeRequestedAt?.valueOf() ?? Number.POSITIVE_INFINITY;
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

/** The rows of what was closed by a breach or a bulk, in the order in which it was. */
export async function closesOf(
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

/** What an id is where it is not what it was given as, and the closes that it leads to. */
export interface Meant {
  readonly kind: 'breach' | 'close' | 'position' | 'bulk' | undefined;
  readonly closeIds: readonly string[];
}

/** Of an id that somebody gave who meant what was closed, or why. */
export async function meantBy(history: History, id: string): Promise<Meant> {
  if ((await breachRow(history, id)) !== undefined) return { kind: 'breach', closeIds: [] };
  const isClose =
    (await history.list({ closeId: id, limit: 1 })).items.length > 0 ||
    (await history.positionOfClose(id)) !== undefined;
  if (isClose) return { kind: 'close', closeIds: [id] };
  for (const [kind, filter] of [
    ['position', { positionId: id }],
    ['bulk', { bulkId: id }],
  ] as const) {
    const { items } = await history.list({ ...filter, limit: firstRowsOfCloseMax });
    const found = new Set(items.map(({ closeId }) => closeId));
    if (kind === 'position') found.add((await history.position(id))?.closeId ?? undefined);
    const closeIds = [...found].filter((closeId) => closeId !== undefined);
    if (closeIds.length > 0) return { kind, closeIds: closeIds.slice(0, namedClosesMax) };
  }
  return { kind: undefined, closeIds: [] };
}
