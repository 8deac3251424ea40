// The peak of one account's equity, as quotes and records move it: what it is at the least, and at
// the most. The two differ only where a kill may have lost the last moments.
import type { Decimal } from '#src/domain/money';

type Move =
  | { readonly kind: 'set' | 'add'; readonly value: Decimal }
  /** No lower than it; of a quote, unless it comes from a record. */
  | { readonly kind: 'raise'; readonly value: Decimal; readonly quote?: QuoteOf };

interface QuoteOf {
  readonly symbol: string;
  readonly ts: number;
}

interface Logged {
  readonly at: number;
  readonly move: Move;
  /** Whether it is known whatever came since. */
  isSure: boolean;
}

export class PeakMemory {
  least: Decimal;
  most: Decimal;
  private log: Logged[];

  constructor(balance: Decimal, at: number) {
    this.least = this.most = balance;
    this.log = [{ at, move: { kind: 'set', value: balance }, isSure: true }];
  }

  move(at: number, move: Move): void {
    if (move.kind === 'raise' && move.value.lte(this.least)) return;
    this.log.push({ at, move, isSure: true });
    this.least = moved(this.least, move);
    this.most = moved(this.most, move);
  }

  /** What came from `lostAt` on did not happen, and what a quote moved last may not be known. */
  restarted(lostAt: number, isNoted: (quote: QuoteOf) => boolean): void {
    this.log = this.log.filter(({ at }) => at < lostAt);
    let { value: least } = this.log[0]?.move ?? { value: this.least };
    let most = least;
    for (const one of this.log) {
      const { move } = one;
      if (move.kind === 'raise' && move.quote !== undefined && !isNoted(move.quote)) {
        one.isSure = false;
      }
      if (one.isSure) least = moved(least, move);
      most = moved(most, move);
    }
    this.least = least;
    this.most = most;
  }
}

function moved(peak: Decimal, { kind, value }: Move): Decimal {
  if (kind === 'set') return value;
  if (kind === 'add') return peak.plus(value);
  return value.gt(peak) ? value : peak;
}
