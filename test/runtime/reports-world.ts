// A LIVE world in which providers report: one long of 2 at 100 with a stop and a target order.
import { text } from '#src/domain/money';
import type { CounterpartCancel, ExecutionReport } from '#src/domain/provider';
import type { Broker } from '#src/ports/broker';
import type { Logger } from '#src/ports/logger';
import { LiveWorld, type Body, type LiveWorldOptions } from './live-world.ts';

export interface LogLine extends Body {
  readonly message: string;
}

/** A logger that keeps what it is told. */
export function keptLog(): { readonly logger: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const keep = (fields: object, message: string): void => void lines.push({ ...fields, message });
  return { logger: { debug: keep, info: keep, warn: keep, error: keep }, lines };
}

/** The world's provider on route `demo`, and another one on `other`. */
export function withRoutes({
  other,
  ...options
}: LiveWorldOptions & { readonly other: Broker }): LiveWorldOptions {
  let demo: Broker = other;
  const brokers = {
    get demo(): Broker {
      return demo;
    },
    other,
  };
  const brokerOf = (provider: Broker): Broker => (demo = provider);
  return { ...options, brokerOf, harness: { ...options.harness, brokers } };
}

export const bracketed = { stopLossId: 'sl-1', takeProfitId: 'tp-1' } as const;

export async function startReporting(options: LiveWorldOptions = {}): Promise<LiveWorld> {
  const w = await LiveWorld.start(options);
  w.quote(100);
  return w;
}

/** The provider closes by itself what its stop or target closes, and reports it. */
export async function executes(
  w: LiveWorld,
  orderId: string,
  report: Partial<ExecutionReport> = {},
): Promise<void> {
  const { cumqty = '2' } = report;
  w.provider.closeByItself('p', String(cumqty));
  await reports(w, { order_id: orderId, ord_status: 'EXECUTED', avgpx: '99', cumqty, ...report });
}

/** A report under an `exec_id` of its own, unless it has one. */
export async function reports(w: LiveWorld, report: ExecutionReport): Promise<void> {
  w.provider.report(report);
  await w.run(20);
}

export function clientOrderId(w: LiveWorld, positionId = 'p'): string {
  const position = w.harness.core.state.positions.get(positionId);
  return position?.intent?.clientOrderId ?? position?.result?.clientOrderId ?? 'none';
}

/** `kind ours theirs` of every drift on record. */
export async function drifts(w: LiveWorld): Promise<string[]> {
  return (await w.records('drift.detected')).map(({ body: { drift } }) =>
    [drift.kind, drift.ours ?? '-', drift.theirs ?? '-'].join(' '),
  );
}

export function fills(w: LiveWorld, positionId = 'p'): Record<string, string> {
  const position = w.harness.core.state.positions.get(positionId);
  return Object.fromEntries(
    [...(position?.fills ?? [])].map(([k, { filled }]) => [k, text(filled)]),
  );
}

export const targetCancel: CounterpartCancel = {
  order_id: 'p',
  symbol: 'X',
  order_type: 'BUY',
  status: 'TAKEPROFIT-CANCEL',
  takeprofit_id: 'tp-1',
  type: 'order',
};
export const stopCancel: CounterpartCancel = {
  order_id: 'p',
  symbol: 'X',
  order_type: 'BUY',
  status: 'STOPLOSS-CANCEL',
  stoploss_id: 'sl-1',
  type: 'order',
};

/** One long of 2 with both orders, and levels here. */
export async function bracket(
  options: LiveWorldOptions = {},
  more: object = {},
): Promise<LiveWorld> {
  const w = await startReporting(options);
  await w.open('p', { ...bracketed, exits: { stopLoss: 99.5, takeProfit: 110 }, ...more });
  return w;
}

/** Why what is closed was closed, by the ledger. */
export async function closedReason(w: LiveWorld): Promise<unknown[]> {
  const closed = (await w.rows()).filter((row) => row.eventType === 'position_closed');
  return closed.map((row) => row.metaData['closeReason']);
}
