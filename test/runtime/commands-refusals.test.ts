// What commands refuse: every fault of a body by its path, foreign accounts, what is not there yet.
import { beforeAll, describe, expect, test } from 'vitest';
import { requestBytesMax, requestDepthMax } from '#src/contracts/json';
import type { CoreHarness } from '../support/core-harness.ts';
import { refusalOf } from './refusals.ts';
import { accounts, instruments, long, startPopulated } from './world.ts';

let world: CoreHarness;
beforeAll(async () => {
  world = await startPopulated();
});

type Row = readonly [subject: string, body: unknown, expected: string];

/** A refused command leaves no record, so the world stands as it was. */
async function expectRefused([subject, body, expected]: Row): Promise<void> {
  const before = world.core.state.n;
  expect(refusalOf(await world.ask(subject, body))).toBe(expected);
  expect(world.core.state.n).toBe(before);
}

const bad = (paths: string): string => `400 invalid_request: ${paths}`;
const rules = (...list: object[]): object => ({ currency: 'USD', balance: 1, rules: list });
const peak = { id: 'r', anchor: 'peakEquity', limitPct: 10 };

describe('a body that is no valid one is refused with every fault of it', () => {
  test.each<Row>([
    // What is no JSON object.
    ['gw.acc1.position.get', '', bad('positionId')],
    ['gw.acc1.position.get', '{', bad('(body)')],
    ['gw.acc1.position.get', '"text"', bad('(body)')],
    ['gw.acc1.position.get', '[]', bad('(body)')],
    ['gw.acc1.position.get', 'null', bad('(body)')],
    ['gw.acc1.position.get', '1', bad('(body)')],
    ['gw.acc1.position.get', Buffer.from([0x7b, 0xff, 0x7d]), bad('(body)')],
    ['gw.acc1.position.get', '{"positionId":"p1"}{}', bad('(body)')],
    ['gw.acc1.position.get', '{"positionId":"p1","__proto__":{}}', bad('__proto__')],
    ['gw.acc1.position.get', '{"positionId":"p1","constructor":1}', bad('constructor')],

    // Accounts.
    ['op._.account.create', {}, bad('balance, currency')],
    ['op._.account.create', { currency: 'USD', balance: 1 }, bad('accountId')],
    ['op._.account.create', { accountId: '_', currency: 'USD', balance: 1 }, bad('accountId')],
    ['op.new.account.create', { currency: 'usd', balance: 0 }, bad('balance, currency')],
    ['op.new.account.create', { currency: 5, balance: 'NaN', x: 1 }, bad('balance, currency, x')],
    ['op.new.account.create', { currency: 'USD', balance: '1e3' }, bad('balance')],
    ['op.new.account.create', { currency: 'USD', balance: -1 }, bad('balance')],
    ['op.new.account.create', { currency: 'USD', balance: 1, mode: 'LIVE' }, bad('mode')],
    ['op.new.account.create', { currency: 'USD', balance: 1, mode: 'DRY_RUN' }, bad('mode')],
    ['op.new.account.create', { currency: 'USD', balance: 1, route: 'r1' }, bad('route')],
    ['op.new.account.create', { currency: 'USD', balance: 1, preset: 'apex' }, bad('preset')],
    [
      'op.new.account.create',
      { currency: 'USD', balance: 1, preset: 'default', rules: [] },
      bad('preset'),
    ],
    [
      'op.new.account.create',
      { currency: 'USD', balance: 0, preset: 'default', rules: [] },
      bad('balance, preset'),
    ],
    ['op.new.account.create', rules({}), bad('rules[0].anchor, rules[0].id')],
    [
      'op.new.account.create',
      rules({ id: 'a b', anchor: 'peakEquity', limitPct: 101 }),
      bad('rules[0].id, rules[0].limitPct'),
    ],
    ['op.new.account.create', rules({ id: 'r', anchor: 'peakEquity' }), bad('rules[0].limitPct')],
    ['op.new.account.create', rules({ ...peak, limitAmount: 5 }), bad('rules[0].limitPct')],
    ['op.new.account.create', rules({ ...peak, floor: 5 }), bad('rules[0].floor')],
    [
      'op.new.account.create',
      rules({ ...peak, id: '!', floor: 5 }),
      bad('rules[0].floor, rules[0].id'),
    ],
    ['op.new.account.create', rules({ id: 'r', anchor: 'fixed' }), bad('rules[0].floor')],
    [
      'op.new.account.create',
      rules({ id: 'r', anchor: 'fixed', floor: 1, limitPct: 1, limitAmount: 1 }),
      bad('rules[0].limitAmount, rules[0].limitPct'),
    ],
    ['op.new.account.create', rules(peak, peak), bad('rules[1].id')],
    [
      'op.new.account.create',
      rules(peak, { ...peak, limitPct: 0 }),
      bad('rules[1].id, rules[1].limitPct'),
    ],
    [
      'op.new.account.create',
      rules(...Array.from({ length: 33 }, (_, i) => ({ ...peak, id: `r${i}` }))),
      bad('rules'),
    ],
    ['op.acc1.account.get', { accountId: 'acc1', x: 1 }, bad('x')],
    ['op._.account.list', { limit: 0, cursor: 5 }, bad('cursor, limit')],
    ['op._.account.list', { limit: 1001 }, bad('limit')],
    ['op._.account.list', { limit: 1.5 }, bad('limit')],
    ['op._.account.list', { cursor: 'what' }, bad('cursor')],
    ['op._.account.list', { cursor: '' }, bad('cursor')],
    ['op._.account.list', { cursor: '0x1' }, bad('cursor')],
    ['op.acc1.account.adjust', { amount: 0, reason: '' }, bad('amount, reason')],
    ['op.acc1.account.adjust', {}, bad('amount, reason')],
    ['op.acc1.account.halt', { reason: 'x'.repeat(65) }, bad('reason')],
    ['op.acc1.account.halt', {}, bad('reason')],
    ['op.acc1.account.resume', { reason: 5, acknowledge: 'a b' }, bad('acknowledge, reason')],
    ['op.acc1.account.close-all', {}, bad('reason')],
    [
      'op.acc1.account.close-all',
      { reason: 'x', positions: {}, order: 'random', x: 1 },
      bad('order, positions, x'),
    ],

    // Positions.
    ['gw.acc1.position.track', {}, bad('entryPrice, quantity, side, symbol')],
    [
      'gw.acc1.position.track',
      { ...long, positionId: 'a.b', quantity: 0, side: 'buy', entryPrice: '-1', symbol: 'EUR USD' },
      bad('entryPrice, positionId, quantity, side, symbol'),
    ],
    ['gw.acc1.position.track', { ...long, positionId: 'a*' }, bad('positionId')],
    ['gw.acc1.position.track', { ...long, positionId: '' }, bad('positionId')],
    ['gw.acc1.position.track', { ...long, positionId: 'x'.repeat(65) }, bad('positionId')],
    ['gw.acc1.position.track', { ...long, ticket: 0 }, bad('ticket')],
    ['gw.acc1.position.track', { ...long, ticket: 1.5 }, bad('ticket')],
    ['gw.acc1.position.track', { ...long, ticket: '' }, bad('ticket')],
    [
      'gw.acc1.position.track',
      { ...long, openedAt: 'now', stopLossId: '' },
      bad('openedAt, stopLossId'),
    ],
    ['gw.acc1.position.track', { ...long, openAt: 1 }, bad('openAt')],
    ['gw.acc1.position.track', { ...long, exits: [] }, bad('exits')],
    [
      'gw.acc1.position.track',
      { ...long, exits: { stopLoss: 0, takeProfit: 'x' } },
      bad('exits.stopLoss, exits.takeProfit'),
    ],
    [
      'gw.acc1.position.track',
      {
        ...long,
        exits: {
          trailing: { distance: 1 },
          breakEven: { trigger: 2 },
          expiresAt: 1,
          ladder: [],
          stopLossAmount: 1,
          takeProfitAmount: 1,
        },
      },
      bad(
        'exits.breakEven, exits.expiresAt, exits.ladder, exits.stopLossAmount, exits.takeProfitAmount, exits.trailing',
      ),
    ],
    ['gw.acc1.position.amend', { positionId: 'p1' }, bad('exits')],
    [
      'gw.acc1.position.amend',
      { positionId: 'p1', exits: { trailing: {} } },
      bad('exits.trailing'),
    ],
    ['gw.acc1.position.close', { positionId: 'p1', quantity: '0.05' }, bad('quantity')],
    ['gw.acc1.position.close', { positionId: 'p1', price: 0, reason: '' }, bad('price, reason')],
    ['gw.acc1.position.close-if-triggered', {}, bad('guardType, positionId, triggerReason')],
    [
      'gw.acc1.position.close-if-triggered',
      { positionId: 'p1', guardType: 'account', triggerReason: 'x' },
      bad('guardType'),
    ],
    ['gw.acc1.position.untrack', { positionId: 'p1' }, bad('reason')],
    ['gw.acc1.position.get', { positionId: 1 }, bad('positionId')],
    ['gw.acc1.position.list', { state: 'gone', symbol: '' }, bad('state, symbol')],

    // Instruments.
    ['op._.instrument.put', {}, bad('quoteCurrency, symbol')],
    [
      'op._.instrument.put',
      { symbol: 'A', quoteCurrency: 'USD', contractSize: 0, tickSize: 0, commissionRate: -1 },
      bad('commissionRate, contractSize, tickSize'),
    ],
    [
      'op._.instrument.put',
      {
        symbol: 'A',
        quoteCurrency: 'USD',
        sessions: { timezone: 'Mars', weekly: [{ days: [], from: '25:00', to: '1' }] },
      },
      bad(
        'sessions.timezone, sessions.weekly[0].days, sessions.weekly[0].from, sessions.weekly[0].to',
      ),
    ],
    [
      'op._.instrument.put',
      {
        symbol: 'A',
        quoteCurrency: 'USD',
        sessions: { timezone: 'UTC', weekly: [], holidays: [{ date: '2026-13-01', closed: true }] },
      },
      bad('sessions.holidays[0].date'),
    ],

    // Guards.
    ['op._.guard.put', {}, bad('symbol')],
    ['op._.guard.put', { symbol: 'EURUSD', gap: true }, bad('gap')],
    [
      'op._.guard.put',
      { symbol: 'EURUSD', gap: { limit: 0 }, spread: { closeOn: 'now' } },
      bad('gap.limit, spread.closeOn'),
    ],
    [
      'op._.guard.put',
      {
        symbol: 'EURUSD',
        gap: { haltEntriesOn: 'never', confirmQuotes: 2 },
        spread: { confirmMs: 1, clearAfterMs: 1 },
      },
      bad('gap.confirmQuotes, gap.haltEntriesOn, spread.clearAfterMs, spread.confirmMs'),
    ],
    [
      'op._.guard.put',
      { symbol: 'EURUSD', liquidity: { limit: 10 }, stale: {}, volatility: { limit: 5 } },
      bad('liquidity, stale, volatility'),
    ],
    ['op._.guard.remove', {}, bad('symbol')],
    ['op._.guard.status', { symbol: 5 }, bad('symbol')],
    ['op.acc1.guard.status', { symbol: 'EURUSD' }, bad('symbol')],

    // The rest.
    [
      'op._.ledger.list',
      { limit: '5', positionId: 'a b', eventType: 1 },
      bad('eventType, limit, positionId'),
    ],
    ['op._.runtime.status', { verbose: true }, bad('verbose')],
  ])('%s %j: %s', async (...row) => {
    await expectRefused(row);
  });

  test.each([
    'action',
    'graceSeconds',
    'observed',
    'timezone',
    'resetAt',
    'pctOf',
    'lockAtInitial',
    'lockOffset',
  ])('the rule field %s is for later', async (field) => {
    const reply = await world.ask('op.new.account.create', rules({ ...peak, [field]: 1 }));
    expect(reply).toMatchObject({
      error: {
        issues: [{ path: `rules[0].${field}`, message: 'is not supported by this version' }],
      },
    });
  });

  test.each([
    'initialBalance',
    'dayStartBalance',
    'dayStartEquity',
    'dayStartHigher',
    'highestDayEndBalance',
    'marginLevel',
  ])('the anchor %s is for later', async (anchor) => {
    const reply = await world.ask('op.new.account.create', rules({ ...peak, anchor }));
    expect(refusalOf(reply)).toBe(bad('rules[0].anchor'));
  });

  test('an issue says what was expected and what was there', async () => {
    const reply = await world.ask('gw.acc1.position.track', {
      ...long,
      side: 'buy',
      quantity: '0',
    });
    expect(reply).toEqual({
      error: {
        code: 400,
        name: 'invalid_request',
        message: 'position.track is not valid: side: expected long or short, was "buy"',
        issues: [
          { path: 'side', message: 'expected long or short, was "buy"' },
          { path: 'quantity', message: 'expected a number above 0, was "0"' },
        ],
      },
    });
  });
});

