// Ids that name something new. Ids of closes follow from what they name (`domain/ids.ts`).

export type IdKind = 'position' | 'bulk' | 'breach';

export interface Ids {
  /** A new id: `pos_…`, `bulk_…` or `breach_…`, at most 64 of `A-Z a-z 0-9 _ -`. */
  next(kind: IdKind): string;
}
