// A page of rows as a filter wants them, in one statement.
import { raw, type RawQueryFragment } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { LedgerFilter, LedgerPage } from '#src/ports/ledger';
import { LogEntity } from './entities.ts';
import { placedRowOf } from './log-rows.ts';
import { pageOf, placeOf } from './page.ts';

/** Throws `CloseoutError` `invalid_cursor`. */
export async function listRows(em: SqlEntityManager, filter: LedgerFilter): Promise<LedgerPage> {
  const { cursor, limit, beforeId, behindId, isNewestFirst = false } = filter;
  const place = placeOf(cursor);
  const wanted = columnsOf(filter);
  const within = given({
    breachId: filter.breachId,
    symbol: filter.symbol,
    condition: filter.condition,
  });
  const texts = [...Object.values(wanted), ...Object.values(within), beforeId, behindId];
  // Postgres has no such text, and refuses the question.
  if (texts.some((text) => text?.includes('\0') === true)) return { items: [] };
  const rows = em.createQueryBuilder(LogEntity).where(wanted);
  if (place !== undefined) rows.andWhere({ n: isNewestFirst ? { $lt: place } : { $gt: place } });
  if (beforeId !== undefined) rows.andWhere({ n: { $lt: placeOfRow(beforeId) } });
  if (behindId !== undefined) rows.andWhere({ n: { $gt: placeOfRow(behindId) } });
  for (const [key, value] of Object.entries(within)) rows.andWhere({ metaData: { [key]: value } });
  rows.orderBy({ n: isNewestFirst ? 'desc' : 'asc' }).limit(limit + 1);
  return pageOf((await rows.execute('all')).map(placedRowOf), limit);
}

/** Compared with a row that is not there, nothing is before or behind. */
function placeOfRow(id: string): RawQueryFragment {
  return raw('(select n from reconciliation_log where id = ?)', [id]);
}

function columnsOf(filter: LedgerFilter): Record<string, string> {
  const { accountId, closeId, positionId, bulkId, eventType } = filter;
  return given({ userId: accountId, closeId, positionId, bulkId, eventType });
}

function given(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(fields).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined;
  });
  return Object.fromEntries(entries);
}
