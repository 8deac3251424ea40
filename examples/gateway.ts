// A gateway that embeds closeout: its own prices in, its positions guarded, the closes back out.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, isRefused, type QuoteInput } from 'closeout';
import { filter, Subject } from 'rxjs';

/** What the gateway learns of its closed positions. */
export interface ClosedTicket {
  ticket: unknown;
  reason: unknown;
  price: unknown;
  pnl: unknown;
}

export async function runGateway(dataDir: string): Promise<ClosedTicket[]> {
  const prices$ = new Subject<QuoteInput>();
  const runtime = createRuntime({
    settings: {
      CLOSEOUT_DATA_DIR: dataDir,
      CLOSEOUT_LOG_LEVEL: 'warn',
      instruments: [{ symbol: 'EURUSD', quoteCurrency: 'USD', contractSize: 100_000 }],
      accounts: [{ accountId: 'acc1', currency: 'USD', balance: 10_000, preset: 'default' }],
    },
    quotes$: prices$,
  });

  const closed: ClosedTicket[] = [];
  runtime.events$
    .pipe(filter(({ event }) => event === 'position.closed'))
    .subscribe(({ ticket, closeReason, closedPrice, pnl }) => {
      closed.push({ ticket, reason: closeReason, price: closedPrice, pnl });
    });
  await runtime.start();

  // Two positions that the gateway has open: a long with a stop loss, a short with a target.
  for (const position of [
    { ticket: 7001, side: 'long', exits: { stopLoss: '1.0950' } },
    { ticket: 7002, side: 'short', exits: { takeProfit: '1.0940' } },
  ]) {
    const reply = await runtime.commands.position.track('acc1', {
      symbol: 'EURUSD',
      quantity: '0.5',
      entryPrice: '1.1000',
      ...position,
    });
    if (isRefused(reply)) throw new Error(reply.error.message);
  }

  // The market falls: first through the stop of the long, then to the target of the short.
  for (const [bid, ask] of [
    [1.0998, 1.0999],
    [1.0949, 1.095],
    [1.0938, 1.0939],
  ] as const) {
    prices$.next({ symbol: 'EURUSD', bid, ask, ts: Date.now() });
  }

  await runtime.stop();
  return closed;
}

if (import.meta.main) {
  const dataDir = await mkdtemp(join(tmpdir(), 'closeout-gateway-'));
  try {
    for (const ticket of await runGateway(dataDir)) console.log(ticket);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
