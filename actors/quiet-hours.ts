// What nobody is paged for: that entries in a symbol are halted because its market has closed for the
// night, and nothing else.
import { marketClosedReason } from '#src/domain/entries';
import type { RuntimeEvent } from '#src/domain/events';

export class QuietHours {
  /** Symbols whose entries are halted: whether that was told, or kept. */
  private readonly halts = new Map<unknown, 'told' | 'kept'>();

  /**
   * Whether the event is of the calendar alone: a halt for no other reason, unless one for others was
   * told before and is not over; and the end of a halt that was kept.
   */
  keeps({ event, symbol, reasons }: RuntimeEvent): boolean {
    if (symbol === undefined) return false;
    const before = this.halts.get(symbol);
    if (event === 'entries.resumed') {
      this.halts.delete(symbol);
      return before === 'kept';
    }
    if (event !== 'entries.halted') return false;
    const isClosed = Array.isArray(reasons) && reasons.every((one) => one === marketClosedReason);
    const isKept = isClosed && before !== 'told';
    this.halts.set(symbol, isKept ? 'kept' : 'told');
    return isKept;
  }
}
