// Which exit acts of those that a quote crossed.
import { expect, test } from 'vitest';
import { dueExit, exitsOf, type CrossedLevels, type DueExit, type Exits } from '#src/domain/exits';

test.each([
  [undefined, {}],
  [{}, {}],
  [{ stopLoss: '1.10' }, { stopLoss: '1.1' }],
  [{ takeProfit: 2000 }, { takeProfit: '2000' }],
  [
    { stopLoss: 1e-7, takeProfit: '+2.50' },
    { stopLoss: '0.0000001', takeProfit: '2.5' },
  ],
])('exits given as %j are held as %j', (given, held) => {
  expect(exitsOf(given)).toEqual(held);
});

const both: Exits = { stopLoss: '1', takeProfit: '2' };
const stop: DueExit = { reason: 'stop_loss', triggerPrice: '1' };
const target: DueExit = { reason: 'take_profit', triggerPrice: '2' };

test.each<[Exits, CrossedLevels, DueExit | undefined]>([
  [both, { stopLoss: false, takeProfit: false }, undefined],
  [both, { stopLoss: true, takeProfit: false }, stop],
  [both, { stopLoss: false, takeProfit: true }, target],
  [both, { stopLoss: true, takeProfit: true }, stop],
  [{ takeProfit: '2' }, { stopLoss: true, takeProfit: true }, target],
  [{ takeProfit: '2' }, { stopLoss: true, takeProfit: false }, undefined],
  [{ stopLoss: '1' }, { stopLoss: false, takeProfit: true }, undefined],
  [{}, { stopLoss: true, takeProfit: true }, undefined],
])('of %j, crossed %j, what acts is %j', (exits, crossed, due) => {
  expect(dueExit(exits, crossed)).toEqual(due);
});
