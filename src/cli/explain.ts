// closeout explain: the story of a close, or of a breach, told from the ledger alone.
import { parseArgs } from 'node:util';
import { CloseoutError, messageOf } from '#src/domain/errors';
import { readHistory, type History } from '#src/ledger/history';
import { loadSettings } from '#src/system/load-settings';
import { gatherBreach } from './explain/breach-facts.ts';
import { breachStoryOf } from './explain/breach-story.ts';
import { gather, meantBy, type Meant } from './explain/gather.ts';
import { printed, printedBreach } from './explain/print.ts';
import { storyOf } from './explain/story.ts';
import { takeTarget, type TakenTarget } from './open-target.ts';

export const explainUsage = `closeout explain --close ID | --breach ID [--json] [--db URL]

  the story of a close or of a breach, from the ledger alone: why, when, what was done, with which
  outcome.

  --close ID   its closeId (close_…), as in events, replies and the items of ledger.list
  --breach ID  its breachId (breach_…), as in guard.breached, account.halted and account.get
  --json       the same as one JSON object
  --db URL     ledger in this Postgres, instead of that of the settings

Exit status 0: told; 1: the ledger has no such close or breach; 2: unusable arguments or settings, or
the ledger cannot be read. It changes nothing, and works beside a running runtime, but for a ledger in
PGlite, which takes one process at a time.`;

interface ExplainArguments {
  readonly kind: 'close' | 'breach';
  readonly id: string;
  readonly isJson: boolean;
  readonly db: string | undefined;
}

/** A story, for programs and for people; or what the id may have meant. */
type Told = { readonly story: object; readonly text: string } | Meant;

/** Exit status 0 where it is told, 1 where there is no such one, 2 where it cannot be looked up. */
export async function explainCommand(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv);
  if ('fault' in read) {
    return failed(`${read.fault}\nusage: closeout explain --close ID | --breach ID`);
  }
  let told: Told;
  try {
    told = await look(read);
  } catch (error) {
    if (!(error instanceof CloseoutError)) throw error;
    return failed(error.message);
  }
  if ('kind' in told) {
    process.stderr.write(`closeout explain: ${unknownId(read, told)}\n`);
    return 1;
  }
  process.stdout.write(read.isJson ? `${JSON.stringify(told.story, null, 2)}\n` : told.text);
  return 0;
}

function failed(why: string): number {
  process.stderr.write(`closeout explain: ${why}\n`);
  return 2;
}

function readArguments(argv: readonly string[]): ExplainArguments | { readonly fault: string } {
  const options = {
    close: { type: 'string' },
    breach: { type: 'string' },
    json: { type: 'boolean' },
    db: { type: 'string' },
  } as const;
  let values: { close?: string; breach?: string; json?: boolean; db?: string };
  try {
    values = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    return { fault: messageOf(error) };
  }
  const { close, breach, json: isJson = false, db } = values;
  const faults: string[] = [];
  if ((close === undefined) === (breach === undefined)) {
    faults.push('expected either --close with a closeId or --breach with a breachId');
  }
  if (close === '') faults.push('--close: expected a closeId');
  if (breach === '') faults.push('--breach: expected a breachId');
  if (db !== undefined && !/^postgres(ql)?:\/\//.test(db)) {
    faults.push('--db: expected a postgres:// URL');
  }
  if (faults.length > 0) return { fault: faults.join('\n') };
  const kind = close === undefined ? 'breach' : 'close';
  return { kind, id: close ?? breach ?? '', isJson, db };
}

async function look({ kind, id, db }: ExplainArguments): Promise<Told> {
  const { target, release }: TakenTarget =
    db === undefined
      ? takeTarget(loadSettings(process.env))
      : { target: { url: db }, release: () => {} };
  try {
    return await readHistory(target, async (history) => {
      const told = kind === 'close' ? await toldClose(history, id) : await toldBreach(history, id);
      return told ?? (await meantBy(history, id));
    });
  } finally {
    release();
  }
}

async function toldClose(history: History, closeId: string): Promise<Told | undefined> {
  const facts = await gather(history, closeId);
  if (facts === undefined) return undefined;
  const story = storyOf(facts);
  return { story, text: printed(story) };
}

async function toldBreach(history: History, breachId: string): Promise<Told | undefined> {
  const facts = await gatherBreach(history, breachId);
  if (facts === undefined) return undefined;
  const story = breachStoryOf(facts);
  return { story, text: printedBreach(story) };
}

const closeHint =
  'Ids of closes are in the items of ledger.list (by positionId, bulkId, breachId or eventType), in\n' +
  'the event position.closed, and in the reply to position.close.';
const breachHint =
  'Ids of breaches are in the events guard.breached and account.halted, in account.get, and in the\n' +
  'items of ledger.list with eventType guard_breached.';

function unknownId({ kind, id }: ExplainArguments, meant: Meant): string {
  const none = `the ledger has no ${kind} ${id}`;
  const listed = meant.closeIds.map((one) => `  ${one}`).join('\n');
  switch (meant.kind) {
    case 'breach':
      return `${none}: that is a breach, which \`closeout explain --breach ${id}\` tells of`;
    case 'close':
      return `${none}: that is a close, which \`closeout explain --close ${id}\` tells of`;
    case 'position':
      return `${none}: that is a position, which was closed, or is being closed, by:\n${listed}`;
    case 'bulk':
      return `${none}: that is a bulk close, which asked for:\n${listed}`;
    default: {
      const why = 'it is not an id of this ledger, or what it is of is not in it yet.';
      return `${none}: ${why}\n${kind === 'close' ? closeHint : breachHint}`;
    }
  }
}
