// What the gateway of a simulated world was promised, and what was seen in it.
import { zero, type Decimal } from '#src/domain/money';

/** A position as the gateway knows it. */
export interface SimPosition {
  readonly positionId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly quantity: string;
  readonly stopLossId: string | undefined;
  readonly takeProfitId: string | undefined;
}

/** What the gateway was promised. */
export class Book {
  /** Positions whose tracking was acknowledged. */
  readonly tracked = new Map<string, SimPosition>();
  readonly untracked = new Set<string>();
  /** Positions whose stop or target was executed at the provider. */
  readonly executedThere = new Set<string>();
  readonly deposits = new Map<string, Decimal>();

  deposited(accountId: string, amount: string): void {
    this.deposits.set(accountId, (this.deposits.get(accountId) ?? zero).plus(amount));
  }
}

export interface Tally {
  quotes: number;
  commands: number;
  dueCloses: number;
  closesChecked: number;
  restarts: number;
  /** Amendments that changed nothing, and were looked at. */
  amendedSame: number;
  /** Closes of more than there was. */
  refusedParts: number;
  /** Closes that were filled, by what asked for them. */
  readonly closes: Record<string, number>;
  readonly faults: Record<string, number>;
}