describe('who may not', () => {
  test.each<Row>([
    ['gw.acc2.position.get', { positionId: 'p1' }, '403 foreign_account'],
    ['gw.acc2.position.amend', { positionId: 'p1', exits: {} }, '403 foreign_account'],
    ['gw.acc2.position.close', { positionId: 'p1' }, '403 foreign_account'],
    ['gw.acc2.position.close', { positionId: 'c1' }, '403 foreign_account'],
    ['gw.acc2.position.untrack', { positionId: 'p1', reason: 'x' }, '403 foreign_account'],
    [
      'gw.acc2.position.close-if-triggered',
      { positionId: 'p1', guardType: 'market', triggerReason: 'x' },
      '403 foreign_account',
    ],
    ['gw.acc2.position.track', { accountId: 'acc1', ...long }, '403 foreign_account'],
    ['gw.acc2.position.close', { accountId: 'acc1', positionId: 'p1' }, '403 foreign_account'],
    [
      'gw.acc2.account.create',
      { accountId: 'x', currency: 'USD', balance: 1 },
      '403 foreign_account',
    ],
    ['gw.acc2.account.get', { accountId: 'acc1' }, '403 foreign_account'],
    ['gw.acc2.account.halt', { accountId: 'acc1', reason: 'x' }, '403 foreign_account'],
    ['gw.acc2.account.close-all', { accountId: 'acc1', reason: 'x' }, '403 foreign_account'],
    ['gw.acc2.ledger.list', { accountId: 'acc1' }, '403 foreign_account'],
    ['gw.acc2.account.get', { accountId: 5 }, bad('accountId')],
    ['gw.acc1.instrument.put', { symbol: 'A', quoteCurrency: 'USD' }, '403 not_permitted'],
    ['gw.acc1.instrument.list', {}, '403 not_permitted'],
    ['gw.acc1.guard.put', { symbol: 'EURUSD' }, '403 not_permitted'],
    ['gw.acc1.guard.remove', { symbol: 'EURUSD' }, '403 not_permitted'],
    ['gw.acc1.runtime.status', {}, '403 not_permitted'],
    ['gw._.account.get', {}, '403 not_permitted'],
    ['gw._.account.adjust', { amount: 1, reason: 'x' }, '403 not_permitted'],
    ['gw._.account.halt', { reason: 'x' }, '403 not_permitted'],
    ['gw._.account.resume', { reason: 'x' }, '403 not_permitted'],
    ['gw._.account.close-all', { reason: 'x' }, '403 not_permitted'],
    ['gw._.position.track', long, '403 not_permitted'],
    ['gw._.position.close', { positionId: 'p1' }, '403 not_permitted'],
    ['gw._.position.get', { positionId: 'p1' }, '403 not_permitted'],
  ])('%s %j: %s', async (...row) => {
    await expectRefused(row);
  });
});

