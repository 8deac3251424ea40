// What the tests of the bus stand on: a host that remembers, a bus, and clients beside it.
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import { parseObject } from '#src/contracts/json';
import type { RuntimeEvent } from '#src/domain/events';
import type { Quote } from '#src/domain/quote';
import { isRefused, refuse } from '#src/domain/refusals';
import { natsBus, type NatsBus, type NatsBusOptions } from '#src/nats/nats-bus';
import type { BusHost, CommandMessage, ReportHost } from '#src/ports/bus';
import { memoryMetrics, type Metrics } from '#src/ports/metrics';

export const arrivalTs = 1_700_000_000_000;

/** A log line: its level and message, and its fields. */
export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: object;
}

export class World {
  readonly quotes: Quote[] = [];
  readonly malformed: string[] = [];
  readonly reports: { route: string; body: object }[] = [];
  readonly commands: CommandMessage[] = [];
  readonly lines: Line[] = [];
  readonly metrics: Metrics = memoryMetrics();
  /** What the host does with a command whose body is in order. */
  answer: (
    command: CommandMessage,
    body: object,
    replyBytesMax: number,
  ) => object | Promise<object> = ({ client, accountId, resource, action }, body) => ({
    client,
    accountId,
    resource,
    action,
    body,
  });
  onQuote: (quote: Quote) => void = () => {};
  onReport: (body: object) => void = () => {};

  readonly host: BusHost = {
    now: () => arrivalTs,
    quote: (quote) => {
      this.quotes.push(quote);
      this.onQuote(quote);
    },
    malformedQuote: (symbol) => void this.malformed.push(symbol),
    command: async (command, replyBytesMax) => {
      this.commands.push(command);
      if ('value' in command.body) return refuse('internal_error', 'expected bytes');
      const parsed = parseObject(command.body);
      if (isRefused(parsed)) return parsed;
      return await this.answer(command, parsed.value, replyBytesMax);
    },
  };

  readonly reportHost: ReportHost = {
    report: (route, body) => {
      this.reports.push({ route, body });
      this.onReport(body);
    },
  };

  readonly logger = {
    debug: (fields: object, message: string) => this.log('debug', fields, message),
    info: (fields: object, message: string) => this.log('info', fields, message),
    warn: (fields: object, message: string) => this.log('warn', fields, message),
    error: (fields: object, message: string) => this.log('error', fields, message),
  };

  /** A bus that is closed with the test. */
  bus(options: Pick<NatsBusOptions, 'url'> & Partial<NatsBusOptions>): NatsBus {
    const bus = natsBus({
      version: '1.2.3',
      metrics: this.metrics,
      logger: this.logger,
      ...options,
    });
    onTestFinished(() => bus.close());
    return bus;
  }

  async started(url: string): Promise<NatsBus> {
    const bus = this.bus({ url });
    await this.start(bus);
    return bus;
  }

  async start(bus: NatsBus): Promise<void> {
    await bus.connect(this.reportHost);
    await bus.start(this.host);
  }

  counter(name: string): number {
    return this.metrics.counters()[name] ?? 0;
  }

  private log(level: string, fields: object, message: string): void {
    this.lines.push({ level, fields, message });
  }
}

/** A client beside the bus, closed with the test. */
export async function connected(options: NodeConnectionOptions): Promise<NatsConnection> {
  const connection = await connect(options);
  onTestFinished(() => connection.close());
  return connection;
}

export function event(seq: number, more: Record<string, unknown> = {}): RuntimeEvent {
  return {
    id: `evt_1_${seq}_0`,
    seq,
    event: 'position.closed',
    accountId: 'acc1',
    ts: arrivalTs,
    ...more,
  };
}
