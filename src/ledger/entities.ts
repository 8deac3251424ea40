// The tables of the ledger, as MikroORM entities. Nothing outside this folder sees them.
import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { CloseResult } from '#src/domain/closing';
import type { Exits } from '#src/domain/exits';
import type { LedgerEventType, LedgerStatus } from '#src/domain/ledger-rows';
import type { AccountRecord, ClosingMemo, DeadLetterEnd } from '#src/domain/records';
import type { AccountState, Halt, PositionState } from '#src/domain/state';
import type { ChainHeads } from './placed-rows.ts';

const text = () => p.text();
/** Exact and unbounded, as the decimals of the records are. */
const amount = () => p.decimal('string').columnType('numeric');
const time = () => p.datetime(3).columnType('timestamptz(3)');
const journalPlace = () => p.bigint('number');

/**
 * Rows of a breach are found in `metaData`: a column would have to be filled in rows that are written
 * once. Few rows are of one, and only these are in it.
 */
const breachIndex = `create index "reconciliation_log_breach_id" on "reconciliation_log"
  (("meta_data"->>'breachId'), "n") where "meta_data"->>'breachId' is not null`;

/** Rows of the ReconciliationLog; written once, never changed. */
export const LogEntity = defineEntity({
  name: 'ReconciliationLog',
  tableName: 'reconciliation_log',
  properties: {
    id: text().primary(),
    /** The record that the row tells of: the order of the journal. */
    n: journalPlace().unique('reconciliation_log_n'),
    closeId: text().strictNullable().index('reconciliation_log_close_id'),
    userId: text(),
    eventType: text().$type<LedgerEventType>(),
    description: text(),
    metaData: p.json<Readonly<Record<string, unknown>>>(),
    status: p.smallint().$type<LedgerStatus>(),
    createdAt: time(),
    partition: p.smallint(),
    seq: p.bigint('number'),
    prevHash: text(),
    hash: text(),
    /** From `metaData`, to find rows by. */
    positionId: text().strictNullable().index('reconciliation_log_position_id'),
    bulkId: text().strictNullable(),
  },
  indexes: [
    { name: 'reconciliation_log_user_id', properties: ['userId', 'n'] },
    { name: 'reconciliation_log_bulk_id', properties: ['bulkId', 'n'] },
    { name: 'reconciliation_log_event_type', properties: ['eventType', 'n'] },
    { name: 'reconciliation_log_breach_id', expression: breachIndex },
  ],
});
export type LogEntityRow = InferEntity<typeof LogEntity>;

/**
 * Positions as the last record about each left it. The columns of the close say which one is under
 * way, or was last, and what was last told of it: after partial fills that is the last part.
 */
export const PositionEntity = defineEntity({
  name: 'Position',
  tableName: 'positions',
  properties: {
    positionId: text().primary(),
    accountId: text().index('positions_account_id'),
    /** JSON, since a ticket is a number or a text. */
    ticket: p.json<string | number>().strictNullable(),
    symbol: text(),
    side: text().$type<'long' | 'short'>(),
    quantity: amount(),
    remainingQuantity: amount(),
    entryPrice: amount(),
    openedAt: time(),
    exits: p.json<Exits>(),
    stopLossId: text().strictNullable(),
    takeProfitId: text().strictNullable(),
    closeOrderId: text().strictNullable(),
    state: text().$type<PositionState>(),
    closeId: text().strictNullable(),
    clientOrderId: text().strictNullable(),
    closeReason: text().strictNullable(),
    /** When the close was asked for, and by which breach; null of what an older version wrote. */
    closeRequestedAt: time().strictNullable(),
    closeBreachId: text().strictNullable(),
    outcome: text().$type<CloseResult['outcome']>().strictNullable(),
    closedPrice: amount().strictNullable(),
    pnl: amount().strictNullable(),
    commission: amount().strictNullable(),
    closedAt: time().strictNullable(),
    trackedN: journalPlace(),
    updatedN: journalPlace(),
  },
});
export type PositionEntityRow = InferEntity<typeof PositionEntity>;

/** Accounts as the last record about each left them. */
export const AccountEntity = defineEntity({
  name: 'Account',
  tableName: 'accounts',
  properties: {
    accountId: text().primary(),
    currency: text(),
    mode: text().$type<AccountRecord['mode']>(),
    /** By which its closes are sent; null on paper. */
    route: text().strictNullable(),
    preset: text().strictNullable(),
    rules: p.json<AccountRecord['rules']>(),
    balance: amount(),
    initialBalance: amount(),
    state: text().$type<AccountState>(),
    /** Why it is closing or halted. */
    halt: p.json<Halt>().strictNullable(),
    /** Ids of rules whose warning is not over. */
    warned: p.json<readonly string[]>(),
    createdAt: time(),
    updatedN: journalPlace(),
  },
});
export type AccountEntityRow = InferEntity<typeof AccountEntity>;

/** Closes that failed three times, open ones and those that are over. */
export const DeadLetterEntity = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letters',
  properties: {
    closeId: text().primary(),
    positionId: text().index('dead_letters_position_id'),
    accountId: text().index('dead_letters_account_id'),
    reason: text(),
    attempts: p.integer(),
    lastError: text(),
    since: time(),
    /** Null while it is open, as are the three behind it. */
    endedAt: time().strictNullable(),
    how: text().$type<DeadLetterEnd>().strictNullable(),
    endedBy: text().strictNullable(),
    endedReason: text().strictNullable(),
  },
});
export type DeadLetterEntityRow = InferEntity<typeof DeadLetterEntity>;

/** Replies that a repeated command is answered with, until they expire. */
export const ReplyEntity = defineEntity({
  name: 'CommandReply',
  tableName: 'command_replies',
  properties: {
    client: text().primary(),
    messageId: text().primary(),
    requestHash: text(),
    /** Absent where closes were pending; then `pending` says which. */
    reply: p.json<object>().strictNullable(),
    pending: p.json<ClosingMemo>().strictNullable(),
    expiresAt: time().index('command_replies_expires_at'),
  },
});
export type ReplyEntityRow = InferEntity<typeof ReplyEntity>;

/** The one row that says whose records these are and how far they go. */
export const CursorEntity = defineEntity({
  name: 'LedgerCursor',
  tableName: 'ledger_cursor',
  properties: {
    id: p.smallint().primary().autoincrement(false),
    directoryId: text(),
    lastN: journalPlace(),
    /** Last row of each partition's chain. */
    heads: p.json<ChainHeads>(),
  },
});

/** Id of the only row of `ledger_cursor`. */
export const cursorId = 1;

export const entities = [
  LogEntity,
  PositionEntity,
  AccountEntity,
  DeadLetterEntity,
  ReplyEntity,
  CursorEntity,
];
