// Guards of markets as tables: what is done, a row each, and what is told of it.
import { expect } from 'vitest';
import { quoteOf, type QuoteInput } from '#src/contracts/quote';
import { killAndRestart, restart, trackLots, world, type Body } from './acting.ts';

const off = { gap: false, spread: false, liquidity: false, stale: false } as const;

/** The guard of the euro; conditions that are not named are off. */
export async function guard(body: Body): Promise<void> {
  const reply = await world.ask('op._.guard.put', { symbol: 'EURUSD', ...off, ...body });
  expect(reply['error']).toBeUndefined();
}

export async function guardStatus(): Promise<Body> {
  const { guards } = await world.ask('op._.guard.status', { symbol: 'EURUSD' });
  return (guards as Body[])[0] ?? {};
}

/**
 * What is done, and what is told of it, in order. Done is one of:
 * - `1.1 1.2`: a quote of these, `1.1 1.2 5x9` with its sizes, `1.1@lmax` of a feed, a bid alone of no
 *   spread; `1.1 ts-5` is of 5 ms ago
 * - `+500`: so many milliseconds pass
 * - `long a`, `short a`: a position of that name is tracked
 * - `restart`, `kill`: the runtime stops and starts again on what is durable
 *
 * Told is `warning spread`, `critical liquidity.long`, `cleared gap`; `halted spread, gap` and
 * `resumed` of entries; `a market_spread 1.1` of a position that was closed, at its price.
 */
export type Row = readonly [done: string, ...told: string[]];

const seen = new Set<unknown>();

/** What was told since it was asked last. */
export function news(): string[] {
  const fresh = world.events.filter(({ id }) => !seen.has(id));
  for (const { id } of fresh) seen.add(id);
  return fresh.flatMap((event) => shown(event.event, event as unknown as Body));
}

/** Nothing was told yet: ids are those of a world. */
export function forgetNews(): void {
  seen.clear();
}

export async function expectTold(...rows: readonly Row[]): Promise<void> {
  for (const [i, [done, ...told]] of rows.entries()) {
    await act(done);
    expect([i, done, ...news()]).toEqual([i, done, ...told]);
  }
}

async function act(done: string): Promise<void> {
  const [what = '', name = ''] = done.split(' ');
  if (what === 'restart') await restart();
  else if (what === 'kill') await killAndRestart();
  else if (what.startsWith('+')) world.clock.advance(Number(what.slice(1)));
  else if (what === 'long' || what === 'short') {
    await trackLots('acc2', { positionId: name, side: what });
  } else quote(done);
}

export function quote(text: string): void {
  const [prices = '', feed] = text.split('@');
  const numbers = prices.split(' ').filter((word) => /^[\d.]+$/.test(word));
  const [bidSize, askSize] = /(\d+)x(\d+)/.exec(text)?.slice(1) ?? [];
  const ago = Number(/ts-(\d+)/.exec(text)?.[1] ?? 0);
  push({
    ...{ bid: numbers[0] ?? '', ask: numbers[1] ?? numbers[0] ?? '', bidSize, askSize },
    ...{ ts: world.clock.now() - ago, feed },
  });
}

export function push(input: Omit<QuoteInput, 'symbol'>): void {
  const one = quoteOf({ symbol: 'EURUSD', ...input }, world.clock.now());
  if (one === undefined) throw new Error(`${JSON.stringify(input)} is no quote`);
  world.engine.quote(one);
}

/** 100 windows of a second, of 1 % up and 1 % down in turn: the next one begins at 1. */
export function calmWindows(): void {
  for (let i = 0; i < 100; i++) {
    quote(i % 2 === 0 ? '1' : '1.01');
    world.clock.advance(999);
    quote(i % 2 === 0 ? '1.01' : '1');
    world.clock.advance(1);
  }
  expect(news()).toEqual([]);
}

function shown(event: string, of: Body): string[] {
  switch (event) {
    case 'market.warning':
    case 'market.critical':
    case 'market.cleared': {
      const { condition, side } = of as { condition: string; side?: string };
      const gauge = side === undefined ? condition : `${condition}.${side}`;
      return [`${event.slice('market.'.length)} ${gauge}`];
    }
    case 'entries.halted':
    case 'entries.resumed': {
      expect(of).toMatchObject({ accountId: '_', symbol: 'EURUSD' });
      const reasons = of['reasons'] as string[];
      const isHalted = event === 'entries.halted';
      expect([of['allowed'], reasons.length > 0]).toEqual([!isHalted, isHalted]);
      return [isHalted ? `halted ${reasons.map(short).join(', ')}` : 'resumed'];
    }
    case 'position.closed':
      return [
        `${String(of['positionId'])} ${String(of['closeReason'])} ${String(of['closedPrice'])}`,
      ];
    case 'position.tracked':
      return [];
    case 'feed.switched':
      return [`feed ${String(of['to'])} ${String(of['feed'])} ${String(of['reason'])}`];
    default:
      return [event];
  }
}

/** `liquidity for longs is at its limit` is `liquidity.long`. */
function short(reason: string): string {
  return reason
    .replace(' is at its limit', '')
    .replace(/ for (long|short)s$/, '.$1')
    .replace('the market is closed', 'closed');
}
