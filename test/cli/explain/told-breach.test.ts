// The story of a breach by itself, from rows made by hand, and how much of it is read.
import { expect, test } from 'vitest';
import { gatherBreach, type BreachFacts } from '#src/cli/explain/breach-facts';
import { breachStoryOf } from '#src/cli/explain/breach-story';
import { printedBreach } from '#src/cli/explain/print';
import type { Draft } from '#src/domain/records';
import { account, drawdown, midnight, position, quote, row } from './rows.ts';
import { historyOf } from './histories.ts';
import * as make from '../../ledger/entries.ts';
import * as close from '../../domain/close-drafts.ts';

const seen = { ruleId: 'peak', observed: '7900', floor: '8000', anchorValue: '10000' };
const stood = (positionId: string, pnl: string): object => ({
  ...{ positionId, symbol: 'EURUSD', side: 'long', quantity: '1', price: '1.09', pnl },
});
const breach = row(
  1,
  'guard_breached',
  {
    ...{ ...seen, breachId: 'breach_1', reason: 'drawdown_critical', action: 'close', quote },
    positions: ['p1', 'p2', 'p3', 'p4'].map((id, i) => stood(id, `-${400 - i}`)),
    positionsTotal: 5,
  },
  '',
);
const of = (positionId: string, ms: number, type: string, more: object): BreachFacts['closes'] => [
  row(ms, type, { ...drawdown, positionId, quantity: '1', ...more }, `close_${positionId}`),
];
const facts: BreachFacts = {
  ...{ breachId: 'breach_1', breach, beforeBreach: [], cut: ['something'] },
  closes: [
    ...of('p1', 2, 'position_closed', { closedPrice: '1.09', pnl: '-400' }),
    ...of('p2', 3, 'position_closed', {}),
    ...of('p3', 4, 'position_close_pending', { errorMessage: 'no reply' }),
    ...of('late', 9000, 'position_closed', {
      ...{ closedPrice: '1.1', pnl: '5', quote: { ...quote, ts: midnight + 8999 } },
    }),
    ...of('p2', 9001, 'position_close_amended', {
      closedPrice: '1.091',
      pnl: '-390',
      quantity: '1',
    }),
  ],
  unanswered: [{ ...position, positionId: 'p4', closeId: 'close_p4' }],
  sinceBreach: [
    row(10, 'account_halted', { breachId: 'breach_1' }, ''),
    row(9100, 'account_resumed', { by: 'op', reason: 'paid', acknowledge: 'breach_1' }, ''),
  ],
  account,
  openPositions: 2,
};

test('what was open, what became of each, what was opened since, and who resumed', () => {
  expect(printedBreach(breachStoryOf(facts))).toBe(`breach_1
account a breached rule peak: equity 7900 USD is below its floor 8000 USD by 100 USD; anchor (peakEquity) 10000 USD; 5 positions were open, 3 closed by it, 2 not closed yet, P&L -785 USD; resumed by op: paid, at 2026-01-05T00:00:09.100Z
rule peak, as the account has it now: anchor peakEquity, limitPct 20

2026-01-05T00:00:00.001Z  BREACH of rule peak by account a: equity 7900 USD is below its floor 8000 USD by 100 USD; anchor (peakEquity) 10000 USD; on the quote bid 1.0949, ask 1.095; everything is closed, the worst first
2026-01-05T00:00:00.010Z  account a HALTED: every close of the breach has its outcome
2026-01-05T00:00:09.100Z  account a RESUMED by op: paid, who acknowledged breach_1

position  p1: long 1 EURUSD at 1.09, P&L -400 USD; closed: 1 at 1.09, P&L -400 USD, at 2026-01-05T00:00:00.002Z, 2 ms after the quote (close_p1)
position  p2: long 1 EURUSD at 1.09, P&L -399 USD; closed: 1 at 1.091, P&L -390 USD, at 2026-01-05T00:00:00.003Z, 3 ms after the quote (close_p2)
position  p3: long 1 EURUSD at 1.09, P&L -398 USD; outcome unknown (close_p3)
position  p4: long 1 EURUSD at 1.09, P&L -397 USD; asked for, not answered yet (close_p4)
position  late; closed: 1 at 1.1, P&L +5 USD, at 2026-01-05T00:00:09.000Z, 9 s after the quote (close_late)
now       account a is normal; 2 of its positions are open
cut       not told here: positions behind the 4 worst at the breach
cut       not told here: something
`);
});

test('a breach that only warns closes nothing', () => {
  const meta = { ...seen, breachId: 'breach_1', action: 'warn', positions: [stood('p1', '-400')] };
  const warned = { ...facts, breach: row(1, 'guard_breached', meta, ''), closes: [] };
  const story = breachStoryOf({ ...warned, unanswered: [], sinceBreach: [], account: undefined });
  expect(story.summary).toBe(
    'account a breached rule peak: equity 7900 is below its floor 8000 by 100; anchor 10000; ' +
      '1 position was open, 0 closed by it',
  );
  expect(story.positions.map(({ words }) => words)).toEqual([
    'p1: long 1 EURUSD at 1.09, P&L -400; it has not closed this one',
  ]);
  expect(story).not.toHaveProperty('pnl');
});

const cause = { reason: 'drawdown_critical', ruleId: 'peak', breachId: 'breach_1' };

test('of a breach whose close is tried for days the last tries are read; what is left out is told', async () => {
  const { intent } = make.closeOf('a', 'p1', { cause });
  const other = make.closeOf('a', 'p2', { cause });
  const tries = Array.from({ length: 501 }, (_, i) => close.unknown(intent, i, `error ${i}`));
  const drafts: Draft[] = [
    ...[make.created('a'), make.tracked('a', 'p1'), make.tracked('a', 'p2')],
    ...[make.breached('a', 'breach_1'), other.filled, ...tries, close.amended(other.intent, '5')],
  ];
  const found = await gatherBreach(await historyOf(drafts), 'breach_1');
  expect(found?.cut).toEqual(['rows position_close_pending before the last 500']);
  expect(found?.closes).toHaveLength(502);
  expect(found?.closes.at(-1)?.eventType).toBe('position_close_amended');
  expect(
    found?.closes.find(({ eventType }) => eventType === 'position_close_pending')?.metaData,
  ).toMatchObject({
    errorMessage: 'error 1',
  });
  expect(await gatherBreach(await historyOf(drafts), 'breach_2')).toBeUndefined();
});
