import { memoryLedger } from '#src/ledger/memory-ledger';
import { describeLedger } from './conformance.ts';

describeLedger('the ledger in memory', async () => {
  const ledger = memoryLedger();
  return { ledger: () => ledger, remove: async () => {} };
});
