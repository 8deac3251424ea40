#!/usr/bin/env node
// The command `closeout`. Plain JavaScript that an old Node reads too, so as to say what is needed.
import process from 'node:process';
import { typescriptComplaint, versionComplaint } from './supported-node.js';

const main = '#src/cli/main';

// In this order: a Node that is too old cannot resolve what is to be run.
const complaint =
  versionComplaint(process.versions.node) ||
  typescriptComplaint(import.meta.resolve(main), process);

if (complaint === undefined) {
  await import(main);
} else {
  process.stderr.write(`${complaint}\n`);
  process.exitCode = 1;
}
