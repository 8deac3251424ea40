// What commands refuse though the body is valid: foreign accounts, what is not there, conflicts.
import { beforeAll, describe, expect, test } from 'vitest';
import { requestBytesMax, requestDepthMax } from '#src/contracts/json';
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
    ['gw.nobody.account.rules', { preset: 'default' }, '404 unknown_account'],
    ['gw._.route.remove', {}, '404 unknown_subject'],
    ['gw._.runtime.restart', {}, '404 unknown_subject'],
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
    ['op._.guard.status', { symbol: 'GBPUSD' }, '404 unknown_symbol'],
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
