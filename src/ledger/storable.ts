// Text that Postgres takes: it knows no U+0000, and no half of a surrogate pair in JSON.

const unstorable = /\\u0000|\\ud[89a-f][0-9a-f]{2}/i;
const replacement = '\uFFFD';

/**
 * The value with such characters replaced by U+FFFD; the value itself where it has none. One text
 * of an operator must not keep all later history out of the ledger.
 */
export function storable<T>(value: T): T {
  const json = JSON.stringify(value);
  if (json === undefined || !unstorable.test(json)) return value;
  return JSON.parse(json, (_key, part: unknown) =>
    typeof part === 'string' ? part.toWellFormed().replaceAll('\0', replacement) : part,
  ) as T;
}
