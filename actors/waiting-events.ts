// The events that wait for one notifier: they leave in the order in which they came or, where too
// many wait, those that matter least first.
import type { EventName, RuntimeEvent } from '#src/domain/events';

/** The lowest is dropped first. The compiler says when an event is missing. */
const ranks: Readonly<Record<EventName, number>> = {
  // Of one position, or how far something has come: one quote may cause thousands.
  'position.tracked': 0,
  'position.amended': 0,
  'position.exits-moved': 0,
  'position.closed': 0,
  'position.partially-closed': 0,
  'position.close-amended': 0,
  'position.untracked': 0,
  'bulk.progressed': 0,
  'position.close-failed': 1,
  // What may have to be looked into.
  'guard.warning': 2,
  'market.warning': 2,
  'market.critical': 2,
  'market.cleared': 2,
  'feed.switched': 2,
  'deadletter.added': 2,
  'deadletter.cleared': 2,
  'drift.detected': 2,
  // What an account, or the runtime, does from then on.
  'deadletter.alarm': 3,
  'guard.breached': 3,
  'guard.restored': 3,
  'account.halted': 3,
  'account.resumed': 3,
  'account.adjusted': 3,
  'account.rules-replaced': 3,
  'entries.halted': 3,
  'entries.resumed': 3,
};

/** How much an event matters: 0 the least. */
export function rankOf(name: EventName): number {
  return ranks[name];
}

interface Waiting {
  readonly event: RuntimeEvent;
  /** Of its place among all that came. */
  readonly number: number;
  next: Waiting | undefined;
}

/** Events of one rank. Linked, so that the first leaves at once, however many wait. */
class Line {
  first: Waiting | undefined;
  private last: Waiting | undefined;

  append(waiting: Waiting): void {
    if (this.first === undefined) this.first = waiting;
    else if (this.last !== undefined) this.last.next = waiting;
    this.last = waiting;
  }

  removeFirst(): void {
    this.first = this.first?.next;
  }
}

export class WaitingEvents {
  private readonly lines = Array.from({ length: Math.max(...Object.values(ranks)) + 1 }, newLine);
  private lastNumber = 0;
  /** How many wait. */
  count = 0;

  append(event: RuntimeEvent): void {
    this.count++;
    this.lines[rankOf(event.event)]?.append({ event, number: ++this.lastNumber, next: undefined });
  }

  /** Takes out the one that came first. */
  takeNext(): RuntimeEvent | undefined {
    let next: Line | undefined;
    for (const line of this.lines) {
      if (line.first === undefined) continue;
      if (next?.first === undefined || line.first.number < next.first.number) next = line;
    }
    return this.takeFirst(next);
  }

  /** Takes out one of those that matter least: the one that came first. */
  dropLeast(): RuntimeEvent | undefined {
    return this.takeFirst(this.lines.find((line) => line.first !== undefined));
  }

  private takeFirst(line: Line | undefined): RuntimeEvent | undefined {
    const first = line?.first;
    if (first === undefined) return undefined;
    this.count--;
    line?.removeFirst();
    return first.event;
  }
}

function newLine(): Line {
  return new Line();
}
