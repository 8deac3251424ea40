// What a row's `metaData` holds, read with care: rows of older versions lack fields that newer have.

export type Meta = Readonly<Record<string, unknown>>;

/** A text, or a number as one. */
export function textAt(meta: Meta | undefined, key: string): string | undefined {
  const value = meta?.[key];
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A time in milliseconds that can be shown as a date. */
export function timeAt(meta: Meta | undefined, key: string): number | undefined {
  const value = meta?.[key];
  if (typeof value !== 'number' || Number.isNaN(new Date(value).valueOf())) return undefined;
  return value;
}

export function objectAt(meta: Meta | undefined, key: string): Meta | undefined {
  const value = meta?.[key];
  return isObject(value) ? value : undefined;
}

export function objectsAt(meta: Meta | undefined, key: string): Meta[] {
  const value = meta?.[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function textsAt(meta: Meta | undefined, key: string): string[] {
  const value = meta?.[key];
  if (!Array.isArray(value)) return [];
  return value.filter((one) => ['string', 'number'].includes(typeof one)).map(String);
}

function isObject(value: unknown): value is Meta {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
