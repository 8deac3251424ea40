// Settings: defaults, every fault by its key, and the rows of their table.
import { expect, test } from 'vitest';
import { logLevels, parseSettings, settingKeys, settingRows } from '#src/contracts/settings';

function faultsOf(input: unknown): string[] {
  const parsed = parseSettings(input);
  return parsed.ok ? [] : parsed.issues.map(({ path, message }) => `${path}: ${message}`);
}

const defaults = {
  CLOSEOUT_DATA_DIR: '.closeout',
  CLOSEOUT_HTTP_PORT: 7070,
  CLOSEOUT_LOG_LEVEL: 'info',
  instruments: [],
  accounts: [],
  marketGuards: {},
  routes: [],
  reconcileEveryS: 60,
  notifiers: [],
};
const instrument = { symbol: 'EURUSD', quoteCurrency: 'USD' };
const route = { route: 'prime', ratePerSecond: 50 };
const pager = { name: 'pager', type: 'webhook', url: 'https://alerts.example' };
const account = { accountId: 'a', currency: 'USD', balance: 1000 };

test.each<[object, object]>([
  [{}, {}],
  [{ CLOSEOUT_NATS_URL: 'nats://127.0.0.1:4222' }, {}],
  [{ CLOSEOUT_NATS_URL: 'tls://bus.example:4222', CLOSEOUT_NATS_CA: '/ca.pem' }, {}],
  [{ CLOSEOUT_NATS_CREDS: 'runtime.creds' }, {}],
  [{ CLOSEOUT_DATABASE_URL: 'postgres://u:p@h:5432/db' }, {}],
  [{ CLOSEOUT_DATABASE_URL: 'postgresql://h/db' }, {}],
  [{ CLOSEOUT_HTTP_PORT: '8080' }, { CLOSEOUT_HTTP_PORT: 8080 }],
  [{ CLOSEOUT_HTTP_PORT: 65_535, CLOSEOUT_HTTP_TOKENS_FILE: 'tokens' }, {}],
  [{ CLOSEOUT_HTTP_PORT: '0' }, { CLOSEOUT_HTTP_PORT: 0 }],
  [{ CLOSEOUT_HTTP_PORT: 0 }, {}],
  [{ routes: [route, { route: 'second' }], reconcileEveryS: 1 }, {}],
  [{ accounts: [{ ...account, mode: 'LIVE', route: 'unnamed' }], reconcileEveryS: 86_400 }, {}],
  [
    {
      CLOSEOUT_NATS_URL: 'nats://h',
      notifiers: [{ name: 'bus', type: 'nats', subject: 'alerts', events: ['*'] }],
    },
    {},
  ],
  ...logLevels.map((level): [object, object] => [{ CLOSEOUT_LOG_LEVEL: level }, {}]),
  [{ instruments: [instrument], accounts: [account], marketGuards: { EURUSD: {} } }, {}],
])('the settings %j are taken, the rest are defaults', (given, changed) => {
  expect(parseSettings(given)).toEqual({ ok: true, value: { ...defaults, ...given, ...changed } });
});

const portFault = 'CLOSEOUT_HTTP_PORT: expected a port, 0 to 65535, was';
const reconcileFault = 'reconcileEveryS: expected 1 to 86400 whole seconds, was';
const natsFault = 'CLOSEOUT_NATS_URL: expected a URL beginning with nats:// or tls://, was';
const databaseFault =
  'CLOSEOUT_DATABASE_URL: expected a URL beginning with postgres:// or postgresql://';

