// Accounts of which something was closed at a price, or a rate, that is not known yet: what it comes
// to is in the provider's balance already, and not in ours.
import { isLive, type Account, type Position, type State } from '#src/domain/state';

export class UntoldCloses {
  private readonly state: State;
  private closed: Map<string, Set<Position>> | undefined;

  constructor(state: State) {
    this.state = state;
  }

  /** Told of a position that was closed. */
  note(position: Position): void {
    if (this.closed !== undefined) noteIn(this.closed, position);
  }

  has({ accountId, positions }: Account): boolean {
    if ([...positions.values()].some(isUntold)) return true;
    this.closed ??= this.all();
    const own = this.closed.get(accountId);
    for (const position of own ?? []) {
      // One that is forgotten is told of by nobody any more.
      if (isUntold(position) && this.state.positions.get(position.positionId) === position) {
        return true;
      }
      own?.delete(position);
    }
    return false;
  }

  /** Once, after a start: from then on what is closed is noted. */
  private all(): Map<string, Set<Position>> {
    const all = new Map<string, Set<Position>>();
    for (const position of this.state.positions.values()) {
      const account = this.state.accounts.get(position.accountId);
      if (position.state === 'closed' && account !== undefined && isLive(account)) {
        noteIn(all, position);
      }
    }
    return all;
  }
}

function isUntold({ untold, unpriced }: Position): boolean {
  return untold.gt(0) || unpriced.length > 0;
}

function noteIn(closed: Map<string, Set<Position>>, position: Position): void {
  if (!isUntold(position)) return;
  const own = closed.get(position.accountId) ?? new Set();
  own.add(position);
  closed.set(position.accountId, own);
}
