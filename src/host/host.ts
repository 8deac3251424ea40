// The engine and the command desk on whatever ports they are given: servers and files in a runtime,
// memory in the tests and the simulator.
import { Engine, type EngineOptions } from '#actors/engine';
import { applySettings } from '#src/commands/apply-settings';
import type { CommandContext, Operations } from '#src/commands/command';
import { CommandDesk, type DeskHost } from '#src/commands/desk';
import { listLedger } from '#src/commands/ledger';
import type { Settings } from '#src/contracts/settings';
import { clearDeadLetter } from '#actors/dead-letters';
import type { Reconciliation } from '#actors/reconciler';
import { text } from '#src/domain/money';
import { unfilledOf } from '#src/domain/part-closes';
import { refuse } from '#src/domain/refusals';
import { isLive, type Position } from '#src/domain/state';

export interface HostOptions extends EngineOptions {
  /** `runtime.status`. */
  readonly status: () => object;
  /** Why no command is taken now; undefined where the runtime is ready. */
  readonly unready: () => string | undefined;
  /** Begins to end the runtime, soon. */
  readonly drain: () => void;
}

/** Settings that are put through the commands at start. */
export type DeclaredSettings = Pick<
  Settings,
  'instruments' | 'accounts' | 'marketGuards' | 'routes'
>;

export class Host {
  readonly engine: Engine;
  readonly desk: CommandDesk;
  private readonly options: HostOptions;
  private readonly deskHost: DeskHost;

  constructor(options: HostOptions) {
    this.options = options;
    this.engine = new Engine(options);
    const { core, outbox } = this.engine;
    this.deskHost = {
      context: this.context(),
      metrics: core.metrics,
      logger: core.logger,
      unready: options.unready,
      turn: (work) => core.turn(work),
      commit: (draft) => core.commit(draft),
      requestClose: (request) => core.requestClose(request),
      onOutcome: (positionId, act) => core.onOutcome(positionId, act),
      whenDurable: (act) =>
        outbox.whenDurable((failure) =>
          act(failure && refuse('not_ready', `the journal failed: ${failure.message}`)),
        ),
    };
    this.desk = new CommandDesk(this.deskHost);
  }

  /** Guards everything that there is, then puts what the settings declare. */
  async arm(declared: DeclaredSettings): Promise<void> {
    await this.engine.arm();
    const desk = new CommandDesk({ ...this.deskHost, unready: () => undefined });
    const { core } = this.engine;
    await applySettings(declared, core.state, desk, core.logger);
  }

  private context(): CommandContext {
    const { core, projector } = this.engine;
    const { ledger } = this.options;
    return {
      state: core.state,
      markets: core.markets,
      clock: core.clock,
      ids: core.ids,
      operations: this.operations(),
      settle: (positionId) => core.turn(() => core.settleCrossing(positionId)),
      settlePeak: (accountId) => core.settlePeak(accountId),
      listLedger: (filter) => listLedger(ledger, (ms) => projector.caughtUp(ms), filter),
    };
  }

  private operations(): Operations {
    const { core, live } = this.engine;
    const { closer, reconciler, sessions } = live;
    const shown = (items: readonly Reconciliation[]): object => ({
      accounts: items.map(({ ranAt, ...item }) => ({
        ...item,
        ...(ranAt === undefined ? {} : { ranAt, ageMs: core.clock.now() - ranAt }),
      })),
    });
    return {
      status: this.options.status,
      hasProvider: (route) => sessions.has(route),
      reconciliations: (accountId) => shown(reconciler.status(accountId)),
      reconcile: async (accountId) => {
        const all = [...core.state.accounts.values()].filter(isLive);
        const chosen = all.filter((a) => accountId === undefined || a.accountId === accountId);
        return shown(await Promise.all(chosen.map((account) => reconciler.run(account, true))));
      },
      nextAttemptAt: (positionId) => closer.nextAttemptAt(positionId),
      retryClose: ({ closeId, reason }, position) => {
        if (position.intent?.closeId === closeId) closer.retryNow(position);
        else if (position.state !== 'closing') this.closeAgain(position, closeId, reason);
      },
      giveUpClose: ({ closeId }, position, why) => {
        const { intent } = position;
        if (intent?.closeId === closeId) closer.giveUp(position, intent, why);
      },
      drain: () => {
        this.options.drain();
        return closer.inFlight;
      },
    };
  }

  /** A close that was left: its position is guarded, or was closed by something else since. */
  private closeAgain(position: Position, closeId: string, reason: string): void {
    const { core } = this.engine;
    const { positionId, state, parts } = position;
    const part = parts?.get(closeId);
    if (state === 'closed') clearDeadLetter(core, position, 'closed');
    else if (part?.intent.isPart !== true) {
      core.requestClose({ positionIds: [positionId], cause: { reason } });
    } else {
      const quantity = text(unfilledOf(part));
      core.requestClose({ positionIds: [positionId], cause: { reason }, quantity });
    }
  }
}