test.each<[object, string]>([
  [{ CLOSEOUT_NATS_URL: 'localhost:4222' }, `${natsFault} "localhost:4222"`],
  [{ CLOSEOUT_NATS_URL: 'http://h' }, `${natsFault} "http://h"`],
  [{ CLOSEOUT_NATS_URL: 'nats:h' }, `${natsFault} "nats:h"`],
  [{ CLOSEOUT_NATS_URL: '' }, `${natsFault} ""`],
  [{ CLOSEOUT_NATS_URL: 5 }, 'CLOSEOUT_NATS_URL: expected a URL, was 5'],
  [{ CLOSEOUT_NATS_CA: '' }, 'CLOSEOUT_NATS_CA: expected a path, was ""'],
  [{ CLOSEOUT_NATS_CA: 'ca.pem' }, 'CLOSEOUT_NATS_CA: expected a tls:// URL beside it'],
  [
    { CLOSEOUT_NATS_CA: 'ca.pem', CLOSEOUT_NATS_URL: 'nats://h' },
    'CLOSEOUT_NATS_CA: expected a tls:// URL beside it',
  ],
  [{ CLOSEOUT_NATS_CREDS: 5 }, 'CLOSEOUT_NATS_CREDS: expected a path, was 5'],
  [{ CLOSEOUT_DATABASE_URL: 'mysql://h/db' }, `${databaseFault}, was "mysql://h/db"`],
  [{ CLOSEOUT_DATA_DIR: '' }, 'CLOSEOUT_DATA_DIR: expected a path, was ""'],
  [{ CLOSEOUT_HTTP_PORT: -1 }, `${portFault} -1`],
  [{ CLOSEOUT_HTTP_PORT: '65536' }, `${portFault} "65536"`],
  [{ CLOSEOUT_HTTP_PORT: '80a' }, `${portFault} "80a"`],
  [{ CLOSEOUT_HTTP_PORT: '' }, `${portFault} ""`],
  [{ CLOSEOUT_HTTP_PORT: 80.5 }, `${portFault} 80.5`],
  [{ CLOSEOUT_HTTP_TOKENS_FILE: '' }, 'CLOSEOUT_HTTP_TOKENS_FILE: expected a path, was ""'],
  [
    { CLOSEOUT_LOG_LEVEL: 'loud' },
    'CLOSEOUT_LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, was "loud"',
  ],
  [{ CLOSEOUT_OBSERVE_ONLY: 'true' }, 'CLOSEOUT_OBSERVE_ONLY: is not supported by this version'],
  [{ CLOSEOUT_PORT: 1 }, 'CLOSEOUT_PORT: is not a known key, did you mean CLOSEOUT_HTTP_PORT?'],
  [{ routes: {} }, 'routes: expected a list, was {}'],
  [
    { routes: [route, { route: 'second' }, { route: 'prime' }] },
    'routes[2].route: expected ids that differ, was "prime" again',
  ],
  [
    { routes: [{ ...route, burst: 0 }] },
    'routes[0].burst: expected a whole number from 1 to 100000, was 0',
  ],
  [{ notifiers: {} }, 'notifiers: expected a list of notifiers, was {}'],
  [{ notifiers: ['pager'] }, 'notifiers[0]: expected an object, was "pager"'],
  [
    { notifiers: [{ ...pager, events: ['guard.*', 'guard'] }] },
    'notifiers[0].events[1]: expected the name of an event, or a pattern such as guard.* or *, was "guard"',
  ],
  [{ notifiers: [pager, pager] }, 'notifiers[1].name: expected ids that differ, was "pager" again'],
  [
    { notifiers: [pager, { name: 'bus', type: 'nats' }] },
    'notifiers[1].type: expected CLOSEOUT_NATS_URL beside it',
  ],
  [
    { notifiers: Array.from({ length: 33 }, (_, i) => ({ ...pager, name: `n${i}` })) },
    expect.stringMatching(/^notifiers: expected at most 32 notifiers, was /),
  ],
  [{ reconcileEveryS: 0 }, `${reconcileFault} 0`],
  [{ reconcileEveryS: 86_401 }, `${reconcileFault} 86401`],
  [{ reconcileEveryS: 0.5 }, `${reconcileFault} 0.5`],
  [{ reconcileEveryS: '60' }, `${reconcileFault} "60"`],
  [{ instruments: {} }, 'instruments: expected a list, was {}'],
  [
    { instruments: [{ ...instrument, contractSize: 0 }] },
    'instruments[0].contractSize: expected a number above 0, was 0',
  ],
  [
    { instruments: [instrument, instrument] },
    'instruments[1].symbol: expected ids that differ, was "EURUSD" again',
  ],
  [
    { accounts: [account, account] },
    'accounts[1].accountId: expected ids that differ, was "a" again',
  ],
  [
    { accounts: [{ ...account, mode: 'LIVE' }] },
    'accounts[0].route: expected the route of a LIVE account, was missing',
  ],
  [{ marketGuards: { EURUSD: {} } }, 'marketGuards.EURUSD: expected a symbol of the instruments'],
  [
    {
      instruments: [{ ...instrument, symbol: '__proto__' }],
      marketGuards: JSON.parse('{"__proto__": {"gap": false}}') as object,
    },
    'marketGuards.__proto__: expected another symbol: of this name guard.put alone takes a guard',
  ],
  [
    { instruments: [instrument], marketGuards: { EURUSD: { gap: 5 } } },
    'marketGuards.EURUSD.gap: expected false or an object, was 5',
  ],
])('the settings %j are refused: %s', (given, fault) => {
  expect(faultsOf(given)).toEqual([fault]);
});

test('three faults are three, and each is named once', () => {
  expect(
    faultsOf({
      CLOSEOUT_HTTP_PORT: -1,
      CLOSEOUT_NATS_CA: '',
      instruments: [instrument, instrument],
      extra: 1,
    }),
  ).toEqual([
    'CLOSEOUT_NATS_CA: expected a path, was ""',
    `${portFault} -1`,
    expect.stringMatching(
      /^extra: is not a known key; known are CLOSEOUT_NATS_URL, .*, notifiers$/,
    ),
    'instruments[1].symbol: expected ids that differ, was "EURUSD" again',
  ]);
});

test.each([[null], [undefined], [5], ['x'], [[]]])('%j are no settings', (given) => {
  expect(faultsOf(given)).toHaveLength(1);
});

test('the environment may set what is not of the file alone', () => {
  const rows = settingRows();
  expect(rows.filter((row) => !row.isFileOnly).map((row) => row.key)).toEqual(settingKeys);
  expect(rows.filter((row) => row.isFileOnly).map((row) => row.key)).toEqual([
    'instruments',
    'accounts',
    'marketGuards',
    'routes',
    'reconcileEveryS',
    'notifiers',
  ]);
  expect(settingKeys.every((key) => key.startsWith('CLOSEOUT_'))).toBe(true);
});

test('every setting has a row that says what it is, and its default', () => {
  const rows = settingRows();
  expect(rows.filter((row) => row.what === '')).toEqual([]);
  const fallbacks = Object.fromEntries(rows.map((row) => [row.key, row.fallback]));
  expect(fallbacks).toEqual({
    CLOSEOUT_NATS_URL: '',
    CLOSEOUT_NATS_CA: '',
    CLOSEOUT_NATS_CREDS: '',
    CLOSEOUT_DATABASE_URL: '',
    CLOSEOUT_DATA_DIR: '.closeout',
    CLOSEOUT_HTTP_PORT: '7070',
    CLOSEOUT_HTTP_TOKENS_FILE: '',
    CLOSEOUT_LOG_LEVEL: 'info',
    instruments: '[]',
    accounts: '[]',
    marketGuards: '{}',
    routes: '[]',
    reconcileEveryS: '60',
    notifiers: '[]',
  });
});
