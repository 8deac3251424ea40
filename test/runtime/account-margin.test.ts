// Margin at work, on paper and at a provider that takes its time: the worst position is closed until
// the level is restored, and no more than are needed.
import { beforeEach, describe, expect, test } from 'vitest';
import { lateQuotesMs } from '#actors/day-rollovers';
import { account, closes, enter, killAndRestart, lose, told, trackLots, world } from './acting.ts';
import type { Body } from './acting.ts';
import {
  ask,
  createGuarded,
  entriesTold,
  recordsOf,
  standingOf,
  stateOfA,
} from './guarded-account.ts';
import {
  account as live,
  answers,
  LiveWorld,
  lost,
  rejects,
  says,
  type Script,
} from './live-world.ts';
import { accounts, instruments } from './world.ts';

const margin = { id: 'margin', anchor: 'marginLevel', limitPct: 100, action: 'reduce' };
const stoppedOut = (positionId: string): string[] => [positionId, 'margin_stop_out', 'margin'];
const isShort = ['halted', 'rule margin is breached'];

describe('on paper a reduction', () => {
  /** A lot of euro at 1.1 uses 1,100 USD. */
  beforeEach(async () => {
    const withMargin = instruments.map((one) => ({ ...one, marginRate: '0.01' }));
    await enter({ settings: { instruments: withMargin, accounts } });
  });

  test('closes the worst position, then the next, until the level is above the limit', async () => {
    await createGuarded([margin]);
    await trackLots(
      'a',
      { positionId: 'one' },
      { positionId: 'two', quantity: 2 },
      { positionId: 'half', quantity: 0.5 },
      { positionId: 'three', quantity: 3 },
    );
    // 6.5 lots use 7,150.
    lose(438);
    expect(await account('a')).toMatchObject({ state: 'normal', openPositions: 4 });
    expect(await standingOf('margin')).toMatchObject({ observed: '100.041958042' });
    lose(439);
    expect(await closes()).toEqual([stoppedOut('three')]);
    expect(await account('a')).toMatchObject({
      ...{ state: 'normal', openPositions: 3, equity: '7146.5' },
      entries: { allowed: true, reasons: [] },
    });
    expect(entriesTold()).toEqual([isShort, ['resumed']]);
    expect(told('guard.breached')).toMatchObject([
      { action: 'reduce', reason: 'margin_stop_out', floor: '100', observed: '99.951048951' },
    ]);
    expect(told('guard.restored')).toMatchObject([{ ruleIds: ['margin'] }]);
    const [breach, close, restored] = await world.rows();
    expect([breach, close, restored]).toMatchObject([
      { eventType: 'guard_breached' },
      {
        eventType: 'position_closed',
        metaData: { breachId: breach?.metaData['breachId'], observed: '99.951048951' },
      },
      { eventType: 'guard_restored', metaData: { ruleIds: ['margin'] } },
    ]);
  });

  test('closes more than one on one quote where one is not enough', async () => {
    await createGuarded([margin]);
    await trackLots('a', ...['p', 'q', 'r'].map((positionId) => ({ positionId, quantity: 2 })));
    // 6 lots use 6,600; at an equity of 2,200 two of them are one too many.
    lose(1300);
    expect(await closes()).toEqual([stoppedOut('p'), stoppedOut('q'), stoppedOut('r')]);
    expect(await account('a')).toMatchObject({ state: 'normal', entries: { allowed: true } });
    expect(entriesTold()).toEqual([isShort, ['resumed']]);
  });

  test('is told each time that the level is lost anew', async () => {
    await createGuarded([margin]);
    await trackLots('a', { positionId: 'p', quantity: 4 }, { positionId: 'q', quantity: 4 });
    lose(151);
    lose(1300);
    expect(await closes()).toEqual([stoppedOut('p'), stoppedOut('q')]);
    const ids = told('guard.breached').map(({ breachId }) => breachId);
    expect(new Set(ids).size).toBe(2);
  });

  test('leaves the account in warning where the rule has a warning level', async () => {
    await createGuarded([{ ...margin, warningPct: 20 }]);
    await trackLots('a', { positionId: 'p', quantity: 4 }, { positionId: 'q', quantity: 4 });
    lose(151);
    // One of 4 lots is left: a level of nearly 200.
    expect(await stateOfA()).toBe('warning');
    lose(151);
    expect(await stateOfA()).toBe('normal');
  });

  test('waits with what has no quote yet, and counts its margin', async () => {
    await createGuarded([margin]);
    await trackLots(
      'a',
      { positionId: 'gold', symbol: 'XAUUSD', quantity: 8, entryPrice: 1300 },
      { positionId: 'p' },
    );
    // 10,400 and 1,100 are used, though gold has no quote.
    lose(1);
    expect(await closes()).toEqual([stoppedOut('p')]);
    expect(await account('a')).toMatchObject({ entries: { allowed: false } });
    world.quote('XAUUSD', 1300, 1300);
    expect((await closes()).slice(1)).toEqual([stoppedOut('gold')]);
    expect(await account('a')).toMatchObject({ entries: { allowed: true }, openPositions: 0 });
  });

  test('and a rule that closes with margin_stop_out, where both are breached, closes all', async () => {
    await createGuarded([margin, { ...margin, id: 'last', action: 'close' }]);
    await trackLots('a', { positionId: 'p', quantity: 4 }, { positionId: 'q', quantity: 4 });
    lose(151);
    expect((await closes()).map(([, ...why]) => why)).toEqual([
      ['margin_stop_out', 'last'],
      ['margin_stop_out', 'last'],
    ]);
    expect(told('guard.breached')).toMatchObject([{ ruleId: 'last', also: ['margin'] }]);
    expect(await stateOfA()).toBe('halted');
  });
});

