// Commands in, answers out: the service `closeout` of the NATS services API. Whatever happens to a
// request, it is answered.
import type { NatsConnection } from '@nats-io/transport-node';
import { Svcm, type Endpoint, type NamedEndpointStats, type ServiceMsg } from '@nats-io/services';
import { replyBytesMax } from '#src/contracts/json';
import { commandPlace, commandSubjects } from '#src/contracts/subjects';
import { messageOf } from '#src/domain/errors';
import { isRefused, refuse, type Refusal, type Refused } from '#src/domain/refusals';
import type { BusHost } from '#src/ports/bus';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { Open } from './kept-open.ts';

/** Bytes of a reply message that are not its body. */
const replyFrameBytes = 1024;
const nanosPerMs = 1_000_000;

const encoder = new TextEncoder();

/** What the services API cannot see by itself, since answers come later than its handler returns. */
interface Tally {
  errors: number;
  lastError: string | undefined;
  busyMs: number;
}

export interface CommandServiceOptions {
  /** Of this program, as `$SRV.INFO` tells it. */
  readonly version: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export class CommandService {
  private readonly connection: NatsConnection;
  private readonly host: BusHost;
  private readonly options: CommandServiceOptions;
  private underWay = 0;
  private readonly idleWaiters: (() => void)[] = [];

  constructor(connection: NatsConnection, host: BusHost, options: CommandServiceOptions) {
    this.connection = connection;
    this.host = host;
    this.options = options;
  }

  async open(): Promise<Open> {
    const tally: Tally = { errors: 0, lastError: undefined, busyMs: 0 };
    const service = await new Svcm(this.connection).add({
      name: 'closeout',
      version: this.options.version,
      description: 'Guards open positions and closes them when a rule says so',
      statsHandler: (endpoint) => Promise.resolve(tell(tally, endpoint)),
    });
    service.addEndpoint('commands', {
      subject: commandSubjects,
      handler: (error, message) => {
        if (error === null) void this.answer(message, tally);
      },
    });
    return {
      ended: service.stopped,
      isOpen: () => !service.isStopped,
      drain: () => service.stop(),
    };
  }

  /** Resolves when every command that came in has been answered. */
  async idle(): Promise<void> {
    if (this.underWay > 0) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  private async answer(message: ServiceMsg, tally: Tally): Promise<void> {
    const startedMs = performance.now();
    this.underWay++;
    const reply = await this.replyTo(message);
    this.respond(message, reply, tally);
    tally.busyMs += performance.now() - startedMs;
    this.underWay--;
    if (this.underWay === 0) for (const resolve of this.idleWaiters.splice(0)) resolve();
  }

  private async replyTo(message: ServiceMsg): Promise<object> {
    try {
      const place = commandPlace(message.subject);
      if (place === undefined) {
        const form = 'closeout.v1.cmd.<client>.<account>.<resource>.<action>';
        return refuse('unknown_subject', `the subject has not the form ${form}`);
      }
      const command = {
        ...place,
        body: message.data,
        messageId: headerOf(message, 'Nats-Msg-Id'),
        deadline: headerOf(message, 'Closeout-Deadline'),
      };
      return await this.host.command(command, this.bodyBytesMax());
    } catch (error) {
      return this.failed(message, error);
    }
  }

  /** Never throws. */
  private respond(message: ServiceMsg, reply: object, tally: Tally): void {
    try {
      this.send(message, isRefused(reply) ? reply : this.sized(reply), tally);
    } catch (error) {
      const refused = this.failed(message, error);
      try {
        this.send(message, refused, tally);
      } catch (again) {
        // The connection is closed: there is nobody to answer any more.
        this.options.logger.warn({ error: messageOf(again) }, 'a command was not answered');
      }
    }
  }

  private sized(reply: object): Uint8Array | Refused {
    const body = encoder.encode(JSON.stringify(reply));
    const limit = this.bodyBytesMax();
    if (body.length <= limit) return body;
    return refuse('reply_too_large', `the reply is larger than ${limit} bytes`, {
      limit,
      actual: body.length,
    });
  }

  private send(message: ServiceMsg, reply: Uint8Array | Refused, tally: Tally): void {
    if (reply instanceof Uint8Array) {
      message.respond(reply);
      return;
    }
    const { error } = reply;
    tally.errors++;
    tally.lastError = `${error.code} ${error.name}: ${error.message}`;
    message.respondError(error.code, error.name, JSON.stringify({ error: bodyOf(error) }));
  }

  /** The server may allow less than the contract does. */
  private bodyBytesMax(): number {
    const serverMax = this.connection.info?.max_payload ?? Infinity;
    return Math.min(replyBytesMax, serverMax - replyFrameBytes);
  }

  private failed(message: ServiceMsg, error: unknown): Refused {
    const { logger, metrics } = this.options;
    metrics.count('nats_commands_failed');
    logger.error({ subject: message.subject, error: messageOf(error) }, 'a command failed inside');
    return refuse('internal_error', 'the command failed inside; see the log');
  }
}

/** The refusal's name goes out as a header, the rest as the body. */
function bodyOf({ code, message, issues, limit, actual }: Refusal): Omit<Refusal, 'name'> {
  return {
    code,
    message,
    ...(issues === undefined ? {} : { issues }),
    ...(limit === undefined ? {} : { limit }),
    ...(actual === undefined ? {} : { actual }),
  };
}

function headerOf(message: ServiceMsg, name: string): string | undefined {
  const { headers } = message;
  return headers?.has(name) ? headers.get(name) : undefined;
}

/** The API asks before it tells its statistics; they are of the handler alone, so we put ours in. */
function tell({ errors, lastError, busyMs }: Tally, endpoint: Endpoint): null {
  const { stats } = endpoint as Endpoint & { stats?: NamedEndpointStats };
  if (stats === undefined) return null;
  stats.num_errors = errors;
  if (lastError !== undefined) stats.last_error = lastError;
  stats.processing_time = Math.round(busyMs * nanosPerMs);
  stats.average_processing_time = Math.round(
    stats.processing_time / Math.max(1, stats.num_requests),
  );
  return null;
}
