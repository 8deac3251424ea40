// The guard of a market: a region for each gauge, in it a latch for each level.
import { expect, test } from 'vitest';
import { createActor, initialTransition, type StateValue } from 'xstate';
import {
  marketGuardMachine,
  type Confirming,
  type MarketGuardEvent,
} from '#machines/market-guard.machine';
import { gauges, type ConditionLevel, type Gauge } from '#src/domain/market-conditions';
import { Stepper, stepOf } from './step.ts';

const symbol = 'S';
const calm = { critical: 'clear', warning: 'clear' };

/** Every gauge is calm but the one. */
const watching = (gauge?: Gauge, latches: Partial<typeof calm> = {}): StateValue => ({
  watching: Object.fromEntries(
    gauges.map((one) => [one, one === gauge ? { ...calm, ...latches } : calm]),
  ),
});

function confirming(gauge: Gauge, of: Confirming): Stepper<typeof marketGuardMachine> {
  return new Stepper(marketGuardMachine, { symbol, confirming: { [gauge]: of } });
}

test('it starts calm', () => {
  const [snapshot, actions] = initialTransition(marketGuardMachine, { symbol, confirming: {} });
  expect(snapshot.value).toEqual(watching());
  expect(snapshot.context).toEqual({ symbol, confirming: {}, runs: {}, active: {} });
  expect(actions).toEqual([]);
});

test('it starts as an actor, and ends when it is removed', () => {
  const actor = createActor(marketGuardMachine, { input: { symbol, confirming: {} } }).start();
  actor.send({ type: 'gap.measured', level: 'warning', ts: 1, heardAt: 1, measured: '6' });
  expect(actor.getSnapshot().value).toEqual(watching('gap', { warning: 'active' }));
  actor.send({ type: 'guard.removed' });
  expect(actor.getSnapshot().status).toBe('done');
  expect(actor.getSnapshot().value).toBe('removed');
});

/** Actions and their level, `close warning`. */
interface Row {
  /** `-`, `warning` or `critical` is a quote; else the level and what is due of it. */
  readonly on: string;
  readonly ts: number;
  /** Of the critical and of the warning level. */
  readonly to: string;
  readonly does: string;
}

const row = (ts: number, on: string, to: string, does = ''): Row => ({ ts, on, to, does });

const short: Readonly<Record<string, string>> = {
  recordChange: 'record',
  closePositions: 'close',
  closeAgain: 'again',
  awaitConfirmation: 'confirm?',
  awaitClearing: 'clear?',
};
const letters: Readonly<Record<string, string>> = {
  clear: '-',
  confirming: '?',
  active: '!',
};

function eventOf(gauge: Gauge, { on, ts }: Row): MarketGuardEvent {
  const type = `${gauge}.measured` as const;
  if (on === '-') return { type, level: undefined, ts, heardAt: ts };
  if (on === 'warning' || on === 'critical')
    return { type, level: on, ts, heardAt: ts, measured: '1' };
  const [level, what] = on.split(' ') as [ConditionLevel, 'due' | 'cleared'];
  return what === 'due'
    ? { type: `${gauge}.${level}.due`, ts }
    : { type: `${gauge}.${level}.cleared` };
}

const atOnce = 'record clear? close';

/** Silence counts while a market is open, so that its deadline alone says when a time is over. */
const byQuotes = new Set([
  'a time confirms it on the quote that completes it',
  'quotes and a time: with the time over, the quote that completes them acts',
]);

