// Where the servers' programs are, and how a machine that lacks them gets them.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';

interface Program {
  readonly name: string;
  /** Debian's places beside the PATH, newest last. */
  readonly places: string;
  /** Debian's package. */
  readonly package: string;
  /** What may be given instead. */
  readonly setting: string;
}

const programs = {
  nats: {
    name: 'nats-server',
    places: '/usr/sbin',
    package: 'nats-server',
    setting: 'NATS_URL',
  },
  postgres: {
    name: 'initdb',
    places: '/usr/lib/postgresql/*/bin',
    package: 'postgresql',
    setting: 'DATABASE_URL',
  },
} satisfies Record<string, Program>;

const installMs = 300_000;

/**
 * Installs what is still missing once the lock is had: test runs that start together take turns.
 * The policy keeps Debian from starting services, and the setting from making a cluster.
 */
const install = `
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' >"$policy" && chmod 755 "$policy"
fi
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
missing=
for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"; done
[ -n "$missing" ] || exit 0
apt-get update
apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold $missing
`;

export type ProgramName = keyof typeof programs;

/** The full path of a program, or undefined where it is on no known place. */
function find({ name, places }: Program): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((place) => place !== '');
  const debian = globSync(places).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return [...onPath, ...debian.toReversed()].map((place) => join(place, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs what is missing of these, where that is possible: as root on Debian. */
export function installMissing(names: readonly ProgramName[]): void {
  const missing = names.map((name) => programs[name]).filter((it) => find(it) === undefined);
  const isPossible = process.getuid?.() === 0 && isExecutable('/usr/bin/apt-get');
  if (missing.length === 0 || !isPossible) return;
  const packages = missing.map((it) => it.package);
  process.stderr.write(`installing ${packages.join(', ')} for the tests with apt-get …\n`);
  const args = ['/run/lock/closeout-apt', 'sh', '-c', install, 'install', ...packages];
  const { status, stdout, stderr } = spawnSync('flock', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: installMs,
  });
  if (status !== 0) process.stderr.write(`apt-get failed:\n${stdout}${stderr}\n`);
}

/** The folder of a program. Throws, with how to get it, where there is none. */
export function folderOf(name: ProgramName): string {
  const program = programs[name];
  const path = find(program);
  if (path !== undefined) return dirname(path);
  throw new Error(
    `${program.name} was not found: install it (Debian: apt-get install ${program.package}), ` +
      `or set ${program.setting} to a server that the tests may use`,
  );
}
