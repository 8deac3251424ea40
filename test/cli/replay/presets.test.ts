// Days of accounts under the rules that prop firms publish, worked out by hand, quote by quote.
import { expect, test } from 'vitest';
import { Replay, type CloseLine } from '#src/cli/replay/replay';
import { Scenario, scenarioFaults } from '#src/contracts/scenario';
import { decimal, text } from '#src/domain/money';
import { presetRules, type PresetName } from '#src/domain/presets';
import { levelsOf } from '#src/domain/rule-levels';
import { silentLogger } from '#src/ports/logger';

interface Trade {
  positionId: string;
  side?: 'long' | 'short';
  entryPrice: string;
  openAt?: string;
  exits?: { stopLoss?: string; takeProfit?: string };
}

interface Story {
  preset: PresetName;
  balance: string;
  trades: Trade[];
}

/** What is seen after a quote: the account's state, its equity, the floors, what it closed. */
type Row = [
  at: string,
  price: number,
  state: string,
  equity: string,
  floors: string,
  closes?: string,
];

/** A move of 1 is worth this much to each trade, in account currency. */
const perPoint = '100';

type Rules = { preset: PresetName } | { rules: unknown };

function scenarioOf(story: Story, rules: Rules): unknown {
  const positions = story.trades.map((trade) => ({
    side: 'long',
    ...trade,
    accountId: 'a',
    symbol: 'S',
    quantity: '1',
  }));
  return {
    instruments: [{ symbol: 'S', quoteCurrency: 'USD', contractSize: perPoint }],
    accounts: [{ accountId: 'a', currency: 'USD', balance: story.balance, ...rules }],
    positions,
  };
}

function seen(story: Story, rows: readonly Row[], rules: Rules): Row[] {
  const closes: CloseLine[] = [];
  const onClose = (line: CloseLine): void => void closes.push(line);
  const scenario = Scenario.parse(scenarioOf(story, rules));
  const replay = new Replay(scenario, { logger: silentLogger, onClose });
  return rows.map(([at, price]): Row => {
    closes.length = 0;
    replay.quote({ symbol: 'S', bid: price, ask: price, ts: Date.parse(at) });
    const told = replay.summary(0).accounts[0];
    const account = replay.state.accounts.get('a');
    if (told === undefined || account === undefined) throw new Error('the account is gone');
    const standing = {
      peak: decimal(told.peakEquity ?? story.balance),
      initialBalance: account.initialBalance,
      anchors: account.anchors,
    };
    const floors = account.rules.map((rule) => text(levelsOf(rule, standing).floor));
    const row: Row = [at, price, told.state, told.equity, floors.join(' ')];
    if (closes.length > 0) row.push(closes.map(wordsOf).join(', '));
    return row;
  });
}

function wordsOf({ positionId, reason, ruleId, price }: CloseLine): string {
  return [positionId, reason, ruleId, `at ${price}`].filter((word) => word !== undefined).join(' ');
}

const byDailyLoss = 'drawdown_critical daily-loss';
const byMaxLoss = 'drawdown_critical max-loss';
const byThreshold = 'drawdown_critical trailing-threshold';

const ftmo: Story = { preset: 'ftmo-2step', balance: '100000', trades: [] };
const ftmoOneStep: Story = { ...ftmo, preset: 'ftmo-1step' };
const topstep: Story = { preset: 'topstep', balance: '50000', trades: [] };
const apex: Story = { preset: 'apex', balance: '50000', trades: [] };

