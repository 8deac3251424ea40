// The ledger as it stands at one moment, for whoever tells what has happened.
import { IsolationLevel } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { AccountRecord } from '#src/domain/records';
import type { LedgerFilter, LedgerPage } from '#src/ports/ledger';
import { AccountEntity, PositionEntity } from './entities.ts';
import { listRows } from './list-rows.ts';
import { openToRead } from './open-to-read.ts';
import { refuseOlder } from './migrate.ts';
import { whereOf, type LedgerTarget } from './unavailable.ts';

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
  /** Of the close that is under way, or was last. */
  readonly closeId: string | null;
  readonly clientOrderId: string | null;
  readonly closeReason: string | null;
  readonly closeRequestedAt: Date | null;
  readonly closeBreachId: string | null;
  readonly outcome: string | null;
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
  /** The position whose last close has that id. */
  positionOfClose(closeId: string): Promise<PositionNow | undefined>;
  /** Open positions that a breach is closing, of which there is no outcome yet; so many at most. */
  unanswered(accountId: string, breachId: string, limit: number): Promise<PositionNow[]>;
  account(accountId: string): Promise<AccountNow | undefined>;
  /** How many positions of the account are open or being closed. */
  openPositions(accountId: string): Promise<number>;
}

/**
 * Reads in one transaction, so that rows and tables are of the same moment beside a runtime that
 * writes. Writes nothing. Throws as `openToRead` does, and `CloseoutError` `ledger_older` where no
 * runtime of this version has brought the tables up to date.
 */
export async function readHistory<T>(
  target: LedgerTarget,
  read: (history: History) => Promise<T>,
): Promise<T> {
  const { connection } = await openToRead(target);
  try {
    await connection.use(async (em) => refuseOlder(em, whereOf(target)));
    const oneMoment = { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true };
    return await connection.use((em) =>
      em.transactional(async (tx) => await read(historyOf(tx)), oneMoment),
    );
  } finally {
    await connection.close();
  }
}

const openStates = ['guarded', 'closing'] as const;

function historyOf(em: SqlEntityManager): History {
  return {
    list: (filter) => listRows(em, filter),
    async position(positionId) {
      return (await em.findOne(PositionEntity, { positionId })) ?? undefined;
    },
    async positionOfClose(closeId) {
      if (closeId.includes('\0')) return undefined;
      return (await em.findOne(PositionEntity, { closeId })) ?? undefined;
    },
    async unanswered(accountId, closeBreachId, limit) {
      const outcome = 'pending' as const;
      const wanted = { accountId, closeBreachId, outcome, state: { $in: openStates } };
      return await em.find(PositionEntity, wanted, { orderBy: { trackedN: 'asc' }, limit });
    },
    async account(accountId) {
      return (await em.findOne(AccountEntity, { accountId })) ?? undefined;
    },
    async openPositions(accountId) {
      return await em.count(PositionEntity, { accountId, state: { $in: openStates } });
    },
  };
}
