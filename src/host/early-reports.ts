// Execution reports that come before everything is armed wait until it is.

type Take = (route: string, report: unknown) => void;

/** Reports that wait at the most; the reconciliation finds what the others tell of. */
const waitingMax = 10_000;

export class EarlyReports {
  private readonly waiting: { readonly route: string; readonly report: unknown }[] = [];
  private taker: Take | undefined;

  take(route: string, report: unknown): void {
    if (this.taker !== undefined) this.taker(route, report);
    else if (this.waiting.length < waitingMax) this.waiting.push({ route, report });
  }

  openTo(taker: Take): void {
    this.taker = taker;
    for (const { route, report } of this.waiting.splice(0)) taker(route, report);
  }
}
