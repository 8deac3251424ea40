// What the simulator holds the runtime against must itself be right: rows by hand.
import { expect, test } from 'vitest';
import { exitsOf, type ExitsSpec } from '#src/domain/exits';
import { decimal, text } from '#src/domain/money';
import { duesOf, movesOf, type Guarded } from './exit-model.ts';

function held(exits: ExitsSpec, more: Partial<Guarded> = {}): Guarded {
  return {
    ...{ positionId: 'p', accountId: 'paper', symbol: 'GOLD', side: 'long' },
    ...{ quantity: decimal(2), remaining: decimal(2), entryPrice: decimal(2000) },
    ...{ exits: exitsOf(exits), movedStop: undefined, isTrailing: true },
    ...{ peak: undefined, peakMost: undefined, tiers: new Set(), rungs: new Set(), ...more },
  };
}

const mid = decimal('1.25');

test.each<[string, Guarded, string, string]>([
  ['a stop at its level', held({ stopLoss: 1990 }), '1990', 'stop_loss 1990'],
  ['not above it', held({ stopLoss: 1990 }), '1990.01', ''],
  ['a short one', held({ stopLoss: 2010 }, { side: 'short' }), '2010', 'stop_loss 2010'],
  ['a moved stop', held({ stopLoss: 1990 }, { movedStop: '2001' }), '2000', 'break_even 2001'],
  ['a looser one', held({ stopLoss: 2002 }, { movedStop: '2001' }), '2001', 'stop_loss 2002'],
  ['a loss in money', held({ stopLossAmount: 100 }), '1995', 'stop_loss'],
  ['not less', held({ stopLossAmount: '100.01' }), '1995', ''],
  ['in euros', held({ stopLossAmount: 80 }, { accountId: 'paper-eur' }), '1995', 'stop_loss'],
  [
    'of euros, with the commission of 3.6',
    held({ takeProfitAmount: 120.5 }, { symbol: 'DAX', entryPrice: decimal(18_000) }),
    '18050',
    'take_profit',
  ],
  [
    'a trail before a target',
    held({ trailing: { distance: 5 }, takeProfit: 2001 }, { peak: decimal(2010) }),
    '2005',
    'trailing_stop 2005',
  ],
  [
    'the tightest of what was reached',
    held(
      { trailing: { percent: 1, tiers: [{ at: 2005, distance: 2 }] } },
      { peak: decimal(2010), tiers: new Set([0]) },
    ),
    '2008',
    'trailing_stop 2008',
  ],
  [
    'rungs that are not done, in their order',
    held(
      { ladder: ['2003', '2001', '2002', '2009'].map((price) => ({ price, fraction: '0.25' })) },
      { rungs: new Set([1]) },
    ),
    '2004',
    'rung 0, rung 2',
  ],
])('%s', (_name, position, x, expected) => {
  const { whole, rungs } = duesOf(position, decimal(x), () => mid);
  const told = whole && [whole.reason, whole.trigger].filter(Boolean).join(' ');
  expect(told ?? rungs.map(({ rung }) => `rung ${rung}`).join(', ')).toBe(expected);
});

test('a peak moves by a step at least, and the arming quote is the first', () => {
  const position = held({ trailing: { distance: 9, step: 3, activation: 2001 } });
  position.isTrailing = false;
  const peaks = ['2000', '2001', '2003.9', '2004', '2000'].map((x) => {
    const { isTrailing, peak } = movesOf(position, decimal(x));
    position.isTrailing = isTrailing;
    position.peak = peak;
    return peak && text(peak);
  });
  expect(peaks).toEqual([undefined, '2001', '2001', '2004', '2004']);
});

test('break-even moves the stop once, and only where that is tighter', () => {
  const breakEven = { trigger: 2005, offset: 1 };
  const at = (exits: ExitsSpec, x: string): string | undefined =>
    movesOf(held(exits), decimal(x)).movedStop;
  expect(at({ breakEven }, '2004.99')).toBeUndefined();
  expect(at({ breakEven }, '2005')).toBe('2001');
  expect(at({ breakEven, stopLoss: 2001 }, '2005')).toBeUndefined();
  expect(at({ breakEven, stopLoss: '2000.99' }, '2005')).toBe('2001');
});
