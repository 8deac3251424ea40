// Whole runtimes that tell notifiers: a webhook of the settings, and objects of the same process.
import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CloseoutError } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Notifier } from '#src/ports/notifier';
import { startReceiver } from '../notifiers/receiver.ts';
import { until } from '../support/until.ts';
import { liveRuntime, startLive, temporaryDirectory, type Live } from './live.ts';
import { long } from './world.ts';

/** A notifier that remembers what it was told. */
function remembering(events?: readonly string[]): Notifier & { told: RuntimeEvent[] } {
  const told: RuntimeEvent[] = [];
  const notify = (event: RuntimeEvent): Promise<void> => {
    told.push(event);
    return Promise.resolve();
  };
  return { told, notify, ...(events === undefined ? {} : { events }) };
}

const namesIn = (events: readonly RuntimeEvent[]): string[] => events.map(({ event }) => event);

/** The one position of `acc1`, 10,000 USD, loses a quarter of it. */
async function breach(live: Live): Promise<void> {
  await live.runtime.commands.position.track('acc1', { positionId: 'p1', ...long });
  live.quote('EURUSD', '1.1000');
  live.quote('EURUSD', '0.8500');
}

describe('a breach', () => {
  test('reaches a webhook, signed, and what goes with it, in order', async () => {
    const receiver = await startReceiver();
    const directory = await temporaryDirectory();
    const secretFile = join(directory, 'webhook-secret');
    await writeFile(secretFile, 'sesame\n');
    const pager = { name: 'pager', type: 'webhook' as const, url: `${receiver.url}/hook` };
    const live = await startLive({
      directory,
      settings: { notifiers: [{ ...pager, secretFile, accounts: ['acc1'] }] },
    });
    const published: RuntimeEvent[] = [];
    live.runtime.events$.subscribe((event) => void published.push(event));
    await breach(live);
    await until(() => namesIn(receiver.events()).includes('account.halted'));
    const told = receiver.events();
    expect(namesIn(told)).toEqual(
      expect.arrayContaining(['guard.breached', 'entries.halted', 'position.closed']),
    );
    expect(namesIn(told)).not.toContain('position.tracked');
    expect(told).toEqual(published.filter(({ id }) => told.some((event) => event.id === id)));
    for (const { headers, body } of receiver.posted) {
      const [, seconds, hmac] =
        /^t=(\d+),v1=(.*)$/.exec(String(headers['closeout-signature'])) ?? [];
      expect(hmac).toBe(createHmac('sha256', 'sesame').update(`${seconds}.${body}`).digest('hex'));
      expect(headers['closeout-event-id']).toBe((JSON.parse(body) as RuntimeEvent).id);
    }
    await until(() => live.counter('notifications_sent') === told.length);
  });

  test('closes although its notifiers hang, throw or fail', async () => {
    const hanging = new Promise<void>(() => {});
    const receiver = await startReceiver(() => {});
    const live = await startLive({
      settings: { notifiers: [{ name: 'dumb', type: 'webhook', url: receiver.url }] },
      notifiers: {
        hangs: { notify: () => hanging },
        throws: {
          notify: () => {
            throw new Error('broken');
          },
        },
        rejects: { notify: () => Promise.reject(new CloseoutError('notification_failed', 'no')) },
      },
    });
    await breach(live);
    await until(async () => {
      const account = await live.runtime.commands.account.get('acc1', {});
      return (account as { state?: string }).state === 'halted';
    });
    await until(() => live.counter('notifications_failed') >= 2);
    expect(live.runtime.status().ready).toBe(true);
    await live.runtime.stop();
    expect(live.counter('notifications_dropped')).toBeGreaterThan(0);
  });
});

test('notifiers of the process are told what they want, the last of it by a stop', async () => {
  let closed = 0;
  const [all, closes, plain] = [remembering(['*']), remembering(['position.*']), remembering()];
  const notifiers = { all, closes, plain: { ...plain, close: () => void closed++ } };
  const live = await startLive({ notifiers });
  await live.runtime.commands.position.track('acc1', { positionId: 'p1', ...long });
  await live.runtime.commands.account.halt('acc1', { reason: 'lunch' });
  await live.runtime.stop();
  expect(namesIn(all.told)).toEqual(
    expect.arrayContaining(['position.tracked', 'account.halted', 'entries.halted']),
  );
  expect(namesIn(closes.told)).toEqual(['position.tracked']);
  expect(namesIn(plain.told)).toEqual(['account.halted', 'entries.halted']);
  expect(closed).toBe(1);
});

test('notifiers that cannot be are named, all of them', async () => {
  const notify = (): Promise<void> => Promise.resolve();
  class OfClass implements Notifier {
    readonly events = ['guard.*'];
    notify(): Promise<void> {
      return Promise.resolve();
    }
  }
  const made = liveRuntime({
    settings: { notifiers: [{ name: 'pager', type: 'webhook', url: 'http://h' }] },
    notifiers: {
      good: new OfClass(),
      pager: { notify },
      wrong: { notify, events: ['guard.*', 'guards.*'] },
      'a b': { notify },
      slip: { event: ['*'], notify } as Notifier,
      none: undefined as unknown as Notifier,
    },
  });
  const error = await made.catch((fault: unknown) => fault as CloseoutError);
  expect(error).toMatchObject({ code: 'settings_invalid' });
  expect((error as CloseoutError).message.split('\n').slice(1)).toEqual([
    '  notifiers.wrong.events[1]: expected the name of an event, or a pattern such as guard.* or *, ' +
      'was "guards.*"',
    '  notifiers.a b: expected 1 to 64 of A-Z a-z 0-9 _ -, was "a b"',
    '  notifiers.slip.event: is not a known key, did you mean events?',
    '  notifiers.none.notify: expected a function',
    '  notifiers.pager: expected a name that the settings do not have',
  ]);
});

test('a secret file that is not readable is a fault of the settings', async () => {
  const notifiers = [
    { name: 'a', type: 'webhook' as const, url: 'http://h' },
    { name: 'b', type: 'webhook' as const, url: 'http://h', secretFile: '/nowhere/at/all' },
  ];
  await expect(liveRuntime({ settings: { notifiers } })).rejects.toMatchObject({
    code: 'settings_invalid',
    message: expect.stringContaining('  notifiers[1].secretFile: expected a readable file'),
  });
});
