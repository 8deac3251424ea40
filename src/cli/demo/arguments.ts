// What `npm start -- …` understands.
import { parseArgs } from 'node:util';
import { messageOf } from '#src/domain/errors';

export const demoUsage = 'npm start -- [--for 500ms|10s|2m] [--seed N]';

/** Longest run that `--for` may ask for: a day. */
const forMsMax = 24 * 60 * 60 * 1000;
/** Seeds are 32 bits, without sign. */
export const seedMax = 2 ** 32 - 1;

export interface DemoArguments {
  /** Undefined: until Ctrl-C. */
  readonly forMs: number | undefined;
  /** Undefined: a new one each time. */
  readonly seed: number | undefined;
  readonly isHelp: boolean;
}

export type DemoArgumentsRead =
  | { readonly ok: true; readonly value: DemoArguments }
  | { readonly ok: false; readonly faults: readonly string[] };

const options = {
  for: { type: 'string' },
  seed: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Every fault is named, not the first. */
export function readDemoArguments(argv: readonly string[]): DemoArgumentsRead {
  let values: { for?: string; seed?: string; help?: boolean };
  try {
    values = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    return { ok: false, faults: [messageOf(error)] };
  }
  const faults: string[] = [];
  const forMs = values.for === undefined ? undefined : durationMs(values.for);
  if (values.for !== undefined && forMs === undefined) {
    faults.push(`--for ${values.for}: expected a time of 1ms to 24h, such as 500ms, 10s or 2m`);
  }
  const seed = values.seed === undefined ? undefined : seedOf(values.seed);
  if (values.seed !== undefined && seed === undefined) {
    faults.push(`--seed ${values.seed}: expected a whole number from 0 to ${seedMax}`);
  }
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, value: { forMs, seed, isHelp: values.help ?? false } };
}

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function durationMs(given: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(given) ?? [];
  const ms = Number(amount) * (unitMs[unit] ?? 0);
  return ms >= 1 && ms <= forMsMax ? ms : undefined;
}

function seedOf(given: string): number | undefined {
  if (!/^\d{1,10}$/.test(given)) return undefined;
  const seed = Number(given);
  return seed <= seedMax ? seed : undefined;
}
