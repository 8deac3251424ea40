// How tests run: in processes of their own, on real servers, with coverage that may not fall.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const exacting = { lines: 95, branches: 95 };

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/fixtures/**'],
    globalSetup: 'test/support/global-setup.ts',
    reporters: ['default', './test/support/summary-reporter.ts'],
    pool: 'forks',
    // Many tests wait, for servers and processes: two at a time, also on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Two cores: tests that replay a day of quotes, or wait for a server, take their time.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['machines/**', 'actors/**', 'src/**'],
      reporter: [['text', { skipFull: true }]],
      thresholds: {
        'machines/**': exacting,
        'src/domain/**': exacting,
        'src/prices/**': exacting,
      },
    },
  },
});
