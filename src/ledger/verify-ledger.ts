// Whether a ledger holds: its chains by themselves, and each row against the journal's record.
import { canonical, chainStart } from '#src/domain/chain';
import { chainCheck, type ChainFault, type LedgerRow } from '#src/domain/ledger-rows';
import type { JournalEntry } from '#src/ports/journal';
import { named, type FoundRow, type LedgerAudit } from './audit.ts';
import { logColumnsOf } from './log-rows.ts';
import { placeRows, type ChainHead, type ChainHeads, type PlacedRow } from './placed-rows.ts';

export interface ChainsVerdict {
  /** Rows that hold. */
  readonly rows: number;
  /** Partitions that these are of. */
  readonly partitions: number;
  /** The first row that is not what was written, or not where it was. */
  readonly fault?: string;
}

type Heads = Map<number, ChainHead>;

/** Checks every row's hash, and its place in the chain of its partition, up to the last written. */
export async function verifyChains(audit: LedgerAudit): Promise<ChainsVerdict> {
  const check = chainCheck();
  const heads: Heads = new Map();
  let rows = 0;
  const said = () => ({ rows, partitions: heads.size });
  for await (const found of audit.rows()) {
    const { row } = found;
    if (row === undefined) return { ...said(), fault: unreadable(found) };
    const fault = check(row);
    if (fault !== undefined) return { ...said(), fault: brokenChain(found, fault, heads) };
    heads.set(row.partition, { seq: row.seq, hash: row.hash });
    rows++;
  }
  const fault = tailFault(heads, audit) ?? (await strayFault(audit));
  return fault === undefined ? said() : { ...said(), fault };
}

function unreadable({ columns }: FoundRow): string {
  return `${named(columns)} was edited: a column holds what no row ever has`;
}

function brokenChain({ columns }: FoundRow, { field }: ChainFault, heads: Heads): string {
  const name = named(columns);
  const { partition } = columns;
  const last = heads.get(partition)?.seq ?? 0;
  if (field === 'hash') return `${name} was edited: it does not have its hash`;
  if (field === 'prevHash') {
    const before = last === 0 ? 'the start of its chain' : `row ${idOf(partition, last)}`;
    return `${name} does not follow ${before}: it, or what came before it, was rewritten`;
  }
  return Number(columns.seq) > last + 1
    ? `row ${idOf(partition, last + 1)} is missing: the next of its partition is ${name}`
    : `${name} is out of order: row ${idOf(partition, last + 1)} comes next in its partition`;
}

const none: ChainHead = { seq: 0, hash: chainStart };

/** The last rows, which nothing follows: the ledger's own cursor says which they are. */
function tailFault(found: Heads, { heads, lastN }: LedgerAudit): string | undefined {
  const partitions = new Set([...found.keys(), ...Object.keys(heads).map(Number)]);
  for (const partition of [...partitions].sort((a, b) => a - b)) {
    const is = found.get(partition) ?? none;
    const written = heads[partition] ?? none;
    const place = `(partition ${partition}, at or before n ${lastN})`;
    if (is.seq < written.seq) {
      const last = `${written.seq} were written and ${is.seq} are there`;
      return `row ${idOf(partition, is.seq + 1)} ${place} is missing: ${last}`;
    }
    if (is.seq > written.seq) {
      const first = `row ${idOf(partition, written.seq + 1)} ${place}`;
      return `${first} was not written by the ledger: it has written ${written.seq}`;
    }
    if (is.hash !== written.hash) {
      return `row ${idOf(partition, is.seq)} ${place} was rewritten: another one was written last`;
    }
  }
  return undefined;
}

async function strayFault(audit: LedgerAudit): Promise<string | undefined> {
  const stray = await audit.stray();
  if (stray === undefined) return undefined;
  return `${named(stray)} was not written by the ledger: its record is not in it yet`;
}

export interface Comparison {
  /** Rows that are what their records make. */
  readonly rows: number;
  /** Rows of records behind the last one compared, and the first of these by name. */
  readonly beyond: number;
  readonly firstBeyond?: string;
  /** The first row that is missing, or is not what its record makes. */
  readonly fault?: string;
}

/**
 * Holds the rows against what the journal's records, from the first to number `lastN`, make: a
 * chain that was rewritten as a whole holds by itself, and is found by this.
 */
export async function compareWithJournal(
  audit: LedgerAudit,
  entries: Iterable<JournalEntry>,
  lastN: number,
): Promise<Comparison> {
  const records = placed(entries)[Symbol.iterator]();
  let next = records.next();
  let rows = 0;
  let beyond = 0;
  let firstBeyond: string | undefined;
  for await (const found of audit.rows()) {
    if (found.n > lastN) {
      firstBeyond ??= named(found.columns);
      beyond++;
      continue;
    }
    const fault = differenceOf(next.value, found);
    if (fault !== undefined) return { rows, beyond: 0, fault };
    rows++;
    next = records.next();
  }
  if (next.value !== undefined && next.value.n <= audit.lastN) {
    return { rows, beyond, fault: missing(next.value) };
  }
  return firstBeyond === undefined ? { rows, beyond } : { rows, beyond, firstBeyond };
}

function* placed(entries: Iterable<JournalEntry>): Generator<PlacedRow, undefined> {
  let heads: ChainHeads = {};
  for (const entry of entries) {
    const after = placeRows([entry], heads);
    yield* after.placed;
    heads = after.heads;
  }
}

function differenceOf(wanted: PlacedRow | undefined, found: FoundRow): string | undefined {
  const { n } = found;
  if (wanted !== undefined && wanted.n < n) return missing(wanted);
  const name = named(found.columns);
  if (wanted === undefined || wanted.n > n) {
    return `${name} is not of the journal: its record ${n} makes no row`;
  }
  if (found.row === undefined) return unreadable(found);
  const fields = differingFields(wanted, found, found.row);
  if (fields.length === 0) return undefined;
  return `${name} is not what record ${n} makes: another ${fields.join(', ')}`;
}

function missing({ n, row: { id, partition, seq } }: PlacedRow): string {
  return `row ${id} (n ${n}, partition ${partition}, seq ${seq}) of record ${n} is missing`;
}

/** By name; the columns that rows are only found by are looked at too. */
function differingFields({ n, row }: PlacedRow, { columns }: FoundRow, is: LedgerRow): string[] {
  const fields = Object.keys({ ...row, ...is }) as (keyof LedgerRow)[];
  const wanted = logColumnsOf({ n, row });
  const keys = ['positionId', 'bulkId'] as const;
  return [
    ...fields.filter((field) => !isSame(row[field], is[field])),
    ...keys.filter((key) => wanted[key] !== columns[key]),
  ];
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  return typeof a === 'object' && typeof b === 'object' && canonical(a) === canonical(b);
}

function idOf(partition: number, seq: number): string {
  return `rlog_${partition}_${seq}`;
}
