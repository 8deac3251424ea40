// Emptying is for what is certainly a demo's own, and nobody's at the moment.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyDemoDirectory, markerFileName } from '#src/cli/demo/demo-directory';
import { openDataDirectory } from '#src/journal/data-directory';

let base: string;
let demo: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'closeout-demo-'));
  demo = join(base, 'demo');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const foreign = expect.objectContaining({ code: 'data_directory_foreign' });

/** As a demo leaves it. */
function used(): void {
  emptyDemoDirectory(demo, 0);
  mkdirSync(join(demo, 'pglite', 'base'), { recursive: true });
  writeFileSync(join(demo, 'pglite', 'base', '1'), 'rows');
  for (const name of ['journal.sqlite', 'journal.sqlite-wal', 'demo.log']) {
    writeFileSync(join(demo, name), 'of the last demo');
  }
}

test('a directory that is not there is made, and marked', () => {
  expect(emptyDemoDirectory(demo, 0)).toBe(demo);
  expect(readdirSync(demo)).toContain(markerFileName);
});

test('an empty directory is taken', () => {
  mkdirSync(demo);
  emptyDemoDirectory(demo, 0);
  expect(readdirSync(demo)).toContain(markerFileName);
});

test('what the last demo left is deleted', () => {
  used();
  emptyDemoDirectory(demo, 0);
  expect(readdirSync(demo).filter((name) => name !== 'lock.sqlite')).toEqual([markerFileName]);
});

test('nothing is deleted while another process owns it, and the owner is named', () => {
  used();
  const owner = openDataDirectory(demo, { pid: 4711, host: 'here', now: 0 });
  const inUse = expect.objectContaining({
    code: 'data_directory_in_use',
    message: expect.stringContaining('pid 4711 on here'),
  });
  expect(() => emptyDemoDirectory(demo, 0)).toThrow(inUse);
  expect(existsSync(join(demo, 'journal.sqlite'))).toBe(true);
  owner.release();
  emptyDemoDirectory(demo, 0);
  expect(existsSync(join(demo, 'journal.sqlite'))).toBe(false);
});

test('a directory of somebody else is left as it is, though its files have our names', () => {
  mkdirSync(demo);
  writeFileSync(join(demo, 'journal.sqlite'), 'of a real runtime');
  expect(() => emptyDemoDirectory(demo, 0)).toThrow(foreign);
  expect(readdirSync(demo)).toEqual(['journal.sqlite']);
});

test('a file that is not ours among our own stops it, and is named', () => {
  used();
  writeFileSync(join(demo, 'notes.txt'), 'mine');
  expect(() => emptyDemoDirectory(demo, 0)).toThrow(/notes\.txt/);
  expect(existsSync(join(demo, 'journal.sqlite'))).toBe(true);
});

test('a link is not followed', () => {
  used();
  const link = join(base, 'link');
  symlinkSync(demo, link);
  expect(() => emptyDemoDirectory(link, 0)).toThrow(foreign);
  expect(existsSync(join(demo, 'journal.sqlite'))).toBe(true);
});

test('a file in its place is left alone', () => {
  writeFileSync(demo, 'a file');
  expect(() => emptyDemoDirectory(demo, 0)).toThrow(foreign);
});

test('a place where nothing can be made is named', () => {
  writeFileSync(join(base, 'file'), '');
  const unusable = expect.objectContaining({ code: 'data_directory_unavailable' });
  expect(() => emptyDemoDirectory(join(base, 'file', 'demo'), 0)).toThrow(unusable);
});
