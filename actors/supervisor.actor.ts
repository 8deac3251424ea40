// The root of the actor system. It creates every other actor, keeps them by name, and when one
// errors makes it anew from the state, while its siblings live on.
import {
  createActor,
  type Actor,
  type ActorOptions,
  type ActorRefFrom,
  type AnyActorRef,
  type AnyStateMachine,
  type InspectionEvent,
} from 'xstate';
import type { drawdownGuardMachine } from '#machines/drawdown-guard.machine';
import type { marketGuardMachine, MarketGuardContext } from '#machines/market-guard.machine';
import type { PositionEvent } from '#machines/position.machine';
import {
  supervisorEventKey,
  supervisorMachine,
  type SupervisorEvent,
} from '#machines/supervisor.machine';
import { messageOf } from '#src/domain/errors';
import {
  isOpen,
  type Account,
  type ClosePhase,
  type MarketGuard,
  type Position,
} from '#src/domain/state';
import type { CoreContext } from './core-context.ts';
import { drawdownGuardLogic, drawdownGuardValue } from './drawdown-guard.actor.ts';
import { confirmingOf, marketGuardLogic, marketGuardSnapshot } from './market-guard.actor.ts';
import { positionCloserLogic, type PositionCloserLogic } from './position-closer.actor.ts';
import { positionLogic, type PositionLogic } from './position.actor.ts';
import { tableLogic, type TableLogic } from './table-logic.ts';

type Root = Actor<TableLogic<undefined, SupervisorEvent>>;

export type Inspect = NonNullable<ActorOptions<AnyStateMachine>['inspect']>;

/** What brings the actor of a part's close to where it was. */
const phaseEvents: Partial<Record<ClosePhase, PositionEvent>> = {
  pending: { type: 'close.acknowledged' },
  unknown: { type: 'close.unknown' },
  rejected: { type: 'close.rejected' },
};

export class Supervisor {
  private readonly core: CoreContext;
  private readonly root: Root;
  private readonly logic;
  private readonly positions = new Map<string, Actor<PositionLogic>>();
  private readonly drawdownGuards = new Map<string, ActorRefFrom<typeof drawdownGuardMachine>>();
  private readonly marketGuards = new Map<string, ActorRefFrom<typeof marketGuardMachine>>();
  private readonly adopted = new Map<string, () => void>();
  private closerRef: Actor<PositionCloserLogic> | undefined;

  constructor(core: CoreContext, inspect?: Inspect) {
    this.core = core;
    this.logic = {
      position: positionLogic(core),
      drawdownGuard: drawdownGuardLogic(core),
      marketGuard: marketGuardLogic(core),
    };
    const logic = tableLogic<undefined, SupervisorEvent>({
      machine: supervisorMachine,
      keyOf: supervisorEventKey,
      act: (_restartChild, { event }) => {
        if (event !== undefined && 'actorId' in event) this.restart(event.actorId, event.error);
      },
    });
    const options = { systemId: 'supervisor', id: 'supervisor' };
    const contained = inspect && this.contain(inspect);
    const inspected = contained && { inspect: contained };
    this.root = createActor(logic, { ...options, input: undefined, ...inspected });
  }

  get system(): Root['system'] {
    return this.root.system;
  }

  get closer(): Actor<PositionCloserLogic> {
    this.closerRef ??= this.createCloser();
    return this.closerRef;
  }

  start(): void {
    this.root.start();
  }

  armed(): void {
    this.root.send({ type: 'runtime.armed' });
  }

  stop(): void {
    this.root.send({ type: 'runtime.drained' });
    this.root.stop();
  }

  /** Where another actor of the runtime belongs: under the root, found by its name. */
  childOptions(id: string): { id: string; systemId: string; parent: AnyActorRef } {
    return { id, systemId: id, parent: this.root };
  }

  /** Calls `restart` when the actor of this name, which somebody else created, has failed. */
  adopt(id: string, restart: () => void): void {
    this.adopted.set(id, restart);
  }

  /** Sends to an actor; where that makes it fail, once more to the one made in its place. */
  tellGuard<T extends { getSnapshot(): { status: string } }>(
    find: () => T | undefined,
    send: (guard: T) => void,
  ): void {
    const guard = find();
    if (guard === undefined) return;
    send(guard);
    if (guard.getSnapshot().status !== 'error') return;
    const successor = find();
    if (successor !== undefined && successor !== guard) send(successor);
  }

