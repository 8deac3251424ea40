// The actor that moves journal records to the ledger, and knows how far it is.
import { createActor, type ActorRefFrom } from 'xstate';
import { ledgerProjectorMachine } from '#machines/ledger-projector.machine';
import { messageOf } from '#src/domain/errors';
import type { Cancel, Clock } from '#src/ports/clock';
import { journalBatchMax, type Journal } from '#src/ports/journal';
import type { Ledger } from '#src/ports/ledger';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { Supervisor } from './supervisor.actor.ts';

/** First wait after a failed batch; doubled each time, up to the most. */
const retryMsMin = 200;
const retryMsMax = 30_000;

/** How often an outage is told of for as long as it lasts. */
const outageToldEveryMs = 60_000;

export interface ProjectorOptions {
  readonly journal: Journal;
  readonly ledger: Ledger;
  /** Opens the ledger where it was not there at start. */
  readonly reopen: (() => Promise<void>) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export class LedgerProjector {
  private readonly options: ProjectorOptions;
  private readonly supervisor: Supervisor;
  private actor: ActorRefFrom<typeof ledgerProjectorMachine>;
  private isOpen: boolean;
  private isStopped = false;
  private cursor: number | undefined;
  /** Last record that is durable in the journal. */
  private durableN = 0;
  private retryMs = retryMsMin;
  private cancelRetry: Cancel | undefined;
  private outageSince: number | undefined;
  private lastError: unknown;
  private cancelTelling: Cancel | undefined;
  private readonly waiters = new Set<{ n: number; act: () => void }>();

  constructor(supervisor: Supervisor, options: ProjectorOptions) {
    this.options = options;
    this.supervisor = supervisor;
    this.isOpen = options.reopen === undefined;
    this.actor = this.newActor();
    supervisor.adopt('ledger-projector', () => {
      this.actor = this.newActor();
      this.scheduleRetry();
    });
  }

  private newActor(): ActorRefFrom<typeof ledgerProjectorMachine> {
    const logic = ledgerProjectorMachine.provide({
      actions: {
        writeBatch: () => void this.write(),
        reportOutage: ({ event }) => {
          if (event.type === 'batch.failed') this.report(event.error);
        },
        scheduleRetry: () => this.scheduleRetry(),
      },
    });
    return createActor(logic, this.supervisor.childOptions('ledger-projector')).start();
  }

  /** Since when the ledger does not take records; undefined where it does. */
  get downSince(): number | undefined {
    return this.outageSince;
  }

  /** How many durable records are not in the ledger yet; undefined before that is known. */
  get lag(): number | undefined {
    return this.cursor === undefined ? undefined : this.durableN - this.cursor;
  }

  /** Records up to `n` are durable. */
  recordsWritten(n: number): void {
    this.durableN = n;
    this.actor.send({ type: 'records.written' });
  }

  /** Resolves true when everything durable now is in the ledger, false after `waitMs`. */
  async caughtUp(waitMs: number): Promise<boolean> {
    const n = this.durableN;
    if ((this.cursor ?? -1) >= n) return true;
    return await new Promise<boolean>((resolve) => {
      const { clock } = this.options;
      const waiter = {
        n,
        act: (): void => {
          cancel();
          this.waiters.delete(waiter);
          resolve(true);
        },
      };
      const cancel = clock.at(clock.now() + waitMs, () => {
        this.waiters.delete(waiter);
        resolve(false);
      });
      this.waiters.add(waiter);
      this.actor.send({ type: 'records.written' });
    });
  }

  stop(): void {
    this.cancelRetry?.();
    this.cancelTelling?.();
    this.isStopped = true;
  }

  private async write(): Promise<void> {
    const { journal, ledger, metrics } = this.options;
    if (this.isStopped) return;
    try {
      if (!this.isOpen) await this.options.reopen?.();
      this.isOpen = true;
      this.cursor ??= await ledger.cursor();
      const entries = await journal.read(this.cursor, journalBatchMax);
      const last = entries.at(-1);
      if (last !== undefined) {
        await ledger.write(entries);
        this.cursor = last.record.n;
        metrics.count('ledger_records_written', entries.length);
      }
      this.recover();
      this.actor.send({ type: 'batch.written', hasMore: this.cursor < this.durableN });
    } catch (error) {
      if (!this.isStopped) this.actor.send({ type: 'batch.failed', error });
    }
  }

  private recover(): void {
    this.retryMs = retryMsMin;
    if (this.outageSince !== undefined) {
      this.options.logger.info({ since: this.outageSince }, 'the ledger takes records again');
      this.outageSince = undefined;
      this.cancelTelling?.();
    }
    for (const waiter of this.waiters) if (waiter.n <= (this.cursor ?? 0)) waiter.act();
  }

  private report(error: unknown): void {
    const { logger, metrics, clock } = this.options;
    metrics.count('ledger_batches_failed');
    this.lastError = error;
    if (this.outageSince === undefined) {
      this.outageSince = clock.now();
      logger.error(
        { error: messageOf(error) },
        'the ledger takes no records; the journal keeps them',
      );
      this.tellLater();
    }
  }

  /** The journal grows with the outage, and its disk has an end: nobody is to overlook that. */
  private tellLater(): void {
    const { clock, logger } = this.options;
    this.cancelTelling = clock.at(clock.now() + outageToldEveryMs, () => {
      const { outageSince: since, lag, durableN } = this;
      logger.error(
        { error: messageOf(this.lastError), since, lag, durableN },
        'the ledger still takes no records; they wait in the journal',
      );
      this.tellLater();
    });
  }

  private scheduleRetry(): void {
    const { clock } = this.options;
    this.cancelRetry = clock.at(clock.now() + this.retryMs, () => {
      this.actor.send({ type: 'retry.due' });
      // An actor made in the place of one that failed is in no outage.
      this.actor.send({ type: 'records.written' });
    });
    this.retryMs = Math.min(this.retryMs * 2, retryMsMax);
  }
}
