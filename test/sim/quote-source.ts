// Quotes as the feeds of a simulated world give them: with sizes, sequence numbers and a name, now and then
// with a wide spread or hardly any size; from one feed, or from two that do not say the same.
import type { QuoteInput } from '#src/contracts/quote';
import { decimal, text } from '#src/domain/money';
import type { Random } from '../support/random.ts';
import { fallbackFeed, primaryFeed, type MadeMarket } from './made-markets.ts';

export interface Given extends Omit<QuoteInput, 'ts'> {
  /** It is this much older than the last quote of its symbol that counted; as of now where absent. */
  readonly behindMs?: number | undefined;
}

interface SourceOptions {
  readonly random: Random;
  readonly markets: ReadonlyMap<string, MadeMarket>;
  /** Whether something is the matter now. */
  readonly is: (fault: string) => boolean;
}

/** What is the matter with a symbol, or a feed, by name. */
export function wide(symbol: string): string {
  return `spread wide: ${symbol}`;
}

export function thin(symbol: string): string {
  return `book thin: ${symbol}`;
}

export function silent(feed: string): string {
  return `feed silent: ${feed}`;
}

/** It is as old as a quote may be by which a feed that stands by is heard. */
export function late(feed: string): string {
  return `feed late: ${feed}`;
}

/** It sends what is older. */
export function behind(feed: string): string {
  return `feed behind: ${feed}`;
}

/** The other feed is so many spreads off. */
const otherBy = 0.5;

export class QuoteSource {
  private readonly options: SourceOptions;
  private readonly seqs = new Map<string, number>();

  constructor(options: SourceOptions) {
    this.options = options;
  }

  /** What the feeds make of a price, in the order in which it comes. */
  *quotesOf(symbol: string, bid: string, ask: string): Iterable<Given> {
    const { markets, is } = this.options;
    if (markets.get(symbol)?.guard.feeds === undefined) {
      yield this.quote(symbol, bid, ask, undefined);
      return;
    }
    if (!is(silent(primaryFeed))) yield this.quote(symbol, bid, ask, primaryFeed);
    if (is(silent(fallbackFeed))) return;
    const off = decimal(ask).minus(bid).times(otherBy);
    const other = (price: string): string => text(off.plus(price));
    yield this.quote(symbol, other(bid), other(ask), fallbackFeed);
  }

  private quote(symbol: string, bid: string, ask: string, feed: string | undefined): Given {
    const { random, is } = this.options;
    const factor = is(wide(symbol)) ? random.int(2, 50) : 1;
    const spread = decimal(ask).minus(bid).times(factor);
    const size = (): number | undefined => {
      if (random.chance(0.03)) return undefined;
      return is(thin(symbol)) ? random.int(0, 24) / 2 : random.int(20, 120) / 2;
    };
    return {
      ...{ symbol, bid, ask: text(spread.plus(bid)) },
      ...{ bidSize: size(), askSize: size() },
      ...{ seq: this.seqOf(`${symbol} ${feed}`), feed, behindMs: this.behindMsOf(feed) },
    };
  }

  private behindMsOf(feed = ''): number | undefined {
    const { random, is } = this.options;
    if (is(behind(feed))) return random.int(1001, 60_000);
    return is(late(feed)) ? random.int(1, 1000) : undefined;
  }

  private seqOf(key: string): number {
    const { random } = this.options;
    const last = this.seqs.get(key) ?? 0;
    const ahead = random.chance(0.02) ? random.int(-2, 4) : 1;
    const seq = Math.max(0, last + ahead);
    this.seqs.set(key, seq);
    return seq;
  }
}
