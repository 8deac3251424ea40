// The runtime as a gateway embeds it: options, settings, life and death, quotes from an Observable.
import { readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { QuoteInput } from '#src/contracts/quote';
import type { CloseoutError } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Clock } from '#src/ports/clock';
import { silentLogger } from '#src/ports/logger';
import { createRuntime } from '#src/runtime';
import { systemClock } from '#src/system/clock';
import { runGateway } from '../../examples/gateway.ts';
import { until } from '../support/until.ts';
import { liveRuntime, startLive, temporaryDirectory, type Live } from './live.ts';
import { refusalOf } from './refusals.ts';
import { accounts, instruments, long } from './world.ts';

function faultOf(options: object): CloseoutError {
  try {
    createRuntime(options);
  } catch (error) {
    return error as CloseoutError;
  }
  throw new Error('nothing was thrown');
}

describe('options', () => {
  test('that are undefined are as good as absent', () => {
    const settings = { CLOSEOUT_DATA_DIR: 'nowhere' };
    const options = { settings, brokers: undefined, notifiers: undefined };
    expect(createRuntime(options).status().state).toBe('created');
  });
});

describe('settings', () => {
  const faultsOf = (settings: object): string[] => {
    const { code, message } = faultOf({ settings });
    expect(code).toBe('settings_invalid');
    return message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(': ')[0] ?? '');
  };

  test('with three faults name all three', () => {
    const settings = {
      CLOSEOUT_NATS_URL: 'http://localhost',
      CLOSEOUT_HTTP_PORT: '70000',
      CLOSEOUT_LOG_LEVEL: 'loud',
    };
    expect(faultsOf(settings)).toEqual(Object.keys(settings));
    const { message } = faultOf({ settings });
    expect(message).toContain('expected a port, 0 to 65535, was "70000"');
  });

  test('name what is wrong by itself and what does not fit the rest, together', () => {
    const faults = faultsOf({
      CLOSEOUT_NATS_CA: 'ca.pem',
      CLOSEOUT_DATA_DIR: '',
      instruments: [...instruments, { symbol: 'EURUSD', quoteCurrency: 'usd' }],
      accounts: [{ ...accounts[0], balance: 0 }, { ...accounts[0], mode: 'DRY_RUN' }, null],
      marketGuards: { NQ: {}, EURUSD: { gap: { limit: -1 } } },
    });
    expect(faults.sort()).toEqual(
      [
        ...[
          'CLOSEOUT_DATA_DIR',
          'CLOSEOUT_NATS_CA',
          'accounts[0].balance',
          'accounts[1].accountId',
        ],
        ...['accounts[1].mode', 'accounts[2]', 'instruments[3].quoteCurrency'],
        ...['instruments[3].symbol', 'marketGuards.EURUSD.gap.limit', 'marketGuards.NQ'],
      ].sort(),
    );
  });

  test('for later, such as CLOSEOUT_OBSERVE_ONLY, are refused', () => {
    const { message } = faultOf({ settings: { CLOSEOUT_OBSERVE_ONLY: 'true' } });
    expect(message).toContain('  CLOSEOUT_OBSERVE_ONLY: is not supported by this version');
  });

  test.each(['CLOSEOUT_NATS_CREDS', 'CLOSEOUT_HTTP_TOKENS_FILE'])('%s must be readable', (key) => {
    expect(faultsOf({ [key]: '/nowhere/at/all' })).toEqual([key]);
  });

  test('of another type altogether are refused', () => {
    for (const settings of [[], 'file.json', 5]) {
      expect(faultOf({ settings }).code).toBe('settings_invalid');
    }
  });
});

describe('the example gateway', () => {
  test('has its two positions closed, and learns of both', async () => {
    const closed = await runGateway(await temporaryDirectory());
    expect(closed).toEqual([
      { ticket: 7001, reason: 'stop_loss', price: '1.0949', pnl: '-255' },
      { ticket: 7002, reason: 'take_profit', price: '1.0939', pnl: '305' },
    ]);
  });
});

