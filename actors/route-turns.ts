// Whose turn it is to be asked about: of each route a few accounts at once, the others after them.

/** Accounts of one route that its provider is asked about at the same time. */
const askedAtOnceMax = 8;

interface Waiting {
  readonly accountId: string;
  readonly enter: () => void;
}

export class RouteTurns {
  private readonly inside = new Map<string, number>();
  private readonly waiting = new Map<string, Waiting[]>();

  /** Resolves when it is this account's turn; each turn is left. */
  async enter(route: string, accountId: string): Promise<void> {
    const inside = this.inside.get(route) ?? 0;
    if (inside < askedAtOnceMax) {
      this.inside.set(route, inside + 1);
      return;
    }
    await new Promise<void>((enter) => {
      const line = this.waiting.get(route) ?? [];
      line.push({ accountId, enter });
      this.waiting.set(route, line);
    });
  }

  /** A person waits for this one: it is the next. */
  hurry(route: string, accountId: string): void {
    const line = this.waiting.get(route) ?? [];
    const at = line.findIndex((waiting) => waiting.accountId === accountId);
    if (at > 0) line.unshift(...line.splice(at, 1));
  }

  leave(route: string): void {
    const next = this.waiting.get(route)?.shift();
    if (next === undefined) this.inside.set(route, (this.inside.get(route) ?? 1) - 1);
    else next.enter();
  }
}