describe('what is not there', () => {
  test.each<Row>([
    ['gw.acc1.order.submit', {}, '404 unknown_subject'],
    ['gw.acc1.account.rules', { preset: 'default' }, '404 unknown_subject'],
    ['gw._.route.put', {}, '404 unknown_subject'],
    ['gw._.runtime.pause', {}, '404 unknown_subject'],
    ['gw.acc1.position.closeAll', {}, '404 unknown_subject'],
    ['gw.acc1.account.closeAll', {}, '404 unknown_subject'],
    ['gw.acc1.position.toString', {}, '404 unknown_subject'],
    ['gw.acc1.toString.call', {}, '404 unknown_subject'],
    ['gw.acc1.__proto__.toString', {}, '404 unknown_subject'],
    ['gw.nobody.account.get', {}, '404 unknown_account'],
    ['gw.nobody.account.adjust', { amount: 1, reason: 'x' }, '404 unknown_account'],
    ['gw.nobody.account.halt', { reason: 'x' }, '404 unknown_account'],
    ['gw.nobody.account.resume', { reason: 'x' }, '404 unknown_account'],
    ['gw.nobody.account.close-all', { reason: 'x' }, '404 unknown_account'],
    ['gw.nobody.position.track', long, '404 unknown_account'],
    ['gw.nobody.guard.status', {}, '404 unknown_account'],
    ['gw.acc1.position.track', { ...long, symbol: 'GBPUSD' }, '404 unknown_symbol'],
    ['gw.acc1.position.get', { positionId: 'nope' }, '404 unknown_position'],
    ['gw.acc1.position.amend', { positionId: 'nope', exits: {} }, '404 unknown_position'],
    ['gw.acc1.position.close', { positionId: 'nope' }, '404 unknown_position'],
    ['gw.acc1.position.untrack', { positionId: 'nope', reason: 'x' }, '404 unknown_position'],
    ['op._.guard.put', { symbol: 'GBPUSD' }, '404 unknown_symbol'],
    ['op._.guard.remove', { symbol: 'EURUSD' }, '404 unknown_guard'],
  ])('%s %j: %s', async (...row) => {
    await expectRefused(row);
  });

  test('a conversion that no instrument makes is named', async () => {
    await world.ask('op.chf1.account.create', { currency: 'CHF', balance: 1 });
    const reply = await world.ask('gw.chf1.position.track', { ...long, symbol: 'EURUSD' });
    expect(reply).toMatchObject({
      error: { code: 400, name: 'missing_conversion', issues: [{ path: 'symbol' }] },
    });
    expect(JSON.stringify(reply)).toContain('USDCHF');
  });
});

