// One step of a machine as a pure function: where it leads, and which actions it asks for.
import { transition } from 'xstate';
import type {
  AnyMachineSnapshot,
  AnyStateMachine,
  EventFromLogic,
  SnapshotFrom,
  StateValue,
} from 'xstate';

export interface Step {
  readonly value: StateValue;
  readonly actions: readonly string[];
  readonly isDone: boolean;
}

/** The step of `event` from the state `value`, with this context. */
export function stepOf<M extends AnyStateMachine>(
  machine: M,
  value: StateValue,
  event: EventFromLogic<M>,
  context: object = {},
): Step {
  const from = machine.resolveState({ value, context }) as SnapshotFrom<M>;
  const [snapshot, actions] = transition(machine, from, event);
  const to = snapshot as AnyMachineSnapshot;
  return {
    value: to.value as StateValue,
    actions: actions.map((action) => action.type),
    isDone: to.status === 'done',
  };
}