describe('before the start', () => {
  test('every command is refused, and there is no system yet', async () => {
    const { runtime } = await liveRuntime();
    expect(refusalOf(await runtime.commands.runtime.status('_'))).toBe('503 not_ready');
    expect(refusalOf(await runtime.commands.position.track('acc1', long))).toBe('503 not_ready');
    expect(() => runtime.system).toThrow('the runtime has not started');
    expect(runtime.status()).toMatchObject({ state: 'created', ready: false, uptimeMs: 0 });
    await runtime.stop();
    await expect(runtime.start()).rejects.toMatchObject({ code: 'already_started' });
  });
});

describe('a runtime that runs', () => {
  let live: Live;
  const events: RuntimeEvent[] = [];
  const lines: string[] = [];
  const clock = aheadBy(1_000_000_000);
  beforeAll(async () => {
    let count = 0;
    const note = (_: object, line: string): void => void lines.push(line);
    live = await liveRuntime({
      clock,
      ids: { next: (kind) => `my_${kind}_${++count}` },
      logger: { ...silentLogger, info: note, error: note },
    });
    live.runtime.events$.subscribe((event) => void events.push(event));
    await live.runtime.start();
    await live.runtime.commands.position.track('acc1', {
      ...{ ...long, positionId: 'p1', exits: { stopLoss: '1.0', takeProfit: '1.3' } },
    });
    live.quote('EURUSD', 1.1, 1.2);
  });

  test('tells its status, in process and as a command', async () => {
    const status = live.runtime.status();
    const well = { isHealthy: true, since: expect.any(Number) };
    expect(status).toEqual({
      state: 'ready',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      ready: true,
      uptimeMs: expect.any(Number),
      components: {
        queueManager: well,
        priceMonitor: well,
        orderClosure: well,
        orderWorker: { ...well, detail: 'ready' },
        journal: well,
        http: { ...well, detail: expect.stringMatching(/^port \d+$/) },
        ledger: { ...well, detail: expect.stringMatching(/records behind$/) },
      },
      counters: expect.objectContaining({
        ...{ quotes_accepted: 1, quotes_refused: 0, quotes_conflated: 0, actor_restarts: 0 },
        commands_answered: expect.any(Number),
      }),
    });
    for (const value of Object.values(status.counters)) expect(Number.isInteger(value)).toBe(true);
    const reply = await live.runtime.commands.runtime.status('_');
    expect(Object.keys(reply)).toEqual(Object.keys(status));
  });

  test('takes time, ids and log lines to where it was told', async () => {
    const before = clock.now();
    const reply = await live.runtime.commands.position.track('eur1', long);
    expect(reply).toMatchObject({ positionId: 'my_position_1' });
    const { openedAt } = reply as { openedAt: number };
    expect(openedAt).toBeGreaterThanOrEqual(before);
    expect(openedAt).toBeLessThanOrEqual(clock.now());
    expect(lines).toContain('ready');
  });

  test('is not started twice, and its directory is its own', async () => {
    await expect(live.runtime.start()).rejects.toMatchObject({ code: 'already_started' });
    const second = await liveRuntime({ directory: live.directory });
    await expect(second.runtime.start()).rejects.toMatchObject({ code: 'data_directory_in_use' });
    const error = await (
      await liveRuntime({ directory: live.directory })
    ).runtime
      .start()
      .catch((fault: unknown) => fault as Error);
    expect(String(error)).toContain(String(process.pid));
    expect(String(error)).toContain(hostname());
    expect(live.runtime.status().ready).toBe(true);
  });

  test.each<readonly [string, unknown, string]>([
    ['NaN', { bid: NaN, ask: 1 }, 'not_finite'],
    ['infinite', { bid: 1, ask: Infinity }, 'not_finite'],
    ['of no time', { bid: 1, ask: 1, ts: NaN }, 'not_finite'],
    ['zero', { bid: 0, ask: 1 }, 'not_positive'],
    ['negative', { bid: -1, ask: '-0.5' }, 'not_positive'],
    ['crossed', { bid: 0.9, ask: 0.8 }, 'crossed'],
    [
      'crossed by the last digit',
      { bid: '0.90000000000000000002', ask: '0.90000000000000000001' },
      'crossed',
    ],
    ['of an unknown symbol', { symbol: 'NOPE', bid: 1, ask: 1 }, 'unknown_symbol'],
    ['old', { bid: 0.9, ask: 0.9, ts: 1 }, 'stale'],
    ['in the future', { bid: 0.9, ask: 0.9, ts: 4e12 }, 'in_future'],
    ['without a bid', { ask: 0.9 }, 'malformed'],
    ['of text that is no number', { bid: 'low', ask: 0.9 }, 'malformed'],
    ['of a time with a fraction', { bid: 0.9, ask: 0.9, ts: 1.5 }, 'malformed'],
    ['of a time as text', { bid: 0.9, ask: 0.9, ts: '2026-01-01' }, 'malformed'],
    ['of a size that is none', { bid: 0.9, ask: 0.9, bidSize: {} }, 'malformed'],
    ['without a symbol', { symbol: undefined, bid: 0.9, ask: 0.9 }, 'malformed'],
    ['null', null, 'malformed'],
    ['undefined', undefined, 'malformed'],
    ['text', '{"bid":0.9,"ask":0.9}', 'malformed'],
    ['a number', 0.9, 'malformed'],
    ['a list', [0.9, 0.9], 'malformed'],
  ])('refuses a quote that is %s, by its reason, and nothing comes of it', (_, given, reason) => {
    const isPlain = typeof given === 'object' && given !== null && !Array.isArray(given);
    const quote = isPlain ? { symbol: 'EURUSD', ...given } : given;
    const before = live.runtime.status().counters;
    live.quotes.next(quote as QuoteInput);
    const name = `quotes_refused_${reason}`;
    expect(live.runtime.status().counters).toEqual({
      ...before,
      quotes_refused: (before['quotes_refused'] ?? 0) + 1,
      [name]: (before[name] ?? 0) + 1,
    });
    expect(events.map((event) => event.event)).toEqual(['position.tracked', 'position.tracked']);
  });

  test('takes a quote up to 5 s ahead, one as old as the last, and keys that it does not know', () => {
    const { quotes_accepted: before = 0 } = live.runtime.status().counters;
    const ts = clock.now() + 4000;
    const quote = { symbol: 'XAUUSD', bid: '1290.10', ask: 1290.2, ts, venue: 'x', seq: 7 };
    live.quotes.next(quote);
    live.quotes.next(quote);
    expect(live.counter('quotes_accepted')).toBe(before + 2);
    live.quotes.next({ ...quote, ts: ts - 1 });
    expect(live.counter('quotes_accepted')).toBe(before + 2);
  });

  test('answers commands by either name, and refuses as a value', async () => {
    const { account, position } = live.runtime.commands;
    expect(await account['close-all']('acc2', { reason: 'x' })).toMatchObject({ results: [] });
    expect(await position.closeIfTriggered('acc2', {})).toMatchObject({ error: { code: 400 } });
    expect(refusalOf(await position.get('acc2', { positionId: 'p1' }))).toBe('403 foreign_account');
    const late = { deadlineTs: clock.now() - 1 };
    expect(refusalOf(await account.get('acc1', {}, late))).toBe('408 deadline_passed');
    const inTime = { deadlineTs: clock.now() + 60_000 };
    expect(refusalOf(await account.get('acc1', {}, inTime))).toBe('ok');
  });

  test('says in the ledger who asked', async () => {
    const { account, ledger } = live.runtime.commands;
    await account.adjust('acc2', { amount: 1, reason: 'x' });
    await account.adjust('acc2', { amount: 1, reason: 'x' }, { client: 'desk-7' });
    const { items } = (await ledger.list('acc2')) as { items: { metaData: { by: string } }[] };
    expect(items.map((row) => row.metaData.by)).toEqual(['in-process', 'desk-7']);
    expect(refusalOf(await ledger.list('acc2', { cursor: 'nowhere' }))).toBe(
      '400 invalid_request: cursor',
    );
  });

  test('goes on when the quotes come to an error, on what else there is', async () => {
    live.quotes.error(new Error('the feed broke'));
    expect(lines).toContain('quotes$ failed');
    const { position, runtime } = live.runtime.commands;
    expect(refusalOf(await runtime.status('_'))).toBe('ok');
    expect(await position.close('acc1', { positionId: 'p1' })).toMatchObject({
      ...{ outcome: 'closed', closedPrice: '1.1' },
    });
    expect(live.runtime.status()).toMatchObject({ state: 'ready', ready: true });
  });

  test('stops once, tells that no more events come, and refuses commands from then on', async () => {
    let isComplete = false;
    live.runtime.events$.subscribe({ complete: () => (isComplete = true) });
    await Promise.all([live.runtime.stop(), live.runtime.stop()]);
    await live.runtime.stop();
    expect(isComplete).toBe(true);
    expect(
      events.filter((event) => event.accountId === 'acc1').map((event) => event.event),
    ).toEqual(['position.tracked', 'position.closed']);
    expect(live.runtime.status()).toMatchObject({ state: 'stopped', ready: false });
    expect(refusalOf(await live.runtime.commands.account.get('acc1'))).toBe('503 not_ready');
    await expect(live.runtime.start()).rejects.toMatchObject({ code: 'already_started' });
  });
});

