// Closes on paper that wait for a quote, in the order in which they were asked for.
import type { CloseIntent } from '#src/domain/closing';
import type { Position } from '#src/domain/state';
import type { CoreContext } from './core-context.ts';

/** A close that waits: the one under way of its position, or one behind it. */
export interface WaitingClose {
  readonly position: Position;
  readonly closeId: string;
}

export class WaitingCloses {
  private readonly core: CoreContext;
  private readonly positions = new Set<Position>();
  private readonly places = new WeakMap<CloseIntent, number>();
  private asked = 0;

  /** Those that waited before a restart: in the order of their requests, as far as it knows that. */
  constructor(core: CoreContext) {
    this.core = core;
    const all: { position: Position; intent: CloseIntent }[] = [];
    for (const position of core.state.positions.values()) {
      const { intent, phase, queued } = position;
      if (intent === undefined || phase !== 'waiting') continue;
      for (const one of [intent, ...queued]) all.push({ position, intent: one });
    }
    // Ties are in tracking order.
    all.sort((a, b) => a.intent.requestedTs - b.intent.requestedTs);
    for (const { position, intent } of all) this.add(position, intent);
  }

  get size(): number {
    return this.positions.size;
  }

  add(position: Position, intent: CloseIntent): void {
    if (!this.places.has(intent)) this.places.set(intent, ++this.asked);
    this.positions.add(position);
    for (const symbol of symbolsOf(position)) this.core.markets.of(symbol).waiting.add(position);
  }

  /** Nothing of the position waits any more, unless a close of it is under way. */
  drop(position: Position): void {
    if (position.intent !== undefined || !this.positions.delete(position)) return;
    for (const symbol of symbolsOf(position)) this.core.markets.of(symbol).waiting.delete(position);
  }

  /** Those that wait for a quote of this symbol. */
  of(symbol: string): readonly WaitingClose[] {
    const found: (WaitingClose & { readonly place: number })[] = [];
    for (const position of this.core.markets.of(symbol).waiting) {
      const { intent, queued } = position;
      for (const one of intent === undefined ? queued : [intent, ...queued]) {
        const place = this.places.get(one) ?? 0;
        found.push({ position, closeId: one.closeId, place });
      }
    }
    return found.sort((a, b) => a.place - b.place);
  }
}

function symbolsOf(position: Position): string[] {
  return [position.symbol, ...position.conversion.map((leg) => leg.symbol)];
}
