// closeout verify: whether journal and ledger are what was written, each by itself and together.
import { resolve } from 'node:path';
import type { Settings } from '#src/contracts/settings';
import { CloseoutError, messageOf } from '#src/domain/errors';
import { readJournal, type JournalReader } from '#src/journal/verify-journal';
import { LedgerAudit } from '#src/ledger/audit';
import { compareWithJournal, verifyChains } from '#src/ledger/verify-ledger';
import { loadSettings } from '#src/system/load-settings';
import { takeTarget } from './open-target.ts';

export const verifyUsage = `closeout verify

  whether journal and ledger are what was written, each by itself and together.

Exit status 0: all holds; 1: something does not, or could not be looked at; 2: invalid settings.`;

/** What one check has found. What could not be looked at is not verified, and so does not hold. */
interface Finding {
  readonly holds: boolean;
  readonly what: string;
}

/** What there is to check, or why it cannot be. */
type Opened<T> = { readonly value: T } | { readonly why: string };

const together = 'ledger against journal';

/**
 * Exit status 0 where everything holds, 1 where something does not or could not be looked at, 2 for
 * invalid settings. Writes nothing, and works beside a running runtime; but of a ledger in PGlite it
 * is the one user for as long as it looks.
 */
export async function verifyCommand(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    process.stderr.write(`closeout verify: takes no arguments, was given ${args.join(' ')}\n`);
    return 2;
  }
  const settings = loadSettings(process.env);
  let isWell = true;
  for await (const [name, { holds, what }] of findings(settings)) {
    isWell &&= holds;
    process.stdout.write(`${holds ? 'ok  ' : 'FAIL'} ${name}: ${what}\n`);
  }
  return isWell ? 0 : 1;
}

async function* findings(settings: Settings): AsyncGenerator<[string, Finding]> {
  const directory = resolve(settings.CLOSEOUT_DATA_DIR);
  const releases: (() => void | Promise<void>)[] = [];
  try {
    // The ledger follows the journal: opened before it, it has nothing that the journal has not.
    const audit = await opened(() => openAudit(settings, releases));
    const journal = await opened(() => openJournal(directory, releases));
    let wholeN = 0;
    if ('why' in journal) {
      yield ['journal', unchecked(journal.why)];
    } else {
      const { records, partitions, fault } = journal.value.verify();
      wholeN = records;
      const told = `${records} records of ${partitions} partitions hold`;
      yield [
        'journal',
        fault === undefined ? well(`${told} in ${journal.value.file}`) : bad(fault),
      ];
    }
    if ('why' in audit) {
      yield ['ledger', unchecked(audit.why)];
      yield [together, unchecked('there is no ledger to hold against it')];
      return;
    }
    yield ['ledger', await checked(() => chains(audit.value))];
    if ('why' in journal) yield [together, unchecked('there is no journal to hold it against')];
    else yield [together, await checked(() => compared(audit.value, journal.value, wholeN))];
  } finally {
    for (const release of releases.toReversed()) await release();
  }
}

function openJournal(directory: string, releases: (() => void)[]): JournalReader {
  const journal = readJournal(directory);
  releases.push(() => journal.close());
  return journal;
}

async function openAudit(
  settings: Settings,
  releases: (() => void | Promise<void>)[],
): Promise<LedgerAudit> {
  const { target, release } = takeTarget(settings);
  releases.push(release);
  const audit = await LedgerAudit.open(target);
  releases.push(() => audit.close());
  return audit;
}

async function chains(audit: LedgerAudit): Promise<Finding> {
  const { rows, partitions, fault } = await verifyChains(audit);
  return fault === undefined ? well(`${rows} rows of ${partitions} partitions hold`) : bad(fault);
}

/** `wholeN` is the last record up to which the journal holds. */
async function compared(
  audit: LedgerAudit,
  journal: JournalReader,
  wholeN: number,
): Promise<Finding> {
  const { directoryId, lastN } = journal;
  if (audit.directoryId !== directoryId) {
    const owner = `the ledger is that of data directory ${audit.directoryId}`;
    return bad(`${owner}, the journal that of ${directoryId}`);
  }
  const comparison = await compareWithJournal(audit, journal.entries(wholeN), wholeN);
  const { rows, beyond, firstBeyond, fault } = comparison;
  if (fault !== undefined) return bad(fault);
  const told = `${rows} rows are what their records make`;
  if (wholeN < lastN) {
    return bad(`${told}; the other ${beyond} were not checked, since the journal does not hold`);
  }
  if (audit.lastN > lastN) {
    const first = firstBeyond === undefined ? '' : `, the first of them ${firstBeyond}`;
    return bad(
      `the ledger has records up to ${audit.lastN}, the journal ends at ${lastN}: ` +
        `${beyond} rows are of no record${first}`,
    );
  }
  const lag = lastN - audit.lastN;
  return well(lag === 0 ? told : `${told}; ${lag} records are not in the ledger yet`);
}

const well = (what: string): Finding => ({ holds: true, what });
const bad = (what: string): Finding => ({ holds: false, what });
const unchecked = (why: string): Finding => bad(`not checked: ${why}`);

async function opened<T>(open: () => T | Promise<T>): Promise<Opened<T>> {
  try {
    return { value: await open() };
  } catch (error) {
    if (!(error instanceof CloseoutError)) throw error;
    return { why: error.message };
  }
}

/** A database that goes away meanwhile leaves the check undone. */
async function checked(check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof CloseoutError)) throw error;
    return unchecked(messageOf(error));
  }
}
