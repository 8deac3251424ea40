// Execution reports in, of every provider, in the order in which each sent them.
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { requestBytesMax } from '#src/contracts/json';
import { messageOf } from '#src/domain/errors';
import type { ReportHost } from '#src/ports/bus';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { Open } from './kept-open.ts';
import { objectIn, reportRoute, reportSubjects } from './provider-messages.ts';
import { subscribed } from './subscription.ts';

/** A provider that sends nothing but rubbish is one line in the log this often. */
const logEveryMs = 1000;

export class ReportsIn {
  private readonly host: ReportHost;
  private readonly metrics: Metrics;
  private readonly logger: Logger;
  private loggedMs = -logEveryMs;

  constructor(host: ReportHost, { metrics, logger }: { metrics: Metrics; logger: Logger }) {
    this.host = host;
    this.metrics = metrics;
    this.logger = logger;
  }

  subscribe(connection: NatsConnection): Open {
    return subscribed(connection, reportSubjects, (message) => this.take(message));
  }

  private take(message: Msg): void {
    try {
      this.metrics.count('broker_reports_received');
      const route = reportRoute(message.subject);
      const body = objectIn(message.data, requestBytesMax);
      if (route === undefined || body === undefined) this.drop(message);
      else this.host.report(route, body);
    } catch (error) {
      this.metrics.count('broker_reports_failed');
      const { subject } = message;
      this.logger.error({ subject, error: messageOf(error) }, 'a report failed inside');
    }
  }

  private drop({ subject, data }: Msg): void {
    this.metrics.count('broker_reports_malformed');
    const nowMs = performance.now();
    if (nowMs - this.loggedMs < logEveryMs) return;
    this.loggedMs = nowMs;
    this.logger.warn(
      { subject, bytes: data.length, bytesMax: requestBytesMax },
      'a report is no JSON object within the limits: dropped',
    );
  }
}
