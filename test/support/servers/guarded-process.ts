// A server for tests that ends with the tests, however they end: also by Ctrl-C and by kill -9.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import process from 'node:process';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface Guarded {
  readonly pid: number;
  /** Ends the server orderly and removes its folder. Does nothing the second time. */
  readonly stop: () => Promise<void>;
  /** Ends the server as a crash would; its folder stays until `stop`. */
  readonly kill: () => void;
  /** Freezes the server and its children, as SIGSTOP does, until `resume` or `stop`. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** The last lines that the server has written. */
  log(): string;
  /** Whether it runs. */
  isAlive(): boolean;
}

export interface GuardedOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The server's own folder: its working directory and log, removed with it. */
  readonly folder: string;
  readonly stopSignal: 'TERM' | 'QUIT';
  readonly user?: User | undefined;
}

const stopMs = 10_000;
const logLines = 20;

/**
 * The guard is a shell in a session of its own, so that Ctrl-C does not reach it. It watches for the
 * end of its input, a pipe from this process, which the kernel closes even where this process was
 * killed; then it stops the server and removes the folder. It tells when the server has ended.
 */
const guard = `
trap '' PIPE
folder=$1 signal=$2; shift 2
exec 3<&0
"$@" </dev/null >"$folder/log" 2>&1 3<&- &
server=$!
{ while read -r line <&3; do :; done; kill -s "$signal" $server; } 2>/dev/null &
watcher=$!
echo $server
wait $server
kill $watcher 2>/dev/null
echo ended 2>/dev/null
while read -r line <&3; do :; done
cd / && rm -rf -- "$folder"
`;

export async function startGuarded(options: GuardedOptions): Promise<Guarded> {
  const { command, args, folder, stopSignal, user } = options;
  const shell = spawn('/bin/sh', ['-c', guard, 'guard', folder, stopSignal, command, ...args], {
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    ...user,
  });
  const lines = createInterface(shell.stdout);
  const [line] = (await once(lines, 'line')) as [string];
  const pid = Number(line);
  let isAlive = true;
  lines.on('line', () => (isAlive = false));
  let frozen: number[] = [];
  const resume = (): void => {
    for (const one of frozen) signal(one, 'SIGCONT');
    frozen = [];
  };
  const pause = (): void => {
    // The parent first: then there are no new children.
    if (isAlive) signal(pid, 'SIGSTOP');
    frozen = [pid, ...childrenOf(pid)];
    for (const one of frozen) signal(one, 'SIGSTOP');
  };
  return {
    pid,
    pause,
    resume,
    stop: async () => {
      resume();
      await stop(shell, folder);
    },
    kill: () => void (isAlive && process.kill(pid, 'SIGKILL')),
    log: () => tailOf(join(folder, 'log')),
    isAlive: () => isAlive,
  };
}

/** One that has ended meanwhile needs none. */
function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch {}
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

/** From /proc: the second field, the name, is in parentheses and may hold anything. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

async function stop(shell: ChildProcess, folder: string): Promise<void> {
  if (shell.exitCode === null && shell.signalCode === null) {
    const ended = once(shell, 'exit');
    const late = setTimeout(() => process.kill(-(shell.pid as number), 'SIGKILL'), stopMs);
    shell.stdin?.end();
    await ended;
    clearTimeout(late);
  }
  rmSync(folder, { recursive: true, force: true });
}

function tailOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-logLines).join('\n');
  } catch {
    return '';
  }
}
