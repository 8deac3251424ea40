// The recordings, real or made up, are of the size and form that the replay tests count on.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { findOrMakeRecordings, missingRecordings } from './recordings/files.ts';
import { recordings } from './recordings.ts';

const rows = { XAUUSD: 265_015, EURUSD: 167_466 } as const;

function expectQuotes(file: string, count: number): void {
  const [header, ...lines] = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n');
  expect(header).toBe('ts,bid,ask');
  expect(lines).toHaveLength(count);
  let before = 0;
  for (const line of lines) {
    const [ts = NaN, bid = NaN, ask = NaN] = line.split(',').map(Number);
    // The euro's recording has crossed quotes, as its provider sent them.
    const isQuote = Number.isInteger(ts) && ts >= before && bid > 0 && ask > 0;
    if (!isQuote) throw new Error(`no quote: ${line}`);
    before = ts;
  }
}

test.each(['XAUUSD', 'EURUSD'] as const)('the %s recording of the run has its rows', (symbol) => {
  expectQuotes(recordings[symbol], rows[symbol]);
});

test('without recordings, the same are made up every time, and removed', () => {
  const nowhere = mkdtempSync(join(tmpdir(), 'closeout-no-recordings-'));
  onTestFinished(() => rmSync(nowhere, { recursive: true }));
  expect(missingRecordings(nowhere)).toEqual(['XAUUSD', 'EURUSD']);
  const [one, other] = [findOrMakeRecordings(nowhere), findOrMakeRecordings(nowhere)];
  for (const symbol of ['XAUUSD', 'EURUSD'] as const) {
    expectQuotes(one.files[symbol], rows[symbol]);
    const [made, again] = [readFileSync(one.files[symbol]), readFileSync(other.files[symbol])];
    expect(made.equals(again)).toBe(true);
  }
  one.remove();
  other.remove();
  expect(existsSync(one.files.XAUUSD)).toBe(false);
});