describe('a start on a directory that has been used', () => {
  let directory: string;
  let running: Live | undefined;
  const start = async (options: Parameters<typeof startLive>[0]): Promise<Live> => {
    running = await startLive({ directory, ...options });
    return running;
  };
  beforeAll(async () => {
    directory = await temporaryDirectory();
  });
  afterEach(async () => {
    await running?.runtime.stop();
  });

  test('guards again, values as before, and fills nothing at an old quote', async () => {
    const first = await start({ settings: { marketGuards: { EURUSD: { gap: { limit: 9 } } } } });
    const { commands } = first.runtime;
    const exits = { stopLoss: '1.05' };
    await commands.position.track('acc1', { ...long, positionId: 'p1', exits });
    await commands.position.track('acc1', { ...long, positionId: 'p2' });
    first.quote('EURUSD', '1.07', '1.0701');
    const before = await commands.position.get('acc1', { positionId: 'p1' });
    expect(before).toMatchObject({ unrealisedPnl: '-300' });
    await first.runtime.stop();

    const second = await start({});
    const again = second.runtime.commands;
    expect(await again.position.get('acc1', { positionId: 'p1' })).toEqual(before);
    const closing = again.position.close('acc1', { positionId: 'p2' });
    await until(() => second.counter('closes_requested') === 1);
    expect(second.counter('closes_filled')).toBe(0);
    second.quote('EURUSD', '1.049', '1.0491');
    expect(await closing).toMatchObject({ closedPrice: '1.049' });
    expect(await again.position.get('acc1', { positionId: 'p1' })).toMatchObject({
      state: 'closed',
    });
  });

  test('takes what is new in its settings, tells what conflicts, and guards all the same', async () => {
    const first = await start({});
    await first.runtime.commands.position.track('acc1', { ...long, positionId: 'p3' });
    await first.runtime.stop();
    const told: object[] = [];
    const error = (fields: object): void => void told.push(fields);
    const more = { accountId: 'late', currency: 'USD', balance: 1 };
    const changed = { accountId: 'acc2', currency: 'USD', balance: 7, preset: 'default' as const };
    const { runtime } = await start({
      settings: {
        accounts: [changed, more],
        instruments: instruments.map((one) => ({ ...one, contractSize: 1 })),
      },
      logger: { ...silentLogger, error },
    });
    const { account, guard, instrument, position } = runtime.commands;
    expect(await account.get('acc2')).toMatchObject({ balance: '5000.5', rules: [] });
    expect(await account.get('late')).toMatchObject({ balance: '1' });
    expect(await guard.status('_')).toMatchObject({ guards: [{ symbol: 'EURUSD' }] });
    expect(told).toMatchObject([{ path: 'instruments.EURUSD' }]);
    const { items } = (await instrument.list('_')) as { items: object[] };
    expect(items).toMatchObject([{ contractSize: '100000' }, { contractSize: '1' }, {}]);
    expect(await position.get('acc1', { positionId: 'p3' })).toMatchObject({ state: 'guarded' });
  });
});

describe('a start that fails', () => {
  test('says why, and leaves nothing behind', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'file');
    await writeFile(file, 'x');
    const { runtime } = await liveRuntime({ directory: file });
    await expect(runtime.start()).rejects.toThrow(file);
    expect(runtime.status()).toMatchObject({ state: 'stopped', ready: false });
    expect(refusalOf(await runtime.commands.account.get('acc1'))).toBe('503 not_ready');
    expect(await readdir(directory)).toEqual(['file']);
  });
});

/** The system's clock, set ahead. */
function aheadBy(aheadMs: number): Clock {
  const system = systemClock();
  return {
    now: () => system.now() + aheadMs,
    at: (ts, act) => system.at(ts - aheadMs, act),
    soon: (act) => system.soon(act),
  };
}
