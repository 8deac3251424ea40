// Ids: random ones for a runtime, counted ones where the same input must give the same bytes.
import { randomUUID } from 'node:crypto';
import type { Ids } from '#src/ports/ids';

const prefixes = { position: 'pos', bulk: 'bulk', breach: 'breach' } as const;

export function randomIds(): Ids {
  return { next: (kind) => `${prefixes[kind]}_${randomUUID().replaceAll('-', '')}` };
}

export function countedIds(): Ids {
  let last = 0;
  return { next: (kind) => `${prefixes[kind]}_${String(++last).padStart(12, '0')}` };
}
