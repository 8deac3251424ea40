// The durable journal: SQLite in a worker thread, written in groups.
import { Worker } from 'node:worker_threads';
import { canonical } from '#src/domain/chain';
import { CloseoutError, InvariantError, invariant, messageOf } from '#src/domain/errors';
import type { JournalRecord } from '#src/domain/records';
import { journalBatchMax } from '#src/ports/journal';
import type { Journal, JournalEntry, JournalOpened } from '#src/ports/journal';
import { silentLogger } from '#src/ports/logger';
import type { Logger } from '#src/ports/logger';
import { assertFollows, entryOf, readMax } from './links.ts';
import type { FromWorker, StoreOptions, ToWorker } from './protocol.ts';

/** Longest time that a note waits for a batch to go with. */
const noteDelayMs = 100;

export interface SqliteJournalOptions extends StoreOptions {
  readonly logger?: Logger;
}

type WhenDurable = (error?: CloseoutError) => void;

/** The records of one `append`, as JSON arrays of at most {@link journalBatchMax} records each. */
interface Appended {
  readonly texts: readonly string[];
  readonly count: number;
  readonly whenDurable: WhenDurable;
}

interface Question {
  readonly answer: (message: FromWorker) => void;
  readonly fail: (error: CloseoutError) => void;
}

/**
 * The journal in `directory`, which must exist and be ours (see `openDataDirectory`). Opened once;
 * after `close` the next start makes a new one.
 */
export function sqliteJournal(options: SqliteJournalOptions): Journal {
  return new SqliteJournal(options);
}

class SqliteJournal implements Journal {
  readonly #options: StoreOptions;
  readonly #logger: Logger;
  readonly #questions = new Map<number, Question>();
  readonly #opening = Promise.withResolvers<JournalOpened>();
  readonly #ended = Promise.withResolvers<void>();
  #worker: Worker | undefined;
  #isOpen = false;
  #isClosing = false;
  /** Why nothing becomes durable any more. */
  #error: CloseoutError | undefined;
  #lastN = 0;
  #lastQuestion = 0;
  /** Appended and not yet sent, and the records in it. Unbounded: closes are never shed. */
  #queue: Appended[] = [];
  /** Sent and not yet durable; at most one batch is. */
  #batch: Appended[] | undefined;
  /** Appended to a journal that is closing or has failed; told so in their turn. */
  #refused: WhenDurable[] = [];
  /** Notes that wait, each with the last record appended before it. */
  #notes = new Map<string, { value: string; afterN: number }>();
  /** Last record that was sent to the worker. */
  #sentN = 0;
  #noteTimer: NodeJS.Timeout | undefined;
  #hasDueNotes = false;
  #isSendScheduled = false;

  constructor(options: SqliteJournalOptions) {
    const { directory, pageCountMax, logger = silentLogger } = options;
    this.#options = { directory, pageCountMax };
    this.#logger = logger;
  }

