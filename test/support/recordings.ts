// The recorded quotes, as tests see them: gzipped CSV with header `ts,bid,ask`.
import { inject } from 'vitest';

/** Path of a recording: 265,015 rows of XAUUSD, 167,466 of EURUSD. Synthetic where there is none. */
export function recordingOf(symbol: 'XAUUSD' | 'EURUSD'): string {
  return inject('recordings')[symbol];
}
