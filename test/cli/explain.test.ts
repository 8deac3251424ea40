// `closeout explain` as a process, on the ledgers that a runtime has written.
import { hostname } from 'node:os';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { openDataDirectory } from '#src/journal/data-directory';
import { systemClock } from '#src/system/clock';
import { finished } from '../e2e/world.ts';
import { closedPositions } from '../ledger/entries.ts';
import { startLive } from '../runtime/live.ts';
import { FakeProvider, type Behaviour } from '../support/fake-provider.ts';
import { until } from '../support/until.ts';
import { written } from './audited.ts';
import {
  closeIdOf,
  eventsOf,
  explained,
  lot,
  rowsOf,
  startOnPostgres,
  storyIn,
  track,
  type Environment,
} from './explain/live.ts';

test('a stop loss, in PGlite: refused beside its runtime, told once that has stopped', async () => {
  const live = await startLive();
  const environment = { CLOSEOUT_DATA_DIR: live.directory };
  await track(live, 'acc2', { positionId: 'p1', quantity: '0.5', exits: { stopLoss: '1.095' } });
  live.quote('EURUSD', '1.0949', '1.095');
  const closeId = await closeIdOf(live, 'acc2', 'p1');

  const beside = await explained(['--close', closeId], environment);
  expect(beside).toMatchObject({ status: 2, stdout: '' });
  expect(beside.stderr).toContain(`in use by pid ${process.pid} `);

  await live.runtime.stop();
  const { status, stdout, stderr } = await explained(['--close', closeId], environment);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/.source;
  const order = /\(order co_[0-9a-f]{20}_1, attempt 1\)/.source;
  expect(stdout).toMatch(
    new RegExp(
      `^${closeId}\n` +
        `position p1 of account acc2 \\(long 0\\.5 EURUSD from 1\\.1\\): closed, stop loss, P&L -255 USD\n` +
        `why: stop loss: the bid 1\\.0949 is below the stop loss 1\\.095\n\n` +
        `${time}  position p1 opened: long 0\\.5 EURUSD at 1\\.1\n` +
        `${time}  quote EURUSD bid 1\\.0949, ask 1\\.095; stop loss: the bid 1\\.0949 is below the stop loss 1\\.095\n` +
        `${time}  CLOSED: 0\\.5 at 1\\.0949, 0\\.0001 from the level 1\\.095, P&L -255 USD ${order}, .* the quote\n\n` +
        `now    position p1 is closed; nothing of it is open here\n$`,
    ),
  );
  // Nothing is left behind that would keep out the runtime.
  const owner = { pid: process.pid, host: hostname(), now: Date.now() };
  openDataDirectory(live.directory, owner).release();
});

