// Peaks and sets of the simulator's memory, compared and shown.
import { text, type Decimal } from '#src/domain/money';

export function shownPeak(peak: Decimal | undefined): string {
  return peak === undefined ? 'none' : text(peak);
}

/** None is worse than any. */
export function isWorse(
  side: 'long' | 'short',
  a: Decimal | undefined,
  b: Decimal | undefined,
): boolean {
  if (b === undefined) return false;
  if (a === undefined) return true;
  return side === 'long' ? a.lt(b) : a.gt(b);
}

export function shownSet(numbers: Iterable<number> | undefined): string {
  return [...(numbers ?? [])].sort((a, b) => a - b).join(' ');
}
