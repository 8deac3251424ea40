// Notifiers as the settings declare them, and which events they are told of.
import { expect, test } from 'vitest';
import { eventsDefault, eventsNamed, NotifierSpec } from '#src/contracts/notifier';
import { notifySubject } from '#src/contracts/subjects';
import { accepted, faultsOf } from './faults.ts';

const webhook = { name: 'pager', type: 'webhook', url: 'https://alerts.example/hook' };
const nats = { name: 'bus', type: 'nats' };
const defaults = { timeoutMs: 5000, attempts: 5 };
const subject = 'closeout.v1.notify.{account}.{event}';

test.each<[object, object]>([
  [webhook, defaults],
  [{ ...webhook, url: 'http://127.0.0.1:8080' }, defaults],
  [{ ...webhook, url: 'HTTPS://user:pass@alerts.example/?a=b' }, defaults],
  [{ ...webhook, secretFile: '/run/secret', timeoutMs: 1, attempts: 1 }, {}],
  [{ ...webhook, events: ['*'], timeoutMs: 30_000, attempts: 20 }, {}],
  [{ ...webhook, events: ['guard.*', 'position.closed'], accounts: ['acc1', '_'] }, defaults],
  [nats, { subject }],
  [{ ...nats, events: ['entries.*'], subject: 'alerts' }, {}],
  [{ ...nats, events: ['*'], subject: 'desk.{event}.of-{account}' }, {}],
  [{ ...nats, events: ['*'], subject: 'closeout.v1.notify.pager' }, {}],
])('%j is taken, the rest are defaults', (given, rest) => {
  expect(accepted(NotifierSpec, given)).toEqual({ ...rest, ...given });
});

const url = 'url: expected a URL beginning with https:// or http://, was';
const pattern = 'expected the name of an event, or a pattern such as guard.* or *, was';
const tokens =
  'subject: expected a subject of tokens between dots, with no placeholder but {account}, {event}, was';
const first =
  'subject: expected a first word of its own, not prices, broker, closeout, _INBOX, $ or {, was';

test.each<[object, string[]]>([
  [{ ...webhook, name: undefined }, ['name: expected text, was missing']],
  [{ ...webhook, name: 'a b' }, ['name: expected 1 to 64 of A-Z a-z 0-9 _ -, was "a b"']],
  [{ name: 'pager' }, ['type: expected webhook or nats, was missing']],
  [{ name: 'pager', type: 'mail' }, ['type: expected webhook or nats, was "mail"']],
  [{ ...webhook, url: undefined }, [`${url} missing`]],
  [{ ...webhook, url: 'ftp://h' }, [`${url} "ftp://h"`]],
  [{ ...webhook, url: 'https:h' }, [`${url} "https:h"`]],
  [{ ...webhook, url: 'https://' }, [`${url} "https://"`]],
  [{ ...webhook, url: 'ftp://me:sesame@h' }, [`${url} "ftp://***@h"`]],
  [{ ...webhook, secretFile: '' }, ['secretFile: expected a path, was ""']],
  [{ ...webhook, timeoutMs: 0 }, ['timeoutMs: expected a whole number from 1 to 30000, was 0']],
  [
    { ...webhook, timeoutMs: 30_001 },
    ['timeoutMs: expected a whole number from 1 to 30000, was 30001'],
  ],
  [{ ...webhook, attempts: 21 }, ['attempts: expected a whole number from 1 to 20, was 21']],
  [{ ...webhook, attempts: '5' }, ['attempts: expected a whole number from 1 to 20, was "5"']],
  [{ ...webhook, subject: 'a' }, ['subject: is not a known key']],
  [{ ...webhook, events: [] }, ['events: expected at least one event, was []']],
  [{ ...webhook, events: 'guard.*' }, ['events: expected a list of events, was "guard.*"']],
  [
    { ...webhook, events: ['guard.breach', 'guard.*', 'gua*', 'guards.*', '', 5] },
    [
      `events[0]: ${pattern} "guard.breach"`,
      ...[`events[2]: ${pattern} "gua*"`, `events[3]: ${pattern} "guards.*"`],
      ...[`events[4]: ${pattern} ""`, `events[5]: ${pattern} 5`],
    ],
  ],
  [{ ...webhook, accounts: [] }, ['accounts: expected at least one account, was []']],
  [
    { ...webhook, accounts: ['a.b'] },
    ['accounts[0]: expected 1 to 64 of A-Z a-z 0-9 _ -, was "a.b"'],
  ],
  [{ ...nats, url: 'https://h' }, ['url: is not a known key']],
  [{ ...nats, attempts: 3 }, ['attempts: is not a known key']],
  [{ ...nats, subject: 5 }, ['subject: expected a subject, was 5']],
  [
    { ...nats, subject: 'x'.repeat(201) },
    [`subject: expected at most 200 characters, was "${'x'.repeat(59)}…`],
  ],
  ...['', 'a..b', '.a', 'a.', 'a.*', 'a.>', 'a b', 'a.{name}', 'a.{account', 'a\u0000'].map(
    (text): [object, string[]] => [
      { ...nats, subject: text },
      [`${tokens} ${JSON.stringify(text)}`],
    ],
  ),
  ...[
    ...['prices.EURUSD', 'broker.demo.close', 'closeout.v1.evt.{account}.{event}'],
    ...['closeout.v1.notify', 'closeout.v2.notify.a', '$JS.API', '_INBOX.x', '{account}.a'],
  ].map((text): [object, string[]] => [{ ...nats, subject: text }, [`${first} "${text}"`]]),
])('%j is refused: %j', (given, faults) => {
  expect(faultsOf(NotifierSpec, given)).toEqual(faults);
});

test.each([[null], [5], ['webhook'], [[]]])('%j is no notifier', (given) => {
  expect(faultsOf(NotifierSpec, given)).toEqual([
    `: expected an object, was ${JSON.stringify(given)}`,
  ]);
});

test.each<[string[], string[]]>([
  [['guard.*'], ['guard.warning', 'guard.breached', 'guard.restored']],
  [['position.closed', 'position.closed'], ['position.closed']],
  [
    ['entries.*', 'deadletter.alarm'],
    ['entries.halted', 'entries.resumed', 'deadletter.alarm'],
  ],
  [['guard'], []],
  [['.*'], []],
])('%j stand for %j', (patterns, events) => {
  expect([...eventsNamed(patterns)]).toEqual(events);
});

test('the defaults are events, and * is all of them', () => {
  expect([...eventsNamed(eventsDefault)].sort()).toEqual([...eventsDefault].sort());
  const all = eventsNamed(['*']);
  expect(all.size).toBeGreaterThan(eventsDefault.length);
  expect(eventsNamed(eventsDefault).isSubsetOf(all)).toBe(true);
});

test.each([
  [subject, 'acc1', 'guard.breached', 'closeout.v1.notify.acc1.guard.breached'],
  [subject, '_', 'market.warning', 'closeout.v1.notify._.market.warning'],
  ['alerts', 'acc1', 'guard.breached', 'alerts'],
  ['x.{event}.{account}.{account}', 'a', 'b.c', 'x.b.c.a.a'],
])('on %s, %s and %s go out on %s', (template, account, event, to) => {
  expect(notifySubject(template, account, event)).toBe(to);
});