const stories: [title: string, Story, Row[]][] = [
  [
    'FTMO: after a day with 4,000 won, 8,500 of floating loss are allowed until midnight in Prague',
    {
      ...ftmo,
      trades: [
        { positionId: 'won', entryPrice: '1000', exits: { takeProfit: '1040' } },
        { positionId: 'carried', entryPrice: '1040', openAt: '2026-07-06T10:00Z' },
      ],
    },
    [
      ['2026-07-06T08:00:00Z', 1000, 'normal', '100000', '95000 90000'],
      ['2026-07-06T09:00:00Z', 1040, 'normal', '104000', '95000 90000', 'won take_profit at 1040'],
      ['2026-07-06T10:00:00Z', 1040, 'normal', '104000', '95000 90000'],
      ['2026-07-06T18:00:00Z', 955, 'warning', '95500', '95000 90000'],
      ['2026-07-06T21:59:59.999Z', 955, 'warning', '95500', '95000 90000'],
      // A better price than a moment before; but the day now begins with a balance of 104,000.
      [
        '2026-07-06T22:00:00Z',
        956,
        'halted',
        '95600',
        '99000 90000',
        `carried ${byDailyLoss} at 956`,
      ],
      ['2026-07-07T22:00:00Z', 956, 'halted', '95600', '90600 90000'],
    ],
  ],
  [
    'FTMO: the floor itself is a breach, a cent above it is none',
    { ...ftmo, trades: [{ positionId: 'p', side: 'short', entryPrice: '1000' }] },
    [
      ['2026-07-06T08:00:00Z', 1049.9999, 'warning', '95000.01', '95000 90000'],
      ['2026-07-06T08:00:01Z', 1050, 'halted', '95000', '95000 90000', `p ${byDailyLoss} at 1050`],
    ],
  ],
  [
    'FTMO, spring: midnight is at 23:00 UTC on the eve of the change and at 22:00 after it',
    {
      ...ftmo,
      trades: [
        { positionId: 'won', entryPrice: '1000', exits: { takeProfit: '1030' } },
        {
          positionId: 'lost',
          entryPrice: '1030',
          openAt: '2026-03-29T12:00Z',
          exits: { stopLoss: '1010' },
        },
      ],
    },
    [
      ['2026-03-28T12:00:00Z', 1030, 'normal', '103000', '95000 90000', 'won take_profit at 1030'],
      ['2026-03-28T22:59:59Z', 1030, 'normal', '103000', '95000 90000'],
      ['2026-03-28T23:00:00Z', 1030, 'normal', '103000', '98000 90000'],
      ['2026-03-29T12:00:00Z', 1030, 'normal', '103000', '98000 90000'],
      ['2026-03-29T13:00:00Z', 1010, 'normal', '101000', '98000 90000', 'lost stop_loss at 1010'],
      ['2026-03-29T21:59:59Z', 1010, 'normal', '101000', '98000 90000'],
      ['2026-03-29T22:00:00Z', 1010, 'normal', '101000', '96000 90000'],
    ],
  ],
  [
    'FTMO, autumn: midnight is at 22:00 UTC on the eve of the change and at 23:00 after it',
    {
      ...ftmo,
      trades: [
        { positionId: 'won', entryPrice: '1000', exits: { takeProfit: '1030' } },
        { positionId: 'carried', entryPrice: '1030', openAt: '2026-10-25T12:00Z' },
        {
          positionId: 'lost',
          entryPrice: '1030',
          openAt: '2026-10-25T12:00Z',
          exits: { stopLoss: '1015' },
        },
      ],
    },
    [
      ['2026-10-24T12:00:00Z', 1030, 'normal', '103000', '95000 90000', 'won take_profit at 1030'],
      ['2026-10-24T21:59:59Z', 1030, 'normal', '103000', '95000 90000'],
      ['2026-10-24T22:00:00Z', 1030, 'normal', '103000', '98000 90000'],
      ['2026-10-25T12:00:00Z', 1030, 'normal', '103000', '98000 90000'],
      // 1,500 lost and 1,500 floating: only what is closed moves the next day's floor.
      ['2026-10-25T13:00:00Z', 1015, 'normal', '100000', '98000 90000', 'lost stop_loss at 1015'],
      ['2026-10-25T22:00:00Z', 1015, 'normal', '100000', '98000 90000'],
      ['2026-10-25T22:59:59Z', 1015, 'normal', '100000', '98000 90000'],
      ['2026-10-25T23:00:00Z', 1015, 'normal', '100000', '96500 90000'],
    ],
  ],
  [
    'FTMO: losing days lower the floor of the day, and never that of the whole',
    {
      ...ftmo,
      trades: [
        { positionId: 'd1', entryPrice: '1000', exits: { stopLoss: '960' } },
        {
          positionId: 'd2',
          entryPrice: '960',
          openAt: '2026-07-07T08:00Z',
          exits: { stopLoss: '920' },
        },
        { positionId: 'd3', entryPrice: '920', openAt: '2026-07-08T08:00Z' },
      ],
    },
    [
      ['2026-07-06T09:00:00Z', 960, 'warning', '96000', '95000 90000', 'd1 stop_loss at 960'],
      ['2026-07-07T08:00:00Z', 960, 'normal', '96000', '91000 90000'],
      ['2026-07-07T09:00:00Z', 920, 'warning', '92000', '91000 90000', 'd2 stop_loss at 920'],
      // The day is new, so its warning is over; 8,000 of 10,000 are lost of the whole.
      ['2026-07-08T08:00:00Z', 920, 'warning', '92000', '87000 90000'],
      ['2026-07-08T09:00:00Z', 900.01, 'warning', '90001', '87000 90000'],
      ['2026-07-08T10:00:00Z', 899, 'halted', '89900', '87000 90000', `d3 ${byMaxLoss} at 899`],
    ],
  ],
  [
    "FTMO, one step: the firm's example of a maximum loss that follows the highest midnight",
    {
      ...ftmoOneStep,
      trades: [
        { positionId: 'won', entryPrice: '1000', exits: { takeProfit: '1040' } },
        {
          positionId: 'lost',
          entryPrice: '1040',
          openAt: '2026-07-07T08:00Z',
          exits: { stopLoss: '1030' },
        },
        { positionId: 'last', entryPrice: '1030', openAt: '2026-07-08T08:00Z' },
      ],
    },
    [
      ['2026-07-06T09:00:00Z', 1040, 'normal', '104000', '97000 90000', 'won take_profit at 1040'],
      ['2026-07-07T08:00:00Z', 1040, 'normal', '104000', '101000 94000'],
      // What floats, floats: the highest balance is that of a midnight.
      ['2026-07-07T09:00:00Z', 1100, 'normal', '110000', '101000 94000'],
      ['2026-07-07T10:00:00Z', 1030, 'normal', '103000', '101000 94000', 'lost stop_loss at 1030'],
      ['2026-07-08T08:00:00Z', 1030, 'normal', '103000', '100000 94000'],
      [
        '2026-07-08T09:00:00Z',
        1000,
        'halted',
        '100000',
        '100000 94000',
        `last ${byDailyLoss} at 1000`,
      ],
    ],
  ],
  [
    "Topstep: the firm's example, over the end of daylight saving in Chicago on 1 November",
    {
      ...topstep,
      trades: [
        { positionId: 'fri', entryPrice: '6000', exits: { takeProfit: '6005' } },
        {
          positionId: 'mon',
          entryPrice: '6005',
          openAt: '2026-11-02T15:00Z',
          exits: { stopLoss: '6000' },
        },
        {
          positionId: 'tue',
          entryPrice: '6000',
          openAt: '2026-11-03T15:00Z',
          exits: { takeProfit: '6025' },
        },
        {
          positionId: 'wed',
          entryPrice: '6025',
          openAt: '2026-11-04T15:00Z',
          exits: { takeProfit: '6045' },
        },
        { positionId: 'thu', entryPrice: '6045', openAt: '2026-11-05T15:00Z' },
      ],
    },
    [
      ['2026-10-30T15:00:00Z', 6005, 'normal', '50500', '48000', 'fri take_profit at 6005'],
      ['2026-10-30T21:59:59Z', 6005, 'normal', '50500', '48000'],
      ['2026-10-30T22:00:00Z', 6005, 'normal', '50500', '48500'],
      ['2026-11-02T15:00:00Z', 6005, 'normal', '50500', '48500'],
      ['2026-11-02T16:00:00Z', 6035, 'normal', '53500', '48500'],
      ['2026-11-02T17:00:00Z', 6000, 'normal', '50000', '48500', 'mon stop_loss at 6000'],
      ['2026-11-03T15:00:00Z', 6000, 'normal', '50000', '48500'],
      ['2026-11-03T16:00:00Z', 6025, 'normal', '52500', '48500', 'tue take_profit at 6025'],
      ['2026-11-03T22:00:00Z', 6025, 'normal', '52500', '48500'],
      ['2026-11-03T22:59:59Z', 6025, 'normal', '52500', '48500'],
      ['2026-11-03T23:00:00Z', 6025, 'normal', '52500', '50000'],
      ['2026-11-04T15:00:00Z', 6045, 'normal', '54500', '50000', 'wed take_profit at 6045'],
      ['2026-11-05T15:00:00Z', 6045, 'normal', '54500', '50000'],
      ['2026-11-05T16:00:00Z', 6000.01, 'warning', '50001', '50000'],
      ['2026-11-05T17:00:00Z', 6000, 'halted', '50000', '50000', `thu ${byMaxLoss} at 6000`],
    ],
  ],
  [
    'Topstep: over the beginning of daylight saving on 8 March, a loss on Monday',
    {
      ...topstep,
      trades: [
        { positionId: 'fri', entryPrice: '6000', exits: { takeProfit: '6005' } },
        {
          positionId: 'mon',
          entryPrice: '6005',
          openAt: '2026-03-09T15:00Z',
          exits: { takeProfit: '6010' },
        },
        { positionId: 'tue', entryPrice: '6010', openAt: '2026-03-10T15:00Z' },
      ],
    },
    [
      ['2026-03-06T15:00:00Z', 6005, 'normal', '50500', '48000', 'fri take_profit at 6005'],
      ['2026-03-06T22:00:00Z', 6005, 'normal', '50500', '48000'],
      ['2026-03-06T23:00:00Z', 6005, 'normal', '50500', '48500'],
      ['2026-03-09T16:00:00Z', 6010, 'normal', '51000', '48500', 'mon take_profit at 6010'],
      ['2026-03-09T21:59:59Z', 6010, 'normal', '51000', '48500'],
      ['2026-03-09T22:00:00Z', 6010, 'normal', '51000', '49000'],
      ['2026-03-10T15:00:00Z', 5995.01, 'normal', '49501', '49000'],
      ['2026-03-10T15:00:01Z', 5995, 'warning', '49500', '49000'],
      // A gap: closed where the market is, not at the floor.
      ['2026-03-10T15:00:02Z', 5985, 'halted', '48500', '49000', `tue ${byMaxLoss} at 5985`],
    ],
  ],
  [
    'Apex: the threshold trails what floats until it locks 100 above the initial balance',
    { ...apex, trades: [{ positionId: 'p', entryPrice: '6000' }] },
    [
      ['2026-10-30T15:00:00Z', 6000, 'normal', '50000', '47500'],
      ['2026-10-30T15:00:01Z', 6008.75, 'normal', '50875', '48375'],
      ['2026-10-30T15:00:02Z', 6003, 'normal', '50300', '48375'],
      ['2026-10-30T15:00:03Z', 6025.99, 'normal', '52599', '50099'],
      // No clock moves it: neither the end of a day nor the end of daylight saving.
      ['2026-11-02T23:00:00Z', 6025.98, 'normal', '52598', '50099'],
      ['2026-11-02T23:00:01Z', 6026, 'normal', '52600', '50100'],
      ['2026-11-02T23:00:02Z', 6100, 'normal', '60000', '50100'],
      ['2026-11-02T23:00:03Z', 6001.01, 'warning', '50101', '50100'],
      ['2026-11-02T23:00:04Z', 6001, 'halted', '50100', '50100', `p ${byThreshold} at 6001`],
    ],
  ],
  [
    'Apex: 2,500 given back from a floating profit of a short, and little lost since the start',
    { ...apex, trades: [{ positionId: 'p', side: 'short', entryPrice: '6000' }] },
    [
      ['2026-10-30T15:00:00Z', 5991.25, 'normal', '50875', '48375'],
      ['2026-10-30T15:00:01Z', 6009.99, 'normal', '49001', '48375'],
      ['2026-10-30T15:00:02Z', 6010, 'warning', '49000', '48375'],
      ['2026-10-30T15:00:03Z', 6016.24, 'warning', '48376', '48375'],
      ['2026-10-30T15:00:04Z', 6016.25, 'halted', '48375', '48375', `p ${byThreshold} at 6016.25`],
    ],
  ],
];

test.each(stories)('%s', (_, story, rows) => {
  expect(seen(story, rows, { preset: story.preset })).toEqual(rows);
});

test.each(stories)('spelled out as rules: %s', (_, story, rows) => {
  const rules = presetRules(story.preset, decimal(story.balance));
  expect(seen(story, rows, { rules })).toEqual(rows);
});

test.each<[PresetName, balance: string]>([
  ['ftmo-2step', '100000.01'],
  ['ftmo-1step', '5000'],
  ['topstep', '25000'],
  ['apex', '200000'],
])('a scenario with %s of %s is refused', (preset, balance) => {
  const given = scenarioOf({ preset, balance, trades: [] }, { preset });
  const faults = [...(Scenario.safeParse(given).error?.issues ?? []), ...scenarioFaults(given)];
  expect(faults).not.toEqual([]);
});
