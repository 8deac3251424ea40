// Events out. Each is kept until the server has confirmed it, and sent again, under the same id,
// where the connection was lost before; what is published while there is no server is not owed.
import type { NatsConnection } from '@nats-io/transport-node';
import { eventSubject } from '#src/contracts/subjects';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import { within } from './within.ts';

/**
 * Bytes of events that the server has not confirmed; more are dropped. A mass close of 100,000
 * positions is about 60 MB, and goes out before the server has had the time to confirm any of it.
 */
const unconfirmedBytesMax = 256 * 1024 * 1024;
/** How long `flush` waits for the server. */
const flushMs = 5000;

const encoder = new TextEncoder();

interface Message {
  readonly subject: string;
  readonly body: Uint8Array;
}

export class EventsOut {
  private readonly connection: NatsConnection;
  private readonly metrics: Metrics;
  private readonly logger: Logger;
  private readonly bytesMax: number;
  private readonly unconfirmed: Message[] = [];
  private unconfirmedBytes = 0;
  /** Events sent, and how many of them the server has. */
  private sentCount = 0;
  private confirmedCount = 0;
  private confirming: Promise<boolean> | undefined;
  private isConnected = true;
  private isDropping = false;

  constructor(
    connection: NatsConnection,
    { metrics, logger }: { metrics: Metrics; logger: Logger },
    bytesMax = unconfirmedBytesMax,
  ) {
    this.connection = connection;
    this.metrics = metrics;
    this.logger = logger;
    this.bytesMax = bytesMax;
  }

  /** Never throws. */
  publish(event: RuntimeEvent): void {
    if (!this.isConnected) {
      this.drop('there is no connection');
      return;
    }
    const body = encoder.encode(JSON.stringify(event));
    if (this.unconfirmedBytes + body.length > this.bytesMax) {
      this.drop(`the server has not confirmed the last ${this.unconfirmedBytes} bytes`);
      return;
    }
    const message = { subject: eventSubject(event.accountId, event.event), body };
    try {
      this.connection.publish(message.subject, body);
    } catch (error) {
      this.drop(messageOf(error));
      return;
    }
    this.metrics.count('events_published');
    this.sentCount++;
    this.unconfirmed.push(message);
    this.unconfirmedBytes += body.length;
    void this.confirm();
  }

  /** Rejects with a retryable `CloseoutError` where events that are owed have not left yet. */
  async flush(): Promise<void> {
    const sentCount = this.sentCount;
    const confirmed = async (): Promise<void> => {
      while (this.confirmedCount < sentCount) {
        const isConfirmed = this.isConnected && (await this.confirm());
        if (!isConfirmed) throw away();
      }
    };
    await within(flushMs, confirmed(), 'flushing events');
  }

  connectionLost(): void {
    this.isConnected = false;
  }

  connectionRestored(): void {
    this.isConnected = true;
    this.isDropping = false;
    if (this.unconfirmed.length === 0) return;
    this.metrics.count('events_repeated', this.unconfirmed.length);
    for (const { subject, body } of this.unconfirmed) this.connection.publish(subject, body);
    void this.confirm();
  }

  /** Asks the server once at a time; false where the connection was lost meanwhile. */
  private confirm(): Promise<boolean> {
    this.confirming ??= this.askOnce();
    return this.confirming;
  }

  private async askOnce(): Promise<boolean> {
    const sentCount = this.sentCount;
    try {
      await this.connection.flush();
    } catch {
      this.confirming = undefined;
      return false;
    }
    this.confirming = undefined;
    const confirmed = this.unconfirmed.splice(0, sentCount - this.confirmedCount);
    for (const { body } of confirmed) this.unconfirmedBytes -= body.length;
    this.confirmedCount = sentCount;
    if (this.unconfirmed.length > 0) void this.confirm();
    return true;
  }

  private drop(why: string): void {
    this.metrics.count('events_dropped');
    if (this.isDropping) return;
    this.isDropping = true;
    this.logger.error({ why }, 'events are dropped');
  }
}

function away(): CloseoutError {
  return new CloseoutError('nats_unavailable', 'NATS is away: events wait for it', {
    retryable: true,
  });
}
