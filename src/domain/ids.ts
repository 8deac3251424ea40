// Names that follow from what they name: the same close has the same id in every process.
import { hash as hashed } from 'node:crypto';

function digest(parts: readonly string[]): string {
  return hashed('sha256', parts.join('\n'), 'hex').slice(0, 20);
}

/** `close_` and 20 hex digits, from account, position and generation. */
export function closeIdOf(accountId: string, positionId: string, generation: number): string {
  return `close_${digest([accountId, positionId, String(generation)])}`;
}

/** Names the generation, and is short enough (32 characters) for providers that limit it. */
export function clientOrderIdOf(accountId: string, positionId: string, generation: number): string {
  return `co_${digest([accountId, positionId])}_${generation}`;
}

/** Records are chained and numbered per partition, so that several writers are possible later. */
export const partitions = 64;

/** The partition of an account's records, by FNV-1a of its id; `_` for those of no account. */
export function partitionOf(accountId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < accountId.length; i++) {
    hash = Math.imul(hash ^ accountId.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % partitions;
}

/** Account of records, events and commands that belong to none. */
export const noAccount = '_';
