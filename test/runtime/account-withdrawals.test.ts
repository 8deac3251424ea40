// Withdrawals: what they move, balance, initial balance, peak and day anchors, stays above 0.
import { beforeEach, describe, expect, test } from 'vitest';
import { account, lose, newWorldForEachTest, told, trackLots, type Body } from './acting.ts';
import { ask, createGuarded, standingOf } from './guarded-account.ts';
import { refusalOf } from './refusals.ts';

newWorldForEachTest();

async function adjust(amount: number | string): Promise<Body> {
  return await ask('account.adjust', { amount, reason: 'x' });
}

/** How a withdrawal is refused, naming what it would leave at which value. */
function tooLow(withdrawn: string, what: string, left: string, limit: string): Body {
  const message = `a withdrawal of ${withdrawn} would leave ${what} at ${left}, expected above 0`;
  return {
    error: { code: 409, name: 'balance_too_low', message, limit, actual: withdrawn },
  };
}

describe('of profits', () => {
  beforeEach(async () => {
    await createGuarded([]);
    await trackLots('a', { positionId: 'p' });
    await ask('position.close', { positionId: 'p', price: '1.25' });
  });

  test('the initial balance is named where that would not stay above 0', async () => {
    expect(await adjust(-12_000)).toEqual(tooLow('12000', 'initialBalance', '-2000', '10000'));
    expect(await adjust('-10000')).toEqual(tooLow('10000', 'initialBalance', '0', '10000'));
    expect(await account('a')).toMatchObject({ balance: '25000' });
    expect(told('account.adjusted')).toEqual([]);
  });

  test('less than that is taken', async () => {
    expect(await adjust('-9999.99')).toMatchObject({ balance: '15000.01' });
    expect(await ask('guard.status')).toMatchObject({ initialBalance: '0.01' });
  });
});

test('the balance is named where it is what would not stay above 0', async () => {
  await createGuarded([]);
  expect(await adjust(-12_000)).toEqual(tooLow('12000', 'balance', '-2000', '10000'));
  await trackLots('a', { positionId: 'p' });
  await ask('position.close', { positionId: 'p', price: '1.05' });
  expect(await adjust(-7000)).toEqual(tooLow('7000', 'balance', '-2000', '5000'));
});

describe('an anchor that lies far below the balance', () => {
  const daily = { id: 'd', anchor: 'dayStartEquity', limitPct: 5, action: 'warn' };
  const calm = { ...daily, id: 'c', anchor: 'dayStartBalance', observed: 'balance' };
  const peak = { ...daily, id: 'p', anchor: 'peakEquity' };

  /** The balance is 10,000, and the equity, from which anchors are taken anew, 200. */
  async function floating(...rules: Body[]): Promise<void> {
    await createGuarded(rules);
    await trackLots('a', { positionId: 'p' });
    lose(9800);
    await ask('account.halt', { reason: 'x' });
    expect(refusalOf(await ask('account.resume', { reason: 'x' }))).toBe('ok');
  }

  test('of a day is named with its rule, and nothing is breached', async () => {
    await floating(calm, daily);
    expect(await adjust(-5000)).toEqual(tooLow('5000', 'the anchor of rule d', '-4800', '200'));
    expect(await standingOf('d')).toMatchObject({ anchorValue: '200', state: 'normal' });
    expect(await adjust('-199.5')).toMatchObject({ balance: '9800.5' });
    expect(await standingOf('d')).toMatchObject({ anchorValue: '0.5', state: 'normal' });
  });

  test('of the peak is named, as far as quotes have moved it by then', async () => {
    await floating(peak);
    expect(await adjust(-300)).toEqual(tooLow('300', 'peakEquity', '-100', '200'));
    lose(9600);
    lose(9601);
    expect(await adjust(-500)).toEqual(tooLow('500', 'peakEquity', '-100', '400'));
    expect(await adjust(-300)).toMatchObject({ peakEquity: '100' });
  });

  test('that no rule asks for refuses nothing', async () => {
    await floating(calm);
    expect(await adjust(-300)).toMatchObject({ balance: '9700' });
    expect(await standingOf('c')).toMatchObject({ anchorValue: '9700' });
  });

  test('is no reason to refuse a deposit', async () => {
    await floating({ id: 'd', anchor: 'dayStartEquity', limitAmount: 500, action: 'warn' });
    lose(10_500);
    await ask('account.halt', { reason: 'x' });
    expect(refusalOf(await ask('account.resume', { reason: 'x' }))).toBe('ok');
    expect(await standingOf('d')).toMatchObject({ anchorValue: '-500' });
    expect(await adjust(100)).toMatchObject({ balance: '10100' });
    expect(await adjust(-100)).toEqual(tooLow('100', 'the anchor of rule d', '-500', '-400'));
  });
});
