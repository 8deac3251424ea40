import * as fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { chunkBytes, lineBytesMax, openQuotes } from '#src/cli/replay/csv-quotes';
import type { Quote } from '#src/domain/quote';
import { timeMsMax } from '#src/domain/time';
import { price } from '#src/domain/price';
import { csvOf, hasRecordings, readRecording, recordings } from '../../support/recordings.ts';
import { tinyWorld } from '../../support/tiny-worlds.ts';

const folder = mkdtempSync(join(tmpdir(), 'closeout-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(content: string | Uint8Array, name = 'quotes.csv'): string {
  const path = join(folder, `${files++}-${name}`);
  writeFileSync(path, content);
  return path;
}

interface ReadFile {
  rows: Quote[];
  faults: [number, string][];
}

async function readAll(path: string): Promise<ReadFile> {
  const faults: [number, string][] = [];
  const reader = await openQuotes({
    symbol: 'A',
    path,
    onMalformed: (line, why) => faults.push([line, why]),
  });
  const rows: Quote[] = [];
  do {
    for (let quote = reader.next(); quote !== undefined; quote = reader.next()) rows.push(quote);
  } while (await reader.refill());
  expect(reader.next()).toBeUndefined();
  expect(await reader.refill()).toBe(false);
  expect(reader.malformed).toBe(faults.length);
  return { rows, faults };
}

/** `ts:bid:ask` of each quote, which is enough where nothing else is asked about. */
function brief(rows: readonly Quote[]): string[] {
  return rows.map(({ ts, bid, ask }) => `${ts}:${bid}:${ask}`);
}

const head = 'ts,bid,ask\n';
const empty = 'is empty';
const tooLong = `is longer than ${lineBytesMax} bytes`;
const longest = `1,2,3.${'0'.repeat(lineBytesMax - 6)}`;

test.for<[name: string, content: string, rows: string[], faults: [number, string][]]>([
  ['no row', head, [], []],
  ['only a header, without its line end', 'ts,bid,ask', [], []],
  ['rows', `${head}1,2,3\n4,5.25,6\n`, ['1:2:3', '4:5.25:6'], []],
  ['a last line without its line end', `${head}1,2,3\n4,5,6`, ['1:2:3', '4:5:6'], []],
  ['a last line that ends in a CR alone', `${head}1,2,3\r`, ['1:2:3'], []],
  ['CRLF', 'ts,bid,ask\r\n1,2,3\r\n4,5,6\r\n', ['1:2:3', '4:5:6'], []],
  ['a byte order mark', `\uFEFF${head}1,2,3\n`, ['1:2:3'], []],
  ['ISO-8601', `${head}1970-01-01T00:00:00.007Z,2,3\n`, ['7:2:3'], []],
  ['empty lines at the end', `${head}1,2,3\n\n\r\n\n`, ['1:2:3'], []],
  ['an older row', `${head}9,2,3\n1,2,3\n`, ['9:2:3', '1:2:3'], []],
  ['prices that hygiene refuses', `${head}1,-2,0\n2,5,4\n`, ['1:-2:0', '2:5:4'], []],
  ['an infinite price', `${head}1,2,1e999\n`, ['1:2:Infinity'], []],
  [
    'empty lines in the middle',
    `${head}\n1,2,3\n\r\n\n4,5,6\n\nx,1,1\n\n`,
    ['1:2:3', '4:5:6'],
    [
      [2, empty],
      [4, empty],
      [5, empty],
      [7, empty],
      [8, 'ts "x" is neither integer milliseconds nor an ISO-8601 time with its zone'],
    ],
  ],
  [
    'malformed rows',
    `${head}1,2\n1,2,3\n1,2,3,4\n,2,3\n5, 6,7\n8,9,NaN\n1,2,3\rx\n4,5,6`,
    ['1:2:3', '4:5:6'],
    [
      [2, 'has 2 fields instead of 3'],
      [4, 'has 4 fields instead of 3'],
      [5, 'ts "" is neither integer milliseconds nor an ISO-8601 time with its zone'],
      [6, 'bid " 6" is not a number'],
      [7, 'ask "NaN" is not a number'],
      [8, 'ask "3\\rx" is not a number'],
    ],
  ],
  ['the longest line', `${head}${longest}\n1,2,4\n`, ['1:2:3', '1:2:4'], []],
  ['the longest line with CRLF', `${head}${longest}\r\n`, ['1:2:3'], []],
  ['a line of one byte more', `${head}${longest}0\n1,2,4\n`, ['1:2:4'], [[2, tooLong]]],
  [
    'a line of many chunks',
    `${head}1,1,1\n\n${'9'.repeat(3 * chunkBytes)}\n2,2,2\n`,
    ['1:1:1', '2:2:2'],
    [
      [3, empty],
      [4, tooLong],
    ],
  ],
  [
    'an endless last line',
    `${head}1,1,1\n${'9'.repeat(3 * chunkBytes)}`,
    ['1:1:1'],
    [[3, tooLong]],
  ],
])('reads %s', async ([, content, rows, faults]) => {
  const plain = await readAll(write(content));
  expect(brief(plain.rows)).toEqual(rows);
  expect(plain.faults).toEqual(faults);
  expect(await readAll(write(gzipSync(content), 'quotes.csv.gz'))).toEqual(plain);
});

test('sizes come with the quotes where the header names them', async () => {
  const path = write('ts,bid,ask,bidSize,askSize\n1,2,3,4,5.5\n1,2,3,1e1,0\n1,2,3,,5\n1,2,3\n');
  const { rows, faults } = await readAll(path);
  const quote = { symbol: 'A', bid: 2, ask: 3, ts: 1 };
  expect(rows).toEqual([
    { ...quote, bidSize: 4, askSize: 5.5 },
    { ...quote, bidSize: 10, askSize: 0 },
  ]);
  expect(faults).toEqual([
    [4, 'bidSize "" is not a number'],
    [5, 'has 3 fields instead of 5'],
  ]);
});

test('a size that no double is comes with its text', async () => {
  const { rows } = await readAll(
    write('ts,bid,ask,bidSize,askSize\n1,2,3,9.99999999999999999,-5\n'),
  );
  expect(rows).toEqual([
    {
      symbol: 'A',
      bid: 2,
      ask: 3,
      ts: 1,
      bidSize: 10,
      bidSizeExact: '9.99999999999999999',
      askSize: -5,
    },
  ]);
});

test('a file is known as gzip by its first bytes, whatever its name', async () => {
  const { rows } = await readAll(write(gzipSync(`${head}1,2,3\n`), 'quotes.csv'));
  expect(brief(rows)).toEqual(['1:2:3']);
});

test('every row arrives whole, wherever a chunk ends', async () => {
  const expected: string[] = [];
  let content = head;
  for (let i = 0; content.length < 2.5 * chunkBytes; i++) {
    const ask = `1.${'5'.repeat(1 + (i % 37))}`;
    content += `${i},1,${ask}${i % 3 === 0 ? '\r\n' : '\n'}`;
    expected.push(`${i}:1:${Number(ask)}`);
  }
  const { rows, faults } = await readAll(write(content));
  expect(brief(rows)).toEqual(expected);
  expect(faults).toEqual([]);
});

test('a decimal is the double that Number reads, and exact text where that is another', async () => {
  const digits = fc.stringMatching(/^\d{1,20}$/);
  const exponent = fc.integer({ min: -30, max: 30 });
  const decimal = fc.oneof(
    fc.tuple(digits, digits).map(([whole, fraction]) => `${whole}.${fraction}`),
    fc
      .tuple(fc.stringMatching(/^[1-9]\d{0,6}$/), fc.stringMatching(/^\d{1,9}$/))
      .map((all) => all.join('.')),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.tuple(digits, exponent).map(([whole, by]) => `${whole}e${by}`),
    digits,
  );
  const signed = fc
    .tuple(fc.constantFrom('', '', '-', '+'), decimal)
    .map(([sign, text]) => (text.startsWith('-') ? text : `${sign}${text}`));
  const row = fc.tuple(fc.integer({ min: -1e15, max: timeMsMax }), signed, signed);
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), async (rows) => {
      const { rows: quotes, faults } = await readAll(
        write(`${head}${rows.map((fields) => fields.join(',')).join('\n')}`, 'property.csv'),
      );
      expect(faults).toEqual([]);
      const expected = rows.map(([ts, bid, ask]) => {
        const exactBid = Number(bid) === 0 ? undefined : price(bid).exact;
        const exactAsk = Number(ask) === 0 ? undefined : price(ask).exact;
        return { ts, bid: Number(bid), ask: Number(ask), exactBid, exactAsk };
      });
      expect(
        quotes.map(({ ts, bid, ask, bidExact, askExact }) => {
          return { ts, bid, ask, exactBid: bidExact, exactAsk: askExact };
        }),
      ).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test.for<[name: string, path: () => string, message: RegExp]>([
  ['that is missing', () => join(folder, 'absent.csv'), /of A in .*absent\.csv.* ENOENT/],
  ['that is a folder', () => folder, /EISDIR/],
  ['that is empty', () => write(''), /first line has to be ts,bid,ask or .*, and is ""$/],
  ['with another header', () => write('time,bid,ask\n1,2,3\n'), /and is "time,bid,ask"$/],
  ['without a header', () => write('1,2,3\n'), /and is "1,2,3"$/],
  ['that begins with an empty line', () => write(`\n${head}`), /and is ""$/],
  ['whose first line is endless', () => write(`${'x'.repeat(chunkBytes * 2)}\n${head}`), /is ""$/],
  ['that is .gz by name alone', () => write(head, 'a.csv.gz'), /incorrect header check/],
])('a file %s cannot be used', async ([, path, message]) => {
  await expect(openQuotes({ symbol: 'A', path: path() })).rejects.toMatchObject({
    name: 'CloseoutError',
    code: 'quotes_unusable',
    message: expect.stringMatching(message) as string,
  });
});

const many = `${head}${Array.from({ length: 60_000 }, (_, i) => `${i},${i * 7919},3\n`).join('')}`;

test.for<[name: string, breakIt: (gzip: Buffer) => Buffer, message: RegExp]>([
  ['cut off', (gzip) => gzip.subarray(0, -20), /unexpected end of file/],
  [
    'damaged',
    (gzip) => Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(8)]),
    /incorrect data check/,
  ],
])(
  'a gzip file that is %s is refused, not read as if it ended there',
  async ([, breakIt, message]) => {
    await expect(readAll(write(breakIt(gzipSync(many)), 'broken.csv.gz'))).rejects.toMatchObject({
      code: 'quotes_unusable',
      message: expect.stringMatching(message) as string,
    });
  },
);

test('quotes written as CSV come back as they were, those beyond a double too', async () => {
  const exact: Quote[] = [];
  for (let seed = 0; seed < 40; seed++) {
    const quotes = tinyWorld(seed).quotes.filter(({ bid, ask }) => Number.isFinite(bid + ask));
    const { rows, faults } = await readAll(write(csvOf(quotes)));
    expect(faults).toEqual([]);
    expect(rows).toEqual(quotes.map((quote) => ({ ...quote, symbol: 'A' })));
    exact.push(...rows.filter(({ bidExact }) => bidExact !== undefined));
  }
  expect(exact.length).toBeGreaterThan(20);
});

test('a reader that was closed gives nothing more', async () => {
  const reader = await openQuotes({ symbol: 'A', path: write(many) });
  expect(reader.next()?.ts).toBe(0);
  reader.close();
  expect(reader.next()).toBeUndefined();
  expect(await reader.refill()).toBe(false);
});

test.runIf(hasRecordings()).for(Object.entries(recordings))(
  'the real recording of %s reads as splitting its lines does',
  async ([, path]) => {
    const { rows, faults } = await readAll(path);
    expect(faults).toEqual([]);
    expect(rows).toEqual(readRecording('A', path));
  },
);
