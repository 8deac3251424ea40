// Chance, as the core sees it: for waits that must not all end at once.

export interface Chance {
  /** At least 0, below 1. */
  next(): number;
}
