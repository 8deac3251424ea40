// The ledger as it stands at one moment, for whoever tells what has happened.
import { IsolationLevel } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { AccountRecord } from '#src/domain/records';
import type { LedgerFilter, LedgerPage } from '#src/ports/ledger';
import { AccountEntity, PositionEntity } from './entities.ts';
import { listRows } from './list-rows.ts';
import { openToRead } from './open-to-read.ts';
import type { LedgerTarget } from './unavailable.ts';

/** A position as the last record about it left it. */
export interface PositionNow {
  readonly positionId: string;
  readonly accountId: string;
  readonly ticket: string | number | null;
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly quantity: string;
  readonly remainingQuantity: string;
  readonly entryPrice: string;
  readonly openedAt: Date;
  readonly state: string;
}

/** An account as the last record about it left it. */
export interface AccountNow {
  readonly accountId: string;
  readonly currency: string;
  readonly mode: AccountRecord['mode'];
  readonly route: string | null;
  readonly rules: AccountRecord['rules'];
  readonly state: string;
}

export interface History {
  list(filter: LedgerFilter): Promise<LedgerPage>;
  position(positionId: string): Promise<PositionNow | undefined>;
  account(accountId: string): Promise<AccountNow | undefined>;
  /** How many positions of the account are open or being closed. */
  openPositions(accountId: string): Promise<number>;
}

/**
 * Reads in one transaction, so that rows and tables are of the same moment beside a runtime that
 * writes. Writes nothing. Throws as `openToRead` does.
 */
export async function readHistory<T>(
  target: LedgerTarget,
  read: (history: History) => Promise<T>,
): Promise<T> {
  const { connection } = await openToRead(target);
  try {
    const oneMoment = { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true };
    return await connection.use((em) =>
      em.transactional(async (tx) => await read(historyOf(tx)), oneMoment),
    );
  } finally {
    await connection.close();
  }
}

function historyOf(em: SqlEntityManager): History {
  return {
    list: (filter) => listRows(em, filter),
    async position(positionId) {
      return (await em.findOne(PositionEntity, { positionId })) ?? undefined;
    },
    async account(accountId) {
      return (await em.findOne(AccountEntity, { accountId })) ?? undefined;
    },
    async openPositions(accountId) {
      return await em.count(PositionEntity, { accountId, state: { $in: ['guarded', 'closing'] } });
    },
  };
}
