// Settings from the environment and the file that CLOSEOUT_CONFIG names, read once.
import { accessSync, constants, readFileSync } from 'node:fs';
import { parseSettings, settingKeys, type Settings } from '#src/contracts/settings';
import { distance } from '#src/contracts/spelling';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { Issue } from '#src/domain/refusals';

const ours = 'CLOSEOUT_';
/** Names the file, and is no setting itself. */
const configKey = 'CLOSEOUT_CONFIG';
/** A setting of the contract that a later version knows. */
const laterKeys: readonly string[] = ['CLOSEOUT_OBSERVE_ONLY'];
/** Letters by which a mistyped setting differs from the one that was meant. */
const typoLettersMax = 2;

const fileSettings = [
  'CLOSEOUT_NATS_CA',
  'CLOSEOUT_NATS_CREDS',
  'CLOSEOUT_HTTP_TOKENS_FILE',
] as const;

/**
 * The environment wins over the file. What looks like one of our settings and is none is a fault, so
 * that nobody believes it to be in force; other names are other programs' and passed over. Throws
 * `CloseoutError` `settings_invalid`, naming every fault.
 */
export function loadSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const merged: Record<string, unknown> = { ...readFile(env[configKey]) };
  for (const [key, value] of Object.entries(env)) {
    if (!key.startsWith(ours) || key === configKey || !looksLikeSetting(key)) continue;
    if (value !== undefined && value !== '') merged[key] = value;
  }
  return checkSettings(merged);
}

function looksLikeSetting(key: string): boolean {
  const known = [...settingKeys, ...laterKeys];
  return known.some((one) => distance(key, one) <= typoLettersMax);
}

/** Settings given as an object. Throws as `loadSettings` does. */
export function checkSettings(input: unknown): Settings {
  const parsed = parseSettings(input);
  if (!parsed.ok) throw invalid(parsed.issues);
  const missing: Issue[] = [];
  for (const key of fileSettings) {
    const path = parsed.value[key];
    const why = path === undefined ? undefined : unreadable(path);
    if (why !== undefined) missing.push({ path: key, message: `expected a readable file: ${why}` });
  }
  missing.push(...secretFaults(parsed.value));
  if (missing.length > 0) throw invalid(missing);
  return parsed.value;
}

function secretFaults({ notifiers }: Settings): Issue[] {
  return notifiers.flatMap((notifier, i) => {
    const path = notifier.type === 'webhook' ? notifier.secretFile : undefined;
    if (path === undefined) return [];
    const why = unreadable(path) ?? (isEmpty(path) ? `${path} is empty` : undefined);
    if (why === undefined) return [];
    const message = `expected a readable file with a secret: ${why}`;
    return [{ path: `notifiers[${i}].secretFile`, message }];
  });
}

/** Where it is no file at all, it is not readable either. */
function isEmpty(path: string): boolean {
  return readFileSync(path, 'utf8').trim() === '';
}

function invalid(issues: readonly Issue[]): CloseoutError {
  const lines = issues.map(({ path, message }) => `  ${path}: ${message}`);
  return new CloseoutError('settings_invalid', `the settings are not valid:\n${lines.join('\n')}`);
}

function unreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function readFile(path: string | undefined): object {
  if (path === undefined || path === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CloseoutError(
      'settings_invalid',
      `CLOSEOUT_CONFIG: ${path} is not readable JSON: ${messageOf(error)}`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new CloseoutError('settings_invalid', `CLOSEOUT_CONFIG: ${path} holds no JSON object`);
}
