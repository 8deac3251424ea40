// The journal of a simulated runtime: a disk that takes its time, loses what was not on it when the
// power went, and fills up. What is on it is chained and read as by any journal.
import { CloseoutError } from '#src/domain/errors';
import type { JournalRecord } from '#src/domain/records';
import { assertFollows } from '#src/journal/links';
import { memoryJournal } from '#src/journal/memory-journal';
import type { Journal } from '#src/ports/journal';
import type { Clock } from '#src/ports/clock';

export interface DiskTimes {
  /** How long the next write takes, in milliseconds. */
  readonly writeMs: () => number;
  /** Whether the disk is full now. */
  readonly isFull: () => boolean;
}

interface Write {
  readonly records: readonly JournalRecord[];
  readonly whenDurable: (error?: CloseoutError) => void;
  readonly notes: Map<string, string>;
}

/** What is on the disk outlives every runtime that writes to it. */
export class SimDisk {
  readonly content: Journal = memoryJournal();
  private readonly times: DiskTimes;

  constructor(times: DiskTimes) {
    this.times = times;
  }

  /** The journal of one start; `isDead` says when its runtime is gone. */
  journal(clock: Clock, isDead: () => boolean): SimJournal {
    return new SimJournal(this, clock, this.times, isDead);
  }
}

export class SimJournal implements Journal {
  private readonly disk: SimDisk;
  private readonly clock: Clock;
  private readonly times: DiskTimes;
  private readonly isDead: () => boolean;
  /** Appended and not on the disk yet, in order. */
  private writes: Write[] = [];
  private isWriting = false;
  private isOpen = false;
  private hasCrashed = false;
  private lastN = 0;
  private error: CloseoutError | undefined;
  private readonly idle: (() => void)[] = [];

  constructor(disk: SimDisk, clock: Clock, times: DiskTimes, isDead: () => boolean) {
    this.disk = disk;
    this.clock = clock;
    this.times = times;
    this.isDead = isDead;
  }

  async open(): ReturnType<Journal['open']> {
    const opened = await this.disk.content.open();
    this.isOpen = true;
    this.lastN = opened.lastN;
    return opened;
  }

  append(records: readonly JournalRecord[], whenDurable: Write['whenDurable']): void {
    if (this.isDead()) return;
    if (!this.isOpen || this.error !== undefined) {
      const error = this.error ?? new CloseoutError('journal_closed', 'the journal is not open');
      queueMicrotask(() => whenDurable(error));
      return;
    }
    assertFollows(records, this.lastN);
    this.lastN += records.length;
    // As text, since a record that is changed afterwards must not change on the disk.
    const copy = JSON.parse(JSON.stringify(records)) as JournalRecord[];
    this.writes.push({ records: copy, whenDurable, notes: new Map() });
    this.write();
  }

  async read(...range: Parameters<Journal['read']>): ReturnType<Journal['read']> {
    await this.turn();
    return await this.disk.content.read(...range);
  }

  /** Durable with what was appended before it. */
  note(name: string, value: string): void {
    if (this.isDead() || !this.isOpen || this.error !== undefined) return;
    const last = this.writes.at(-1);
    if (last === undefined) this.disk.content.note(name, value);
    else last.notes.set(name, value);
  }

  async notes(prefix: string): ReturnType<Journal['notes']> {
    await this.turn();
    return await this.disk.content.notes(prefix);
  }

  async close(): Promise<void> {
    while (this.writes.length > 0 && this.error === undefined && !this.isDead()) {
      await new Promise<void>((resolve) => void this.idle.push(resolve));
    }
    this.isOpen = false;
  }

  /** The power goes: of what was being written a beginning has reached the disk, append by append. */
  crash(share: number): void {
    const survivors = Math.floor(share * (this.writes.length + 1));
    for (const write of this.writes.slice(0, survivors)) this.put(write);
    this.writes = [];
    this.isOpen = false;
    this.hasCrashed = true;
  }

  /** What is on the disk is not there at once. */
  private async turn(): Promise<void> {
    await new Promise<void>((resolve) => this.clock.soon(resolve));
  }

  private write(): void {
    if (this.isWriting || this.writes.length === 0) return;
    this.isWriting = true;
    const batch = [...this.writes];
    this.clock.at(this.clock.now() + this.times.writeMs(), () => {
      if (this.hasCrashed) return;
      this.isWriting = false;
      if (this.times.isFull()) {
        this.fail();
        return;
      }
      this.writes.splice(0, batch.length);
      for (const write of batch) this.put(write);
      for (const { whenDurable } of batch) if (!this.isDead()) whenDurable();
      this.write();
      for (const act of this.idle.splice(0)) act();
    });
  }

  private put({ records, notes }: Write): void {
    if (records.length > 0) this.disk.content.append(records, () => {});
    for (const [name, value] of notes) this.disk.content.note(name, value);
  }

  private fail(): void {
    const error = new CloseoutError('journal_failed', 'the disk is full');
    this.error = error;
    for (const { whenDurable } of this.writes.splice(0)) whenDurable(error);
    for (const act of this.idle.splice(0)) act();
  }
}
