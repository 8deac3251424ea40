// Money: what ledger, runtime and provider say of it, and where they do not say the same.
import { Decimal } from 'decimal.js';
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { Load } from './load.ts';
import type { RouteDump, StubOrder, StubPosition } from './stub-types.ts';
import { accounts, initialBalance, type CrashWorld } from './world.ts';

/**
 * What the ledger adds up to, what the runtime says, and what the provider has, but for what nobody
 * has told the runtime.
 */
export async function balancesOff(
  { operator }: CrashWorld,
  load: Load,
  rows: readonly LedgerRow[],
  { dumps, unpriced }: { dumps: ReadonlyMap<string, RouteDump>; unpriced: readonly PnlOff[] },
): Promise<unknown[]> {
  const off: unknown[] = [];
  for (const { accountId, route } of accounts) {
    let sum = new Decimal(load.deposits.get(accountId) ?? 0).div(100).plus(initialBalance);
    for (const { userId, eventType, metaData } of rows) {
      const isClose = moving.includes(eventType);
      if (userId === accountId && isClose) sum = sum.plus(pnlOf(metaData));
    }
    const { balance } = await operator.do(`${accountId}.account.get`);
    let theirs = new Decimal(dumps.get(route ?? '')?.balances[accountId] ?? sum);
    for (const one of unpriced) {
      if (one.accountId === accountId) theirs = theirs.minus(one.theirs).plus(one.ledger);
    }
    const ledger = sum.toFixed();
    if (ledger !== balance || !theirs.eq(ledger)) {
      off.push({ accountId, ledger, balance, theirs: theirs.toFixed() });
    }
  }
  return off;
}

export interface PnlOff {
  readonly positionId: string;
  readonly accountId: string;
  readonly ledger: string;
  readonly theirs: string;
  readonly told: readonly {
    readonly eventType: string;
    readonly pnl: unknown;
    readonly [key: string]: unknown;
  }[];
}

/** Positions of which the ledger and the provider do not say that they came to the same. */
export function pnlsOff(
  rows: readonly LedgerRow[],
  held: readonly StubPosition[],
  orders: readonly StubOrder[],
): PnlOff[] {
  const off: PnlOff[] = [];
  for (const { positionId, accountId, pnl } of held) {
    const own = rows.filter(
      ({ eventType, metaData }) =>
        metaData['positionId'] === positionId && moving.includes(eventType),
    );
    const sum = own.reduce((all, row) => all.plus(pnlOf(row.metaData)), new Decimal(0));
    if (sum.eq(pnl)) continue;
    const told = own.map(({ eventType, metaData }) => {
      const { clientOrderId, quantity, closedPrice, pnl: part } = metaData;
      const story = orders.find((order) => order.clientOrderId === clientOrderId)?.story;
      return { eventType, clientOrderId, quantity, closedPrice, pnl: part, story };
    });
    off.push({ positionId, accountId, ledger: sum.toFixed(), theirs: pnl, told });
  }
  return off;
}

/** None where nobody has told the price. */
function pnlOf({ pnl }: LedgerRow['metaData']): string {
  return typeof pnl === 'string' ? pnl : '0';
}

const moving: readonly string[] = [
  'position_closed',
  'position_partially_closed',
  'position_close_amended',
];

/** What the provider and the runtime do not agree on, when all is done. */
export async function drifts(
  { operator }: CrashWorld,
  unpriced: readonly PnlOff[],
): Promise<unknown[]> {
  const { accounts: all } = await operator.do('_.reconciliation.run');
  const found = all as {
    readonly accountId: string;
    readonly complete: boolean;
    readonly drifts: readonly { readonly kind: string }[];
  }[];
  return found.filter(({ accountId, complete, drifts: own }) => {
    // A balance that lacks what nobody has told is a drift, rightly.
    const isUnpriced = unpriced.some((one) => one.accountId === accountId);
    return !complete || own.some(({ kind }) => !(isUnpriced && kind === 'balance'));
  });
}
