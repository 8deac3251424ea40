// The README's example is run as it stands there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('the embedding example tracks a position and sees it close at its stop', () => {
  const code = /```ts\n(.*?)```/s.exec(readFileSync('README.md', 'utf8'))?.[1];
  expect(code).toBeDefined();
  const directory = mkdtempSync(join(tmpdir(), 'closeout-readme-'));
  try {
    const inDirectory = String(code).replace("'.closeout'", JSON.stringify(directory));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module-typescript', '-'],
      { encoding: 'utf8', input: inDirectory },
    );
    expect(stderr).not.toContain('Error');
    expect(stdout).toContain('position.tracked');
    expect(stdout).toMatch(/position\.closed[\s\S]*closeReason: 'stop_loss'/);
    expect(status).toBe(0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