  /** What somebody looks on with must not get in the way of what is looked at. */
  private contain(inspect: Inspect): (event: InspectionEvent) => void {
    return (event) => {
      try {
        if (typeof inspect === 'function') inspect(event);
        else inspect.next?.(event);
      } catch (error) {
        this.core.metrics.count('inspect_errors');
        this.core.logger.debug({ error: messageOf(error) }, 'inspect failed');
      }
    };
  }

  position(positionId: string): Actor<PositionLogic> | undefined {
    return this.positions.get(positionId);
  }

  drawdownGuard(accountId: string): ActorRefFrom<typeof drawdownGuardMachine> | undefined {
    return this.drawdownGuards.get(accountId);
  }

  marketGuard(symbol: string): ActorRefFrom<typeof marketGuardMachine> | undefined {
    return this.marketGuards.get(symbol);
  }

  guardPosition(position: Position): void {
    const { positionId, phase = 'waiting', state, intent } = position;
    const context = { positionId };
    const { position: logic } = this.logic;
    const place = this.child(`position:${positionId}`, context);
    const isClosing = state === 'closing';
    const restored = isClosing && { snapshot: logic.restored({ closing: phase }, context) };
    const actor = createActor(logic, { ...place, ...restored });
    this.positions.set(positionId, actor);
    actor.start();
    if (isClosing || intent === undefined) return;
    // A part of it is being closed, while its levels are watched.
    const isSent = intent.route !== undefined;
    actor.send({ type: 'close.intended', isSent, isPart: true });
    const at = phaseEvents[phase];
    if (at !== undefined) actor.send(at);
  }

  /** Lets go of the actor of a position that is not open any more; it has stopped by itself. */
  forgetPosition(positionId: string): void {
    this.positions.delete(positionId);
  }

  guardAccount(account: Account): void {
    const { accountId } = account;
    const logic = this.logic.drawdownGuard;
    const input = { accountId };
    const snapshot = logic.resolveState({ value: drawdownGuardValue(account), context: input });
    const actor = createActor(logic, {
      ...this.child(`drawdown-guard:${accountId}`, input),
      snapshot,
    });
    this.drawdownGuards.set(accountId, actor);
    actor.start();
  }

  /** `runs` are those of the guard that this one replaces, as far as they go on. */
  guardMarket(symbol: string, guard: MarketGuard, runs: MarketGuardContext['runs'] = {}): void {
    this.unguardMarket(symbol);
    const logic = this.logic.marketGuard;
    const input = { symbol, confirming: confirmingOf(guard) };
    const snapshot = marketGuardSnapshot(logic, symbol, guard, runs);
    const actor = createActor(logic, { ...this.child(`market-guard:${symbol}`, input), snapshot });
    this.marketGuards.set(symbol, actor);
    actor.start();
  }

  unguardMarket(symbol: string): void {
    const actor = this.marketGuards.get(symbol);
    if (actor === undefined) return;
    this.marketGuards.delete(symbol);
    if (actor.getSnapshot().status === 'active') actor.send({ type: 'guard.removed' });
  }

  private createCloser(): Actor<PositionCloserLogic> {
    const place = { ...this.childOptions('position-closer'), input: undefined };
    const actor = createActor(positionCloserLogic(this.core), place);
    actor.start();
    for (const position of this.core.state.positions.values()) {
      if (position.phase === undefined) continue;
      actor.send({ type: 'close.waited' });
      break;
    }
    return actor;
  }

  /** `spawnChild` copies all children at every spawn; an actor with a parent does not. */
  private child<I>(id: string, input: I): ReturnType<Supervisor['childOptions']> & { input: I } {
    return { ...this.childOptions(id), input };
  }

  private restart(actorId: string, error: unknown): void {
    const { core } = this;
    core.metrics.count('actor_restarts');
    core.logger.error(
      { actor: actorId, error: messageOf(error) },
      'an actor failed and is restarted',
    );
    const at = actorId.indexOf(':');
    const kind = at < 0 ? actorId : actorId.slice(0, at);
    const name = actorId.slice(at + 1);
    if (kind === 'position') {
      const position = core.state.positions.get(name);
      if (position !== undefined && isOpen(position)) this.guardPosition(position);
    } else if (kind === 'drawdown-guard') {
      const account = core.state.accounts.get(name);
      if (account !== undefined) this.guardAccount(account);
    } else if (kind === 'market-guard') {
      const guard = core.state.guards.get(name);
      if (guard !== undefined) this.guardMarket(name, guard);
    } else if (kind === 'position-closer') {
      this.closerRef = undefined;
    } else {
      this.adopted.get(actorId)?.();
    }
  }
}
