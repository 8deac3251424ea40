// closeout explain: the story of a close, told from the ledger alone.
import { parseArgs } from 'node:util';
import { CloseoutError, messageOf } from '#src/domain/errors';
import { readHistory } from '#src/ledger/history';
import { loadSettings } from '#src/system/load-settings';
import { closesNamedBy, gather, type CloseFacts } from './explain/gather.ts';
import { printed } from './explain/print.ts';
import { storyOf } from './explain/story.ts';
import { takeTarget, type TakenTarget } from './open-target.ts';

export const explainUsage = `closeout explain --close ID [--json] [--db URL]

  the story of a close, from the ledger alone: why, when, what was done, with which outcome.

  --close ID   its closeId (close_…), as in events, replies and the items of ledger.list
  --json       the same as one JSON object
  --db URL     ledger in this Postgres, instead of that of the settings

Exit status 0: told; 1: the ledger has no such close; 2: unusable arguments or settings, or the
ledger cannot be read. It changes nothing, and works beside a running runtime, but for a ledger in
PGlite, which takes one process at a time.`;

interface ExplainArguments {
  readonly closeId: string;
  readonly isJson: boolean;
  readonly db: string | undefined;
}

/** Exit status 0 where it is told, 1 where there is no such close, 2 where it cannot be looked up. */
export async function explainCommand(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv);
  if ('fault' in read) return failed(`${read.fault}\nusage: closeout explain --close ID`);
  const { closeId, isJson, db } = read;
  let found: CloseFacts | string[];
  try {
    found = await look(closeId, db);
  } catch (error) {
    if (!(error instanceof CloseoutError)) throw error;
    return failed(error.message);
  }
  if (Array.isArray(found)) {
    process.stderr.write(`closeout explain: ${unknownClose(closeId, found)}\n`);
    return 1;
  }
  const story = storyOf(found);
  process.stdout.write(isJson ? `${JSON.stringify(story, null, 2)}\n` : printed(story));
  return 0;
}

function failed(why: string): number {
  process.stderr.write(`closeout explain: ${why}\n`);
  return 2;
}

function readArguments(argv: readonly string[]): ExplainArguments | { readonly fault: string } {
  const options = {
    close: { type: 'string' },
    json: { type: 'boolean' },
    db: { type: 'string' },
  } as const;
  let values: { close?: string; json?: boolean; db?: string };
  try {
    values = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    return { fault: messageOf(error) };
  }
  const { close: closeId = '', json: isJson = false, db } = values;
  const faults: string[] = [];
  if (closeId === '') faults.push('--close: expected a closeId');
  if (db !== undefined && !/^postgres(ql)?:\/\//.test(db)) {
    faults.push('--db: expected a postgres:// URL');
  }
  return faults.length > 0 ? { fault: faults.join('\n') } : { closeId, isJson, db };
}

/** What there is of the close, or the closes that may have been meant. */
async function look(closeId: string, db: string | undefined): Promise<CloseFacts | string[]> {
  const { target, release }: TakenTarget =
    db === undefined
      ? takeTarget(loadSettings(process.env))
      : { target: { url: db }, release: () => {} };
  try {
    return await readHistory(
      target,
      async (history) =>
        (await gather(history, closeId)) ?? (await closesNamedBy(history, closeId)),
    );
  } finally {
    release();
  }
}

function unknownClose(closeId: string, meant: readonly string[]): string {
  const none = `the ledger has no close ${closeId}`;
  if (meant.length > 0) {
    return `${none}, but it names what these closed:\n${meant.map((id) => `  ${id}`).join('\n')}`;
  }
  return (
    `${none}: it is not an id of this ledger's, or its outcome is not in it yet.\n` +
    'Ids of closes are in the items of ledger.list (by positionId, bulkId or eventType), in the\n' +
    'event position.closed, and in the reply to position.close.'
  );
}
