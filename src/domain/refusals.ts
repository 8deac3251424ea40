// The one catalogue of refusals. A refusal is a value: it is returned, never thrown.
import { CloseoutError } from './errors.ts';

/** Stable name → the code that goes out with it. */
export const refusalCodes = {
  invalid_request: 400,
  missing_conversion: 400,
  unreachable_route: 400,
  not_on_paper: 400,
  unusable_header: 400,
  foreign_account: 403,
  not_permitted: 403,
  unknown_subject: 404,
  unknown_account: 404,
  unknown_position: 404,
  unknown_symbol: 404,
  unknown_guard: 404,
  unknown_deadletter: 404,
  deadline_passed: 408,
  account_exists: 409,
  position_exists: 409,
  ticket_exists: 409,
  order_link_exists: 409,
  position_not_open: 409,
  quantity_too_large: 409,
  closes_queued: 409,
  account_not_halted: 409,
  account_closing: 409,
  account_halted: 409,
  acknowledge_required: 409,
  would_breach: 409,
  balance_too_low: 409,
  instrument_in_use: 409,
  message_id_reused: 409,
  request_too_large: 413,
  request_too_deep: 413,
  reply_too_large: 413,
  overloaded: 429,
  not_ready: 503,
  ledger_unavailable: 503,
  internal_error: 500,
} as const;

export type RefusalName = keyof typeof refusalCodes;
export type RefusalCode = (typeof refusalCodes)[RefusalName];

/** One fault of a body: where it is, and what was expected and was there. */
export interface Issue {
  path: string;
  message: string;
}

export interface Refusal {
  readonly code: RefusalCode;
  readonly name: RefusalName;
  readonly message: string;
  readonly issues?: readonly Issue[];
  /** The two numbers compared, where the refusal is of a limit. */
  readonly limit?: string | number;
  readonly actual?: string | number;
}

/** What a refused command answers with, on NATS and in process alike. */
export interface Refused {
  readonly error: Refusal;
}

export function refuse(
  name: RefusalName,
  message: string,
  more: Pick<Refusal, 'issues' | 'limit' | 'actual'> = {},
): Refused {
  return { error: { code: refusalCodes[name], name, message, ...more } };
}

export function isRefused(value: unknown): value is Refused {
  return typeof value === 'object' && value !== null && 'error' in value;
}

/** The value, for callers to whom a refusal is a fault of the program or its settings. */
export function orThrow<T>(value: T | Refused): T {
  if (isRefused(value)) {
    const { message, issues = [] } = value.error;
    const details = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
    throw new CloseoutError(value.error.name, details === '' ? message : `${message}: ${details}`);
  }
  return value;
}
