// The actor that cancels counterparts: a close neither waits for it nor fails with it.
import { createActor, type ActorRefFrom } from 'xstate';
import {
  counterpartCancelerMachine,
  type CounterpartCancelerEvent,
} from '#machines/counterpart-canceler.machine';
import { messageOf } from '#src/domain/errors';
import type { CounterpartCancel } from '#src/domain/provider';
import type { BrokerSessions } from './broker-sessions.ts';
import type { CoreContext } from './core-context.ts';
import type { Supervisor } from './supervisor.actor.ts';

const actorId = 'counterpart-canceler';

export class CounterpartCanceler {
  private readonly core: CoreContext;
  private readonly sessions: BrokerSessions;
  private readonly supervisor: Supervisor;
  private actor: ActorRefFrom<typeof counterpartCancelerMachine>;

  constructor(core: CoreContext, supervisor: Supervisor, sessions: BrokerSessions) {
    this.core = core;
    this.supervisor = supervisor;
    this.sessions = sessions;
    this.actor = this.newActor();
    supervisor.adopt(actorId, () => (this.actor = this.newActor()));
  }

  /** Cancels it, if its route does so; what goes wrong is logged and counted. */
  cancel(route: string, cancel: CounterpartCancel): void {
    if (!this.sessions.route(route).protectiveCancels) return;
    this.actor.send({ type: 'counterpart.left', route, cancel });
  }

  private newActor(): ActorRefFrom<typeof counterpartCancelerMachine> {
    const logic = counterpartCancelerMachine.provide({
      actions: {
        sendCancel: ({ event }) => this.send(event),
        noteFailure: ({ event }) => {
          if (event.type !== 'cancel.failed') return;
          const { route, error } = event;
          this.core.metrics.count('counterpart_cancels_failed');
          this.core.logger.warn({ route, error }, 'close.cancelFailed');
        },
      },
    });
    return createActor(logic, this.supervisor.childOptions(actorId)).start();
  }

  private send(event: CounterpartCancelerEvent): void {
    if (event.type !== 'counterpart.left') return;
    const { metrics, logger } = this.core;
    const { route, cancel } = event;
    const isStop = cancel.status === 'STOPLOSS-CANCEL';
    metrics.count(isStop ? 'sl_cancel_requests' : 'tp_cancel_requests');
    const fail = (error: string): void => {
      this.actor.send({ type: 'cancel.failed', route, error });
    };
    try {
      this.sessions.of(route).submit<unknown>({
        kind: 'cancel',
        lane: 'cancel',
        run: async () => {
          const broker = this.sessions.broker(route);
          if (broker.cancelCounterpart === undefined) throw new Error('no such call');
          await broker.cancelCounterpart(cancel);
          return undefined;
        },
        done: (outcome) => {
          if (outcome.kind === 'reply') logger.info({ route, ...cancel }, 'close.cancelSent');
          else fail(outcome.kind === 'dropped' ? outcome.why : outcome.error);
        },
      });
    } catch (error) {
      fail(messageOf(error));
    }
  }
}
