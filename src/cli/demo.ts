// npm start: the runtime on a synthetic market, with nothing to install and nothing to configure.
import { CloseoutError } from '#src/domain/errors';
import { demoUsage, readDemoArguments } from './demo/arguments.ts';
import { runDemo } from './demo/demo.ts';
import { Screen } from './demo/screen.ts';

/** Some npm pass on a Ctrl-C that the terminal has sent us already: this soon it is no second one. */
const repeatedSignalMs = 500;

async function main(argv: readonly string[]): Promise<number> {
  const read = readDemoArguments(argv);
  if (!read.ok) {
    process.stderr.write(`closeout demo: ${read.faults.join('\n')}\nusage: ${demoUsage}\n`);
    return 2;
  }
  if (read.value.isHelp) {
    process.stdout.write(`usage: ${demoUsage}\n`);
    return 0;
  }
  const stop = new AbortController();
  stopOnSignals(stop);
  // Nobody reads any more, as when the pager was left: that is an end like any other.
  process.stdout.on('error', () => stop.abort());
  try {
    await runDemo(read.value, new Screen(process.stdout, process.env), stop);
    return 0;
  } catch (error) {
    if (!(error instanceof CloseoutError)) throw error;
    process.stderr.write(`closeout demo: ${error.message}\n`);
    return 1;
  }
}

/** The first signal drains, a second one ends at once. */
function stopOnSignals(stop: AbortController): void {
  let firstMs: number | undefined;
  const onSignal = (): void => {
    const now = performance.now();
    firstMs ??= now;
    if (now - firstMs > repeatedSignalMs) process.exit(130);
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}

process.exitCode = await main(process.argv.slice(2));
