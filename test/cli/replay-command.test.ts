// `closeout replay` as a process: what it writes, that it repeats itself, and what it refuses.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Client } from 'pg';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { recordings, readRecording } from '../support/recordings.ts';
import type { Scenario } from '../support/scenario.ts';
import { dayScenario } from '../support/scenarios.ts';
import { freshDatabase } from '../support/servers.ts';
import { finished, temporaryDirectory, type Finished } from '../e2e/world.ts';

const long = { accountId: 'a1', symbol: 'S', side: 'long' as const, quantity: 1, entryPrice: 10 };
const small: Scenario = {
  instruments: [{ symbol: 'S', quoteCurrency: 'USD', contractSize: 10 }],
  accounts: [
    {
      accountId: 'a1',
      currency: 'USD',
      balance: '1000',
      rules: [{ id: 'trail', anchor: 'peakEquity', limitAmount: 500 }],
    },
    { accountId: 'a2', currency: 'USD', balance: 50 },
  ],
  positions: [
    { positionId: 'p1', ...long, exits: { stopLoss: 9 } },
    { positionId: 'p2', ...long, exits: { takeProfit: '11.50' } },
    { positionId: 'p3', ...long, openAt: '1970-01-01T00:00:00.004Z' },
  ],
};
const rows = [
  'ts,bid,ask',
  '1,10,10.1',
  '2,12,12.1',
  '3,8,7',
  '4,8.5,8.6',
  '5,NaN,1',
  '6,9,9,1',
  '',
];

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
});

function written(name: string, content: string | Uint8Array | object): string {
  const path = join(folder, name);
  const isRaw = typeof content === 'string' || content instanceof Uint8Array;
  writeFileSync(path, isRaw ? content : JSON.stringify(content));
  return path;
}

function replay(...args: string[]): Promise<Finished> {
  return finished(['replay', ...args]);
}

function linesOf(text: string): object[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
}

test('a line a close on standard output, and a report', async () => {
  const report = join(folder, 'report.json');
  const { status, stdout, stderr } = await replay(
    ...['--scenario', written('s.json', small)],
    ...['--quotes', `S=${written('q.csv', rows.join('\r\n'))}`, '--out', '-', '--report', report],
  );
  expect(status).toBe(0);
  const common = { accountId: 'a1', symbol: 'S', side: 'long', quantity: '1' };
  expect(linesOf(stdout)).toEqual([
    {
      ...{ positionId: 'p2', ...common, reason: 'take_profit', ts: 2 },
      ...{ triggerPrice: '11.5', price: '12', pnl: '20' },
    },
    {
      ...{ positionId: 'p1', ...common, reason: 'stop_loss', ts: 4 },
      ...{ triggerPrice: '9', price: '8.5', pnl: '-15' },
    },
  ]);
  expect(JSON.parse(readFileSync(report, 'utf8'))).toEqual({
    quotes: 3,
    refusedQuotes: 3,
    closes: 2,
    accounts: [
      ...[{ accountId: 'a1', state: 'normal', balance: '1005', equity: '990', peakEquity: '1040' }],
      ...[{ accountId: 'a2', state: 'normal', balance: '50', equity: '50' }],
    ],
    openPositions: 1,
    elapsedMs: expect.any(Number),
    quotesPerSecond: expect.any(Number),
  });
  // Malformed rows by their line; the header is line 1.
  expect(stderr).toMatch(/"line":6,/);
  expect(stderr).toMatch(/"line":7,/);
  expect(stderr).toContain('3 quotes (3 refused), 2 closes, 1 positions open');
});

test('both recordings twice: the same bytes, to a file and to a pipe, but for the times', async () => {
  const days = (['XAUUSD', 'EURUSD'] as const).map((symbol) => ({
    symbol,
    quotes: readRecording(symbol, recordings[symbol]),
  }));
  const scenario = written('day.json', dayScenario(7, days, { isGuarded: true }));
  const out = join(folder, 'out.jsonl');
  const reports = [join(folder, 'first.json'), join(folder, 'second.json')] as const;
  const quotes = Object.entries(recordings).flatMap(([symbol, path]) => [
    ...['--quotes', `${symbol}=${path}`],
  ]);
  const first = await replay(
    ...['--scenario', scenario, ...quotes, '--out', out, '--report', reports[0]],
  );
  const second = await replay(...['--scenario', scenario, ...quotes, '--report', reports[1]]);
  expect([first.status, first.stdout, second.status]).toEqual([0, '', 0]);
  expect(linesOf(second.stdout).length).toBeGreaterThan(100);
  expect(readFileSync(out, 'utf8')).toBe(second.stdout);
  const timeless = (path: string): string =>
    readFileSync(path, 'utf8').replace(/"(elapsedMs|quotesPerSecond)": \d+/g, '"$1": 0');
  expect(timeless(reports[0])).toBe(timeless(reports[1]));
}, 60_000);

