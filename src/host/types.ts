// What a runtime is to those who embed it.
import type { Observable } from 'rxjs';
import type { Core } from '#actors/core';
import type { Inspect } from '#actors/supervisor.actor';
import type { InProcessCommands } from '#src/commands/in-process';
import type { QuoteInput } from '#src/contracts/quote';
import type { SettingsInput } from '#src/contracts/settings';
import type { CloseoutError } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Broker } from '#src/ports/broker';
import type { Clock } from '#src/ports/clock';
import type { PartHealth } from '#src/ports/health';
import type { Ids } from '#src/ports/ids';
import type { Logger } from '#src/ports/logger';
import type { Notifier } from '#src/ports/notifier';

export interface RuntimeOptions {
  /** Keys of contract section 10; the environment is read where this is absent. */
  readonly settings?: SettingsInput | undefined;
  /** Quotes of this process, beside those of NATS. */
  readonly quotes$?: Observable<QuoteInput> | undefined;
  /** Providers of this process, by the route that accounts name; other routes are on NATS. */
  readonly brokers?: Readonly<Record<string, Broker>> | undefined;
  /**
   * Told of events beside the notifiers of the settings, by name; of breaches, halts, closes and dead
   * letters, unless their `events` say otherwise.
   */
  readonly notifiers?: Readonly<Record<string, Notifier>> | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  /** A pino logger, or anything with its four methods. */
  readonly logger?: Logger | undefined;
  /** XState's own option: sees every actor of the system. */
  readonly inspect?: Inspect | undefined;
  /**
   * Told once when the journal takes no more records, as when its disk is full: nothing is answered
   * any more, and closes go out only to providers that execute an id once.
   */
  readonly onFailure?: ((error: CloseoutError) => void) | undefined;
}

export type Phase = 'created' | 'starting' | 'ready' | 'draining' | 'stopped' | 'failed';

export interface RuntimeStatus {
  readonly state: Phase;
  readonly version: string;
  readonly ready: boolean;
  readonly uptimeMs: number;
  readonly components: Readonly<Record<string, PartHealth>>;
  readonly counters: Readonly<Record<string, number>>;
}

export interface Runtime {
  /**
   * Recovers, arms, subscribes; resolves when the runtime is ready. Rejects with `CloseoutError`:
   * `data_directory_in_use`, `nats_unavailable`, `ledger_unavailable` (at the first start of a data
   * directory; later ones guard first and let history catch up), `ledger_foreign`, `ledger_ahead`, `journal_corrupt`.
   */
  start(): Promise<void>;
  /** Resolves when the runtime has stopped, by `stop` or by the command `runtime.drain`. */
  readonly ended: Promise<void>;
  /** Takes nothing new, finishes what is under way, at most `drainMs` (5,000), releases everything. */
  stop(options?: { drainMs?: number }): Promise<void>;
  /** The commands of contract section 8 by name: `commands.position.close(accountId, body)`. */
  readonly commands: InProcessCommands;
  /** Each event once it is durable; after a restart those that may not have left come again. */
  readonly events$: Observable<RuntimeEvent>;
  /** The XState actor system; there once the runtime has started. */
  readonly system: Core['system'];
  status(): RuntimeStatus;
}
