// What the appliers share: their shape, and how they find what a record is about.
import { invariant } from './errors.ts';
import type { JournalRecord, RecordBodies, RecordType } from './records.ts';
import type { Account, Position, State } from './state.ts';

export type Appliers = {
  [T in RecordType]: (state: State, body: RecordBodies[T], record: JournalRecord) => void;
};

export type AccountRecordType = Extract<
  RecordType,
  `account.${string}` | `rule.${string}` | `rules.${string}` | `day.${string}` | `grace.${string}`
>;
export type PositionRecordType = Extract<RecordType, `position.${string}`>;
export type CloseRecordType = Extract<
  RecordType,
  `close.${string}` | `deadletter.${string}` | `drift.${string}` | `bulk.${string}`
>;

export function accountOf(state: State, accountId: string): Account {
  const account = state.accounts.get(accountId);
  invariant(account !== undefined, `account ${accountId} is in the state`);
  return account;
}

export function positionOf(state: State, positionId: string): Position {
  const position = state.positions.get(positionId);
  invariant(position !== undefined, `position ${positionId} is in the state`);
  return position;
}
