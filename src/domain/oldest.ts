// Forgetting the oldest of a set that is kept at its limit.

/** Where each set was left: what stood before was taken out. */
const places = new WeakMap<ReadonlySet<string>, Iterator<string>>();

/**
 * Takes the oldest out, in constant time. A loop over the set from its beginning would go past every
 * one that was taken out before, as the engine keeps their places for a while.
 */
export function takeOldest(set: Set<string>): string | undefined {
  let next = places.get(set)?.next();
  if (next === undefined || next.done === true) {
    const place = set.values();
    places.set(set, place);
    next = place.next();
  }
  if (next.done === true) return undefined;
  set.delete(next.value);
  return next.value;
}
