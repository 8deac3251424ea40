// A margin stop-out: the worst position is closed, then the next, until the level is restored.
import type { CloseCause } from '#src/domain/closing';
import { invariant } from '#src/domain/errors';
import type { RuleFinding } from '#src/domain/judge';
import { text, zero, type Decimal } from '#src/domain/money';
import { closedWorth } from '#src/domain/pnl';
import { isAboveFloor, shownObserved, type Observation } from '#src/domain/rule-levels';
import type { Account, Position } from '#src/domain/state';
import { unrealisedPnl, usedMarginOf, type BookOf } from '#src/prices/exposure';
import type { CoreContext } from './core-context.ts';
import { endOf } from './rule-observations.ts';

/** Reason of closes that restore a margin level. */
export const marginStopOutReason = 'margin_stop_out';

/**
 * What is on its way to be closed counts as closed here, so that a provider that takes its time is not
 * sent more closes than are needed; entries stay halted until the level of all of them is restored.
 * Every position is valued once, however many are closed.
 */
export function reduceMargin(
  core: CoreContext,
  account: Account,
  { rule, levels }: RuleFinding,
): void {
  const breach = account.breaches.get(rule.id);
  invariant(breach !== undefined, 'a margin is reduced after a breach');
  const { accountId } = account;
  const sums = new MarginSums(account, core.markets.bookOf);
  const isShort = (): boolean => !isAboveFloor(rule, levels, sums.kept());
  for (const share of isShort() ? sums.closable() : []) {
    if (!isShort()) break;
    const observed = shownObserved(rule, sums.kept()) ?? zero;
    const cause: CloseCause = {
      reason: marginStopOutReason,
      ruleId: rule.id,
      breachId: breach.breachId,
      observed: text(observed),
      floor: text(levels.floor),
    };
    core.requestClose({ positionIds: [share.position.positionId], cause });
    sums.renew(share);
  }
  const all = sums.all();
  if (!isAboveFloor(rule, levels, all)) return;
  const body = endOf([rule.id], shownObserved(rule, all));
  core.commit({ type: 'rule.restored', accountId, body });
}

/**
 * Whether a close of all that is left of it may still come to an end by itself. One that is a dead
 * letter is tried on, but nobody knows for how long: the next position is closed as well.
 */
export function isOnItsWay({ state, deadLetter }: Position): boolean {
  return state === 'closing' && deadLetter === undefined;
}

/** What a position adds to the sums of its account. */
interface Share {
  readonly position: Position;
  pnl: Decimal;
  margin: Decimal;
  /** Its margin, unless it is on its way to be closed. */
  kept: Decimal;
}

/** Equity and margin of an account at the books as they are, exact, kept up as positions close. */
class MarginSums {
  private readonly account: Account;
  private readonly bookOf: BookOf;
  private readonly shares: readonly Share[];
  /** Balance, and what was closed at prices that are not told yet. */
  private worth: Decimal;
  private equity: Decimal;
  private usedMargin: Decimal = zero;
  private keptMargin: Decimal = zero;

  constructor(account: Account, bookOf: BookOf) {
    this.account = account;
    this.bookOf = bookOf;
    this.worth = this.equity = closedWorth(account);
    this.shares = Array.from(account.positions.values(), (position) => this.shareOf(position));
    for (const share of this.shares) this.add(share);
  }

  /** Of all positions. */
  all(): Observation {
    const { equity, usedMargin, account } = this;
    return { equity, balance: account.balance, usedMargin };
  }

  /** As if what is on its way to be closed used no margin any more. */
  kept(): Observation {
    return { ...this.all(), usedMargin: this.keptMargin };
  }

  /** What can be closed, by unrealised P&L, lowest first, ties as tracked. */
  closable(): Share[] {
    return this.shares
      .filter(({ position: { state, symbol } }) => {
        return state === 'guarded' && this.bookOf(symbol).hasQuote;
      })
      .sort((a, b) => a.pnl.comparedTo(b.pnl) || a.position.order - b.position.order);
  }

  /** A close of it was asked for: it, and what it was closed for, are what they are now. */
  renew(share: Share): void {
    const worth = closedWorth(this.account);
    const { position, pnl, margin, kept } = share;
    this.equity = this.equity.minus(this.worth).plus(worth).minus(pnl);
    this.worth = worth;
    this.usedMargin = this.usedMargin.minus(margin);
    this.keptMargin = this.keptMargin.minus(kept);
    if (this.account.positions.has(position.positionId)) {
      this.add(Object.assign(share, this.shareOf(position)));
    }
  }

  private add({ pnl, margin, kept }: Share): void {
    this.equity = this.equity.plus(pnl);
    this.usedMargin = this.usedMargin.plus(margin);
    this.keptMargin = this.keptMargin.plus(kept);
  }

  private shareOf(position: Position): Share {
    const pnl = unrealisedPnl(position, this.bookOf) ?? zero;
    const margin = usedMarginOf(position, this.bookOf);
    return { position, pnl, margin, kept: isOnItsWay(position) ? zero : margin };
  }
}
