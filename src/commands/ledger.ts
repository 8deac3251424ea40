// ledger.list
import { LedgerList } from '#src/contracts/lists';
import { noAccount } from '#src/domain/ids';
import { command, type Outcome } from './command.ts';

const list = command({
  schema: LedgerList,
  scope: 'either',
  run: (context, { accountId, body }): Outcome => ({
    kind: 'later',
    reply: context.listLedger({
      ...body,
      accountId: accountId === noAccount ? undefined : accountId,
    }),
  }),
});

export const ledgerCommands = { list };