const tables: [string, Confirming, Row[]][] = [
  [
    'without a confirmation it acts at once, on each level by itself',
    { confirmQuotes: 1, confirmMs: 0 },
    [
      row(1, '-', '- -'),
      row(2, 'warning', '- !', atOnce),
      row(3, 'warning', '- !', 'clear? again'),
      row(4, '-', '- !', 'clear?'),
      row(5, 'critical', '! !', `${atOnce} clear? again`),
      row(6, 'warning', '! !', 'clear? clear? again'),
      row(7, 'critical cleared', '- !', 'record'),
      row(8, 'warning', '- !', 'clear? again'),
      row(9, 'warning cleared', '- -', 'record'),
      row(10, 'critical', '! !', `${atOnce} ${atOnce}`),
      row(11, 'warning cleared', '! -', 'record'),
      row(12, 'critical cleared', '- -', 'record'),
    ],
  ],
  [
    'what is cleared, or due, without being so, changes nothing',
    { confirmQuotes: 1, confirmMs: 0 },
    [
      row(1, 'warning cleared', '- -'),
      row(2, 'warning due', '- -'),
      row(3, 'critical due', '- -'),
      row(4, 'warning', '- !', atOnce),
      row(5, 'warning due', '- !'),
      row(6, 'critical cleared', '- !'),
    ],
  ],
  [
    'three consecutive quotes confirm it; one between them on which it does not hold begins anew',
    { confirmQuotes: 3, confirmMs: 0 },
    [
      row(1, 'warning', '- ?', 'confirm?'),
      row(2, 'warning', '- ?', 'confirm?'),
      row(3, '-', '- -'),
      row(4, 'warning', '- ?', 'confirm?'),
      row(5, 'warning', '- ?', 'confirm?'),
      row(6, 'warning', '- !', atOnce),
      row(7, '-', '- !', 'clear?'),
      row(8, 'warning', '- !', 'clear? again'),
      row(9, 'warning cleared', '- -', 'record'),
      row(10, 'warning', '- ?', 'confirm?'),
    ],
  ],
  [
    'a quote at the critical level counts for both, one at the warning level ends the critical run',
    { confirmQuotes: 2, confirmMs: 0 },
    [
      row(1, 'critical', '? ?', 'confirm? confirm?'),
      row(2, 'warning', '- !', atOnce),
      row(3, 'critical', '? !', 'confirm? clear? again'),
      row(4, 'critical', '! !', `${atOnce} clear? again`),
    ],
  ],
  [
    'warnings, then criticals: the warning is confirmed by both',
    { confirmQuotes: 3, confirmMs: 0 },
    [
      row(1, 'warning', '- ?', 'confirm?'),
      row(2, 'critical', '? ?', 'confirm? confirm?'),
      row(3, 'critical', '? !', `confirm? ${atOnce}`),
      row(4, 'critical', '! !', `${atOnce} clear? again`),
    ],
  ],
  [
    'a time confirms it on the quote that completes it',
    { confirmQuotes: 1, confirmMs: 10 },
    [
      row(1, 'warning', '- ?', 'confirm?'),
      row(10, 'warning', '- ?', 'confirm?'),
      row(11, 'warning', '- !', atOnce),
    ],
  ],
  [
    'or between two quotes',
    { confirmQuotes: 1, confirmMs: 10 },
    [
      row(1, 'warning', '- ?', 'confirm?'),
      row(11, 'warning due', '- !', atOnce),
      row(12, 'warning', '- !', 'clear? again'),
    ],
  ],
  [
    'a time that began before a quote on which it did not hold is over',
    { confirmQuotes: 1, confirmMs: 10 },
    [
      row(1, 'warning', '- ?', 'confirm?'),
      row(5, '-', '- -'),
      row(6, 'warning', '- ?', 'confirm?'),
      row(11, 'warning', '- ?', 'confirm?'),
      row(16, 'warning due', '- !', atOnce),
    ],
  ],
  [
    'quotes and a time: with the time over, the quote that completes them acts',
    { confirmQuotes: 3, confirmMs: 10 },
    [
      row(1, 'warning', '- ?', 'confirm?'),
      row(11, 'warning due', '- ?'),
      row(12, 'warning', '- ?', 'confirm?'),
      row(13, 'warning', '- !', atOnce),
    ],
  ],
  [
    'quotes and a time: with the quotes there, the time acts',
    { confirmQuotes: 2, confirmMs: 10 },
    [
      row(1, 'critical', '? ?', 'confirm? confirm?'),
      row(2, 'critical', '? ?', 'confirm? confirm?'),
      row(11, 'critical due', '! ?', atOnce),
      row(11, 'warning due', '! !', atOnce),
    ],
  ],
];

test.each(
  gauges.flatMap((gauge) =>
    tables
      .filter(([name]) => gauge !== 'stale' || !byQuotes.has(name))
      .map(([name, of, rows]) => [gauge, name, of, rows] as const),
  ),
)('%s: %s', (gauge, _, of, rows) => {
  const machine = confirming(gauge, of);
  for (const one of rows) {
    const actions = machine.send(eventOf(gauge, one));
    const { [gauge]: latches, ...others } = (
      machine.snapshot.value as { watching: Record<Gauge, typeof calm> }
    ).watching;
    const to = `${letters[latches.critical]} ${letters[latches.warning]}`;
    expect([one.ts, one.on, to, actions.map((action) => short[action]).join(' ')]).toEqual([
      ...[one.ts, one.on, one.to, one.does],
    ]);
    for (const other of Object.values(others)) expect(other).toEqual(calm);
  }
});

