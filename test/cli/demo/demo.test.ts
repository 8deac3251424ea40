// `npm start` as a process: what it prints to a pipe, how it ends, and that it can be repeated.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, expect, test } from 'vitest';
import { until } from '../../support/until.ts';

const entry = join(import.meta.dirname, '../../../src/cli/demo.ts');
/** A new PGlite takes its time where others work too. */
const startMsMax = 90_000;
const testMsMax = 150_000;

const children: ChildProcess[] = [];
const directories: string[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true });
});

function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'closeout-demo-'));
  directories.push(path);
  return path;
}

interface Running {
  readonly child: ChildProcess;
  /** All that was printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the exit status, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

function start(cwd: string, ...args: string[]): Running {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (printed[name] += text));
  }
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve(status ?? signal));
  });
  return { child, stdout: () => printed.stdout, stderr: () => printed.stderr, ended };
}

/** Lines of closes without their time: that is when, and the rest is what. */
function closesIn(stdout: string): string[] {
  const close = /^\d\d:\d\d:\d\d\.\d{3} {2}(?<what>.*\bp\d{5} .* (?:USD|EUR))$/gm;
  return [...stdout.matchAll(close)].map((match) => match.groups?.['what'] ?? '');
}

function closedBy(stdout: string, reason: string): string[] {
  return closesIn(stdout).filter((line) => line.startsWith(`${reason} `));
}

/** Resolves with the first close for that reason; rejects where the demo ends without one. */
async function hasClosed({ stdout, stderr, ended }: Running, reason: string): Promise<void> {
  const waiting = until(() => closedBy(stdout(), reason).length > 0, startMsMax, reason);
  const early = ended.then((status) => {
    throw new Error(`ended with ${status} before ${reason}: ${stderr()}`);
  });
  await Promise.race([waiting, early]);
}

/** Begin escape sequences and move the cursor: plain lines have none of them. */
const notPlain = ['\r', '\u001b'];

test(
  'with a time to run it ends by itself, after closes of each kind, in plain lines; twice the same',
  async () => {
    const runs = [0, 1].map(() => start(temporaryDirectory(), '--for', '5s', '--seed', '1'));
    for (const { ended, stdout, stderr } of runs) {
      expect({ status: await ended, stderr: stderr() }).toEqual({ status: 0, stderr: '' });
      expect(stdout()).toMatch(/SYNTHETIC market.*\n.*seed 1 /);
      for (const reason of ['stop loss', 'take profit', 'drawdown', 'market gap']) {
        expect(closedBy(stdout(), reason).length, reason).toBeGreaterThan(0);
        expect(stdout()).toMatch(new RegExp(`^  ${reason} +\\d+ +[-+]?[\\d,]+\\.\\d\\d$`, 'm'));
      }
      expect(stdout()).toMatch(/^\d+\.\d s \| [\d,]+ quotes \([\d,]+\/s\) \| \d+ open \| P&L /m);
      expect(stdout()).toMatch(/BREACH +(hugo|ines): equity/);
      expect(stdout()).toMatch(/^ {2}(hugo|ines) +halted +/m);
      expect(stdout()).toMatch(/The ledger holds \d+ rows, and their hash chains hold\./);
      expect(notPlain.filter((character) => stdout().includes(character))).toEqual([]);
    }
    const [one, other] = runs.map(({ stdout }) => closesIn(stdout()));
    expect(other).toEqual(one);
  },
  testMsMax,
);

test(
  'Ctrl-C drains and ends with the table; meanwhile nobody else takes the directory; then one does',
  async () => {
    const cwd = temporaryDirectory();
    const first = start(cwd, '--seed', '2');
    await hasClosed(first, 'stop loss');

    const second = start(cwd, '--for', '1s');
    expect(await second.ended).toBe(1);
    expect(second.stderr()).toMatch(
      new RegExp(`^closeout demo: the data directory .* is in use by pid ${first.child.pid} `),
    );

    first.child.kill('SIGINT');
    expect({ status: await first.ended, stderr: first.stderr() }).toEqual({
      status: 0,
      stderr: '',
    });
    expect(first.stdout()).toMatch(/stopping: draining[^]*closed by +count[^]*account +state/);
    const closes = closesIn(first.stdout()).length;
    expect(first.stdout()).toMatch(new RegExp(`^  all +${closes} +`, 'm'));

    const third = start(cwd, '--for', '500ms', '--seed', '2');
    expect({ status: await third.ended, stderr: third.stderr() }).toEqual({
      status: 0,
      stderr: '',
    });
  },
  testMsMax,
);

test(
  'a Ctrl-C that comes twice at once is one; a later one ends it without waiting',
  async () => {
    const { child, ended, stdout } = start(temporaryDirectory());
    await until(() => stdout().includes('starting'), startMsMax, 'the start');
    const startMs = performance.now();
    await until(() => !child.kill('SIGINT') || child.exitCode !== null, startMsMax, 'the end');
    expect(await ended).toBe(130);
    expect(performance.now() - startMs).toBeGreaterThan(400);
  },
  testMsMax,
);

test(
  'when nobody reads any more it ends',
  async () => {
    const { child, ended, stderr } = start(temporaryDirectory());
    child.stdout?.destroy();
    expect({ status: await ended, stderr: stderr() }).toEqual({ status: 0, stderr: '' });
  },
  testMsMax,
);

test('arguments that are none are named, and nothing is made', async () => {
  const cwd = temporaryDirectory();
  const { ended, stdout, stderr } = start(cwd, '--for', 'ever', '--seed', 'x');
  expect(await ended).toBe(2);
  expect(stdout()).toBe('');
  expect(stderr()).toMatch(/^closeout demo: --for ever: .*\n--seed x: .*\nusage: npm start -- /);
  expect(readdirSync(cwd)).toEqual([]);
});

test('--help says what there is', async () => {
  const { ended, stdout } = start(temporaryDirectory(), '--help');
  expect(await ended).toBe(0);
  expect(stdout()).toMatch(/^usage: npm start -- \[--for 500ms\|10s\|2m\] \[--seed N\]/);
});

test('a thing of that name which no demo has made is left alone', async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, '.closeout-demo'), 'mine');
  const { ended, stderr } = start(cwd, '--for', '1s');
  expect(await ended).toBe(1);
  expect(stderr()).toMatch(/^closeout demo: .*\.closeout-demo is not emptied/);
  expect(existsSync(join(cwd, '.closeout-demo'))).toBe(true);
});
