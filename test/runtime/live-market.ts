// What the tests of closes that a market guard asked for stand on: its guard, quotes that make it act,
// and what the ledger says in the end.
import type { Body, LiveWorld } from './live-world.ts';

export const clearAfterMs = 50;
/** No way of waiting of these tests takes longer. */
export const sentMsMax = 3000;

export const settings = {
  instruments: ['X', 'Y'].map((symbol) => ({ symbol, quoteCurrency: 'USD' })),
};

export function spread(w: LiveWorld, bid: number, ask: number): void {
  w.harness.quote('X', bid, ask);
  w.clock.turn();
}

export async function guard(w: LiveWorld, more: Body = {}): Promise<void> {
  const body = { symbol: 'X', spread: { clearAfterMs }, gap: { clearAfterMs }, ...more };
  await w.settled(w.ask('_.guard.put', body));
}

/** What the ledger says of p in its last row. */
export async function lastRow(w: LiveWorld): Promise<Body> {
  const rows = await w.rows();
  const row = rows.findLast(
    ({ eventType, metaData }) =>
      metaData['positionId'] === 'p' && eventType.startsWith('position_'),
  );
  const { errorMessage, reasons } = row?.metaData ?? {};
  return { eventType: row?.eventType, status: row?.status, errorMessage, reasons };
}

export const notSent = {
  eventType: 'position_close_failed',
  status: 2,
  errorMessage: 'it was not sent: the condition had cleared',
  reasons: ['market_spread'],
};

/** Attempts before had been refused. */
export const notSentAgain = {
  ...notSent,
  errorMessage: 'it was not sent again: the condition had cleared',
};