test('what a level does is told with its gauge and its level', () => {
  const told: [string, Gauge, ConditionLevel][] = [];
  const note =
    (name: string) =>
    (_: unknown, { gauge, level }: { gauge: Gauge; level: ConditionLevel }): void =>
      void told.push([name, gauge, level]);
  const logic = marketGuardMachine.provide({
    actions: {
      awaitConfirmation: note('awaitConfirmation'),
      awaitClearing: note('awaitClearing'),
      recordChange: note('recordChange'),
      closePositions: note('closePositions'),
    },
  });
  const input = { symbol, confirming: { spread: { confirmQuotes: 2, confirmMs: 0 } } };
  const actor = createActor(logic, { input }).start();
  actor.send({ type: 'spread.measured', level: 'warning', ts: 1, heardAt: 1 });
  actor.send({ type: 'liquidityShort.measured', level: 'critical', ts: 1, heardAt: 1 });
  expect(told).toEqual([
    ['awaitConfirmation', 'spread', 'warning'],
    ['recordChange', 'liquidityShort', 'critical'],
    ['awaitClearing', 'liquidityShort', 'critical'],
    ['closePositions', 'liquidityShort', 'critical'],
    ['recordChange', 'liquidityShort', 'warning'],
    ['awaitClearing', 'liquidityShort', 'warning'],
    ['closePositions', 'liquidityShort', 'warning'],
  ]);
});

test('several gauges hold side by side, each confirmed and cleared by itself', () => {
  const machine = new Stepper(marketGuardMachine, {
    symbol,
    confirming: {
      gap: { confirmQuotes: 2, confirmMs: 0 },
      stale: { confirmQuotes: 1, confirmMs: 5 },
    },
  });
  machine.send({ type: 'gap.measured', level: 'warning', ts: 1, heardAt: 1 });
  machine.send({ type: 'spread.measured', level: 'critical', ts: 1, heardAt: 1 });
  machine.send({ type: 'stale.measured', level: 'warning', ts: 1, heardAt: 1 });
  machine.send({ type: 'gap.measured', level: 'warning', ts: 2, heardAt: 2 });
  machine.send({ type: 'spread.critical.cleared' });
  expect(machine.snapshot.value).toEqual({
    watching: {
      ...{ gap: { ...calm, warning: 'active' }, spread: { ...calm, warning: 'active' } },
      ...{ liquidityLong: calm, liquidityShort: calm, volatility: calm },
      stale: { ...calm, warning: 'confirming' },
    },
  });
  expect(Object.keys(machine.snapshot.context.active).sort()).toEqual([
    ...['gap.warning', 'spread.critical', 'spread.warning'],
  ]);
  expect(machine.snapshot.context.active['spread.critical']).toBeUndefined();
});

test.each([
  ['clear', []],
  ['confirming', [{ type: 'gap.measured', level: 'warning', ts: 1, heardAt: 1 }]],
  [
    'active',
    [
      { type: 'gap.measured', level: 'warning', ts: 1, heardAt: 1 },
      { type: 'gap.measured', level: 'warning', ts: 2, heardAt: 2 },
    ],
  ],
] as [string, MarketGuardEvent[]][])(
  'a guard that is removed while it is %s hears nothing more',
  (state, events) => {
    const machine = confirming('gap', { confirmQuotes: 2, confirmMs: 0 });
    for (const event of events) machine.send(event);
    expect(machine.snapshot.value).toEqual(watching('gap', { warning: state }));
    expect(machine.send({ type: 'guard.removed' })).toEqual([]);
    expect([machine.snapshot.value, machine.snapshot.status]).toEqual(['removed', 'done']);
    expect(machine.send({ type: 'gap.measured', level: 'critical', ts: 3, heardAt: 3 })).toEqual(
      [],
    );
  },
);

test('a confirmation of which no quote is known any more does not act', () => {
  const from = watching('gap', { warning: 'confirming' });
  const of = (runs: object) => ({ symbol, confirming: {}, runs, active: {} });
  const due: MarketGuardEvent = { type: 'gap.warning.due', ts: 9 };
  expect(stepOf(marketGuardMachine, from, due, of({}))).toEqual({
    ...{ value: from, actions: [], isDone: false },
  });
  const run = { quotes: 1, since: 1, last: 1 };
  expect(stepOf(marketGuardMachine, from, due, of({ 'gap.warning': run })).value).toEqual(
    watching('gap', { warning: 'active' }),
  );
});

test('stale: the end of a time acts by its deadline alone', () => {
  const machine = confirming('stale', { confirmQuotes: 1, confirmMs: 10 });
  for (const ts of [1, 20]) {
    machine.send({ type: 'stale.measured', level: 'warning', ts, heardAt: ts });
    expect(machine.snapshot.value).toEqual(watching('stale', { warning: 'confirming' }));
  }
  machine.send({ type: 'stale.warning.due', ts: 25 });
  expect(machine.snapshot.value).toEqual(watching('stale', { warning: 'active' }));
});