  async open(): Promise<JournalOpened> {
    invariant(this.#worker === undefined && !this.#isClosing, 'a journal is opened once');
    // None of the host's flags: one such as --input-type would keep the worker from starting.
    const worker = new Worker(workerUrl(), { workerData: this.#options, execArgv: [] });
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => this.#receive(message));
    worker.on('error', (cause) => this.#fail(failed(messageOf(cause), cause)));
    worker.on('exit', () => this.#end());
    const opened = await this.#opening.promise;
    this.#logger.info(opened, 'the journal is open and its chains hold');
    return opened;
  }

  append(records: readonly JournalRecord[], whenDurable: WhenDurable): void {
    if (!this.#isOpen || this.#isClosing || this.#error !== undefined) {
      this.#refuse(whenDurable);
      return;
    }
    assertFollows(records, this.#lastN);
    // Made text now: what the caller changes later is not in the record, and a message of a few
    // strings costs this thread less than one of as many objects.
    this.#queue.push({ texts: textsOf(records), count: records.length, whenDurable });
    this.#lastN += records.length;
    this.#scheduleSend();
  }

  async read(after: number, limit: number): Promise<JournalEntry[]> {
    const most = readMax(limit);
    const message = await this.#ask((id) => ({ type: 'read', id, after, limit: most }));
    invariant(message.type === 'links', 'a read is answered by links');
    return message.links.map(entryOf);
  }

  note(name: string, value: string): void {
    if (!this.#isOpen || this.#isClosing || this.#error !== undefined) return;
    this.#notes.set(name, { value, afterN: this.#lastN });
    this.#noteTimer ??= setTimeout(() => {
      this.#hasDueNotes = true;
      this.#send();
    }, noteDelayMs);
  }

  async notes(prefix: string): Promise<ReadonlyMap<string, string>> {
    const message = await this.#ask((id) => ({ type: 'notes', id, prefix }));
    invariant(message.type === 'notes', 'notes are answered by notes');
    return message.notes;
  }

  async close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      if (this.#worker === undefined) this.#end();
      else this.#send();
    }
    await this.#ended.promise;
  }

  /** At the end of this turn, so that its appends go together, and notes with the records before them. */
  #scheduleSend(): void {
    if (this.#batch !== undefined || this.#isSendScheduled) return;
    this.#isSendScheduled = true;
    queueMicrotask(() => {
      this.#isSendScheduled = false;
      this.#send();
    });
  }

  /** Sends the next batch, unless one is under way; its end calls this again. */
  #send(): void {
    if (this.#batch !== undefined || !this.#isOpen || this.#error !== undefined) return;
    const hasNotes = this.#notes.size > 0 && (this.#hasDueNotes || this.#isClosing);
    if (this.#queue.length === 0 && !hasNotes) {
      if (this.#isClosing) this.#tell({ type: 'close' });
      return;
    }
    this.#batch = this.#takeBatch();
    const texts = this.#batch.flatMap((appended) => appended.texts);
    // Only an append that is larger than a batch is sent in parts, and it is alone in its batch. No
    // question comes between them, so none is answered from records that are not durable yet.
    const isInParts = this.#batch.length === 1;
    const parts = isInParts ? texts.map((text) => [text]) : [texts];
    const last = parts.pop() ?? [];
    for (const part of parts) {
      this.#tell({ type: 'append', texts: part, notes: new Map(), commit: false });
    }
    this.#tell({ type: 'append', texts: last, notes: this.#takeNotes(), commit: true });
  }

  /** As many appends as fit whole: one is never divided between two transactions. */
  #takeBatch(): Appended[] {
    let count = 0;
    let taken = 0;
    for (const appended of this.#queue) {
      if (taken > 0 && count + appended.count > journalBatchMax) break;
      count += appended.count;
      taken++;
    }
    this.#sentN += count;
    return this.#queue.splice(0, taken);
  }

  /** Notes whose records are in this batch or before it; the others wait for theirs. */
  #takeNotes(): Map<string, string> {
    const taken = new Map<string, string>();
    for (const [name, { value, afterN }] of this.#notes) {
      if (afterN > this.#sentN) continue;
      taken.set(name, value);
      this.#notes.delete(name);
    }
    if (this.#notes.size > 0) return taken;
    this.#hasDueNotes = false;
    clearTimeout(this.#noteTimer);
    this.#noteTimer = undefined;
    return taken;
  }

  #tell(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  #ask(question: (id: number) => ToWorker): Promise<FromWorker> {
    return new Promise((answer, fail) => {
      if (!this.#isOpen || this.#error !== undefined) {
        fail(this.#error ?? notOpen());
        return;
      }
      const id = ++this.#lastQuestion;
      this.#questions.set(id, { answer, fail });
      this.#tell(question(id));
    });
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'opened':
        this.#isOpen = true;
        this.#lastN = message.opened.lastN;
        this.#sentN = this.#lastN;
        this.#opening.resolve(message.opened);
        if (this.#isClosing) this.#send();
        break;
      case 'durable': {
        const batch = this.#batch ?? [];
        this.#batch = undefined;
        // The disk is given its next batch before the callbacks of this one take their time.
        this.#send();
        for (const { whenDurable } of batch) this.#call(whenDurable);
        break;
      }
      case 'failed':
        this.#fail(new CloseoutError(message.code, message.message));
        break;
      case 'unanswered':
        this.#takeQuestion(message.id)?.fail(new CloseoutError(message.code, message.message));
        break;
      default:
        this.#takeQuestion(message.id)?.answer(message);
    }
  }

  #takeQuestion(id: number): Question | undefined {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    return question;
  }

  /** Calls a callback; what it throws is its own fault and not that of those that come after. */
  #call(whenDurable: WhenDurable, error?: CloseoutError): void {
    try {
      whenDurable(error);
    } catch (thrown) {
      this.#logger.error({ error: messageOf(thrown) }, 'a callback of the journal failed');
    }
  }

  #refuse(whenDurable: WhenDurable): void {
    this.#refused.push(whenDurable);
    // While it closes, those before it are still to be told.
    if (this.#isClosing && this.#error === undefined) return;
    queueMicrotask(() => this.#tellRefused());
  }

  #tellRefused(): void {
    const refused = this.#refused;
    this.#refused = [];
    for (const whenDurable of refused) this.#call(whenDurable, this.#error ?? notOpen());
  }

  #fail(error: CloseoutError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#logger.error({ code: error.code, error: error.message }, 'the journal has failed');
    this.#takeNotes();
    this.#opening.reject(error);
    const lost = [...(this.#batch ?? []), ...this.#queue];
    this.#batch = undefined;
    this.#queue = [];
    for (const { whenDurable } of lost) this.#call(whenDurable, error);
    this.#tellRefused();
    const questions = [...this.#questions.values()];
    this.#questions.clear();
    for (const question of questions) question.fail(error);
  }

  /** The worker is gone, or never was. */
  #end(): void {
    const isDone = this.#isClosing && this.#batch === undefined && this.#queue.length === 0;
    if (isDone) {
      this.#error ??= notOpen();
      this.#tellRefused();
    } else {
      this.#fail(failed('its worker thread ended'));
    }
    this.#ended.resolve();
  }
}

/** The worker's file: TypeScript in a checkout, JavaScript once built. */
function workerUrl(): URL {
  const isBuilt = !new URL(import.meta.url).pathname.endsWith('.ts');
  return new URL(isBuilt ? './worker.js' : './worker.ts', import.meta.url);
}

function failed(why: string, cause?: unknown): CloseoutError {
  return new CloseoutError('journal_failed', `the journal has failed: ${why}`, { cause });
}

function notOpen(): CloseoutError {
  return new CloseoutError('journal_closed', 'the journal is not open');
}

function textsOf(records: readonly JournalRecord[]): string[] {
  const texts: string[] = [];
  for (let from = 0; from < records.length; from += journalBatchMax) {
    const part = records.slice(from, from + journalBatchMax);
    const text = JSON.stringify(part);
    // JSON escapes a lone surrogate, RFC 8785 has no form for it: it must not reach the worker.
    if (text.includes('\\ud')) for (const record of part) assertCanonical(record);
    texts.push(text);
  }
  return texts;
}

function assertCanonical(record: JournalRecord): void {
  try {
    canonical(record);
  } catch (error) {
    throw new InvariantError(`record ${record.n} has no canonical form: ${messageOf(error)}`);
  }
}
