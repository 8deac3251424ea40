// The lint rules of the design can fail, cannot be switched off, and are proved to by `npm run check`.
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compare } from '../scripts/planted.ts';

const root = join(import.meta.dirname, '..');
const planted = join(root, 'test/fixtures/planted');
const maxLines = 400;

test('every planted violation is reported, and nothing else', () => {
  const { found, faults } = compare(planted);
  expect(faults).toEqual([]);
  expect(found).toBeGreaterThan(50);
});

describe('a copy of what is planted', () => {
  let copy: string;

  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'closeout-planted-'));
    cpSync(planted, copy, { recursive: true });
    const config = { extends: [join(root, '.oxlintrc.json')], options: { typeAware: true } };
    writeFileSync(join(copy, 'oxlint.json'), JSON.stringify(config));
  });

  afterEach(() => rmSync(copy, { recursive: true }));

  /** `npm run check:planted` on the copy. */
  function check() {
    const script = join(root, 'scripts/planted.ts');
    const { status, stderr } = spawnSync(process.execPath, [script, copy], { encoding: 'utf8' });
    return { status, faults: stderr.trim().split('\n') };
  }

  test('fails the check where a planted import is not reported', () => {
    const file = join(copy, 'src/ports/imports.ts');
    const text = readFileSync(file, 'utf8').replace('#src/prices/quote-book', '#src/domain/book');
    writeFileSync(file, text);
    const faults = ['not reported: src/ports/imports.ts:4 closeout/boundaries'];
    expect(check()).toEqual({ status: 1, faults });
  });

  test('fails the check where planted ambient time is not reported', () => {
    const file = join(copy, 'machines/imports.ts');
    writeFileSync(file, readFileSync(file, 'utf8').replace('Math.random()', 'Math.sign(1)'));
    const faults = ['not reported: machines/imports.ts:8 closeout/no-ambient'];
    expect(check()).toEqual({ status: 1, faults });
  });

  test('fails the check where a rule reports what is allowed', () => {
    const file = join(copy, 'src/domain/pure.ts');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\nexport const late = Date.now();\n`);
    const { status, faults } = check();
    expect(status).toBe(1);
    expect(faults).toEqual([
      expect.stringMatching(/^reported, not planted: src\/domain\/pure\.ts/),
    ]);
  });

  test(`has no file of more than ${maxLines} lines`, () => {
    const lines = (count: number) => `export const one = 1;\n${'// More.\n'.repeat(count - 1)}`;
    writeFileSync(join(copy, 'src/cli/long.ts'), lines(maxLines));
    writeFileSync(join(copy, 'src/cli/longer.ts'), lines(maxLines + 1));
    expect(compare(copy).faults).toEqual([
      expect.stringMatching(/^reported, not planted: src\/cli\/longer\.ts:\d+ eslint\/max-lines$/),
    ]);
  });
});

test('no file switches a check off', () => {
  // Written so that this file does not hold what it looks for.
  const escape = /(ox|es)lint-(disable)|@ts-(ignore|expect-error|nocheck)/;
  const files = globSync('{machines,actors,src,bench,examples,scripts,test,bin}/**/*.{ts,js}', {
    cwd: root,
  });
  const offenders = files.filter((file) => escape.test(readFileSync(join(root, file), 'utf8')));
  expect(files.length).toBeGreaterThan(50);
  expect(offenders).toEqual([]);
});
