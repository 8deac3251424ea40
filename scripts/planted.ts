// Proves that the lint rules can fail: what is planted is reported, line for line, and nothing else.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

interface Finding {
  readonly filename: string;
  readonly code: string;
  readonly labels: readonly [{ readonly span: { readonly line: number } }];
}

const mark = /\/\/ planted: (\S+)$/;

/** `FILE:LINE RULE` of every line of the folder that is marked as a violation. */
function plantedIn(folder: string): string[] {
  return globSync('**/*.ts', { cwd: folder }).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .flatMap((line, at) => {
        const rule = mark.exec(line)?.[1];
        return rule === undefined ? [] : [`${file}:${at + 1} ${rule}`];
      }),
  );
}

/** `FILE:LINE RULE` of everything that the linter reports of the folder, by its configuration. */
function reportedIn(folder: string): string[] {
  const { stdout, stderr } = spawnSync('oxlint', ['--config', 'oxlint.json', '--format', 'json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (!stdout.startsWith('{')) throw new Error(`oxlint did not run: ${stdout}${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Finding[] };
  return diagnostics.map(({ filename, code, labels }) => {
    const rule = code.replace(/^(.+)\((.+)\)$/, '$1/$2');
    return `${filename}:${labels[0].span.line} ${rule}`;
  });
}

/** What of the planted violations was missed, and what was reported beside them. */
export function compare(folder: string): { found: number; faults: string[] } {
  const planted = new Set(plantedIn(folder));
  const reported = new Set(reportedIn(folder));
  const missed = [...planted.difference(reported)].map((it) => `not reported: ${it}`);
  const surplus = [...reported.difference(planted)].map((it) => `reported, not planted: ${it}`);
  return { found: planted.size - missed.length, faults: [...missed, ...surplus].sort() };
}

if (import.meta.main) {
  const { found, faults } = compare(process.argv[2] ?? 'test/fixtures/planted');
  for (const fault of faults) console.error(fault);
  console.log(`planted violations: ${found} found, ${faults.length} faults`);
  process.exitCode = found > 0 && faults.length === 0 ? 0 : 1;
}
