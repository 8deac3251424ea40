// Settings from the environment and the file: which wins, and that nothing is silently ignored.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CloseoutError } from '#src/domain/errors';
import { loadSettings } from '#src/system/load-settings';
import { temporaryDirectory } from '../e2e/world.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A settings file of this test; its path. */
function settingsFile(settings: unknown): string {
  const file = join(temporaryDirectory(), 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  return file;
}

function faultsOf(env: Environment): string[] {
  try {
    loadSettings(env);
  } catch (error) {
    if (!(error instanceof CloseoutError) || error.code !== 'settings_invalid') throw error;
    return error.message.split('\n').slice(1);
  }
  return [];
}

test('the environment wins over the file, except where it is empty', () => {
  const file = settingsFile({
    CLOSEOUT_HTTP_PORT: 8080,
    CLOSEOUT_LOG_LEVEL: 'warn',
    CLOSEOUT_DATA_DIR: 'there',
    routes: [{ route: 'prime', driftPolicy: 'adopt' }],
    reconcileEveryS: 5,
  });
  const env = { CLOSEOUT_CONFIG: file, CLOSEOUT_HTTP_PORT: '0', CLOSEOUT_LOG_LEVEL: '' };
  expect(loadSettings(env)).toMatchObject({
    CLOSEOUT_HTTP_PORT: 0,
    CLOSEOUT_LOG_LEVEL: 'warn',
    CLOSEOUT_DATA_DIR: 'there',
    routes: [{ route: 'prime', driftPolicy: 'adopt' }],
    reconcileEveryS: 5,
  });
});

test.each<[Environment, string[]]>([
  [
    { CLOSEOUT_HTTP_PROT: '8080' },
    ['  CLOSEOUT_HTTP_PROT: is not a known key, did you mean CLOSEOUT_HTTP_PORT?'],
  ],
  [
    { CLOSEOUT_OBSERVE_ONLY: 'true', CLOSEOUT_LOG_LEVL: 'warn', CLOSEOUT_HTTP_PORT: '-1' },
    [
      '  CLOSEOUT_HTTP_PORT: expected a port, 0 to 65535, was "-1"',
      '  CLOSEOUT_OBSERVE_ONLY: is not supported by this version',
      '  CLOSEOUT_LOG_LEVL: is not a known key, did you mean CLOSEOUT_LOG_LEVEL?',
    ],
  ],
])('%j names a setting that there is not', (env, faults) => {
  expect(faultsOf(env)).toEqual(faults);
});

test('what a secret was set to is not told', () => {
  expect(faultsOf({ CLOSEOUT_DATABASE_URI: 'postgres://u:secret@h/db' })).toEqual([
    '  CLOSEOUT_DATABASE_URI: is not a known key, did you mean CLOSEOUT_DATABASE_URL?',
  ]);
});

test.each<[Environment]>([
  [{}],
  [{ PATH: '/bin', CLOSEOUT: '1', MY_CLOSEOUT_THING: '1', closeout_port: '1' }],
  [{ CLOSEOUT_TYPO: '', CLOSEOUT_CONFIG: '' }],
  // Other programs may be named after us.
  [{ CLOSEOUT_: '1', CLOSEOUT_CI_RUN: '7' }],
  // The shell that started the servers has these (README, "On NATS").
  [{ CLOSEOUT_RUNTIME_PASSWORD: 'x', CLOSEOUT_POSTGRES_PASSWORD: 'x' }],
  [{ CLOSEOUT_GATEWAY1_PASSWORD: 'x' }],
])('%j is no fault, and changes nothing', (env) => {
  expect(loadSettings(env)).toEqual(loadSettings({}));
});

test('the file names itself in no setting', () => {
  expect(faultsOf({ CLOSEOUT_CONFIG: settingsFile({ CLOSEOUT_CONFIG: 'x' }) })).toEqual([
    expect.stringMatching(/^  CLOSEOUT_CONFIG: is not a known key; known are /),
  ]);
});
