// What the server can end, and must stay open: opened again when it ends by itself.
import { messageOf } from '#src/domain/errors';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';

/** Something open. `ended` resolves, with the reason if there is one, when it is open no more. */
export interface Open {
  readonly ended: Promise<unknown>;
  isOpen(): boolean;
  /** Ends it when what has arrived has been delivered. */
  drain(): Promise<unknown>;
}

export interface KeptOpenOptions {
  /** What it is, in the log. */
  readonly what: string;
  open(): Promise<Open> | Open;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Pause before something that was ended is opened again. */
const reopenAfterMs = 1000;

export class KeptOpen {
  private readonly options: KeptOpenOptions;
  private current: Open | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(options: KeptOpenOptions) {
    this.options = options;
  }

  get isOpen(): boolean {
    return this.current?.isOpen() ?? false;
  }

  async open(): Promise<void> {
    const opened = await this.options.open();
    this.current = opened;
    void opened.ended.then((reason) => this.onEnd(reason));
  }

  /** Opens it no more, and ends it when what has arrived has been delivered. */
  async drain(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    clearTimeout(this.timer);
    if (this.isOpen) await this.current?.drain();
  }

  private onEnd(reason: unknown): void {
    if (this.isStopped) return;
    const { what, logger, metrics } = this.options;
    metrics.count('nats_subscriptions_reopened');
    logger.error({ what, error: shownReason(reason) }, 'the server ended it: opening it again');
    this.timer = setTimeout(() => {
      this.open().catch((error: unknown) => this.onEnd(error));
    }, reopenAfterMs);
  }
}

function shownReason(reason: unknown): string {
  return reason === undefined || reason === null ? 'no reason given' : messageOf(reason);
}
