// The calls that wait for a provider: by lane, and within a lane in the order in which they came.
// Each group of calls stands in a line of its own within its lane, since it has limits of its own:
// one that has to wait never holds up the close behind it.
import { invariant } from '#src/domain/errors';
import type { Cancel } from '#src/ports/clock';
import { groupOf, isRead, type BrokerCall, type CallGroup, type Lane } from './broker-call.ts';

/** The first passes all others. */
const laneOrder: readonly Lane[] = ['risk', 'manual', 'cancel', 'read'];

/** A call with its place in a line, which it keeps when it is put back. */
export interface QueuedCall {
  readonly call: BrokerCall<unknown>;
  readonly isRead: boolean;
  readonly group: CallGroup;
  readonly number: number;
  isWaiting: boolean;
  /** Of the timer that drops it at its deadline. */
  cancelDeadline: Cancel | undefined;
  before: QueuedCall | undefined;
  after: QueuedCall | undefined;
}

/** Linked, so that a call leaves from anywhere at once, however many wait. */
class Line {
  first: QueuedCall | undefined;
  private last: QueuedCall | undefined;

  append(queued: QueuedCall): void {
    this.link(this.last, queued, undefined);
  }

  /** Only calls that were put back, too, came before it: as many as were in flight at once. */
  putBack(queued: QueuedCall): void {
    let after = this.first;
    while (after !== undefined && after.number < queued.number) after = after.after;
    this.link(after === undefined ? this.last : after.before, queued, after);
  }

  remove(queued: QueuedCall): void {
    const { before, after } = queued;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    queued.before = undefined;
    queued.after = undefined;
  }

  private link(
    before: QueuedCall | undefined,
    queued: QueuedCall,
    after: QueuedCall | undefined,
  ): void {
    queued.before = before;
    queued.after = after;
    if (before === undefined) this.first = queued;
    else before.after = queued;
    if (after === undefined) this.last = queued;
    else after.before = queued;
  }
}

function newLane(): Map<CallGroup, Line> {
  return new Map();
}

export class CallQueue {
  private readonly lanes = {
    risk: newLane(),
    manual: newLane(),
    cancel: newLane(),
    read: newLane(),
  } satisfies Record<Lane, unknown>;
  private lastNumber = 0;
  /** Calls that wait. */
  size = 0;
  /** Those of them that are reads. */
  reads = 0;

  append(call: BrokerCall<unknown>): QueuedCall {
    const queued: QueuedCall = {
      call,
      isRead: isRead(call),
      group: groupOf(call),
      number: ++this.lastNumber,
      isWaiting: false,
      cancelDeadline: undefined,
      before: undefined,
      after: undefined,
    };
    this.enter(queued);
    this.lineOf(queued).append(queued);
    return queued;
  }

  /** Puts a call that was taken back to where it stood, before all that came after it. */
  putBack(queued: QueuedCall): void {
    this.enter(queued);
    this.lineOf(queued).putBack(queued);
  }

  /** The call of an open group whose turn it is; without `withReads`, the first that is no read. */
  next(
    withReads: boolean,
    isOpen: (group: CallGroup) => boolean = () => true,
  ): QueuedCall | undefined {
    for (const lane of laneOrder) {
      let next: QueuedCall | undefined;
      for (const [group, { first }] of this.lanes[lane]) {
        if (first === undefined || (first.isRead && !withReads) || !isOpen(group)) continue;
        if (next === undefined || first.number < next.number) next = first;
      }
      if (next !== undefined) return next;
    }
    return undefined;
  }

  remove(queued: QueuedCall): void {
    invariant(queued.isWaiting, 'only a call that waits leaves the queue');
    queued.isWaiting = false;
    queued.cancelDeadline?.();
    queued.cancelDeadline = undefined;
    this.size--;
    if (queued.isRead) this.reads--;
    this.lineOf(queued).remove(queued);
  }

  private enter(queued: QueuedCall): void {
    invariant(!queued.isWaiting, 'a call waits once');
    queued.isWaiting = true;
    this.size++;
    if (queued.isRead) this.reads++;
  }

  private lineOf({ call, group }: QueuedCall): Line {
    const lines = this.lanes[call.lane];
    let line = lines.get(group);
    if (line === undefined) {
      line = new Line();
      lines.set(group, line);
    }
    return line;
  }
}
