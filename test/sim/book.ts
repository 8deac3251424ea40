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
  /** Positions that were ever opened. */
  opened = 0;
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
  /** How often the peak of an account was looked at. */
  peaksChecked: number;
  /** Closes that were filled, by what asked for them. */
  readonly closes: Record<string, number>;
  /** What guards of accounts did. */
  readonly guards: Record<string, number>;
  readonly faults: Record<string, number>;
}
