// Settings from the environment and the file that CLOSEOUT_CONFIG names, read once.
import { accessSync, constants, readFileSync } from 'node:fs';
import { parseSettings, settingKeys, type Settings } from '#src/contracts/settings';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { Issue } from '#src/domain/refusals';

/** Refused until their issue has landed, so that nobody believes them to be in force. */
const laterKeys = ['CLOSEOUT_OBSERVE_ONLY'];
const fileSettings = [
  'CLOSEOUT_NATS_CA',
  'CLOSEOUT_NATS_CREDS',
  'CLOSEOUT_HTTP_TOKENS_FILE',
] as const;

/** The environment wins over the file. Throws `CloseoutError` `settings_invalid`, naming every fault. */
export function loadSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const merged: Record<string, unknown> = { ...readFile(env['CLOSEOUT_CONFIG']) };
  for (const key of [...settingKeys, ...laterKeys]) {
    const value = env[key];
    if (value !== undefined && value !== '') merged[key] = value;
  }
  return checkSettings(merged);
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
  if (missing.length > 0) throw invalid(missing);
  return parsed.value;
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
