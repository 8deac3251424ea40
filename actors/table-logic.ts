// Runs a statechart from a table of its own transitions. A mass close steps a hundred thousand
// actors; the chart itself takes many times as long to work out what it then does. The table is
// filled in by the chart, transition by transition as they first come up, so the two cannot differ
// as long as the key of an event tells all that the chart's guards look at (a model-based test holds
// them together).
import {
  createMachine,
  initialTransition,
  transition,
  type ActorLogic,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventObject,
  type Snapshot,
  type StateValue,
} from 'xstate';

/** A machine's snapshot, as far as others look at it. */
export type TableSnapshot<Context> = Snapshot<undefined> & {
  readonly value: StateValue;
  readonly context: Context;
  /** Whether it was made from the state after a restart: nothing is done on entering it again. */
  readonly isRestored: boolean;
};

export type TableLogic<Context, Event extends EventObject> = ActorLogic<
  TableSnapshot<Context>,
  Event,
  Context
> & {
  /** Where a restart puts an actor; nothing is done on entering it. */
  restored(value: StateValue, context: Context): TableSnapshot<Context>;
};

export interface Chart<Context, Event extends EventObject> {
  /** Its context is its input, and never changes. */
  readonly machine: AnyStateMachine;
  /** Two events with one key do the same in every state. */
  readonly keyOf: (event: Event) => string;
  /** Does one of the machine's actions; `event` is undefined for those of the start. */
  readonly act: (action: string, did: Acting<Context, Event>) => void;
}

/** Who acts, and on what. */
export interface Acting<Context, Event extends EventObject> {
  readonly context: Context;
  readonly event: Event | undefined;
  readonly self: { send(event: Event): void };
}

interface Row {
  readonly value: StateValue;
  readonly isDone: boolean;
  /** Whether the chart stands where it stood, so that the snapshot need not be made anew. */
  readonly isSame: boolean;
  readonly actions: readonly string[];
}

/** Logic that does what the machine does, for actors of which there are very many. */
export function tableLogic<Context, Event extends EventObject>({
  machine,
  keyOf,
  act,
}: Chart<Context, Event>): TableLogic<Context, Event> {
  const chart = withoutContext(machine);
  /** By state value, which every row of the table shares, then by the key of the event. */
  const table = new Map<StateValue, Map<string, Row>>();
  const values = new Map<string, StateValue>();
  const shared = (value: StateValue): StateValue => {
    const name = JSON.stringify(value);
    const known = values.get(name);
    if (known !== undefined) return known;
    values.set(name, value);
    table.set(value, new Map());
    return value;
  };
  const rowOf = (from: TableSnapshot<Context>, event: Event): Row => {
    const rows = table.get(from.value);
    const key = keyOf(event);
    const known = rows?.get(key);
    if (known !== undefined) return known;
    const before = chart.resolveState({ value: from.value, context: {} });
    const [after, actions] = transition(chart, before, event);
    const { value, status } = after as AnyMachineSnapshot;
    const row = {
      value: shared(value as StateValue),
      isDone: status === 'done',
      isSame: shared(value as StateValue) === from.value,
      actions: actions.map(({ type }) => type),
    };
    rows?.set(key, row);
    return row;
  };
  const active = (value: StateValue, context: Context, isRestored = false) =>
    ({
      status: 'active',
      output: undefined,
      error: undefined,
      value,
      context,
      isRestored,
    }) as const;
  const [start, startActions] = initialTransition(chart);
  const startValue = shared((start as AnyMachineSnapshot).value as StateValue);
  return {
    config: machine.config,
    transition: (snapshot, event, { self }) => {
      if (snapshot.status !== 'active') return snapshot;
      const { value, isDone, isSame, actions } = rowOf(snapshot, event);
      const { context } = snapshot;
      for (const action of actions) act(action, { context, event, self });
      if (isDone) return { ...active(value, context), status: 'done' } as const;
      return isSame ? snapshot : active(value, context);
    },
    getInitialSnapshot: (_scope, context) => active(startValue, context),
    start: (snapshot, { self }) => {
      if (snapshot.isRestored) return;
      const { context } = snapshot;
      for (const { type } of startActions) act(type, { context, event: undefined, self });
    },
    getPersistedSnapshot: (snapshot) => snapshot,
    restored: (value, context) => active(shared(value), context, true),
  };
}

/** The same chart; what its context is made of is no matter of the table. */
function withoutContext({ config, implementations }: AnyStateMachine): AnyStateMachine {
  const chart: AnyStateMachine = createMachine({ ...config, context: {} });
  return chart.provide(implementations);
}
