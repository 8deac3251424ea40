// The command on a Node that is too old for it, on one that is not, and on one without TypeScript.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { nodeNeeded, typescriptComplaint, versionComplaint } from '../../bin/supported-node.js';

const root = join(import.meta.dirname, '../..');
const tooOld = (found: string) =>
  `closeout needs Node ${nodeNeeded} or newer, but this is Node ${found}.`;

test.each([
  ['16.20.2', tooOld('16.20.2')],
  ['20.20.2', tooOld('20.20.2')],
  ['22.9.0', tooOld('22.9.0')],
  ['22.16.9', tooOld('22.16.9')],
  ['22.17.0', undefined],
  ['22.18.0-nightly', undefined],
  ['24.0.0', undefined],
  ['100.1.0', undefined],
])('on Node %s the complaint is %s', (found, expected) => {
  expect(versionComplaint(found)).toBe(expected);
});

test('what is needed is what package.json says', () => {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  const { engines } = JSON.parse(text) as { engines: { node: string } };
  expect(engines.node).toBe(`>=${nodeNeeded}`);
});

const noTypescript = 'closeout is TypeScript here, which this Node 22.17.0 does not run as it is.';

test.each([
  ['main.ts', { typescript: 'strip' }, undefined],
  ['main.js', { typescript: false }, undefined],
  ['main.ts', { typescript: false }, noTypescript],
  ['main.ts', {}, noTypescript],
])('%s on a Node with %o: %s', (target, features, expected) => {
  const node = { versions: { node: '22.17.0' }, features };
  expect(typescriptComplaint(`file:///src/cli/${target}`, node)).toBe(expected);
});

/** Runs the command in a Node with these options. */
function runWith(...options: string[]) {
  const args = [...options, 'bin/closeout.js', '--help'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('an old Node is told in one line what was found and what is needed', () => {
  const preload = `Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`;
  const asOld = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  expect(runWith(...asOld)).toEqual({ status: 1, stdout: '', stderr: `${tooOld('20.20.2')}\n` });
});

test('a Node that runs no TypeScript is told so in one line', () => {
  const { status, stdout, stderr } = runWith('--no-strip-types');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^closeout is TypeScript here, which this Node \S+ does not run.+\n$/);
});

test('a Node that is new enough runs the command itself', () => {
  expect(runWith().stderr).not.toContain('this Node');
});
