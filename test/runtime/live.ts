// Whole runtimes on directories of their own: sqlite journal, PGlite, no NATS.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { afterAll } from 'vitest';
import type { QuoteInput } from '#src/contracts/quote';
import type { SettingsInput } from '#src/contracts/settings';
import { createRuntime, type Runtime, type RuntimeOptions } from '#src/runtime';
import { accounts, instruments } from './world.ts';

const releases: (() => Promise<unknown>)[] = [];

/** A directory that is gone when the tests of the file are over. */
export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'closeout-runtime-'));
  releases.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

afterAll(async () => {
  for (const release of releases.toReversed()) await release();
});

export interface Live {
  readonly runtime: Runtime;
  readonly quotes: Subject<QuoteInput>;
  readonly directory: string;
  quote(symbol: string, bid: number | string, ask?: number | string): void;
  counter(name: string): number;
}

export interface LiveOptions extends Omit<RuntimeOptions, 'settings' | 'quotes$'> {
  readonly directory?: string;
  readonly settings?: Partial<SettingsInput>;
}

/** Not started yet; stopped at the end of the file, if nobody does it before. */
export async function liveRuntime({
  directory,
  settings,
  ...more
}: LiveOptions = {}): Promise<Live> {
  const path = directory ?? (await temporaryDirectory());
  const quotes = new Subject<QuoteInput>();
  const runtime = createRuntime({
    settings: {
      ...{ CLOSEOUT_DATA_DIR: path, CLOSEOUT_LOG_LEVEL: 'silent', CLOSEOUT_HTTP_PORT: 0 },
      ...{ instruments, accounts },
      ...settings,
    },
    quotes$: quotes,
    ...more,
  });
  releases.push(() => runtime.stop());
  return {
    runtime,
    quotes,
    directory: path,
    quote: (symbol, bid, ask = bid) => quotes.next({ symbol, bid, ask }),
    counter: (name) => runtime.status().counters[name] ?? 0,
  };
}

export async function startLive(options: LiveOptions = {}): Promise<Live> {
  const live = await liveRuntime(options);
  await live.runtime.start();
  return live;
}
