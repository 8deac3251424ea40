// The migrations, in order. One that was released is never changed; another follows it.
import { M0001Ledger } from './m0001-ledger.ts';
import { M0002AppendOnly } from './m0002-append-only.ts';
import { M0003LiveCloses } from './m0003-live-closes.ts';
import { M0004Breaches } from './m0004-breaches.ts';

export const migrations = [
  { name: '0001-ledger', class: M0001Ledger },
  { name: '0002-append-only', class: M0002AppendOnly },
  { name: '0003-live-closes', class: M0003LiveCloses },
  { name: '0004-breaches', class: M0004Breaches },
];
