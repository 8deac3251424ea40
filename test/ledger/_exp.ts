import { monitorEventLoopDelay } from 'node:perf_hooks';
import { mikroLedger } from '../../src/ledger/mikro-ledger.ts';
import { partitionOf, closeIdOf, clientOrderIdOf } from '../../src/domain/ids.ts';
import { verifyChain } from '../../src/domain/ledger-rows.ts';
const which = process.argv[2];
const target = which === 'pg' ? { url: process.argv[3]! } : { pgliteDirectory: process.argv[3]! };
const ledger = mikroLedger(target);
let t = performance.now();
await ledger.open('dir_one');
console.log('open', performance.now() - t);
let n = await ledger.cursor();
console.log('cursor', n);
const base = n;
const entry = (type: string, accountId: string, body: any): any => ({ record: { type, accountId, body, n: ++n, v: 1, partition: partitionOf(accountId), epoch: 1, seq: n, ts: 1399500000000 + n }, prevHash: '', hash: '' });
const batch: any[] = [];
for (let a = 0; a < 12; a++) batch.push(entry('account.created', `a${base}_${a}`, { account: { accountId: `a${base}_${a}`, currency: 'USD', mode: 'PAPER', balance: '10000', rules: [] } }));
const K = 5000, B = Number(process.argv[4] ?? 1000);
for (let i = 0; i < K; i++) { const acc = `a${base}_${i % 12}`; batch.push(entry('position.tracked', acc, { position: { positionId: `p${base}_${i}`, accountId: acc, symbol: 'EURUSD', side: 'long', quantity: '1.5', entryPrice: '1.12345', openedAt: 1399500000000, exits: { stopLoss: '1.1' } } })); }
for (let i = 0; i < K; i++) { const acc = `a${base}_${i % 12}`, positionId = `p${base}_${i}`; const closeId = closeIdOf(acc, positionId, 1), clientOrderId = clientOrderIdOf(acc, positionId, 1);
 batch.push(entry('close.filled', acc, { reasons: ['stop_loss'], intent: { closeId, clientOrderId, positionId, accountId: acc, symbol: 'EURUSD', side: 'long', generation: 1, quantity: '1.5', requestedTs: 1, reason: 'stop_loss', triggerPrice: '1.1', quote: { bid: '1.09', ask: '1.11', ts: 1 } }, result: { closeId, success: true, outcome: 'closed', positionId, accountId: acc, quantity: '1.5', closedPrice: '1.09', triggerPrice: '1.1', pnl: '-0.01', commission: '0', closeReason: 'stop_loss', closeTimestamp: 1399500000000, attempts: 1, clientOrderId } })); }
const h = monitorEventLoopDelay({ resolution: 1 });
for (let i = 0; i < batch.length; i += B) {
  h.reset(); h.enable(); t = performance.now();
  await ledger.write(batch.slice(i, i + B));
  h.disable();
  const ms = performance.now() - t;
  console.log(batch[i].record.type, B, ms.toFixed(0), 'ms; loop max', (h.max / 1e6).toFixed(0));
}
t = performance.now();
await ledger.write(batch);
console.log('again', performance.now() - t, await ledger.cursor());
const rows = []; let cursor: string | undefined; t = performance.now();
do { const page = await ledger.list({ limit: 1000, cursor }); rows.push(...page.items); cursor = page.nextCursor; } while (cursor);
console.log('list', rows.length, performance.now() - t, verifyChain(rows), rows.at(-1));
await ledger.close();
