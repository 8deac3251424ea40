// What the demo has seen so far: positions that are open, closes and P&L by reason.
import { Decimal, decimal, zero } from '#src/domain/money';
import type { RuntimeEvent } from '#src/domain/events';
import type { PositionRecord } from '#src/domain/records';
import type { Side } from '#src/domain/quote';

/** P&L in the currencies of the accounts. */
type Amounts = Map<string, Decimal>;

export interface ClosedSeen {
  readonly positionId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly reason: string;
  readonly triggerPrice: string | undefined;
  readonly price: string | undefined;
  readonly pnl: string | undefined;
}

export class Tally {
  private readonly currencyOf: (accountId: string) => string;
  private readonly open = new Map<string, Pick<PositionRecord, 'symbol' | 'side'>>();
  private readonly counts = new Map<string, number>();
  private readonly amounts = new Map<string, Amounts>();
  private readonly countsByAccount = new Map<string, number>();

  constructor(currencyOf: (accountId: string) => string) {
    this.currencyOf = currencyOf;
  }

  get openPositions(): number {
    return this.open.size;
  }

  get closed(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  tracked(event: RuntimeEvent): void {
    const { positionId, symbol, side } = event as unknown as PositionRecord;
    this.open.set(positionId, { symbol, side });
  }

  /** Counts a close; answers with all there is to say of it. */
  closedBy(event: RuntimeEvent): ClosedSeen {
    const { positionId, quantity, closeReason, triggerPrice, closedPrice, pnl } =
      event as unknown as ClosedFields;
    const { accountId } = event;
    const position = this.open.get(positionId);
    this.open.delete(positionId);
    this.counts.set(closeReason, (this.counts.get(closeReason) ?? 0) + 1);
    this.countsByAccount.set(accountId, this.closedOf(accountId) + 1);
    if (pnl !== undefined) this.add(closeReason, this.currencyOf(accountId), decimal(pnl));
    return {
      positionId,
      accountId,
      symbol: position?.symbol ?? '?',
      side: position?.side ?? 'long',
      quantity,
      reason: closeReason,
      triggerPrice,
      price: closedPrice,
      pnl,
    };
  }

  closedOf(accountId: string): number {
    return this.countsByAccount.get(accountId) ?? 0;
  }

  /** Most frequent first. `usdPerEur` is what euros are worth now. */
  byReason(usdPerEur: number): { reason: string; count: number; pnl: Decimal }[] {
    return [...this.counts]
      .map(([reason, count]) => ({ reason, count, pnl: this.pnlOf(reason, usdPerEur) }))
      .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  }

  /** In dollars. */
  totalPnl(usdPerEur: number): Decimal {
    return this.byReason(usdPerEur).reduce((sum, { pnl }) => sum.plus(pnl), zero);
  }

  private pnlOf(reason: string, usdPerEur: number): Decimal {
    let sum = zero;
    for (const [currency, amount] of this.amounts.get(reason) ?? []) {
      sum = sum.plus(currency === 'EUR' ? amount.times(usdPerEur) : amount);
    }
    return sum;
  }

  private add(reason: string, currency: string, pnl: Decimal): void {
    const amounts: Amounts = this.amounts.get(reason) ?? new Map<string, Decimal>();
    amounts.set(currency, (amounts.get(currency) ?? zero).plus(pnl));
    this.amounts.set(reason, amounts);
  }
}

interface ClosedFields {
  readonly positionId: string;
  readonly quantity: string;
  readonly closeReason: string;
  readonly triggerPrice?: string;
  readonly closedPrice?: string;
  readonly pnl?: string;
}
