// Progress of bulk closes that take their time: told when one begins, once a second where it has
// gone on, and at its end.
import { text, zero } from '#src/domain/money';
import { wholeOf } from '#src/domain/part-closes';
import type { BulkProgress } from '#src/domain/records';
import { closedPnlOf } from '#src/domain/state';
import type { Cancel } from '#src/ports/clock';
import type { CoreContext } from './core-context.ts';

const tellEveryMs = 1000;

export class BulkCloses {
  private readonly core: CoreContext;
  private cancel: Cancel | undefined;
  /** What was told last of each that is under way, as text. */
  private readonly told = new Map<string, string>();

  constructor(core: CoreContext) {
    this.core = core;
  }

  /** After the closes of a bulk were requested: those that have no outcome yet are told about. */
  began(bulkId: string, reason: string, positionIds: readonly string[]): void {
    const { state } = this.core;
    const progress = {
      bulkId,
      reason,
      total: positionIds.length,
      closed: 0,
      failed: 0,
      pending: 0,
    };
    let pnl = zero;
    const pendingAccounts = new Set<string>();
    for (const positionId of positionIds) {
      const position = state.positions.get(positionId);
      if (position?.state === 'closing' && wholeOf(position)?.bulkId !== bulkId) {
        // Under way for another reason, which it has joined: that one tells of it.
        progress.total--;
      } else if (position?.state === 'closing') {
        progress.pending++;
        pendingAccounts.add(position.accountId);
      } else if (position?.state === 'closed') {
        progress.closed++;
        pnl = pnl.plus(closedPnlOf(position));
      } else progress.failed++;
    }
    const [accountId] = pendingAccounts;
    if (accountId === undefined) return;
    this.tell(pendingAccounts.size > 1 ? '_' : accountId, { ...progress, pnl: text(pnl) });
    this.later();
  }

  /** Goes on telling of those that were under way before a restart. */
  arm(): void {
    if (this.core.state.bulks.size > 0) this.later();
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private later(): void {
    if (this.cancel !== undefined) return;
    const { clock } = this.core;
    this.cancel = clock.at(clock.now() + tellEveryMs, () => {
      this.cancel = undefined;
      this.core.turn(() => {
        const { bulks } = this.core.state;
        for (const { accountId, ...progress } of [...bulks.values()]) {
          if (this.told.get(progress.bulkId) !== JSON.stringify(progress)) {
            this.tell(accountId, progress);
          }
        }
        for (const bulkId of this.told.keys()) if (!bulks.has(bulkId)) this.told.delete(bulkId);
      });
      this.arm();
    });
  }

  private tell(accountId: string, progress: BulkProgress): void {
    this.told.set(progress.bulkId, JSON.stringify(progress));
    this.core.commit({ type: 'bulk.progressed', accountId, body: progress });
  }
}