describe('what closes nothing', () => {
  beforeEach(() => enter());
  const daily = { id: 'daily', anchor: 'dayStartBalance', limitAmount: 1000 };

  test.each([
    ['haltEntries', false],
    ['warn', true],
  ])('%s leaves the account in warning until the loss is small', async (action, allowed) => {
    await createGuarded([{ ...daily, action }]);
    await trackLots('a', { positionId: 'p' });
    const story: unknown[] = [];
    for (const loss of [749, 1000, 1200, 999, 675, 674, 1000]) {
      lose(loss);
      const { state, entries } = await account('a');
      const standing = await standingOf('daily');
      story.push([loss, state, (entries as Body)['allowed'], standing?.['state']]);
    }
    expect(story).toEqual([
      [749, 'normal', true, 'normal'],
      [1000, 'warning', allowed, 'breached'],
      [1200, 'warning', allowed, 'breached'],
      // A rule that only warns is told of until the loss is small.
      [999, 'warning', true, allowed ? 'breached' : 'warning'],
      [675, 'warning', true, allowed ? 'breached' : 'warning'],
      [674, 'normal', true, 'normal'],
      [1000, 'warning', allowed, 'breached'],
    ]);
    expect(await closes()).toEqual([]);
    expect(told('guard.breached')).toMatchObject([{ action }, { action }]);
    expect(told('guard.warning')).toEqual([]);
    const halted = ['halted', 'rule daily is breached'];
    expect(entriesTold()).toEqual(allowed ? [] : [halted, ['resumed'], halted]);
  });

  test('goes on through a kill: it is told once', async () => {
    await createGuarded([{ ...daily, action: 'haltEntries' }]);
    await trackLots('a', { positionId: 'p' });
    lose(1000);
    const before = await account('a');
    await killAndRestart();
    lose(1000);
    expect(await account('a')).toEqual(before);
    expect(await recordsOf('rule.breached')).toHaveLength(1);
    lose(999);
    expect(await account('a')).toMatchObject({ state: 'warning', entries: { allowed: true } });
  });

  test('ends with a new day, where nothing is open and so no quote concerns the account', async () => {
    await createGuarded([{ ...daily, action: 'haltEntries' }]);
    await trackLots('a', { positionId: 'p' });
    lose(1000);
    await ask('account.close-all', { reason: 'enough' });
    expect(await account('a')).toMatchObject({ entries: { allowed: false }, openPositions: 0 });
    world.clock.advance(24 * 60 * 60 * 1000 + lateQuotesMs);
    expect(await account('a')).toMatchObject({ entries: { allowed: true }, balance: '9000' });
    expect(entriesTold().at(-1)).toEqual(['resumed']);
  });

  test('ends with a deposit that brings it above its floor', async () => {
    await createGuarded([{ id: 'least', anchor: 'fixed', floor: 9500, action: 'haltEntries' }]);
    await trackLots('a', { positionId: 'p' });
    lose(600);
    await ask('account.close-all', { reason: 'enough' });
    await ask('account.adjust', { amount: 99, reason: 'deposit' });
    expect(await account('a')).toMatchObject({ entries: { allowed: false } });
    await ask('account.adjust', { amount: 1, reason: 'deposit' });
    expect(await account('a')).toMatchObject({ entries: { allowed: true } });
  });
});

