// Time, as the core sees it. A replay and the simulator own it; live it is the system's.

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since the epoch, UTC, an integer. */
  now(): number;
  /** Calls `act` once at or after `ts`, unless cancelled before. */
  at(ts: number, act: () => void): Cancel;
  /** Calls `act` once, soon, after whatever else is waiting for its turn. */
  soon(act: () => void): void;
}
