// Events that wait leave in their order, and of too many those that matter least, held against a list.
import { describe, expect, test } from 'vitest';
import { rankOf, WaitingEvents } from '#actors/waiting-events';
import { eventsNamed } from '#src/contracts/notifier';
import type { EventName, RuntimeEvent } from '#src/domain/events';
import { Random } from '../support/random.ts';

const names = [...eventsNamed(['*'])] as EventName[];

function event(seq: number, name: EventName): RuntimeEvent {
  return { id: `e${seq}`, seq, event: name, accountId: 'a', ts: 0 };
}

/** Which of two is dropped first, while the other stays; both ways round. */
test.each<[EventName, EventName]>([
  ['position.closed', 'position.close-failed'],
  ['bulk.progressed', 'position.close-failed'],
  ['position.close-failed', 'deadletter.added'],
  ['position.closed', 'deadletter.alarm'],
  ['guard.warning', 'guard.breached'],
  ['deadletter.added', 'account.halted'],
  ['market.critical', 'entries.halted'],
  ['drift.detected', 'entries.resumed'],
])('%s is dropped before %s', (less, more) => {
  for (const pair of [
    [less, more],
    [more, less],
  ] as const) {
    const waiting = new WaitingEvents();
    pair.forEach((name, seq) => waiting.append(event(seq, name)));
    expect([waiting.dropLeast()?.event, waiting.dropLeast()?.event]).toEqual([less, more]);
    expect(waiting.dropLeast()).toBeUndefined();
  }
});

describe.each([1, 2, 3])('seed %d', (seed) => {
  test('whatever comes and goes, it is as a plain list would have it', () => {
    const random = new Random(seed);
    const waiting = new WaitingEvents();
    const list: RuntimeEvent[] = [];
    const steps = {
      append: (seq: number) => {
        const one = event(seq, random.pick(names));
        waiting.append(one);
        list.push(one);
        return [one, one];
      },
      takeNext: () => [waiting.takeNext(), list.shift()],
      dropLeast: () => {
        const least = Math.min(...list.map((one) => rankOf(one.event)));
        const at = list.findIndex((one) => rankOf(one.event) === least);
        return [waiting.dropLeast(), at === -1 ? undefined : list.splice(at, 1)[0]];
      },
    };
    const often = ['append', 'append', 'append', 'takeNext', 'dropLeast'] as const;
    for (let seq = 1; seq <= 3000; seq++) {
      const [actual, expected] = steps[random.pick(often)](seq);
      expect(actual).toBe(expected);
      expect(waiting.count).toBe(list.length);
    }
  });
});
