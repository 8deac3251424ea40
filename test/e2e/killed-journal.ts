// What the journal of a killed process holds, read before the next one opens it.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JournalRecord, QuoteMark } from '#src/domain/records';
import type { Close } from './exit-book.ts';

/** What a record did to a position, in the order of the journal. */
interface Act {
  readonly n: number;
  readonly positionId: string;
  /** Absent where exits moved and nothing was closed. */
  readonly close?: Close;
}

export interface KilledJournal {
  readonly lastN: number;
  readonly acts: readonly Act[];
  /** Time of the newest quote of each symbol, noted as its book or told in a record. */
  readonly newest: ReadonlyMap<string, number>;
  /** Time exits that have acted, and the quote that the book then stood on. */
  readonly expired: ReadonlyMap<string, { readonly quoteTs: number | undefined }>;
}

export function readKilledJournal(directory: string): KilledJournal {
  const db = new DatabaseSync(join(directory, 'journal.sqlite'), { readOnly: true });
  try {
    const notes = db.prepare("SELECT value FROM notes WHERE name LIKE 'book:%'").all();
    const links = db.prepare('SELECT text FROM links ORDER BY n').all();
    const marks = notes.map(({ value }) => JSON.parse(String(value)) as QuoteMark);
    return found(
      marks,
      links.map(({ text }) => JSON.parse(String(text)) as JournalRecord),
    );
  } finally {
    db.close();
  }
}

function found(marks: readonly QuoteMark[], records: readonly JournalRecord[]): KilledJournal {
  const acts: Act[] = [];
  const newest = new Map<string, number>();
  const expired = new Map<string, { quoteTs: number | undefined }>();
  const symbolOf = new Map<string, string>();
  const see = (symbol: string, ts: number): void =>
    void newest.set(symbol, Math.max(ts, newest.get(symbol) ?? 0));
  for (const { symbol, ts } of marks) see(symbol, ts);
  for (const { n, ...record } of records) {
    switch (record.type) {
      case 'position.tracked':
        symbolOf.set(record.body.position.positionId, record.body.position.symbol);
        break;
      case 'position.exits-moved': {
        const { positionId, quote } = record.body;
        see(symbolOf.get(positionId) ?? '', quote.ts);
        acts.push({ n, positionId });
        break;
      }
      case 'close.intended':
      case 'close.partially-filled':
      case 'close.filled': {
        const { intent } = record.body;
        const { positionId, symbol, reason, quote, onQuote } = intent;
        if (onQuote === true && quote !== undefined) see(symbol, quote.ts);
        if (reason === 'expired' && !expired.has(positionId)) {
          expired.set(positionId, { quoteTs: quote?.ts });
        }
        if (record.type === 'close.intended') break;
        const { quantity, closedPrice: price, triggerPrice, closeReason } = record.body.result;
        const close = { positionId, reason: closeReason, triggerPrice, quantity, price };
        acts.push({ n, positionId, close });
        break;
      }
      default:
        break;
    }
  }
  return { lastN: records.at(-1)?.n ?? 0, acts, newest, expired };
}
