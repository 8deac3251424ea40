// What somebody may have meant who wrote a key that there is not.

/** Longer ones are no slip of the hand, and are not compared. */
const comparedCharsMax = 64;
/** Letters by which a key may always differ; of a long one a third of its letters. */
const slipLettersMin = 2;
const slipShare = 3;

/** The known key that is nearest, whatever the case; undefined where none is near. */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  if (key.length > comparedCharsMax) return undefined;
  let nearest: string | undefined;
  let least = Infinity;
  for (const one of known) {
    const letters = distance(key.toLowerCase(), one.toLowerCase());
    const slipMax = Math.max(
      slipLettersMin,
      Math.floor(Math.max(key.length, one.length) / slipShare),
    );
    // Of a key of a few letters little is left when two of them are others.
    if (letters > slipMax || 2 * letters > one.length || letters >= least) continue;
    [nearest, least] = [one, letters];
  }
  return nearest;
}

/** Letters to add, drop or change (Levenshtein's distance). */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
