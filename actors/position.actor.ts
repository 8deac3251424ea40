// The actor of one position: the machine joined to the levels of its symbol and to the closer.
import type { Subscription } from 'rxjs';
import { positionMachine } from '#machines/position.machine';
import { dueExit } from '#src/domain/exits';
import type { CoreContext } from './core-context.ts';

/** One logic for all positions of a runtime; each actor has its own context. */
export function positionLogic(core: CoreContext): typeof positionMachine {
  const subscriptions = new Map<string, Subscription>();
  return positionMachine.provide({
    actions: {
      watchLevels: ({ context: { positionId, exits }, self }) => {
        subscriptions.get(positionId)?.unsubscribe();
        const position = core.state.positions.get(positionId);
        if (position === undefined) return;
        const { side, order, symbol } = position;
        const crossings$ = core.markets
          .of(symbol)
          .levels.crossings$({ positionId, side, exits, order });
        subscriptions.set(
          positionId,
          crossings$.subscribe((crossing) => self.send({ type: 'levels.crossed', crossing })),
        );
      },
      unwatchLevels: ({ context: { positionId } }) => {
        subscriptions.get(positionId)?.unsubscribe();
        subscriptions.delete(positionId);
      },
      requestClose: ({ context: { positionId, exits }, event }) => {
        if (event.type !== 'levels.crossed') return;
        const cause = dueExit(exits, event.crossing);
        if (cause !== undefined) core.requestClose({ positionIds: [positionId], cause });
      },
    },
  });
}
