// The faults that a schema finds in a value, as `path: message`; none where it is accepted.
import type { z } from 'zod';
import { parse } from '#src/contracts/parse';

export function faultsOf(schema: z.ZodType, value: unknown): string[] {
  const parsed = parse(schema, value);
  return parsed.ok ? [] : parsed.issues.map(({ path, message }) => `${path}: ${message}`);
}

/** What the value is once it is accepted. */
export function accepted(schema: z.ZodType, value: unknown): unknown {
  const parsed = parse(schema, value);
  return parsed.ok ? parsed.value : parsed.issues;
}
