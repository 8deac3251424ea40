// The rows of a symbol's market around a close that its guard asked for: from when the condition began
// to when it had cleared.
import { noAccount } from '#src/domain/ids';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { marketReasonPrefix } from '#src/domain/market-conditions';
import type { History } from '#src/ledger/history';
import type { LedgerFilter } from '#src/ports/ledger';
import { conditionWords, heldWords, type Held } from '../market-words.ts';
import { lineOf, type StoryLine } from './lines.ts';
import { textAt, type Meta } from './values.ts';

/** Changes of the condition that are looked through, before the close and since. */
const changesReadMax = 50;
/** Of these, so many are told at the most. */
const changesToldMax = 10;
/** A switch of feeds is told where it is not longer before the condition than this. */
const switchToldMs = 60_000;

export interface AroundMarket {
  /** Changes of the condition since it last had not held, and a switch of feeds just before. */
  readonly market: readonly LedgerRow[];
  /** What became of it since the close was asked for, until it had cleared. */
  readonly sinceMarket: readonly LedgerRow[];
}

const noMarket: AroundMarket = { market: [], sinceMarket: [] };

export interface GuardClose {
  readonly reason: string | undefined;
  readonly symbol: string | undefined;
  readonly side: string | undefined;
  /** When it was asked for: its first row may be of long after. */
  readonly askedTs: number;
  /** Its first row, if it has one. */
  readonly firstId: string | undefined;
}

/** Notes in `cut` what is left out. */
export async function aroundMarket(
  history: History,
  close: GuardClose,
  cut: string[],
): Promise<AroundMarket> {
  const { reason, symbol, side, askedTs, firstId } = close;
  if (reason?.startsWith(marketReasonPrefix) !== true || symbol === undefined) return noMarket;
  const condition = reason.slice(marketReasonPrefix.length);
  const wanted = { accountId: noAccount, symbol, condition, limit: changesReadMax };
  const isOfIt = ({ metaData }: LedgerRow): boolean =>
    condition !== 'liquidity' || textAt(metaData, 'side') === side;
  const before = firstId === undefined ? {} : { beforeId: firstId };
  const last = await history.list({ ...wanted, ...before, isNewestFirst: true });
  const changes = last.items.filter(isOfIt);
  const isAsked = ({ createdAt }: LedgerRow): boolean => Date.parse(createdAt) <= askedTs;
  const held = untilCleared(changes.filter(isAsked)).toReversed();
  const since = changes.filter((row) => !isAsked(row)).toReversed();
  if (firstId !== undefined) since.push(...(await behind(history, wanted, firstId)).filter(isOfIt));
  const end = since.findIndex(hasCleared);
  const over = end === -1 ? since : since.slice(0, end + 1);
  const [told, toldSince] = [firstAndLast(held), firstAndLast(over)];
  const left = held.length + over.length - told.length - toldSince.length;
  if (left > 0) cut.push(`changes of the market: ${left}, between those that are told`);
  return {
    market: [...(await switchBefore(history, symbol, held, before)), ...told],
    sinceMarket: toldSince,
  };
}

/** Changes behind a row, and the end of the condition, however many there are before it. */
async function behind(
  history: History,
  wanted: LedgerFilter,
  behindId: string,
): Promise<readonly LedgerRow[]> {
  const { items, nextCursor } = await history.list({ ...wanted, behindId });
  if (nextCursor === undefined) return items;
  const ends = await history.list({ ...wanted, behindId, eventType: 'market_cleared' });
  const known = new Set(items.map(({ id }) => id));
  return [...items, ...ends.items.filter(({ id }) => !known.has(id))];
}

/** Of too many the first ones and the last. */
function firstAndLast(rows: readonly LedgerRow[]): readonly LedgerRow[] {
  if (rows.length <= changesToldMax) return rows;
  return [...rows.slice(0, changesToldMax - 1), ...rows.slice(-1)];
}

/** From the last one back: what came before it had cleared is of another time. */
function untilCleared(rows: readonly LedgerRow[]): readonly LedgerRow[] {
  const end = rows.findIndex(hasCleared);
  return end === -1 ? rows : rows.slice(0, end);
}

export function hasCleared({ eventType }: LedgerRow): boolean {
  return eventType === 'market_cleared';
}

/** The first quote of another feed may be the gap. */
async function switchBefore(
  history: History,
  symbol: string,
  [began]: readonly LedgerRow[],
  before: { readonly beforeId?: string },
): Promise<LedgerRow[]> {
  if (began === undefined) return [];
  const wanted = { accountId: noAccount, symbol, eventType: 'feed_switched', limit: 1 };
  const { items } = await history.list({ ...wanted, ...before, isNewestFirst: true });
  return items.filter(({ createdAt }) => {
    const ms = Date.parse(began.createdAt) - Date.parse(createdAt);
    return ms >= 0 && ms <= switchToldMs;
  });
}

/** What a row of a change says of the condition. */
export function heldIn(meta: Meta): Held | undefined {
  const said = (key: string): string | undefined => textAt(meta, key);
  const [condition, level] = [said('condition'), said('level')];
  if (condition === undefined || level === undefined || level === 'clear') return undefined;
  const [limit, measured] = [said('limit'), said('measured')];
  return { condition, level, limit, measured, side: said('side'), before: said('before') };
}

/** Of a change of the market, or of a switch of its feeds. */
export function marketLine(row: LedgerRow): StoryLine {
  const { eventType, metaData: meta, description } = row;
  const said = (key: string): string => textAt(meta, key) ?? 'unknown';
  const symbol = said('symbol');
  if (eventType === 'feed_switched') {
    const why = said('reason') === 'back' ? 'it has been quoting again' : 'the other was silent';
    return lineOf(row, `quotes of ${said('feed')} count for ${symbol}, its ${said('to')}: ${why}`);
  }
  const held = heldIn(meta);
  if (held !== undefined) {
    return lineOf(row, `market of ${symbol} ${held.level.toUpperCase()}: ${heldWords(held)}`);
  }
  if (!hasCleared(row)) return lineOf(row, description);
  const side = textAt(meta, 'side');
  return lineOf(
    row,
    `market of ${symbol} cleared: ${conditionWords({ condition: said('condition'), side })}`,
  );
}
