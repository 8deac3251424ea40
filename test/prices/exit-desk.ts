// Positions whose exits wait in the level index of one symbol, worked off as the price feed does it,
// and beside each of them what looking at it alone on every quote says.
import { deepStrictEqual } from 'node:assert/strict';
import type { Subscription } from 'rxjs';
import type { SeenQuote } from '#src/domain/closing';
import type { Reached } from '#src/domain/due-exits';
import { exitsOf, type ExitMoves, type ExitsSpec } from '#src/domain/exits';
import { priceText } from '#src/domain/price';
import type { Quote, Side } from '#src/domain/quote';
import type { Position } from '#src/domain/state';
import { inOrder } from '#src/prices/level-index';
import type { Market } from '#src/prices/market';
import { exactPrices, quoteAt } from '../domain/arbitraries.ts';
import { naivePeak, naiveReached, type Exact, type NaiveTerms } from '../domain/naive-exits.ts';
import { D } from '../support/brute-force/exact.ts';
import { World } from './world.ts';

export interface Terms {
  readonly side: Side;
  readonly quantity: string;
  readonly entryPrice: string;
  readonly exits: ExitsSpec;
}

export interface Guarded {
  readonly position: Position;
  /** What it was told, of the quote under way. */
  readonly told: Reached[];
  end: Subscription | undefined;
  /** As one look a quote has it. */
  peak: Exact | undefined;
}

export class ExitDesk {
  readonly world: World;
  readonly market: Market;
  readonly symbol: string;
  /** In tracking order. */
  readonly guarded: Guarded[] = [];
  /** Who was told, in order, and of what, since it was looked at last. */
  readonly log: string[] = [];
  /** How often something was reached. */
  readonly seen = new Map<string, number>();
  private quotes = 0;

  constructor(symbol: string, currency = 'USD') {
    this.symbol = symbol;
    this.world = new World({ currency, balance: '100000' });
    this.market = this.world.markets.of(symbol);
  }

  track(terms: Terms): Guarded {
    const given = { ...terms, symbol: this.symbol, exits: exitsOf(terms.exits) };
    const position = this.world.track(given);
    const one: Guarded = { position, told: [], end: undefined, peak: undefined };
    this.guarded.push(one);
    this.market.positions.set(position.positionId, position);
    this.watch(one);
    return one;
  }

  /** As an actor that enters `guarded`. */
  watch(one: Guarded): void {
    this.unwatch(one);
    one.end = this.market.levels.crossings$(one.position).subscribe((reached) => {
      one.told.push(reached);
      this.log.push(one.position.positionId);
    });
  }

  unwatch(one: Guarded): void {
    one.end?.unsubscribe();
    one.end = undefined;
  }

  remove(one: Guarded): void {
    this.unwatch(one);
    this.guarded.splice(this.guarded.indexOf(one), 1);
    this.market.positions.delete(one.position.positionId);
  }

  amend(one: Guarded, given: ExitsSpec): void {
    const { positionId } = one.position;
    const before = JSON.stringify(one.position.exits.trailing);
    const body = { positionId, exits: exitsOf(given) };
    this.world.story.tell({ type: 'position.amended', accountId: 'a', body });
    if (JSON.stringify(body.exits.trailing) !== before) one.peak = undefined;
    if (one.end !== undefined) this.watch(one);
  }

  /** Less is left, or something else was paid: as a part that was closed, or what a provider says. */
  correct(one: Guarded, change: { remainingQuantity?: string; entryPrice?: string }): void {
    const { positionId } = one.position;
    const body = { positionId, ...change };
    this.world.story.tell({ type: 'position.corrected', accountId: 'a', body });
    this.market.levels.renew(positionId);
  }

  quote(symbol: string, bid: string, ask: string): Quote {
    const quote = quoteAt(symbol, bid, ask, ++this.quotes);
    this.world.take(quote);
    const { rates, book } = this.world.markets.of(symbol);
    for (const watch of rates.reached(book)) watch.renew();
    if (symbol === this.symbol) this.work(quote);
    return quote;
  }

  /** Peaks as the index has them, and as they are. */
  peaks(): [string | undefined, string | undefined][] {
    return this.guarded.map(({ position, peak }) => {
      const found = this.market.levels.peakOf(position);
      return [found && priceText(found), peak?.toFixed()];
    });
  }

  private work(quote: Quote): void {
    const { levels } = this.market;
    const watched = this.guarded.filter((one) => one.end !== undefined);
    const expected = watched
      .map((one) => ({ one, reached: this.naive(one, quote) }))
      .filter(({ reached }) => reached.closes.length > 0 || reached.moves !== undefined);
    for (const watch of inOrder(levels.reached(quote))) watch.tell(quote);
    const ids = expected.map(({ one }) => one.position.positionId);
    deepStrictEqual(this.log.splice(0), ids);
    for (const { one, reached } of expected) {
      deepStrictEqual(one.told.splice(0), [reached]);
      this.follow(one, reached, quote);
    }
    levels.advance(quote, Infinity);
    for (const one of this.guarded) {
      const { side, exits, progress } = one.position;
      if (one.end === undefined || progress.trailsSince === undefined) continue;
      one.peak = naivePeak({ side, exits }, closing(side, quote), one.peak);
    }
    for (const [found, peak] of this.peaks()) deepStrictEqual(found, peak);
  }

  private naive({ position, peak }: Guarded, quote: Quote): Reached {
    const { symbol, side, exits, progress } = position;
    const entryPrice = position.entryPrice.toFixed();
    const terms: NaiveTerms = {
      ...{ side, exits, progress, entryPrice },
      quantity: position.quantity.toFixed(),
    };
    const left = { symbol, side, entryPrice, quantity: position.remainingQuantity.toFixed() };
    return naiveReached(terms, { x: closing(side, quote), peak, pnl: this.world.exactPnl(left) });
  }

  /** What the actor of the position and the closer do. */
  private follow(one: Guarded, { closes, moves }: Reached, quote: Quote): void {
    const { position } = one;
    for (const { reason, rung, quantity } of closes) {
      this.count(rung === undefined ? reason : 'rung');
      if (rung !== undefined) {
        const left = position.remainingQuantity.minus(quantity ?? NaN);
        if (left.gt(0)) {
          position.remainingQuantity = left;
          const rungs = [...(position.progress.rungs ?? []), rung];
          position.progress = { ...position.progress, rungs };
          this.market.levels.renew(position.positionId);
          continue;
        }
      }
      this.remove(one);
      return;
    }
    if (moves === undefined) return;
    for (const move of Object.keys(moves)) this.count(move);
    this.move(one, moves, quote);
  }

  private move(one: Guarded, moves: ExitMoves, quote: Quote): void {
    const { positionId } = one.position;
    const body = { positionId, moves, quote: seenQuote(quote) };
    this.world.story.tell({ type: 'position.exits-moved', accountId: 'a', body });
    if (moves.activatedAt !== undefined) one.peak = new D(moves.activatedAt);
    this.market.levels.renew(positionId);
  }

  private count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }
}

/** A quote as a record has it. */
export function seenQuote(quote: Quote): SeenQuote {
  const { bid, ask } = exactPrices(quote);
  return { bid: bid.toFixed(), ask: ask.toFixed(), ts: quote.ts };
}

function closing(side: Side, quote: Quote): Exact {
  const { bid, ask } = exactPrices(quote);
  return side === 'long' ? bid : ask;
}
