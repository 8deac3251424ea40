// docs/reference.md says of replies, events and refusals what the code has.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventsOf } from '#src/domain/events';
import type { RecordType } from '#src/domain/records';
import type { RefusalName } from '#src/domain/refusals';
import { common, texts } from '../../scripts/docs-commands.ts';
import { events } from '../../scripts/docs-events.ts';
import { shapes } from '../../scripts/docs-shapes.ts';
import { drafts, recordOf } from '../domain/every-record.ts';
import { startWorld } from '../runtime/world.ts';

/** Fields that stand in the documentation and are missing, and those that do not stand in it. */
function differences(fields: Readonly<Record<string, string>>, shown: object): string[] {
  const names = Object.keys(fields);
  const given = Object.entries(shown)
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key);
  const missing = names.filter((name) => !name.endsWith('?') && !given.includes(name));
  const unheardOf = given.filter((key) => !names.includes(key) && !names.includes(`${key}?`));
  return [...missing.map((name) => `missing ${name}`), ...unheardOf.map((name) => `new ${name}`)];
}

type Reply = Readonly<Record<string, unknown>>;
const first = (list: unknown): object => (list as object[])[0] as object;

test('what is answered has the fields that are documented', async () => {
  const world = await startWorld();
  const ask = async (command: string, body: object = {}): Promise<Reply> =>
    await world.ask(`op.${command}`, body);
  const shown: [keyof typeof shapes, object][] = [];
  const note = (name: keyof typeof shapes, reply: object): void => void shown.push([name, reply]);

  await ask('_.instrument.put', { symbol: 'US30', quoteCurrency: 'USD', marginRate: '0.05' });
  await ask('_.guard.put', { symbol: 'US30', gap: { limit: 3 }, volatility: { limit: 8 } });
  const rules = [
    { id: 'day', anchor: 'dayStartEquity', limitPct: 5, graceSeconds: 1 },
    { id: 'margin', anchor: 'marginLevel', limitPct: 50, warningPct: 100, action: 'reduce' },
    { id: 'peak', anchor: 'peakEquity', limitPct: 1, action: 'haltEntries' },
  ];
  await ask('a.account.create', { currency: 'USD', balance: 10_000, rules });
  const long = { symbol: 'US30', side: 'long', quantity: 10, entryPrice: 100 };
  const exits = { stopLoss: 50, trailing: { distance: 40 } };
  note('Position', await ask('a.position.track', { positionId: 'p', ticket: 7, ...long, exits }));
  note('Account', await ask('a.account.get'));
  world.quote('US30', '80', '80.1');
  for (const [name, command] of [
    ['Account', 'a.account.get'],
    ['Guard status of an account', 'a.guard.status'],
  ] as const) {
    note(name, await ask(command));
  }
  const { rules: standings } = await ask('a.guard.status');
  for (const standing of standings as object[]) note('Standing of a rule', standing);
  note('Market guard', first((await ask('_.guard.status'))['guards']));
  note('Position', await ask('a.position.get', { positionId: 'p' }));
  note('Close result', await ask('a.position.close', { positionId: 'p', quantity: 1 }));
  note('Bulk close result', await ask('a.account.close-all', { reason: 'flat' }));
  note('Position', await ask('a.position.get', { positionId: 'p' }));
  note('Ledger row', first((await ask('a.ledger.list'))['items']));
  const untyped = ['Account', 'Guard status of an account', 'Standing of a rule', 'Position'];
  expect(new Set(shown.map(([name]) => name))).toEqual(
    new Set([...untyped, 'Market guard', 'Close result', 'Bulk close result', 'Ledger row']),
  );
  for (const [name, reply] of shown) {
    expect([name, ...differences(shapes[name], reply)]).toEqual([name]);
  }
});

test('an account that a breach halted is shown as documented', async () => {
  const world = await startWorld();
  await world.ask('op.acc1.position.track', {
    ...{ positionId: 'p', symbol: 'XAUUSD', side: 'long', quantity: 1, entryPrice: 100 },
  });
  world.quote('XAUUSD', '70', '70.1');
  const account = await world.ask('op.acc1.account.get', {});
  expect(account).toMatchObject({ state: 'halted', breachId: expect.stringContaining('breach_') });
  expect(differences(shapes.Account, account)).toEqual([]);
  const status = await world.ask('op.acc1.guard.status', {});
  expect(differences(shapes['Guard status of an account'], status)).toEqual([]);
});

test.each(Object.keys(drafts) as RecordType[])('the events of %s are documented', (type) => {
  for (const { event, fields } of eventsOf(recordOf(type))) {
    // The account is what every event has.
    const documented = { 'accountId?': '', ...events[event].fields };
    expect([event, ...differences(documented, fields)]).toEqual([event]);
  }
});

/** Where the refusals of a resource's commands are made. */
const beside: Readonly<Record<string, readonly string[]>> = {
  position: ['src/domain/trackable.ts'],
};

test.each(Object.entries(texts))('the refusals of %s are documented', (resource, actions) => {
  const files = [`src/commands/${resource}.ts`, ...(beside[resource] ?? [])];
  const source = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  const made = [...source.matchAll(/\brefuse\(\s*'(\w+)'/g)].map(([, name]) => name);
  const documented = Object.values(actions).flatMap(
    ({ refuses = [] }: { refuses?: readonly RefusalName[] }) => refuses,
  );
  const known = new Set<string | undefined>([...common, ...documented]);
  expect(made.filter((name) => !known.has(name))).toEqual([]);
  const lookups = ['unknown_account', 'unknown_position', 'foreign_account'];
  const unmade = documented.filter((name) => !made.includes(name) && !lookups.includes(name));
  expect(unmade).toEqual([]);
});
