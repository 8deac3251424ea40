// The public face: what a gateway embeds.
export { createRuntime } from './runtime.ts';
export type { Phase, Runtime, RuntimeOptions, RuntimeStatus } from './host/types.ts';
export type { CommandOptions, InProcessCommand, InProcessCommands } from './commands/in-process.ts';
export type { QuoteInput } from './contracts/quote.ts';
export type { SettingsInput } from './contracts/settings.ts';
export type { BulkCloseResult, CloseOutcome, CloseResult } from './domain/closing.ts';
export { CloseoutError } from './domain/errors.ts';
export type { EventName, RuntimeEvent } from './domain/events.ts';
export { isRefused, type Issue, type Refusal, type Refused } from './domain/refusals.ts';
export type {
  BrokerAccount,
  BrokerOrder,
  BrokerOrders,
  BrokerPosition,
  BrokerPositions,
  CloseOrder,
  CounterpartCancel,
  ExecutionReport,
  OrderReply,
  QueryReply,
  Unsupported,
} from './domain/provider.ts';
export type { Broker, BrokerCapabilities } from './ports/broker.ts';
export type { PartHealth } from './ports/health.ts';
export type { Cancel, Clock } from './ports/clock.ts';
export type { Ids } from './ports/ids.ts';
export type { Logger } from './ports/logger.ts';
export type { Notifier } from './ports/notifier.ts';
export { version } from './version.ts';
