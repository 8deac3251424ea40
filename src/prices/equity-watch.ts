// The equity of one account, watched: cheap on every quote, exact when it leaves its quiet band.
import type { Conversion } from '#src/domain/conversion';
import type { Decimal } from '#src/domain/money';
import { needsPeak, quietBand } from '#src/domain/rules';
import type { Account, Position } from '#src/domain/state';
import { equityOf, Exposure, type BookOf } from './exposure.ts';

const balanceError = 1e-12;

export class EquityWatch {
  readonly account: Account;
  private readonly bookOf: BookOf;
  private readonly exposures = new Map<string, Exposure>();
  private exposureList: readonly Exposure[] = [];
  /** Equities between the two change nothing; the wide-open band of an account without rules. */
  private low = -Infinity;
  private high = Infinity;
  private balance = 0;
  /** Sum of the exposures' versions when the account was judged last; −1 where it must be again. */
  private judgedVersion = -1;

  constructor(account: Account, bookOf: BookOf) {
    this.account = account;
    this.bookOf = bookOf;
    this.settle();
  }

  add(position: Position): void {
    this.judgedVersion = -1;
    const key = keyOf(position.symbol, position.conversion);
    let exposure = this.exposures.get(key);
    if (exposure === undefined) {
      exposure = new Exposure(position.symbol, position.conversion, this.bookOf);
      this.exposures.set(key, exposure);
      this.exposureList = [...this.exposures.values()];
    }
    exposure.add(position);
  }

  /** True where it was the last position with this symbol and conversion. */
  remove(position: Position): boolean {
    this.judgedVersion = -1;
    const key = keyOf(position.symbol, position.conversion);
    const exposure = this.exposures.get(key);
    exposure?.remove(position);
    if (exposure === undefined || !exposure.isEmpty) return false;
    this.exposures.delete(key);
    this.exposureList = [...this.exposures.values()];
    return true;
  }

  /** Takes over balance, peak, rules and warnings as they stand now. */
  settle(): void {
    this.judgedVersion = -1;
    const { account } = this;
    this.balance = account.balance.toNumber();
    const { rules, peak, warned, halt } = account;
    // After a breach no rule acts any more, and the peak still follows the equity.
    const { above, below } =
      halt?.by === 'breach'
        ? { above: undefined, below: needsPeak(rules) ? peak : undefined }
        : quietBand(rules, peak, warned);
    this.low = above?.toNumber() ?? -Infinity;
    this.high = below?.toNumber() ?? Infinity;
  }

  /** Takes over as `settle` does, knowing that the account was judged at the books as they are. */
  settleJudged(): void {
    this.settle();
    this.judgedVersion = this.version();
  }

  /**
   * Whether the equity is certainly where nothing changes: inside the band, or where it was when
   * the account was judged, as that of an account that stands exactly at its peak.
   */
  isQuiet(): boolean {
    let equity = this.balance;
    let error = Math.abs(equity) * balanceError;
    for (const exposure of this.exposureList) {
      equity += exposure.value();
      error += exposure.error();
    }
    if (equity - error > this.low && equity + error < this.high) return true;
    return this.judgedVersion >= 0 && this.judgedVersion === this.version();
  }

  private version(): number {
    let version = 0;
    for (const exposure of this.exposureList) version += exposure.version();
    return version;
  }

  /** Exact equity (contract section 1). */
  equity(): Decimal {
    return equityOf(this.account, this.bookOf);
  }
}

function keyOf(symbol: string, conversion: Conversion): string {
  return [symbol, ...conversion.map((leg) => leg.symbol)].join(' ');
}
