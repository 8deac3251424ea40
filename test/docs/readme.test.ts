// The README's example is run as it stands there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const stop = 'await runtime.stop();';

/** A fall that closes what is open in `acc1` and breaches its trailing drawdown. */
const fall = `
  await runtime.commands.position.track('acc1', {
    positionId: 'fall', symbol: 'EURUSD', side: 'long', quantity: 2, entryPrice: '1.1',
  });
  quotes$.next({ symbol: 'EURUSD', bid: 1.0885, ask: 1.0886, ts: Date.now() });`;

test('the examples run: a position closes at its stop, exits and rules are taken, a breach ends', () => {
  const blocks = readFileSync('README.md', 'utf8').matchAll(/```ts\n(.*?)```/gs);
  const [whole, ...others] = [...blocks].map(([, code = '']) => code);
  const parts = others.filter((part) => part.startsWith('await runtime.'));
  expect(parts).toHaveLength(3);
  const resume = others.find((part) => part.includes('acknowledge:'));
  // What the others answer is shown, so that a refusal is seen.
  const shown = parts.join('').replace(/^await (runtime\.[^;]*);/gms, 'console.log(await $1);');
  expect(whole).toContain(stop);
  const code = whole?.replace(stop, () => [shown, fall, resume, stop].join('\n'));
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
    expect(stdout).toContain("anchorMovedBy: 'created'");
    expect(stdout).not.toContain('error:');
    expect(stdout).toContain('guard.breached');
    expect(stdout).toContain("breachId: 'breach_");
    expect(stdout).toMatch(/account\.resumed[\s\S]*\npeak normal/);
    expect(stdout).toMatch(/position\.closed[\s\S]*closeReason: 'stop_loss'/);
    expect(status).toBe(0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
