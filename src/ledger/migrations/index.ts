// The migrations, in order. One that was released is never changed; another follows it.
import { M0001Ledger } from './m0001-ledger.ts';

export const migrations = [{ name: '0001-ledger', class: M0001Ledger }];
