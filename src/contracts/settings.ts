// The settings (contract section 10): the environment's keys, and what only the file may hold.
import { z } from 'zod';
import { parse, withFaults } from './parse.ts';
import { RouteBody } from './route.ts';
import { noteRepeats, scenarioFaults } from './scenario.ts';
import type { Issue } from '#src/domain/refusals';
import { AccountSpec } from './account.ts';
import { GuardConditions } from './guard.ts';
import { InstrumentBody } from './instrument.ts';
import { NotifierSpec } from './notifier.ts';
import { SymbolName } from './primitives.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const Path = z.string({ error: 'expected a path' }).min(1, { error: 'expected a path' });

const Url = (schemes: readonly string[]): z.ZodType<string> =>
  z.string({ error: 'expected a URL' }).refine((value) => hasScheme(value, schemes), {
    error: `expected a URL beginning with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  });

function hasScheme(value: string, schemes: readonly string[]): boolean {
  return URL.canParse(value) && schemes.some((scheme) => value.startsWith(`${scheme}://`));
}

function wholeNumber(min: number, max: number, error: string): z.ZodNumber {
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

const Port = z.preprocess(
  (value) => (typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value),
  wholeNumber(0, 65_535, 'expected a port, 0 to 65535'),
);

const keys = {
  CLOSEOUT_NATS_URL: Url(['nats', 'tls'])
    .optional()
    .describe('NATS server, `nats://` or `tls://`; without it the bus is in process'),
  CLOSEOUT_NATS_CA: Path.optional().describe('CA certificate file, for `tls://`'),
  CLOSEOUT_NATS_CREDS: Path.optional().describe('NATS credentials file'),
  CLOSEOUT_DATABASE_URL: Url(['postgres', 'postgresql'])
    .optional()
    .describe('Postgres of the ledger; without it PGlite in the data directory'),
  CLOSEOUT_DATA_DIR: Path.default('.closeout').describe(
    'journal, lock and PGlite: one runtime each',
  ),
  CLOSEOUT_HTTP_PORT: Port.default(7070).describe(
    'port of the HTTP interface, on 127.0.0.1; 0 takes a free one',
  ),
  CLOSEOUT_HTTP_TOKENS_FILE: Path.optional().describe(
    'tokens of the HTTP interface; validated, not used yet',
  ),
  CLOSEOUT_LOG_LEVEL: z
    .enum(logLevels, { error: `expected one of ${logLevels.join(', ')}` })
    .default('info')
    .describe(`one of ${logLevels.join(', ')}`),
};

/** A day: a difference that is found later than this is as good as not found. */
const reconcileEverySMax = 86_400;

/** Each has a queue of its own in memory. */
const notifiersMax = 32;

/** Keys that the environment may set; the file has the same, and {@link fileKeys}. */
export const settingKeys = Object.keys(keys) as (keyof typeof keys)[];

const fileKeys = {
  instruments: z.array(InstrumentBody).default([]).describe('put at start'),
  accounts: z.array(AccountSpec).default([]).describe('created at start, where they do not exist'),
  marketGuards: z
    .record(SymbolName, GuardConditions)
    .default({})
    .describe('market guards by symbol, put at start'),
  routes: z
    .array(RouteBody)
    .default([])
    .describe('routes to providers, put at start; others have the defaults'),
  reconcileEveryS: wholeNumber(
    1,
    reconcileEverySMax,
    `expected 1 to ${reconcileEverySMax} whole seconds`,
  )
    .default(60)
    .describe('seconds between two reconciliations with the providers'),
  notifiers: z
    .array(NotifierSpec, { error: 'expected a list of notifiers' })
    .max(notifiersMax, { error: `expected at most ${notifiersMax} notifiers` })
    .default([])
    .describe('who is told of breaches, closes and dead letters: `docs/notifications.md`'),
};

export const Settings = z.strictObject({ ...keys, ...fileKeys });
export type Settings = z.output<typeof Settings>;
export type SettingsInput = z.input<typeof Settings>;

export interface SettingRow {
  readonly key: string;
  readonly what: string;
  readonly fallback: string;
  readonly isFileOnly: boolean;
}

/** One row a setting, for the documentation. */
export function settingRows(): SettingRow[] {
  return Object.entries({ ...keys, ...fileKeys }).map(([key, schema]) => {
    const absent = schema.safeParse(undefined);
    const fallback = absent.data === undefined ? '' : JSON.stringify(absent.data);
    return {
      key,
      what: schema.description ?? '',
      fallback: fallback.replaceAll('"', ''),
      isFileOnly: key in fileKeys,
    };
  });
}

export type SettingsParsed =
  | { readonly ok: true; readonly value: Settings }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Parses settings as a whole: every fault is named, not the first. */
export function parseSettings(input: unknown): SettingsParsed {
  const parsed = parse(Settings, input);
  const together = [
    ...scenarioFaults(input),
    ...routeFaults(input),
    ...tlsFaults(input),
    ...notifierFaults(input),
  ];
  const issues = withFaults(parsed.ok ? [] : parsed.issues, together);
  return parsed.ok && issues.length === 0 ? parsed : { ok: false, issues };
}

function routeFaults(input: unknown): Issue[] {
  const issues: Issue[] = [];
  const { routes } = { ...(input as Partial<SettingsInput>) };
  noteRepeats(issues, routes, 'routes', 'route');
  return issues;
}

function notifierFaults(input: unknown): Issue[] {
  const issues: Issue[] = [];
  const { notifiers, CLOSEOUT_NATS_URL: url } = { ...(input as Partial<SettingsInput>) };
  noteRepeats(issues, notifiers, 'notifiers', 'name');
  if (url !== undefined) return issues;
  (Array.isArray(notifiers) ? notifiers : []).forEach((item: unknown, i) => {
    const { type } = { ...(item as { type?: unknown } | null) };
    if (type !== 'nats') return;
    issues.push({ path: `notifiers[${i}].type`, message: 'expected CLOSEOUT_NATS_URL beside it' });
  });
  return issues;
}

function tlsFaults(input: unknown): Issue[] {
  const { CLOSEOUT_NATS_URL: url, CLOSEOUT_NATS_CA: ca } = { ...(input as Partial<SettingsInput>) };
  if (ca === undefined || String(url).startsWith('tls://')) return [];
  return [{ path: 'CLOSEOUT_NATS_CA', message: 'expected a tls:// URL beside it' }];
}
