// The root of the actor system: a child's error is contained, reported, and the child restarted.
import { setup } from 'xstate';

export type SupervisorEvent =
  | { type: `xstate.error.actor.${string}`; error: unknown; actorId: string }
  | { type: 'runtime.armed' }
  | { type: 'runtime.drained' };

/** What the machine looks at in an event: which child it is of makes no difference. */
export function supervisorEventKey({ type }: { readonly type: string }): string {
  const family = ['xstate.error.actor.', 'xstate.done.actor.'].find((one) => type.startsWith(one));
  return family ?? type;
}

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
