// The log of the commands: pino's JSON lines on standard error, so that output stays output.
import pino from 'pino';

export function createLogger(level: string): pino.Logger {
  return pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
}
