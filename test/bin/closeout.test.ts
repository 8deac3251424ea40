// The command on a Node that is too old for it, on one that is not, and on one without TypeScript.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { expect, test } from 'vitest';
import { nodeNeeded, typescriptComplaint, versionComplaint } from '../../bin/supported-node.js';