describe('what is in the way', () => {
  test.each<Row>([
    ['op.acc1.account.create', { currency: 'USD', balance: 1 }, '409 account_exists'],
    ['gw.acc1.position.track', { ...long, positionId: 'p1' }, '409 position_exists'],
    ['gw.acc2.position.track', { ...long, positionId: 'p1' }, '409 position_exists'],
    ['gw.acc1.position.track', { ...long, positionId: 'c1' }, '409 position_exists'],
    ['gw.acc1.position.track', { ...long, ticket: 7001 }, '409 ticket_exists'],
    ['gw.acc1.position.track', { ...long, closeOrderId: 'sl-1' }, '409 order_link_exists'],
    [
      'gw.acc1.position.track',
      { ...long, stopLossId: 'a', takeProfitId: 'a' },
      '409 order_link_exists',
    ],
    ['gw.acc1.position.amend', { positionId: 'c1', exits: {} }, '409 position_not_open'],
    ['gw.acc1.position.untrack', { positionId: 'c1', reason: 'x' }, '409 position_not_open'],
    ['op.acc1.account.resume', { reason: 'x' }, '409 account_not_halted'],
    ['op.acc1.account.adjust', { amount: -10_000, reason: 'x' }, '409 balance_too_low'],
    [
      'op._.instrument.put',
      { symbol: 'EURUSD', quoteCurrency: 'USD', contractSize: 1000 },
      '409 instrument_in_use',
    ],
  ])('%s %j: %s', async (...row) => {
    await expectRefused(row);
  });

  test('the two numbers that were compared come with it', async () => {
    const reply = await world.ask('op.acc2.account.adjust', { amount: '-6000', reason: 'x' });
    expect(reply).toMatchObject({ error: { limit: '5000.5', actual: '6000' } });
  });
});

