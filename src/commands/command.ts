// What a command is: a schema, where it may be addressed, and request + state → outcome.
import type { z } from 'zod';
import type { CloseRequest } from '#machines/position-closer.machine';
import { refuse, type Issue, type Refused } from '#src/domain/refusals';
import { noAccount } from '#src/domain/ids';
import type { ClosingMemo, Draft } from '#src/domain/records';
import type { Account, DeadLetter, Position, State } from '#src/domain/state';
import type { Clock } from '#src/ports/clock';
import type { Ids } from '#src/ports/ids';
import type { LedgerFilter, LedgerPage } from '#src/ports/ledger';
import type { Markets } from '#src/prices/market';

/** What commands ask of the running parts; those that change something are for `act`. */
export interface Operations {
  /** `runtime.status`. */
  status(): object;
  /** Whether anything reaches the provider of a route. */
  hasProvider(route: string): boolean;
  /** The last reconciliation of the account, of all where none is given. */
  reconciliations(accountId: string | undefined): object;
  /** Asks the providers now. */
  reconcile(accountId: string | undefined): Promise<object>;
  /** When the close of a position is tried next; undefined where it is not waiting for that. */
  nextAttemptAt(positionId: string): number | undefined;
  /** Tries the close of a dead letter once more, now; another one that is under way goes on. */
  retryClose(letter: DeadLetter, position: Position): void;
  /** Gives the close of a dead letter up: its position is guarded again. */
  giveUpClose(letter: DeadLetter, position: Position, why: string): void;
  /** Begins to end the runtime, soon; answers how many closes are in flight. */
  drain(): number;
}

/** What commands may look at. They change nothing: they return what is to be changed. */
export interface CommandContext {
  readonly state: State;
  readonly markets: Markets;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly operations: Operations;
  /** What a quote has reached of the position is done, before anything else is done with it. */
  settle(positionId: string): void;
  /** The account's peak is brought up to the last quote that is finished, before it is looked at. */
  settlePeak(accountId: string): void;
  /** Rows of the ledger, once it has caught up with what is durable now. */
  listLedger(filter: LedgerFilter): Promise<LedgerPage | Refused>;
}

export interface Request<Body> {
  readonly client: string;
  /** From the subject; `_` for none. */
  readonly accountId: string;
  readonly body: Body;
  /** Most bytes of a reply that leaves the process; a longer list stops early. */
  readonly replyBytesMax: number;
}

/** What is to be recorded, and the reply once it is. */
export interface Change {
  readonly kind: 'change';
  readonly drafts: readonly Draft[];
  /** What is to be done with it, in the same turn. */
  readonly act?: () => void;
  readonly reply: () => object;
}

/** What is to be closed; `reply` tells how it stands, and is asked again while it is pending. */
export interface Closing {
  readonly kind: 'closing';
  /** What is to be recorded before the closes. */
  readonly drafts?: readonly Draft[];
  readonly requests: readonly CloseRequest[];
  /** Positions whose outcome the answer waits for. */
  readonly positionIds: readonly string[];
  readonly reply: () => object;
  /** What a repeat needs to tell the state of the same closes. */
  readonly memo: ClosingMemo;
}

export interface Answer {
  readonly kind: 'answer';
  readonly reply: object;
}

/** A reply that needs the outside, such as the ledger. */
export interface Later {
  readonly kind: 'later';
  readonly reply: Promise<object>;
}

export type Outcome = Refused | Change | Closing | Answer | Later;

export interface Command<Body = unknown> {
  readonly schema: z.ZodType<Body>;
  /** `account`: under an account's name only; `none`: under `_` only; `either`: `_` means all. */
  readonly scope: 'account' | 'none' | 'either';
  /** Closes and halts are never refused because the runtime is overloaded. */
  readonly isUrgent?: boolean;
  /** What is valid by itself and does not fit what is there: told beside the faults of the schema. */
  readonly misfits?: (
    context: CommandContext,
    accountId: string,
    given: Readonly<Record<string, unknown>>,
  ) => Issue[];
  readonly run: (context: CommandContext, request: Request<Body>) => Outcome;
}

/** Keeps the body's type between schema and `run`, then lets the registry forget it. */
export function command<Body>(definition: Command<Body>): Command {
  return definition as unknown as Command;
}

export function answer(reply: object): Answer {
  return { kind: 'answer', reply };
}

export function accountIn(context: CommandContext, accountId: string): Account | Refused {
  return (
    context.state.accounts.get(accountId) ??
    refuse('unknown_account', `no account ${accountId} is known`)
  );
}

/** The account whose things are listed; undefined under `_`, which lists those of all. */
export function listedAccount(
  context: CommandContext,
  accountId: string,
): Account | undefined | Refused {
  return accountId === noAccount ? undefined : accountIn(context, accountId);
}

/** A position of the account; under `_` of any account. */
export function positionIn(
  context: CommandContext,
  accountId: string,
  positionId: string,
): Position | Refused {
  context.settle(positionId);
  const position = context.state.positions.get(positionId);
  if (position === undefined) {
    return refuse('unknown_position', `no position ${positionId} is known`);
  }
  if (accountId !== noAccount && position.accountId !== accountId) {
    return refuse('foreign_account', `position ${positionId} is not of account ${accountId}`);
  }
  return position;
}

type Paged = Pick<
  Request<{ limit: number; cursor?: string | undefined }>,
  'body' | 'replyBytesMax'
>;

const cursorPattern = /^\d{1,15}$/;

/** Bytes of a reply that are not its items. */
const replyFrameBytes = 1024;

/** One page of items already in order; the cursor is the order of the last item given. */
export function page<T>(
  items: Iterable<T>,
  orderOf: (item: T) => number,
  { body: { limit, cursor }, replyBytesMax }: Paged,
  show: (item: T) => object,
): { items: object[]; nextCursor?: string } | Refused {
  const after = cursor === undefined ? -1 : Number(cursor);
  if (cursor !== undefined && !cursorPattern.test(cursor)) return refuseCursor(cursor);
  const shown: object[] = [];
  let last = after;
  let bytes = replyFrameBytes;
  for (const item of items) {
    const order = orderOf(item);
    if (order <= after) continue;
    if (shown.length === limit) return { items: shown, nextCursor: String(last) };
    const next = show(item);
    bytes += bytesOf(next);
    if (bytes > replyBytesMax && shown.length > 0)
      return { items: shown, nextCursor: String(last) };
    shown.push(next);
    last = order;
  }
  return { items: shown };
}

export function refuseCursor(cursor: string | undefined): Refused {
  const message = `expected a nextCursor, was ${JSON.stringify(cursor)}`;
  return refuse('invalid_request', `cursor: ${message}`, { issues: [{ path: 'cursor', message }] });
}

/** How many of the items, one at least, fit into a reply of so many bytes. */
export function countFitting(items: readonly object[], replyBytesMax: number): number {
  let bytes = replyFrameBytes;
  const first = items.findIndex((item) => (bytes += bytesOf(item)) > replyBytesMax);
  return first < 0 ? items.length : Math.max(1, first);
}

function bytesOf(item: object): number {
  return Buffer.byteLength(JSON.stringify(item)) + 1;
}
