// The last lines of a test run: what it did not run on, and how many tests passed and failed.
import process from 'node:process';
import type { Reporter, TestModule } from 'vitest/node';
import { missingRecordings } from './recordings/files.ts';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Counts tests; a file that could not be read, or an error outside tests, is a failure too. */
export function countOf(modules: readonly TestModule[], errorsOutside: number): Counts {
  const counts = { passed: 0, failed: errorsOutside, skipped: 0 };
  for (const module of modules) {
    counts.failed += module.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state !== 'pending') counts[state]++;
    }
  }
  return counts;
}

export function summaryOf({ passed, failed, skipped }: Counts, missing: readonly string[]): string {
  const note =
    missing.length === 0
      ? ''
      : `Without the recordings of ${missing.join(' and ')}: the tests ran on synthetic quotes.\n`;
  const rest = skipped === 0 ? '' : `, ${skipped} skipped`;
  return `\n${note}${passed} passed, ${failed} failed${rest}\n`;
}

/** Prints the summary when the process ends: after the coverage and the end of the servers. */
export default class SummaryReporter implements Reporter {
  private counts: Counts | undefined;

  onInit(): void {
    process.once('exit', () => {
      if (this.counts !== undefined) {
        process.stdout.write(summaryOf(this.counts, missingRecordings()));
      }
    });
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    this.counts = countOf(modules, errors.length);
  }
}
