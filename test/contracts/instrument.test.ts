// Instruments as they come in.
import { expect, test } from 'vitest';
import { InstrumentBody } from '#src/contracts/instrument';
import { accepted, faultsOf } from './faults.ts';

const base = { symbol: 'EURUSD', quoteCurrency: 'USD' };
const weekly = [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '00:00', to: '24:00' }];
const sessions = { timezone: 'America/New_York', weekly };

test.each<[object]>([
  [{}],
  [
    {
      contractSize: 100000,
      tickSize: '0.00001',
      lotStep: 0.01,
      minQuantity: '0.01',
      marginRate: 0,
      commissionRate: '0',
    },
  ],
  [{ sessions }],
  [{ sessions: { ...sessions, weekly: [] } }],
  [
    {
      sessions: {
        ...sessions,
        holidays: [
          { date: '2024-12-25', closed: true },
          { date: '2024-02-29', from: '09:30', to: '13:00' },
        ],
      },
    },
  ],
])('an instrument with %j is taken as it came', (change) => {
  expect(accepted(InstrumentBody, { ...base, ...change })).toEqual({ ...base, ...change });
});

test.each<[object, string[]]>([
  [{ symbol: '' }, ['symbol: expected 1 to 64 printable characters without space, was ""']],
  [
    { quoteCurrency: 'Usd' },
    ['quoteCurrency: expected a currency code of 2 to 12 of A-Z 0-9, was "Usd"'],
  ],
  [{ quoteCurrency: undefined }, ['quoteCurrency: expected text, was missing']],
  [{ contractSize: 0 }, ['contractSize: expected a number above 0, was 0']],
  [{ tickSize: 0 }, ['tickSize: expected a number above 0, was 0']],
  [{ lotStep: '-1' }, ['lotStep: expected a number above 0, was "-1"']],
  [{ minQuantity: 'x' }, ['minQuantity: expected a number above 0, was "x"']],
  [{ marginRate: -1 }, ['marginRate: expected a number of at least 0, was -1']],
  [{ commissionRate: '-0.1' }, ['commissionRate: expected a number of at least 0, was "-0.1"']],
  [{ digits: 5 }, ['digits: is not a known key']],
])('an instrument with %j is refused', (change, faults) => {
  expect(faultsOf(InstrumentBody, { ...base, ...change })).toEqual(faults);
});

const day = { days: ['mon'], from: '00:00', to: '24:00' };
const holidays = (...list: unknown[]): object => ({ holidays: list });

test.each<[object, string[]]>([
  [{ timezone: undefined }, ['timezone: expected an IANA time zone, was missing']],
  ...['Mars/Olympus', '+02:00'].map((timezone): [object, string[]] => [
    { timezone },
    [`timezone: expected an IANA time zone, such as Europe/Prague, was "${timezone}"`],
  ]),
  [
    { weekly: [{ ...day, days: ['monday'] }] },
    ['weekly[0].days[0]: expected mon, tue, wed, thu, fri, sat, sun, was "monday"'],
  ],
  [{ weekly: [{ ...day, days: [] }] }, ['weekly[0].days: expected a day, was []']],
  [{ weekly: [{ ...day, from: '9:30' }] }, ['weekly[0].from: expected HH:MM, was "9:30"']],
  [
    { weekly: [{ ...day, to: '24:01' }] },
    ['weekly[0].to: expected HH:MM, up to 24:00, was "24:01"'],
  ],
  [{ weekly: [{ ...day, from: '24:00' }] }, ['weekly[0].from: expected HH:MM, was "24:00"']],
  [{ weekly: [{ ...day, to: 1440 }] }, ['weekly[0].to: expected HH:MM, was 1440']],
  [{ weekly: [day, { ...day, note: 'x' }] }, ['weekly[1].note: is not a known key']],
  [
    holidays({ date: '2024-02-30', closed: true }),
    ['holidays[0].date: expected a date, was "2024-02-30"'],
  ],
  [
    holidays({ date: '2024-2-3', closed: true }),
    ['holidays[0].date: expected YYYY-MM-DD, was "2024-2-3"'],
  ],
  [
    holidays({ date: '2024-02-03', from: '10:00', to: '25:00' }),
    ['holidays[0].to: expected HH:MM, up to 24:00, was "25:00"'],
  ],
  ...[
    { date: '2024-02-03' },
    { date: '2024-02-03', from: '10:00' },
    { date: '2024-02-03', to: '10:00' },
    { date: '2024-02-03', closed: true, from: '10:00', to: '11:00' },
  ].map((day0): [object, string[]] => [
    holidays(day0),
    ['holidays[0]: expected `closed: true`, or `from` and `to`'],
  ]),
  [holidays('2024-02-03'), ['holidays[0]: expected an object, was "2024-02-03"']],
  [{ breaks: [] }, ['breaks: is not a known key']],
])('sessions with %j are refused', (change, faults) => {
  const instrument = { ...base, sessions: { ...sessions, ...change } };
  expect(faultsOf(InstrumentBody, instrument)).toEqual(faults.map((fault) => `sessions.${fault}`));
});

test('sessions have an end', () => {
  const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
  const faultsWith = (weeks: number, days: number): string[] => {
    const list = many(days, { date: '2024-12-25', closed: true });
    const full = { ...sessions, weekly: many(weeks, day), ...holidays(...list) };
    return faultsOf(InstrumentBody, { ...base, sessions: full });
  };
  expect(faultsWith(50, 1000)).toEqual([]);
  expect(faultsWith(51, 1000)).toEqual([expect.stringMatching(/^sessions\.weekly: .*50/)]);
  expect(faultsWith(50, 1001)).toEqual([expect.stringMatching(/^sessions\.holidays: .*1000/)]);
});
