// The faults that a schema finds in a value, as `path: message`; none where it is accepted. Which keys
// there are is left out behind an unknown one: parse.test.ts looks at that.
import type { z } from 'zod';
import { parse } from '#src/contracts/parse';

const knownKeys = /^(is not a known key)(; known are |, did you mean ).*$/;

export function faultsOf(schema: z.ZodType, value: unknown): string[] {
  const parsed = parse(schema, value);
  return parsed.ok
    ? []
    : parsed.issues.map(({ path, message }) => `${path}: ${message.replace(knownKeys, '$1')}`);
}

/** What the value is once it is accepted. */
export function accepted(schema: z.ZodType, value: unknown): unknown {
  const parsed = parse(schema, value);
  return parsed.ok ? parsed.value : parsed.issues;
}
