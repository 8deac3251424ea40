// One step of a machine as a pure function: where it leads, and which actions it asks for.
import { initialTransition, transition } from 'xstate';
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

/** A machine that is stepped purely, event after event. */
export class Stepper<M extends AnyStateMachine> {
  snapshot: AnyMachineSnapshot;
  private readonly machine: AnyStateMachine;

  constructor(machine: M, input: object) {
    this.machine = machine;
    [this.snapshot] = initialTransition(this.machine, input);
  }

  /** The actions that the event asks for. */
  send(event: EventFromLogic<M>): string[] {
    const [next, actions] = transition(this.machine, this.snapshot, event);
    this.snapshot = next;
    return actions.map((action) => action.type);
  }
}