describe('at a provider a reduction', () => {
  const x = { symbol: 'X', quoteCurrency: 'USD', marginRate: 1 };
  const late = { kind: 'late', ms: 1500, executes: 'last' } as const;

  const pending = says({ status: 'pending' });

  /** Five positions of 2 bought at 100 use 200 each; the first is the worst. */
  async function fivePositions(script: Script): Promise<LiveWorld> {
    const rules = [margin as never];
    const w = await LiveWorld.start({
      settings: { instruments: [x], accounts: [{ ...live, rules }] },
      script,
    });
    for (let i = 0; i < 5; i++) await w.open(`p${i}`, { entryPrice: `100.${4 - i}` });
    w.quote(101);
    return w;
  }

  const asked = (w: LiveWorld): string[] => w.provider.received.map((o) => o.positionId);
  const view = (w: LiveWorld): Promise<Body> => w.settled(w.ask('a.account.get'));

  test('counts what is being closed as closed: no more closes than are needed', async () => {
    const w = await fivePositions({ close: [late] });
    // 1,002 are used, 1,000 − 12 are there.
    w.quote(99);
    await w.run(100);
    for (const bid of ['98.9', '98.8', '98.9', '99']) {
      w.quote(bid);
      await w.run(100);
    }
    expect(asked(w)).toEqual(['p0']);
    expect(await view(w)).toMatchObject({ state: 'normal', entries: { allowed: false } });
    expect(w.told('guard.breached')).toHaveLength(1);
    await w.run(5000);
    w.quote(99);
    expect(await view(w)).toMatchObject({ openPositions: 4, entries: { allowed: true } });
    expect(asked(w)).toEqual(['p0']);
  });

  test('goes on with the next one as the level falls further meanwhile', async () => {
    const w = await fivePositions({ close: [late] });
    w.quote(99);
    await w.run(100);
    // 800.6 are used by the others: 1,000 − 2 · 5 · 20.2 is less.
    w.quote(80);
    await w.run(100);
    expect(asked(w)).toEqual(['p0', 'p1']);
    await w.run(6000);
    expect(w.told('guard.breached')).toHaveLength(1);
  });

  test('tries a close again that was rejected twice, and none in its stead', async () => {
    const w = await fivePositions({ close: [rejects, rejects, answers] });
    w.quote(99);
    for (let i = 0; i < 60; i++) {
      await w.run(50, 10);
      w.quote(99);
    }
    expect(asked(w)).toEqual(['p0', 'p0', 'p0']);
    expect(w.stateOf('p0')).toBe('closed');
    expect(await view(w)).toMatchObject({ openPositions: 4, entries: { allowed: true } });
    expect(w.excess()).toEqual([]);
  });

  test('closes the next one too where a close ends in the dead letters, and no more', async () => {
    const w = await fivePositions({});
    w.provider.behaviour = (_call, order) => {
      if (order === undefined) return answers;
      return order.positionId === 'p0' ? rejects : late;
    };
    w.quote(99);
    await w.run(3000, 10);
    expect([w.deadLetters(), w.stateOf('p1')]).toEqual([['p0'], 'guarded']);
    // 1,002 are used, 801.6 without the next one; 990 are there.
    for (let i = 0; i < 20; i++) {
      w.quote(99);
      await w.run(50, 10);
    }
    expect(new Set(asked(w))).toEqual(new Set(['p0', 'p1']));
    await w.run(3000, 10);
    w.quote(99);
    expect(w.stateOf('p0')).toMatch(/^closing /);
    expect(w.stateOf('p1')).toBe('closed');
    expect(await view(w)).toMatchObject({ openPositions: 4, entries: { allowed: true } });
    expect(w.told('guard.restored')).toHaveLength(1);
  });

  test.each<[string, Script]>([
    ['has no outcome', { close: [lost], query: [lost], positions: [lost] }],
    ['is taken, and never reported', { close: [pending], query: [pending] }],
  ])('closes the next one too where a close that %s is a dead letter', async (_name, script) => {
    const w = await fivePositions(script);
    w.quote(99);
    await w.run(200);
    for (let i = 0; w.deadLetters().length === 0 && i < 600; i++) {
      w.quote(99);
      expect(new Set(asked(w))).toEqual(new Set(['p0']));
      await w.run(500, 100);
    }
    expect(w.deadLetters()).toEqual(['p0']);
    w.quote(99);
    await w.run(0);
    expect(new Set(asked(w))).toEqual(new Set(['p0', 'p1']));
    await w.killAndRestart();
    w.quote(99);
    await w.run(100);
    expect(new Set(asked(w))).toEqual(new Set(['p0', 'p1']));
  });

  test('asks for the worst again on the next quote, where an operator gave its close up', async () => {
    const w = await fivePositions({ close: [rejects] });
    w.quote(99);
    await w.run(20_000, 100);
    const [letter] = await w.letters();
    expect(letter).toMatchObject({ positionId: 'p0', reason: 'margin_stop_out' });
    w.play({});
    const discard = { closeId: letter?.['closeId'], reason: 'enough' };
    await w.settled(w.ask('a.deadletter.discard', discard));
    expect(w.stateOf('p0')).toBe('guarded');
    w.quote(99);
    await w.run(100);
    expect([w.stateOf('p0'), w.stateOf('p1')]).toEqual(['closed', 'guarded']);
    w.quote(99);
    expect(await view(w)).toMatchObject({ entries: { allowed: true } });
  });

  test('ends with the last fill, where nothing is left that a quote concerns', async () => {
    const w = await fivePositions({ close: [late] });
    w.quote(1);
    await w.run(100);
    expect(new Set(asked(w)).size).toBe(5);
    expect(await view(w)).toMatchObject({ entries: { allowed: false } });
    await w.run(6000);
    expect(await view(w)).toMatchObject({ openPositions: 0, entries: { allowed: true } });
    expect(w.told('guard.restored')).toHaveLength(1);
  });

  test('goes on after a kill, and closes nothing twice', async () => {
    const w = await fivePositions({ close: [late] });
    w.quote(99);
    await w.run(100);
    await w.killAndRestart();
    w.play({});
    w.quote(99);
    await w.run(15_000, 100);
    w.quote(99);
    expect(new Set(asked(w))).toEqual(new Set(['p0']));
    expect(await view(w)).toMatchObject({ openPositions: 4, entries: { allowed: true } });
    expect(w.excess()).toEqual([]);
  });
});
