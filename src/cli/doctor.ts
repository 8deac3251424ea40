// closeout doctor: what each setting resolved to, and whether what it names answers.
import { hostname } from 'node:os';
import { eventsDefault, type NotifierSpec } from '#src/contracts/notifier';
import { settingKeys, type Settings } from '#src/contracts/settings';
import { messageOf } from '#src/domain/errors';
import { probePort } from '#src/http/port-probe';
import { openDataDirectory } from '#src/journal/data-directory';
import { probeDatabase } from '#src/ledger/probe';
import { probeNats } from '#src/nats/probe';
import { shownWebhook } from '#src/notifiers/webhook-notifier';
import { loadSettings } from '#src/system/load-settings';

export const doctorUsage = `closeout doctor

  what each setting resolved to, and whether what it names answers.

Exit status 0: everything answers; 1: something does not; 2: invalid settings.`;

/** Shown beside a setting: what was found, and whether it is as it should be. */
interface Finding {
  readonly isWell: boolean;
  readonly what: string;
}

const unused: Finding = { isWell: true, what: 'valid; not used yet by this version' };

/** Exit status 0 where everything answers, 1 where something does not, 2 for invalid settings. */
export async function doctorCommand(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    process.stderr.write(`closeout doctor: takes no arguments, was given ${args.join(' ')}\n`);
    return 2;
  }
  const settings = loadSettings(process.env);
  let isWell = true;
  for (const key of settingKeys) {
    const finding = await look(key, settings);
    isWell &&= finding.isWell;
    const value = settings[key];
    const shown = value === undefined ? '(not set)' : withoutSecrets(String(value));
    process.stdout.write(`${finding.isWell ? 'ok  ' : 'FAIL'} ${key}=${shown}: ${finding.what}\n`);
  }
  const { instruments, accounts, marketGuards, routes } = settings;
  process.stdout.write(
    `ok   the file declares ${instruments.length} instruments, ${accounts.length} accounts, ` +
      `${Object.keys(marketGuards).length} market guards, ${routes.length} routes\n`,
  );
  for (const notifier of settings.notifiers) {
    process.stdout.write(`ok   notifier ${notifier.name}: ${whatOf(notifier)}\n`);
  }
  return isWell ? 0 : 1;
}

/** Nothing is sent; a secret that is not readable is a fault of the settings, named by them. */
function whatOf(notifier: NotifierSpec): string {
  const events = (notifier.events ?? eventsDefault).join(', ');
  const accounts = notifier.accounts?.join(', ') ?? 'all accounts';
  return `${wayOf(notifier)}; ${events}; ${accounts}`;
}

function wayOf(notifier: NotifierSpec): string {
  if (notifier.type === 'nats') return `nats on ${notifier.subject}`;
  const { url, secretFile, timeoutMs, attempts } = notifier;
  const signed =
    secretFile === undefined ? 'not signed' : `signed with the secret in ${secretFile}, readable`;
  return `webhook at ${shownWebhook(url)}, ${signed}, ${attempts} attempts of ${timeoutMs} ms`;
}

async function look(key: (typeof settingKeys)[number], settings: Settings): Promise<Finding> {
  switch (key) {
    case 'CLOSEOUT_NATS_URL': {
      const url = settings.CLOSEOUT_NATS_URL;
      if (url === undefined) return { isWell: true, what: 'the bus is in process' };
      const { CLOSEOUT_NATS_CA: caFile, CLOSEOUT_NATS_CREDS: credsFile } = settings;
      return await answers(() => probeNats({ url, caFile, credsFile }));
    }
    case 'CLOSEOUT_DATABASE_URL': {
      const url = settings.CLOSEOUT_DATABASE_URL;
      if (url === undefined) return { isWell: true, what: 'PGlite in the data directory' };
      return await answers(() => probeDatabase(url));
    }
    case 'CLOSEOUT_DATA_DIR':
      return lookAtDirectory(settings.CLOSEOUT_DATA_DIR).finding;
    case 'CLOSEOUT_NATS_CA':
    case 'CLOSEOUT_NATS_CREDS':
      return { isWell: true, what: settings[key] === undefined ? 'none' : 'readable' };
    case 'CLOSEOUT_HTTP_PORT':
      return await lookAtPort(settings);
    case 'CLOSEOUT_HTTP_TOKENS_FILE':
      return unused;
    case 'CLOSEOUT_LOG_LEVEL':
      return { isWell: true, what: 'valid' };
  }
}

async function answers(probe: () => Promise<void>): Promise<Finding> {
  try {
    await probe();
    return { isWell: true, what: 'answers' };
  } catch (error) {
    return { isWell: false, what: messageOf(error) };
  }
}

/** Taken is well where a runtime runs, whose port it will be. */
async function lookAtPort(settings: Settings): Promise<Finding> {
  const fault = await probePort(settings.CLOSEOUT_HTTP_PORT);
  if (fault === undefined) return { isWell: true, what: 'free on 127.0.0.1: /health and /ready' };
  const isTaken = fault === 'EADDRINUSE';
  if (isTaken && lookAtDirectory(settings.CLOSEOUT_DATA_DIR).isInUse) {
    return { isWell: true, what: 'taken, it seems by the runtime that uses the data directory' };
  }
  const what = isTaken ? 'taken on 127.0.0.1' : `cannot be listened on (${fault})`;
  return { isWell: false, what: `${what}, and nothing is told over HTTP: free it, or set another` };
}

/** A directory that a runtime is using is well too: the message names its owner. */
function lookAtDirectory(path: string): { finding: Finding; isInUse: boolean } {
  try {
    openDataDirectory(path, { pid: process.pid, host: hostname(), now: Date.now() }).release();
    return { finding: { isWell: true, what: 'writable, not in use' }, isInUse: false };
  } catch (error) {
    const isInUse =
      error instanceof Error && 'code' in error && error.code === 'data_directory_in_use';
    return { finding: { isWell: isInUse, what: messageOf(error) }, isInUse };
  }
}

/** A URL without its password. */
function withoutSecrets(value: string): string {
  if (!URL.canParse(value)) return value;
  const url = new URL(value);
  if (url.password === '' && url.username === '') return value;
  url.password = url.password === '' ? '' : '***';
  // A token stands where the user's name does, and is a secret where it stands alone.
  if (url.password === '') url.username = '***';
  return url.toString();
}
