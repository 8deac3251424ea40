// Recorded quotes for tests: read the slow and obvious way, merged, and written as files.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { inject } from 'vitest';
import type { Quote } from '#src/domain/quote';

/** Paths of the two recordings; of synthetic ones where they do not lie beside the project. */
export const recordings = inject('recordings');

export function hasRecordings(): boolean {
  return Object.values(recordings).every((path) => existsSync(path));
}

/** All rows of a recording whose rows are all well-formed; `shiftMs` is added to each `ts`. */
export function readRecording(symbol: string, path: string, shiftMs = 0): Quote[] {
  const data = readFileSync(path);
  const lines = (path.endsWith('.gz') ? gunzipSync(data) : data).toString('latin1').split('\n');
  const quotes: Quote[] = [];
  for (const line of lines.slice(1)) {
    if (line === '') continue;
    const [ts, bid, ask] = line.split(',');
    quotes.push({ symbol, bid: Number(bid), ask: Number(ask), ts: Number(ts) + shiftMs });
  }
  return quotes;
}

/** Head against head by `ts`, ties in argument order: contract section 7, nothing sorted. */
export function mergeRecordings(...files: readonly (readonly Quote[])[]): Quote[] {
  const at = files.map(() => 0);
  const merged: Quote[] = [];
  for (;;) {
    let oldest: Quote | undefined;
    let from = -1;
    for (const [i, file] of files.entries()) {
      const head = file[at[i] ?? 0];
      if (head !== undefined && (oldest === undefined || head.ts < oldest.ts)) {
        oldest = head;
        from = i;
      }
    }
    if (oldest === undefined) return merged;
    merged.push(oldest);
    at[from] = (at[from] ?? 0) + 1;
  }
}

/** The CSV text of quotes of one symbol, sizes left out, exact prices as they are. */
export function csvOf(quotes: readonly Quote[]): string {
  const rows = quotes.map(
    ({ ts, bid, ask, bidExact, askExact }) => `${ts},${bidExact ?? bid},${askExact ?? ask}\n`,
  );
  return `ts,bid,ask\n${rows.join('')}`;
}
