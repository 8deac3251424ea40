// Bodies that are no valid ones: every fault is named by its path, and nothing comes of them.
import { beforeAll, describe, expect, test } from 'vitest';
import type { CoreHarness } from '../support/core-harness.ts';
import { refusalOf } from './refusals.ts';
import { long, startPopulated } from './world.ts';

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
const exits = (given: object): object => ({ ...long, exits: given });
const half = { price: 1.2, fraction: 0.5 };

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
    ['op.new.account.create', { currency: 'USD', balance: 1, mode: 'LIVE' }, bad('route')],
    ['op.new.account.create', { currency: 'USD', balance: 1, mode: 'DRY_RUN' }, bad('mode')],
    ['op.new.account.create', { currency: 'USD', balance: 1, preset: 'apex' }, bad('balance')],
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
    [
      'op.new.account.create',
      rules({ id: 'r', anchor: 'marginLevel', limitPct: 50, pctOf: 'anchor', resetAt: '25:00' }),
      bad('rules[0].pctOf, rules[0].resetAt'),
    ],
    ['op.new.account.create', { currency: 'USD', balance: 1, preset: 'topstep' }, bad('balance')],

    // Rules that are replaced.
    ['gw.acc1.account.rules', { rules: [{}] }, bad('rules[0].anchor, rules[0].id')],
    [
      'gw.acc1.account.rules',
      { rules: [peak, { ...peak, action: 'reduce', timezone: 'UTC' }] },
      bad('rules[1].action, rules[1].id, rules[1].timezone'),
    ],
    [
      'gw.acc1.account.rules',
      { rules: [{ ...peak, action: 'warn', graceSeconds: 5, lockOffset: 1 }] },
      bad('rules[0].graceSeconds, rules[0].lockOffset'),
    ],
    ['gw.acc1.account.rules', { rules: [], preset: 'default' }, bad('preset')],
    ['gw.acc1.account.rules', { preset: 'mine' }, bad('preset')],
    // The account has 10,000, and the firm no account of that size.
    ['gw.acc1.account.rules', { preset: 'topstep' }, bad('preset')],
    ['gw.acc1.account.rules', { preset: 'apex', x: 1 }, bad('preset, x')],
    ['gw.acc1.account.rules', { rules: 'none', balance: 5 }, bad('balance, rules')],
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
          trailing: { distance: 1, percent: 1 },
          breakEven: { trigger: 0 },
          expiresAt: 1.5,
          ladder: [],
          stopLossAmount: 0,
          takeProfitAmount: -1,
        },
      },
      bad(
        'exits.breakEven.trigger, exits.expiresAt, exits.ladder, exits.stopLossAmount, exits.takeProfitAmount, exits.trailing',
      ),
    ],
    ['gw.acc1.position.track', exits({ expiresAt: 1 }), bad('exits.expiresAt')],
    [
      'gw.acc1.position.track',
      exits({ expiresAt: 1, ladder: [], breakEven: { trigger: 2, offset: '-1.1' } }),
      bad('exits.breakEven.offset, exits.expiresAt, exits.ladder'),
    ],
    [
      'gw.acc1.position.track',
      exits({ trailing: { distance: 1, pace: 2 } }),
      bad('exits.trailing.pace'),
    ],
    [
      'gw.acc1.position.track',
      exits({ ladder: [half, half, { ...half, fraction: '0.000000000000000000001' }] }),
      bad('exits.ladder'),
    ],
    [
      'gw.acc1.position.track',
      exits({ breakEven: { trigger: 2, offset: '-1.1' } }),
      bad('exits.breakEven.offset'),
    ],
    ['gw.acc1.position.amend', { positionId: 'p1' }, bad('exits')],
    [
      'gw.acc1.position.amend',
      { positionId: 'p1', exits: { trailing: {} } },
      bad('exits.trailing'),
    ],
    [
      'gw.acc1.position.amend',
      { positionId: 'p1', exits: { expiresAt: 1 } },
      bad('exits.expiresAt'),
    ],
    ['gw.acc1.position.close', { positionId: 'p1', quantity: 0 }, bad('quantity')],
    ['gw.acc1.position.close', { positionId: 'p1', quantity: '-0.05' }, bad('quantity')],
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
        gap: { haltEntriesOn: 'now', confirmQuotes: 0 },
        spread: { confirmMs: -1, clearAfterMs: 0.5 },
      },
      bad('gap.confirmQuotes, gap.haltEntriesOn, spread.clearAfterMs, spread.confirmMs'),
    ],
    [
      'op._.guard.put',
      { symbol: 'EURUSD', liquidity: { limit: 0 }, stale: true, volatility: {}, reject: {} },
      bad('liquidity.limit, reject.deviationPct, reject.withinMs, stale, volatility.limit'),
    ],
    [
      'op._.guard.put',
      { symbol: 'EURUSD', feeds: { primary: 'a', fallback: 'a' } },
      bad('feeds.fallback'),
    ],
    ['op._.guard.remove', {}, bad('symbol')],
    ['op._.guard.status', { symbol: 5 }, bad('symbol')],
    ['op._.guard.status', { limit: 0, cursor: 7 }, bad('cursor, limit')],
    ['op._.guard.status', { cursor: 'x' }, bad('cursor')],
    ['op.acc1.guard.status', { symbol: 'EURUSD' }, bad('symbol')],
    ['op.acc1.guard.status', { limit: 5 }, bad('limit')],

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
        message:
          'position.track is not valid: side: expected long or short, was "buy"; 1 more fault in issues',
        issues: [
          { path: 'side', message: 'expected long or short, was "buy"' },
          { path: 'quantity', message: 'expected a number above 0, was "0"' },
        ],
      },
    });
  });
});
