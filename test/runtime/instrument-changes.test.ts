// An instrument that is put again under open positions: its margin rate counts from then on.
import { beforeEach, describe, expect, test } from 'vitest';
import { account, closes, enter, killAndRestart, lose, told, trackLots, world } from './acting.ts';
import { ask, createGuarded, standingOf } from './guarded-account.ts';
import { refusalOf } from './refusals.ts';
import { instruments } from './world.ts';

const euro = { ...instruments[0], marginRate: '0.01' };
const margin = { id: 'm', anchor: 'marginLevel', limitPct: 100, action: 'warn' };

async function putEuro(marginRate: string): Promise<void> {
  const reply = await world.ask('op._.instrument.put', { ...euro, marginRate });
  expect(refusalOf(reply)).toBe('ok');
}

async function usedMargin(accountId = 'a'): Promise<unknown> {
  return (await world.ask(`op.${accountId}.guard.status`))['usedMargin'];
}

/** Not by the settings: these would put it as it was at each start. */
beforeEach(async () => {
  await enter({ settings: { instruments: instruments.slice(1) } });
  await putEuro('0.01');
});

describe('a margin rate that is raised', () => {
  test('is used at once, and the next quote is judged by it', async () => {
    await createGuarded([margin]);
    await trackLots('a', { positionId: 'p' }, { positionId: 'q', quantity: 2 });
    lose(0);
    expect(await usedMargin()).toBe('3300');
    await putEuro('0.04');
    expect(await usedMargin()).toBe('13200');
    expect(told('guard.breached')).toEqual([]);
    lose(1);
    expect(told('guard.breached')).toMatchObject([
      { ruleId: 'm', floor: '100', observed: '75.7348484848' },
    ]);
  });

  test('is what a kill and a restart find', async () => {
    await createGuarded([margin]);
    await trackLots('a', { positionId: 'p' });
    lose(0);
    await putEuro('0.2');
    await killAndRestart();
    expect(await usedMargin()).toBe('22000');
    lose(1);
    expect(told('guard.breached')).toMatchObject([{ ruleId: 'm', observed: '45.45' }]);
  });

  test('is judged on a quote of any symbol of the account', async () => {
    await createGuarded([margin]);
    await trackLots('a', { positionId: 'p' }, { positionId: 'g', symbol: 'XAUUSD', quantity: 1 });
    lose(0);
    world.quote('XAUUSD', '1.1', '1.1');
    await putEuro('0.2');
    world.quote('XAUUSD', '1.11', '1.11');
    expect(told('guard.breached')).toMatchObject([{ ruleId: 'm' }]);
  });

  test('counts in every account that is in the symbol, whatever it converts by', async () => {
    await createGuarded([margin]);
    await world.ask('op.b.account.create', { currency: 'USD', balance: 9000, rules: [margin] });
    await world.ask('op.c.account.create', { currency: 'EUR', balance: 9000, rules: [margin] });
    await world.ask('op.d.account.create', { currency: 'USD', balance: 9000, rules: [] });
    for (const id of ['a', 'b', 'c', 'd']) await trackLots(id, { positionId: id });
    lose(0);
    await putEuro('0.3');
    lose(1);
    const breached = told('guard.breached').map(({ accountId }) => accountId);
    expect(new Set(breached)).toEqual(new Set(['a', 'b', 'c']));
    expect(await usedMargin('d')).toBeUndefined();
  });

  test('counts in all of an account, also where a way to convert came between', async () => {
    const francs = { currency: 'CHF', balance: 9000, rules: [margin] };
    await world.ask('op.c.account.create', francs);
    await world.ask('op._.instrument.put', { symbol: 'EURCHF', quoteCurrency: 'CHF' });
    await trackLots('c', { positionId: 'p' });
    await world.ask('op._.instrument.put', { symbol: 'USDCHF', quoteCurrency: 'CHF' });
    await trackLots('c', { positionId: 'q' });
    world.quote('USDCHF', 1, 1);
    world.quote('EURCHF', '1.1', '1.1');
    lose(0);
    expect(await usedMargin('c')).toBe('2200');
    // 5,500 each: neither alone beside the other's 1,100 is too much.
    await putEuro('0.05');
    lose(1);
    expect(told('guard.breached')).toMatchObject([{ accountId: 'c', ruleId: 'm' }]);
  });

  test('reduces where the rule does, until the level is restored', async () => {
    await createGuarded([{ ...margin, action: 'reduce' }]);
    await trackLots('a', { positionId: 'p', quantity: 2 }, { positionId: 'q' });
    lose(0);
    await putEuro('0.08');
    lose(1);
    expect(await closes()).toEqual([['p', 'margin_stop_out', 'm']]);
    expect(await account('a')).toMatchObject({ openPositions: 1 });
  });
});

test('a margin rate that is lowered ends a breach on the next quote', async () => {
  await createGuarded([{ ...margin, action: 'haltEntries' }]);
  await trackLots('a', { positionId: 'p', quantity: 2 });
  await putEuro('0.05');
  lose(0);
  expect(await standingOf('m')).toMatchObject({ state: 'breached' });
  await putEuro('0.01');
  expect(await account('a')).toMatchObject({ entries: { allowed: false } });
  lose(1);
  expect(told('guard.restored')).toMatchObject([{ ruleIds: ['m'] }]);
  expect(await account('a')).toMatchObject({ entries: { allowed: true } });
});

test('the same put again changes nothing and tells nothing', async () => {
  await createGuarded([margin]);
  await trackLots('a', { positionId: 'p' });
  lose(0);
  const before = await ask('guard.status');
  await putEuro('0.01');
  lose(0);
  expect(await ask('guard.status')).toEqual(before);
  expect(told('guard.warning', 'guard.breached')).toEqual([]);
});
