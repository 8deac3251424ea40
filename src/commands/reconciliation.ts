// reconciliation.status|run
import { ReconciliationRun, ReconciliationStatus } from '#src/contracts/operations';
import { isRefused } from '#src/domain/refusals';
import { answer, command, listedAccount, type Outcome } from './command.ts';

const status = command({
  schema: ReconciliationStatus,
  scope: 'either',
  run: (context, { accountId }): Outcome => {
    const account = listedAccount(context, accountId);
    if (isRefused(account)) return account;
    return answer(context.operations.reconciliations(account?.accountId));
  },
});

const run = command({
  schema: ReconciliationRun,
  scope: 'either',
  run: (context, { accountId }): Outcome => {
    const account = listedAccount(context, accountId);
    if (isRefused(account)) return account;
    return { kind: 'later', reply: context.operations.reconcile(account?.accountId) };
  },
});

export const reconciliationCommands = { status, run };
