// A scenario: its parts, and what does not fit together.
import { expect, test } from 'vitest';
import { Scenario, scenarioFaults } from '#src/contracts/scenario';
import { accepted, faultsOf } from './faults.ts';

const instrument = { symbol: 'EURUSD', quoteCurrency: 'USD' };
const account = { accountId: 'a', currency: 'USD', balance: 1000 };
const position = {
  positionId: 'p',
  accountId: 'a',
  symbol: 'EURUSD',
  side: 'long',
  quantity: 1,
  entryPrice: 1.1,
};
const scenario = { instruments: [instrument], accounts: [account], positions: [position] };

test.each<[object]>([
  [scenario],
  [{ ...scenario, accounts: [{ ...account, mode: 'PAPER' }] }],
  [{ instruments: [instrument], accounts: [], positions: [] }],
  [{ ...scenario, marketGuards: { EURUSD: { gap: false } } }],
])('the scenario %j is taken as it came', (given) => {
  expect(accepted(Scenario, given)).toEqual(given);
  expect(scenarioFaults(given)).toEqual([]);
});

test.each<[unknown, string[]]>([
  [
    {},
    [
      'instruments: expected a list, was missing',
      'accounts: expected a list, was missing',
      'positions: expected a list, was missing',
    ],
  ],
  [{ ...scenario, instruments: [] }, ['instruments: expected at least one instrument, was []']],
  [{ ...scenario, quotes: [] }, ['quotes: is not a known key']],
  [
    { ...scenario, marketGuards: { 'EUR USD': {} } },
    ['marketGuards.EUR USD: expected 1 to 64 printable characters without space, was "EUR USD"'],
  ],
  [
    { ...scenario, marketGuards: { EURUSD: { gap: { limit: 0 } } } },
    ['marketGuards.EURUSD.gap.limit: expected a number above 0, was 0'],
  ],
  [
    {
      instruments: [instrument, { ...instrument, contractSize: 0 }],
      accounts: [{ ...account, balance: 0, rules: [{ id: 'r', anchor: 'x' }] }],
      positions: [position, { ...position, side: 'up', openAt: 'noon' }],
    },
    [
      'instruments[1].contractSize: expected a number above 0, was 0',
      'accounts[0].balance: expected a number above 0, was 0',
      'accounts[0].rules[0].anchor: expected one of peakEquity, initialBalance, dayStartBalance, dayStartEquity, dayStartHigher, highestDayEndBalance, fixed, marginLevel, was "x"',
      'positions[1].openAt: expected milliseconds since the epoch or an ISO-8601 time with its zone, was "noon"',
      'positions[1].side: expected long or short, was "up"',
    ],
  ],
  [
    {
      ...scenario,
      accounts: [
        { ...account, mode: 'LIVE' },
        { ...account, accountId: 'b', mode: 'LIVE', route: 'prime' },
        { ...account, accountId: 'c', mode: 'DRY_RUN' },
        { ...account, accountId: 'd', route: 'prime' },
      ],
    },
    [
      'accounts[0].mode: expected PAPER: a replay has the paper broker, was "LIVE"',
      'accounts[1].mode: expected PAPER: a replay has the paper broker, was "LIVE"',
      'accounts[1].route: expected no route: a replay has the paper broker, was "prime"',
      'accounts[2].mode: expected PAPER: a replay has the paper broker, was "DRY_RUN"',
      'accounts[3].route: expected no route: a replay has the paper broker, was "prime"',
    ],
  ],
  [{ ...scenario, routes: [] }, ['routes: is not a known key']],
  [5, [': expected an object, was 5']],
])('the scenario %j is refused, every fault by its path', (given, faults) => {
  expect(faultsOf(Scenario, given)).toEqual(faults);
});

const again = (id: string): string => `expected ids that differ, was "${id}" again`;

test.each<[unknown, [string, string][]]>([
  [
    { ...scenario, instruments: [instrument, instrument] },
    [['instruments[1].symbol', again('EURUSD')]],
  ],
  [
    { ...scenario, accounts: [account, { ...account, accountId: 'b' }, account] },
    [['accounts[2].accountId', again('a')]],
  ],
  [
    { ...scenario, marketGuards: { EURUSD: {}, XAUUSD: {} } },
    [['marketGuards.XAUUSD', 'expected a symbol of the instruments']],
  ],
  [
    {
      ...scenario,
      positions: [
        { ...position, openAt: 5, exits: { expiresAt: 5 } },
        {
          ...position,
          positionId: 'q',
          side: 'short',
          openAt: '1970-01-01T00:00:01Z',
          exits: {
            expiresAt: '1970-01-01T00:00:00.999Z',
            breakEven: { trigger: 1, offset: '1.1' },
          },
        },
        { ...position, positionId: 'r', openAt: 5, exits: { expiresAt: 6 } },
        { ...position, positionId: 's', exits: { expiresAt: 6, breakEven: { trigger: 1 } } },
      ],
    },
    [
      ['positions[0].exits.expiresAt', 'expected a time later than openAt, was 5'],
      ['positions[1].exits.breakEven.offset', 'expected a stop above 0 once it is moved, was 0'],
      ['positions[1].exits.expiresAt', 'expected a time later than openAt, was 999'],
    ],
  ],
  // Looked at beside what is not valid by itself.
  [
    {
      ...scenario,
      positions: [
        { ...position, side: 'up', exits: { breakEven: { trigger: 1, offset: -5 } } },
        { ...position, positionId: 'q', entryPrice: 'x', openAt: 5, exits: { expiresAt: 1 } },
        { ...position, positionId: 'r', openAt: 'noon', exits: { expiresAt: 1 } },
        { ...position, positionId: 's', exits: 'none' },
        null,
      ],
    },
    [['positions[1].exits.expiresAt', 'expected a time later than openAt, was 1']],
  ],
  [
    { instruments: [5, instrument, null, instrument], accounts: {}, marketGuards: { X: 5 } },
    [
      ['instruments[3].symbol', again('EURUSD')],
      ['marketGuards.X', 'expected a symbol of the instruments'],
    ],
  ],
  [{ instruments: [{ symbol: 5 }, { symbol: 5 }] }, []],
  [undefined, []],
  [null, []],
  ['x', []],
])('in %j the parts do not fit: %j', (given, faults) => {
  expect(scenarioFaults(given)).toEqual(faults.map(([path, message]) => ({ path, message })));
});
