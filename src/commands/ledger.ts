// ledger.list
import { LedgerList } from '#src/contracts/lists';
import { CloseoutError, messageOf } from '#src/domain/errors';
import { isRefused, refuse, type Refused } from '#src/domain/refusals';
import type { Ledger, LedgerFilter, LedgerPage } from '#src/ports/ledger';
import {
  command,
  countFitting,
  listedAccount,
  refuseCursor,
  type CommandContext,
  type Outcome,
} from './command.ts';

/** How long a list waits for the ledger to catch up. */
const ledgerWaitMs = 2000;

const list = command({
  schema: LedgerList,
  scope: 'either',
  run: (context, { accountId, body, replyBytesMax }): Outcome => {
    const account = listedAccount(context, accountId);
    if (isRefused(account)) return account;
    const filter = { ...body, accountId: account?.accountId };
    return { kind: 'later', reply: fittingPage(context, filter, replyBytesMax) };
  },
});

/** A page that is too large for a reply is asked for again with as many rows as fit. */
async function fittingPage(
  context: CommandContext,
  filter: LedgerFilter,
  replyBytesMax: number,
): Promise<LedgerPage | Refused> {
  const page = await context.listLedger(filter);
  if (isRefused(page)) return page;
  const limit = countFitting(page.items, replyBytesMax);
  return limit === page.items.length ? page : await context.listLedger({ ...filter, limit });
}

/** Rows of the ledger, once it has caught up with what is durable now. */
export async function listLedger(
  ledger: Ledger,
  caughtUp: (waitMs: number) => Promise<boolean>,
  filter: LedgerFilter,
): Promise<LedgerPage | Refused> {
  if (!(await caughtUp(ledgerWaitMs))) {
    return refuse('ledger_unavailable', 'the ledger does not answer; nothing is lost, try later');
  }
  try {
    return await ledger.list(filter);
  } catch (error) {
    if (error instanceof CloseoutError && error.code === 'invalid_cursor') {
      return refuseCursor(filter.cursor);
    }
    return refuse('ledger_unavailable', `the ledger does not answer: ${messageOf(error)}`);
  }
}

export const ledgerCommands = { list };
