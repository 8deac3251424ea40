import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataDirectory } from '#src/journal/data-directory';
import type { DataDirectory } from '#src/journal/data-directory';
import { temporaryDirectory } from './temporary.ts';
import type { TemporaryDirectory } from './temporary.ts';

const first = { pid: 4_711, host: 'gateway-1', now: Date.UTC(2025, 0, 2, 3, 4, 5, 6) };
const second = { pid: 4_712, host: 'gateway-2', now: Date.UTC(2025, 0, 2, 3, 4, 6) };
const owner = fileURLToPath(new URL('./owner.ts', import.meta.url));

let parent: TemporaryDirectory;
let path: string;
const opened: DataDirectory[] = [];
beforeEach(() => {
  parent = temporaryDirectory();
  path = join(parent.path, 'a', 'data');
});
afterEach(() => {
  for (const directory of opened.splice(0)) directory.release();
  parent.remove();
});

function open(by: typeof first, at = path): DataDirectory {
  const directory = openDataDirectory(at, by);
  opened.push(directory);
  return directory;
}

test('a data directory is created, for its owner alone', () => {
  expect(open(first).path).toBe(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('the owner is named in the directory for as long as it has it', () => {
  const directory = open(first);
  const file = join(path, 'owner.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    pid: 4_711,
    host: 'gateway-1',
    since: '2025-01-02T03:04:05.006Z',
  });
  directory.release();
  expect(existsSync(file)).toBe(false);
});

test('a second runtime in the same process is refused, with the name of the first', () => {
  open(first);
  const refusal = expect.objectContaining({
    name: 'CloseoutError',
    code: 'data_directory_in_use',
    message: `the data directory ${path} is in use by pid 4711 on gateway-1 since 2025-01-02T03:04:05.006Z`,
  });
  expect(() => open(second)).toThrow(refusal);
  // And again: the refused one took nothing with it.
  expect(() => open(second)).toThrow(refusal);
});

test('a directory is the same by another name', () => {
  open(first);
  const link = join(parent.path, 'link');
  symlinkSync(path, link);
  expect(() => open(second, link)).toThrow(
    expect.objectContaining({ code: 'data_directory_in_use' }),
  );
});

test('an owner that has not written its name yet is refused all the same', () => {
  open(first);
  writeFileSync(join(path, 'owner.json'), '');
  expect(() => open(second)).toThrow(
    expect.objectContaining({
      code: 'data_directory_in_use',
      message: expect.stringContaining('by a runtime that is just starting or stopping'),
    }),
  );
});

test('a directory that was released is taken by the next, and stays theirs', () => {
  const directory = open(first);
  directory.release();
  open(second);
  directory.release();
  const refusal = expect.objectContaining({ message: expect.stringContaining('pid 4712') });
  expect(() => open(first)).toThrow(refusal);
});

test('a runtime in another process is refused until the owner is gone by kill -9', async () => {
  const child = fork(owner, [path], { execArgv: ['--expose-gc'] });
  await once(child, 'message');
  expect(() => open(second)).toThrow(
    expect.objectContaining({
      code: 'data_directory_in_use',
      message: expect.stringContaining(`pid ${child.pid} on child since 2025-`),
    }),
  );
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  open(second);
  expect(readFileSync(join(path, 'owner.json'), 'utf8')).toContain('"pid":4712');
});

test.each([
  { what: 'a file', at: () => join(parent.path, 'file') },
  { what: 'below a file', at: () => join(parent.path, 'file', 'data') },
])('a path that is $what cannot be used', ({ at }) => {
  writeFileSync(join(parent.path, 'file'), '');
  expect(() => open(first, at())).toThrow(
    expect.objectContaining({ code: 'data_directory_unavailable' }),
  );
});

test('a lock file that is something else cannot be used', () => {
  open(first).release();
  writeFileSync(join(path, 'lock.sqlite'), 'x'.repeat(10_000));
  expect(() => open(second)).toThrow(
    expect.objectContaining({ code: 'data_directory_unavailable' }),
  );
});