describe('what is too much', () => {
  test(`${requestBytesMax} bytes are taken, one more is refused`, async () => {
    const body = `{"positionId":"nope"${' '.repeat(requestBytesMax - 21)}}`;
    expect(refusalOf(await world.ask('gw.acc1.position.get', body))).toBe('404 unknown_position');
    const reply = await world.ask('gw.acc1.position.get', ` ${body}`);
    expect(reply).toMatchObject({
      error: { code: 413, limit: requestBytesMax, actual: requestBytesMax + 1 },
    });
  });

  test(`${requestDepthMax} levels are taken, one more is refused`, async () => {
    const nested = (levels: number): string =>
      `{"reason":"x","positions":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const open = world.core.state.accounts.get('eur1');
    expect(open?.positions.size).toBe(0);
    expect(refusalOf(await world.ask('gw.eur1.account.close-all', nested(requestDepthMax)))).toBe(
      'ok',
    );
    for (const levels of [requestDepthMax + 1, 1000, 100_000]) {
      expect(await world.ask('gw.eur1.account.close-all', nested(levels))).toMatchObject({
        error: { code: 413, limit: requestDepthMax, actual: levels },
      });
    }
  });

  test('brackets within text are no levels', async () => {
    const reason = '[{"\\'.repeat(12);
    expect(refusalOf(await world.ask('gw.acc2.account.halt', { reason }))).toBe('ok');
  });
});

describe('headers', () => {
  test.each([
    ['past', (now: number) => String(now - 1), '408 deadline_passed'],
    ['now', (now: number) => String(now), 'ok'],
    ['in the future', (now: number) => String(now + 1), 'ok'],
    ['text', () => 'tomorrow', '400 unusable_header'],
    ['a fraction', () => '1.5', '400 unusable_header'],
    ['empty', () => '', '400 unusable_header'],
  ])('a deadline that is %s', async (_, deadlineAt, expected) => {
    const deadline = deadlineAt(world.clock.now());
    expect(refusalOf(await world.ask('gw.acc1.account.get', {}, { deadline }))).toBe(expected);
  });

  test.each([
    ['with a space', 'a b', '400 unusable_header'],
    ['that is empty', '', '400 unusable_header'],
    ['of 129 characters', 'x'.repeat(129), '400 unusable_header'],
    ['of 128 characters', 'x'.repeat(128), 'ok'],
  ])('a message id %s', async (_, messageId, expected) => {
    expect(refusalOf(await world.ask('gw.acc1.account.get', {}, { messageId }))).toBe(expected);
  });
});

describe('values of the same process', () => {
  const circular: Record<string, unknown> = { reason: 'x' };
  circular['self'] = circular;
  const ring: unknown[] = [];
  ring.push(ring);
  const deep = (levels: number): object => (levels === 0 ? [] : [deep(levels - 1)]);
  const bare = Object.assign(Object.create(null) as object, { positionId: 'p1' });

  test.each<readonly [string, unknown, string]>([
    ['an array', ['reason'], bad('(body)')],
    ['text', 'reason', bad('(body)')],
    ['a number', 5, bad('(body)')],
    ['null', null, bad('(body)')],
    ['a function', () => {}, bad('(body)')],
    ['a circle', circular, bad('self')],
    ['a circle of lists', { reason: 'x', positions: ring }, bad('positions[0]')],
    ['a circle where text belongs', { reason: circular }, bad('reason.self')],
    ['a bigint', { reason: 5n }, bad('reason')],
    ['a symbol', { reason: Symbol('x') }, bad('reason')],
    ['a function in it', { reason: (why: string) => why }, bad('reason')],
    ['a number that is none', { reason: NaN }, bad('reason')],
    ['a circle among entries', { reason: 'x', positions: [circular] }, bad('positions[0].self')],
    ['half a character', { reason: '\ud83d' }, bad('reason')],
    ['half a character in a name', { reason: 'x', '\ud83d': 1 }, bad('\ufffd')],
    ['33 levels', { reason: 'x', positions: deep(31) }, '413 request_too_deep'],
    ['5,000 levels', { reason: 'x', positions: deep(5000) }, '413 request_too_deep'],
  ])('%s as a body is refused, with a message id and without', async (what, body, expected) => {
    const run = world.commands.account.closeAll;
    const messageId = what.replaceAll(' ', '-');
    expect(refusalOf(await run('eur1', body as object))).toBe(expected);
    expect(refusalOf(await run('eur1', body as object, { messageId }))).toBe(expected);
    expect(refusalOf(await run('eur1', body as object, { messageId }))).toBe(expected);
  });

  test('what JSON has no form for is no entry of a bulk close, and is told apart by its text', async () => {
    const run = world.commands.account.closeAll;
    const bulk = (entry: unknown) =>
      run('eur1', { reason: 'x', positions: [entry] }, { messageId: 'formless' });
    const first = await bulk(5n);
    expect(first).toMatchObject({ totalPositions: 1, results: [] });
    expect(await bulk(5n)).toEqual(first);
    expect(refusalOf(await bulk(NaN))).toBe('409 message_id_reused');
  });

  test('an object without a prototype is as good as any', async () => {
    const { position } = world.commands;
    expect(await position.get('acc1', bare, { messageId: 'bare' })).toMatchObject({
      positionId: 'p1',
    });
  });

  test('what is undefined is absent', async () => {
    const { position } = world.commands;
    const body = { positionId: 'p1', more: undefined };
    expect(refusalOf(await position.get('acc1', body))).toBe(bad('more'));
    const list = { state: undefined, limit: undefined };
    expect(refusalOf(await position.list('acc1', list, { messageId: 'list' }))).toBe('ok');
  });

  test.each<readonly [string, unknown, object, string]>([
    ['an account with a dot', 'a.b', {}, bad('account')],
    ['an account that is a number', 5, {}, bad('account')],
    ['an empty account', '', {}, bad('account')],
    ['a client with a space', 'acc1', { client: 'a b' }, bad('client')],
    ['a deadline that is no number', 'acc1', { deadlineTs: NaN }, '400 unusable_header'],
    ['a message id that is a number', 'acc1', { messageId: 5 }, '400 unusable_header'],
  ])('%s is refused', async (_, accountId, options, expected) => {
    const reply = await world.commands.account.create(
      accountId as string,
      { currency: 'USD', balance: 1 },
      options,
    );
    expect(refusalOf(reply)).toBe(expected);
  });

  test('the world is as it was but for what the tests above did on purpose', () => {
    const { state } = world.core;
    expect([...state.accounts.keys()]).toEqual([...accounts.map((a) => a.accountId), 'chf1']);
    expect([...state.instruments.keys()]).toEqual(instruments.map((i) => i.symbol));
    expect([...state.positions.values()].map((p) => [p.positionId, p.state])).toEqual([
      ['p1', 'guarded'],
      ['q1', 'guarded'],
      ['c1', 'closed'],
    ]);
  });
});