test('--db writes the rows of the ledger, and a repeat writes none twice', async () => {
  const url = await freshDatabase();
  const args = ['--scenario', written('s.json', small), '--db', url];
  const quotes = written('q.csv.gz', gzipSync(rows.join('\n')));
  for (let time = 1; time <= 2; time++) {
    const { status, stderr } = await replay(...args, '--quotes', `S=${quotes}`);
    expect(status, stderr).toBe(0);
  }
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const found = await client.query(
    `select user_id, event_type, description, status, meta_data->>'pnl' as pnl
     from reconciliation_log order by n`,
  );
  const row = { user_id: 'a1', event_type: 'position_closed', status: 0 };
  expect(found.rows).toEqual([
    { ...row, description: 'Position p2 closed: take_profit', pnl: '20' },
    { ...row, description: 'Position p1 closed: stop_loss', pnl: '-15' },
  ]);
});

test.each<[string, string[], RegExp]>([
  ['nothing given', [], /--scenario: expected a file\n--quotes: expected SYMBOL=FILE/],
  ['an unknown option', ['--speed', '9'], /Unknown option '--speed'[^]*usage: closeout replay/],
  [
    'no scenario file',
    ['--scenario', '/no/such.json', '--quotes', 'S=QUOTES'],
    /such\.json: expected a JSON file/,
  ],
  [
    'a symbol that is no instrument',
    ['--scenario', 'SMALL', '--quotes', 'T=QUOTES'],
    /--quotes T=.*instruments/,
  ],
  [
    'quotes without a symbol',
    ['--scenario', 'SMALL', '--quotes', 'QUOTES'],
    /expected SYMBOL=FILE/,
  ],
  [
    'no file of quotes',
    ['--scenario', 'SMALL', '--quotes', 'S=/no/such.csv'],
    /the quotes of S in \/no\/such\.csv/,
  ],
  [
    'another header',
    ['--scenario', 'SMALL', '--quotes', 'S=SMALL'],
    /the first line has to be ts,bid,ask/,
  ],
  [
    'no database URL',
    ['--scenario', 'SMALL', '--quotes', 'S=QUOTES', '--db', 'mysql://x'],
    /--db: expected a postgres/,
  ],
])('%s: exit status 2, what is wrong, nothing on standard output', async (_, args, expected) => {
  const files: Record<string, string> = {
    SMALL: written('small.json', small),
    QUOTES: written('q.csv', rows.join('\n')),
  };
  const given = args.map((arg) => arg.replace(/SMALL|QUOTES/, (name) => files[name] ?? name));
  const { status, stdout, stderr } = await replay(...given);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(expected);
  expect(stderr).not.toContain('    at ');
});

test.each<[string, unknown, string[]]>([
  ['is no JSON', '{"instruments":', ['expected a JSON file']],
  [
    'has faults of its shape',
    {
      instruments: [{ symbol: 'S', quoteCurrency: 'dollars!' }],
      accounts: [{ accountId: 'a 1', currency: 'USD', balance: 0 }],
      positions: [{ positionId: 'p1', ...long, side: 'up', exits: { stopLoss: -1, trailing: {} } }],
      speed: 9,
    },
    [
      ...[
        '  instruments[0].quoteCurrency: ',
        '  accounts[0].accountId: ',
        '  accounts[0].balance: ',
      ],
      ...['  positions[0].side: ', '  positions[0].exits.stopLoss: '],
      ...[
        '  positions[0].exits.trailing: expected either distance or percent, was {}',
        '  speed: is not a known',
      ],
    ],
  ],
  [
    'contradicts itself',
    {
      ...small,
      positions: [
        { positionId: 'p1', ...long },
        { positionId: 'p1', ...long },
        { positionId: 'p2', ...long, accountId: 'nobody' },
        { positionId: 'p3', ...long, symbol: 'T' },
      ],
    },
    ['  positions[1]', '  positions[2]', '  positions[3]'],
  ],
])('a scenario that %s: exit status 2, every fault by its path', async (_, scenario, expected) => {
  const { status, stdout, stderr } = await replay(
    ...['--scenario', written('bad.json', scenario as object)],
    ...['--quotes', `S=${written('q.csv', rows.join('\n'))}`],
  );
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  for (const fault of expected) expect(stderr).toContain(fault);
});

test('a database that is not there: exit status 1, named', async () => {
  const { status, stderr } = await replay(
    ...[
      '--scenario',
      written('s.json', small),
      '--quotes',
      `S=${written('q.csv', rows.join('\n'))}`,
    ],
    ...['--db', 'postgres://closeout:sesame@127.0.0.1:1/ledger'],
  );
  expect(status).toBe(1);
  expect(stderr).toContain('the database ledger at 127.0.0.1:1 does not take the ledger');
  expect(stderr).not.toContain('sesame');
});