test('a breach over several positions, beside the runtime that writes: worst first', async () => {
  const [live, environment] = await startOnPostgres();
  const entries = ['1.1', '1.102', '1.101'];
  for (const [i, entryPrice] of entries.entries()) {
    await track(live, 'acc1', { positionId: `p${i}`, entryPrice });
  }
  // 20 % of 10,000 is lost; three lots lose 300 a tenth of a cent.
  live.quote('EURUSD', '1.094', '1.0941');
  const closeId = await closeIdOf(live, 'acc1', 'p0');
  const story = await storyIn(environment, closeId);
  expect(story).toMatchObject({
    outcome: 'closed',
    why: { reason: 'drawdown_critical', ruleId: 'peak', observed: '7900', floor: '8000' },
    order: { of: 'breach', place: 3, total: 3, around: ['p1', 'p2', 'p0'] },
    pnl: '-600',
    cut: [],
  });
  expect(eventsOf(story)).toEqual(
    expect.arrayContaining(['quote', 'guard_breached', 'position_closed', 'account_halted']),
  );
  const words = story.lines.map((line) => line.words).join('\n');
  expect(words).toMatch(/BREACH of rule peak by account acc1: equity 7900 USD is below its floor/);
  expect(story.open).toContain('account acc1 is halted; 0 of its positions are open');
  const times = story.lines.map(({ at }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test('a market guard: what it measured, since when it held, and until when', async () => {
  const spread = { limit: 0.5, clearAfterMs: 20 };
  const marketGuards = { EURUSD: { gap: false, spread, liquidity: false, stale: false } } as const;
  const [live, environment] = await startOnPostgres({ settings: { marketGuards } });
  await track(live, 'acc2', { positionId: 'p1', quantity: '0.5' });
  live.quote('EURUSD', '1.1', '1.1001');
  live.quote('EURUSD', '1.1', '1.111');
  const closeId = await closeIdOf(live, 'acc2', 'p1');
  live.quote('EURUSD', '1.1', '1.1001');
  await until(
    async () => (await rowsOf(live, '_', { eventType: 'market_cleared' })).length > 0,
    10_000,
    'the spread cleared',
  );

  const { status, stdout, stderr } = await explained(['--close', closeId], environment);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/.source;
  const held = 'spread 1 % is above its limit of 0\\.5 %';
  expect(stdout).toMatch(
    new RegExp(
      `^${closeId}\n` +
        `position p1 of account acc2 \\(long 0\\.5 EURUSD from 1\\.1\\): closed, spread, P&L 0 USD\n` +
        `why: the market guard of EURUSD closed it: ${held} \\(warning\\)\n\n` +
        `${time}  position p1 opened: long 0\\.5 EURUSD at 1\\.1\n` +
        `${time}  quote EURUSD bid 1\\.1, ask 1\\.111; the market guard of EURUSD closed it: ${held} \\(warning\\)\n` +
        `${time}  market of EURUSD WARNING: ${held}\n` +
        `${time}  CLOSED: 0\\.5 at 1\\.1, P&L 0 USD \\(order .*\\), .* the quote\n` +
        `${time}  market of EURUSD cleared: spread\n\n` +
        `now    position p1 is closed; nothing of it is open here\n$`,
    ),
  );
});

test('a LIVE close that was rejected, then unknown, then found to be done', async () => {
  const provider = new FakeProvider({ clock: systemClock(), priceOf: () => '1.0949' });
  const script: Behaviour[] = [
    { kind: 'reject', code: 'busy' },
    { kind: 'fail', executes: true },
  ];
  provider.behaviour = (call) =>
    (call === 'close' ? script.shift() : undefined) ?? { kind: 'answer' };
  const account = { accountId: 'l1', currency: 'USD', balance: 10_000, route: 'demo' };
  const [live, environment] = await startOnPostgres({
    settings: { accounts: [{ ...account, mode: 'LIVE' }], reconcileEveryS: 86_400 },
    brokers: { demo: provider },
  });
  const held = { positionId: 'p1', ticket: 'p1', ...lot };
  provider.open('l1', held, '100000');
  await track(live, 'l1', { ...held, exits: { stopLoss: '1.095' } });
  live.quote('EURUSD', '1.0949', '1.095');
  const story = await storyIn(environment, await closeIdOf(live, 'l1', 'p1'));
  expect(eventsOf(story)).toEqual([
    'position_opened',
    'quote',
    'position_close_failed',
    'position_close_pending',
    'position_closed',
  ]);
  const [, , failed, unknown, closed] = story.lines.map(({ words }) => words);
  expect(failed).toMatch(/^NOT closed: .*\(order co_[0-9a-f]{20}_1, attempt 1\)/);
  expect(unknown).toMatch(/^outcome UNKNOWN: .*500.*\(order co_[0-9a-f]{20}_2, attempt 2\)/);
  expect(closed).toMatch(/^CLOSED: 1 at 1\.0949, .*P&L -510 USD \(order co_[0-9a-f]{20}_2/);
  expect(story).toMatchObject({ outcome: 'closed', pnl: '-510', closedQuantity: '1' });
});

describe('a ledger of many closes', () => {
  test('--db names another ledger than the settings, which need not be valid then', async () => {
    const { environment } = await written('postgres', { drafts: closedPositions(1, 3) });
    const db = String(environment['CLOSEOUT_DATABASE_URL']);
    const { stderr } = await explained(['--close', 'account-0-p1', '--db', db], {
      CLOSEOUT_DATABASE_URL: 'nonsense',
    });
    const closeId = /close_[0-9a-f]{20}/.exec(stderr)?.[0] ?? '';
    const { status, stdout } = await explained(['--close', closeId, '--db', db], {
      CLOSEOUT_DATABASE_URL: 'nonsense',
    });
    expect(status).toBe(0);
    expect(stdout).toContain('position account-0-p1 of account account-0');
  });

  test('an id that is none of a close: how ids are found, and which may have been meant', async () => {
    const { environment } = await written('pglite', { drafts: closedPositions(1, 3) });
    const unknown = await explained(['--close', 'close_0'], environment);
    expect(unknown).toMatchObject({ status: 1, stdout: '' });
    expect(unknown.stderr).toContain('the ledger has no close close_0: ');
    expect(unknown.stderr).toContain('ledger.list');
    const position = await explained(['--close', 'account-0-p1'], environment);
    expect(position).toMatchObject({ status: 1, stdout: '' });
    expect(position.stderr).toMatch(
      /: that is a position, which was closed, or is being closed, by:\n  close_[0-9a-f]{20}\n$/,
    );
  });
});

test.each<[string, string[], Environment, string]>([
  ['no id', [], {}, 'expected either --close with a closeId or --breach with a breachId'],
  ['both', ['--close', 'x', '--breach', 'y'], {}, 'expected either --close'],
  ['an empty breach', ['--breach', ''], {}, '--breach: expected a breachId'],
  ['an empty id', ['--close', ''], {}, '--close: expected a closeId'],
  ['another option', ['--id', 'x'], {}, "Unknown option '--id'"],
  ['a word', ['close_1'], {}, "Unexpected argument 'close_1'"],
  [
    'another database',
    ['--close', 'x', '--db', 'mysql://x'],
    {},
    '--db: expected a postgres:// URL',
  ],
  ['invalid settings', ['--close', 'x'], { CLOSEOUT_DATABASE_URL: 'x' }, 'expected a URL'],
  ['no ledger', ['--close', 'x'], { CLOSEOUT_DATA_DIR: '/nonexistent' }, 'there is no ledger in '],
  [
    'a database that does not answer, whose password is not told',
    ['--close', 'x', '--db', 'postgres://closeout:sesame@127.0.0.1:1/ledger'],
    {},
    'ECONNREFUSED',
  ],
])('%s: exit status 2', async (_what, args, environment, said) => {
  const { status, stdout, stderr } = await explained(args, environment);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(said);
  expect(stderr).not.toContain('sesame');
});

test.each(['start', 'doctor', 'verify', 'explain', 'replay', 'version'])(
  '%s --help prints its usage, whatever the settings are',
  async (command) => {
    for (const args of [['-h'], ['--db', '--help']]) {
      const invalid = { CLOSEOUT_DATABASE_URL: 'nonsense' };
      const { status, stdout, stderr } = await finished([command, ...args], invalid);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^usage: closeout ${command}`));
    }
  },
);
