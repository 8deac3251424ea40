// Which exits of a position a price makes due: the tables of contract section 3.
import { describe, expect, test } from 'vitest';
import type { Reached } from '#src/domain/due-exits';
import type { ExitsSpec } from '#src/domain/exits';
import type { Side } from '#src/domain/quote';
import { armed, at, percent2, tiered, trail1, type Given } from './exit-terms.ts';

/** `reason trigger` of what closes all that is left, `rung:quantity@trigger` of what closes a part. */
function shown({ closes }: Reached): string {
  return closes
    .map(({ reason, triggerPrice = '-', rung, quantity }) =>
      rung === undefined
        ? `${reason} ${triggerPrice}`
        : `${rung}:${quantity ?? ''}@${triggerPrice}`,
    )
    .join(', ');
}

type Row = [side: Side, exits: ExitsSpec, x: string, given: Given, due: string];

describe.each<[string, Row[]]>([
  [
    'a stop loss',
    [
      ['long', { stopLoss: 99 }, '99.01', {}, ''],
      ['long', { stopLoss: 99 }, '99', {}, 'stop_loss 99'],
      ['long', { stopLoss: 99 }, '50', {}, 'stop_loss 99'],
      ['short', { stopLoss: 101 }, '100.99', {}, ''],
      ['short', { stopLoss: 101 }, '101', {}, 'stop_loss 101'],
      ['short', { stopLoss: 101 }, '150', {}, 'stop_loss 101'],
      // A locked profit is a stop as well.
      ['long', { stopLoss: 103 }, '103', {}, 'stop_loss 103'],
    ],
  ],
  [
    'a take profit',
    [
      ['long', { takeProfit: 110 }, '109.99', {}, ''],
      ['long', { takeProfit: 110 }, '110', {}, 'take_profit 110'],
      ['long', { takeProfit: 110 }, '120', {}, 'take_profit 110'],
      ['short', { takeProfit: 90 }, '90.01', {}, ''],
      ['short', { takeProfit: 90 }, '90', {}, 'take_profit 90'],
      ['short', { takeProfit: 90 }, '80', {}, 'take_profit 90'],
    ],
  ],
  [
    'an amount of money',
    [
      ['long', { stopLossAmount: 50 }, '1', { pnl: '-49.9999999999' }, ''],
      ['long', { stopLossAmount: 50 }, '1', { pnl: '-50' }, 'stop_loss -'],
      ['short', { stopLossAmount: 50 }, '1', { pnl: '-51' }, 'stop_loss -'],
      ['long', { takeProfitAmount: 50 }, '1', { pnl: '49.9999999999' }, ''],
      ['long', { takeProfitAmount: 50 }, '1', { pnl: '50' }, 'take_profit -'],
      ['short', { takeProfitAmount: 50 }, '1', { pnl: '51' }, 'take_profit -'],
      // Without a rate nothing is known.
      ['long', { stopLossAmount: 50, takeProfitAmount: 50 }, '1', {}, ''],
      ['long', { stopLossAmount: '50.00000000000000000001' }, '1', { pnl: '-50' }, ''],
      ['long', { takeProfitAmount: '50.00000000000000000001' }, '1', { pnl: '50' }, ''],
    ],
  ],
  [
    'a trailing stop',
    [
      ['long', trail1, '1', { progress: armed }, ''],
      ['long', trail1, '104.01', { progress: armed, peak: '105' }, ''],
      ['long', trail1, '104', { progress: armed, peak: '105' }, 'trailing_stop 104'],
      ['long', trail1, '90', { progress: armed, peak: '105' }, 'trailing_stop 104'],
      ['short', trail1, '95.99', { progress: armed, peak: '95' }, ''],
      ['short', trail1, '96', { progress: armed, peak: '95' }, 'trailing_stop 96'],
      ['long', percent2, '102.91', { progress: armed, peak: '105' }, ''],
      ['long', percent2, '102.9', { progress: armed, peak: '105' }, 'trailing_stop 102.9'],
      ['short', percent2, '96.89', { progress: armed, peak: '95' }, ''],
      ['short', percent2, '96.9', { progress: armed, peak: '95' }, 'trailing_stop 96.9'],
      // Not rounded: 2 % of a third of anything.
      [
        'long',
        percent2,
        '98.0000001',
        { progress: armed, peak: '100.0000003' },
        'trailing_stop 98.000000294',
      ],
      ['long', percent2, '98.0000003', { progress: armed, peak: '100.0000003' }, ''],
      // As much as the price, or more, is never reached.
      ['long', { trailing: { distance: 200 } }, '0.01', { progress: armed, peak: '105' }, ''],
      ['long', { trailing: { percent: 100 } }, '0.01', { progress: armed, peak: '105' }, ''],
    ],
  ],
  [
    'a tier',
    [
      ['long', tiered, '105', { progress: armed, peak: '111' }, 'trailing_stop 106'],
      ['long', tiered, '107', { progress: armed, peak: '111' }, ''],
      [
        'long',
        tiered,
        '109',
        { progress: { ...armed, tiers: [0] }, peak: '111' },
        'trailing_stop 109',
      ],
      [
        'long',
        tiered,
        '118.79',
        { progress: { ...armed, tiers: [0, 1] }, peak: '120' },
        'trailing_stop 118.8',
      ],
      ['long', tiered, '118.81', { progress: { ...armed, tiers: [0, 1] }, peak: '120' }, ''],
      // The last one reached is not the tightest here: 1 % of 250 is more than 2.
      ['long', tiered, '248.01', { progress: { ...armed, tiers: [0, 1] }, peak: '250' }, ''],
      [
        'long',
        tiered,
        '248',
        { progress: { ...armed, tiers: [0, 1] }, peak: '250' },
        'trailing_stop 248',
      ],
    ],
  ],
  [
    'a moved stop',
    [
      ['long', { breakEven: { trigger: 105 } }, '100', {}, ''],
      [
        'long',
        { breakEven: { trigger: 105 } },
        '100',
        { progress: { movedStop: '100' } },
        'break_even 100',
      ],
      [
        'short',
        { breakEven: { trigger: 95 } },
        '100',
        { progress: { movedStop: '100' } },
        'break_even 100',
      ],
      [
        'long',
        { breakEven: { trigger: 105 }, stopLoss: 98 },
        '99.9',
        { progress: { movedStop: '100' } },
        'break_even 100',
      ],
      // A stop that is as tight, or was made tighter since, is the one that acts.
      [
        'long',
        { breakEven: { trigger: 105 }, stopLoss: '100' },
        '100',
        { progress: { movedStop: '100' } },
        'stop_loss 100',
      ],
      [
        'long',
        { breakEven: { trigger: 105 }, stopLoss: 101 },
        '101',
        { progress: { movedStop: '100' } },
        'stop_loss 101',
      ],
      [
        'short',
        { breakEven: { trigger: 95 }, stopLoss: 99 },
        '99',
        { progress: { movedStop: '100' } },
        'stop_loss 99',
      ],
    ],
  ],
  [
    'a ladder',
    [
      ['long', { ladder: [{ price: 110, fraction: 0.5 }] }, '109.99', {}, ''],
      ['long', { ladder: [{ price: 110, fraction: 0.5 }] }, '110', {}, '0:1@110'],
      ['short', { ladder: [{ price: 90, fraction: 0.25 }] }, '90', {}, '0:0.5@90'],
      // In the order of the list, whatever their prices.
      [
        'long',
        {
          ladder: [
            { price: 120, fraction: '0.1' },
            { price: 110, fraction: '0.3' },
          ],
        },
        '130',
        {},
        '0:0.2@120, 1:0.6@110',
      ],
      [
        'long',
        {
          ladder: [
            { price: 120, fraction: '0.1' },
            { price: 110, fraction: '0.3' },
          ],
        },
        '115',
        {},
        '1:0.6@110',
      ],
      [
        'long',
        {
          ladder: [
            { price: 110, fraction: '0.1' },
            { price: 110, fraction: '0.1' },
          ],
        },
        '110',
        { progress: { rungs: [0] } },
        '1:0.2@110',
      ],
      ['long', { ladder: [{ price: 110, fraction: 1 }] }, '110', { progress: { rungs: [0] } }, ''],
      [
        'long',
        { ladder: [{ price: 110, fraction: '0.333333333333333333333333333' }] },
        '110',
        {},
        '0:0.666666666666666666666666666@110',
      ],
    ],
  ],
  [
    'the first of several',
    [
      ['long', { stopLoss: 105, takeProfit: 90 }, '100', {}, 'stop_loss 105'],
      ['long', { stopLoss: 105, stopLossAmount: 1 }, '100', { pnl: '-9' }, 'stop_loss 105'],
      [
        'long',
        { stopLossAmount: 1, ...trail1 },
        '100',
        { pnl: '-9', progress: armed, peak: '105' },
        'stop_loss -',
      ],
      [
        'long',
        { takeProfit: 90, ...trail1 },
        '100',
        { progress: armed, peak: '105' },
        'trailing_stop 104',
      ],
      ['long', { takeProfit: 90, takeProfitAmount: 1 }, '100', { pnl: '9' }, 'take_profit 90'],
      [
        'long',
        { takeProfitAmount: 1, ladder: [{ price: 90, fraction: 1 }] },
        '100',
        { pnl: '9' },
        'take_profit -',
      ],
      [
        'long',
        { takeProfit: 90, ladder: [{ price: 90, fraction: 1 }] },
        '100',
        {},
        'take_profit 90',
      ],
    ],
  ],
  // What doubles take for the same, or for another, number.
  [
    'a price to the last digit',
    [
      ['long', { stopLoss: '0.1' }, '0.1000000000000000000001', {}, ''],
      ['long', { stopLoss: '0.1' }, '0.0999999999999999999999', {}, 'stop_loss 0.1'],
      ['short', { stopLoss: '0.1' }, '0.0999999999999999999999', {}, ''],
      ['long', { takeProfit: '0.1000000000000000000001' }, '0.1', {}, ''],
      [
        'short',
        { takeProfit: '0.1000000000000000000001' },
        '0.1000000000000000000001',
        {},
        'take_profit 0.1000000000000000000001',
      ],
      [
        'long',
        { trailing: { distance: '0.1' } },
        '0.2',
        { progress: armed, peak: '0.3' },
        'trailing_stop 0.2',
      ],
      [
        'long',
        { trailing: { distance: '0.1' } },
        '0.2000000000000000000001',
        { progress: armed, peak: '0.3' },
        '',
      ],
      [
        'short',
        { trailing: { distance: '0.2' } },
        '0.3',
        { progress: armed, peak: '0.1' },
        'trailing_stop 0.3',
      ],
      [
        'short',
        { trailing: { distance: '0.2' } },
        '0.2999999999999999999999',
        { progress: armed, peak: '0.1' },
        '',
      ],
      [
        'long',
        { trailing: { distance: '0.1000000000000000000001' } },
        '0.2',
        { progress: armed, peak: '0.3' },
        '',
      ],
      ['long', { ladder: [{ price: '0.1000000000000000000001', fraction: 1 }] }, '0.1', {}, ''],
    ],
  ],
])('%s', (_, rows) => {
  test.each(rows)('a %s with %j at %s, %j: %s', (side, exits, x, given, due) => {
    expect(shown(at(side, exits, x, given))).toBe(due);
  });
});
