// The table of a chart does what the chart does: the same values, the same end, the same actions in
// the same order, whatever comes in whichever order.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createActor, type StateValue } from 'xstate';
import { tableLogic } from '#actors/table-logic';
import {
  positionEventKey,
  positionMachine,
  type PositionContext,
  type PositionEvent,
} from '#machines/position.machine';
import type { ClosePhase } from '#src/domain/state';

const phases: ClosePhase[] = ['waiting', 'sending', 'pending', 'unknown', 'rejected'];

const event: fc.Arbitrary<PositionEvent> = fc.oneof(
  fc.constant({ type: 'levels.crossed' as const, reached: { closes: [], moves: undefined } }),
  fc.record({
    type: fc.constant('close.intended' as const),
    isSent: fc.boolean(),
    isPart: fc.boolean(),
  }),
  fc.record({ type: fc.constant('close.queued' as const), phase: fc.constantFrom(...phases) }),
  fc.record({ type: fc.constant('close.failed' as const), isGuarded: fc.boolean() }),
  fc.constantFrom<PositionEvent>(
    { type: 'deadline.passed' },
    { type: 'close.sent' },
    { type: 'close.acknowledged' },
    { type: 'close.unknown' },
    { type: 'close.rejected' },
    { type: 'part.closed' },
    { type: 'position.amended' },
  ),
);
/** Most lives are long: what ends them comes last. */
const last: fc.Arbitrary<PositionEvent[]> = fc.constantFrom<PositionEvent[]>(
  [],
  [{ type: 'close.filled' }],
  [{ type: 'position.untracked' }],
);

const actionNames = ['watchLevels', 'unwatchLevels', 'closeReached', 'closeExpired'] as const;

/** The chart as XState runs it, and what it did. */
function charted(): {
  machine: typeof positionMachine;
  done: [string, string, string | undefined][];
} {
  const done: [string, string, string | undefined][] = [];
  const acts = actionNames.map((name) => [
    name,
    ({ context, event: cause }: { context: PositionContext; event: { type: string } }) =>
      void done.push([name, context.positionId, typeOf(cause)]),
  ]);
  const machine = positionMachine.provide({ actions: Object.fromEntries(acts) as object });
  return { machine, done };
}

/** What starts an actor is no event of ours. */
const typeOf = ({ type }: { type: string }): string | undefined =>
  type.startsWith('xstate.') ? undefined : type;

function tabled() {
  const done: [string, string, string | undefined][] = [];
  const logic = tableLogic<PositionContext, PositionEvent>({
    machine: positionMachine,
    keyOf: positionEventKey,
    act: (name, { context, event: cause }) =>
      void done.push([name, context.positionId, cause?.type]),
  });
  return { logic, done };
}

const seen = new Set<string>();

test('two actors of one table go where their charts go, and do what those do', () => {
  const table = tabled();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1), event), { maxLength: 60 }), last, (steps, ends) => {
      table.done.length = 0;
      const chart = charted();
      const inputs = [{ positionId: 'p' }, { positionId: 'q' }];
      const charts = inputs.map((input) => createActor(chart.machine, { input }).start());
      const tables = inputs.map((input) => createActor(table.logic, { input }).start());
      const all = [...steps, ...ends.map((end) => [0, end] as const)];
      for (const [i, one] of all) {
        charts[i]?.send(one);
        tables[i]?.send(one);
        const theirs = charts[i]?.getSnapshot();
        const ours = tables[i]?.getSnapshot();
        expect([ours?.value, ours?.status, ours?.context]).toEqual([
          theirs?.value,
          theirs?.status,
          theirs?.context,
        ]);
        seen.add(JSON.stringify(ours?.value));
      }
      expect(table.done).toEqual(chart.done);
      for (const actor of [...charts, ...tables]) actor.stop();
    }),
    { numRuns: 1000 },
  );
  // Not for want of having been everywhere.
  expect(seen.size).toBe(1 + phases.length * 2 + 2);
});

describe('after a restart', () => {
  const values: StateValue[] = [
    { guarded: 'whole' },
    ...phases.map((phase) => ({ guarded: { reducing: phase } })),
    ...phases.map((phase) => ({ closing: phase })),
  ];
  test.each(values)('from %j it goes on as the chart does, and enters nothing again', (value) => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (steps) => {
        const table = tabled();
        const chart = charted();
        const context = { positionId: 'p' };
        const from = chart.machine.resolveState({ value, context });
        const theirs = createActor(chart.machine, { input: context, snapshot: from }).start();
        const snapshot = table.logic.restored(value, context);
        const ours = createActor(table.logic, { input: context, snapshot }).start();
        expect(table.done).toEqual([]);
        for (const one of steps) {
          theirs.send(one);
          ours.send(one);
          expect(ours.getSnapshot().value).toEqual(theirs.getSnapshot().value);
        }
        expect(table.done).toEqual(chart.done);
      }),
      { numRuns: 50 },
    );
  });
});

test('a snapshot of which nothing changed is the one before', () => {
  const { logic } = tabled();
  const actor = createActor(logic, { input: { positionId: 'p' } }).start();
  const before = actor.getSnapshot();
  actor.send({ type: 'close.rejected' });
  expect(actor.getSnapshot()).toBe(before);
  actor.send({ type: 'close.intended', isSent: false, isPart: false });
  expect(actor.getSnapshot()).not.toBe(before);
});
