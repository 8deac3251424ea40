// The actor that cancels counterparts: a close neither waits for it nor fails with it.
import { createActor, type ActorRefFrom } from 'xstate';
import {
  counterpartCancelerMachine,
  type CounterpartCancelerEvent,
} from '#machines/counterpart-canceler.machine';
import { messageOf } from '#src/domain/errors';
import type { CounterpartCancel } from '#src/domain/provider';
import type { Broker } from '#src/ports/broker';
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

  /**
   * Within a turn: cancels it, if its route does so, once the execution that it follows from is
   * durable, so that no restart cancels twice. What goes wrong is logged and counted.
   */
  cancel(route: string, cancel: CounterpartCancel): void {
    if (!this.sessions.route(route).protectiveCancels) return;
    this.core.afterDurable({
      isSafeUnrecorded: true,
      act: () => this.actor.send({ type: 'counterpart.left', route, cancel }),
    });
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

  /**
   * The session says when; its place there is free again at once, since a cancel that is refused or
   * not answered must not make closes wait.
   */
  private send(event: CounterpartCancelerEvent): void {
    if (event.type !== 'counterpart.left') return;
    const { route, cancel } = event;
    const isStop = cancel.status === 'STOPLOSS-CANCEL';
    this.core.metrics.count(isStop ? 'sl_cancel_requests' : 'tp_cancel_requests');
    try {
      const broker = this.sessions.broker(route);
      if (broker.cancelCounterpart === undefined) throw new Error('the provider has no such call');
      this.sessions.of(route).submit<void>({
        kind: 'cancel',
        lane: 'cancel',
        run: async () => await Promise.resolve(this.call(broker, event)),
        done: (outcome) => {
          if (outcome.kind === 'dropped') this.fail(route, outcome.why);
        },
      });
    } catch (error) {
      this.fail(route, messageOf(error));
    }
  }

  private call(
    broker: Broker,
    { route, cancel }: Extract<CounterpartCancelerEvent, { type: 'counterpart.left' }>,
  ): void {
    const { clock, logger } = this.core;
    const { timeoutMs } = this.sessions.route(route);
    let isOver = false;
    const end = (error?: string): void => {
      if (isOver) return;
      isOver = true;
      stopWaiting();
      if (error === undefined) logger.info({ route, ...cancel }, 'close.cancelSent');
      else this.fail(route, error);
    };
    const stopWaiting = clock.at(clock.now() + timeoutMs, () => {
      end(`no reply within ${timeoutMs} ms`);
    });
    // Async, so that what throws at once is a failure of the cancel too.
    void (async () => await broker.cancelCounterpart?.(cancel))().then(
      () => end(),
      (error: unknown) => end(messageOf(error)),
    );
  }

  private fail(route: string, error: string): void {
    this.actor.send({ type: 'cancel.failed', route, error });
  }
}
