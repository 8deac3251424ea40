// closeout start: the runtime as a process of its own.
import { CloseoutError } from '#src/domain/errors';
import { createRuntime } from '#src/runtime';
import { loadSettings } from '#src/system/load-settings';
import { createLogger } from './logger.ts';

export const startUsage = `closeout start

  the runtime, on the NATS and the database of the settings, until SIGINT or SIGTERM drains it.

Exit status 0: drained; 1: it could not start; 2: invalid settings.`;

/** A second signal within this is the first one again. */
const repeatedSignalMs = 500;

/** Runs until SIGINT or SIGTERM, then drains; a second signal ends it at once. */
export async function startCommand(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    process.stderr.write(`closeout start: takes no arguments, was given ${args.join(' ')}\n`);
    return 2;
  }
  const settings = loadSettings(process.env);
  const logger = createLogger(settings.CLOSEOUT_LOG_LEVEL);
  let end: (status: number) => void = () => {};
  const ended = new Promise<number>((resolve) => (end = resolve));
  const runtime = createRuntime({ settings, logger });
  void runtime.ended.then(() => end(0));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      const since = Date.now();
      // Some shells and npm versions send the same Ctrl-C twice.
      process.on(signal, () => {
        if (Date.now() - since > repeatedSignalMs) process.exit(130);
      });
      logger.info({ signal }, 'draining');
      end(0);
    });
  }
  try {
    await runtime.start();
  } catch (error) {
    if (!(error instanceof CloseoutError)) throw error;
    process.stderr.write(`closeout start: ${error.message}\n`);
    return error.code === 'settings_invalid' ? 2 : 1;
  }
  const status = await ended;
  await runtime.stop();
  logger.info({}, 'stopped');
  return status;
}
