// How answers are made: what does not apply is absent.

/** Fields that are undefined are left out. */
export function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
