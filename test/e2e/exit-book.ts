// What must have become of every position: each exit looked at on each quote that was sent, in
// decimals, as far as the journal of a killed process says that it came.
import type { Exits } from '#src/domain/exits';
import { Decimal, decimal, text, type Decimal as Exact } from '#src/domain/money';
import { duesOf, movesOf, type Guarded } from '../sim/exit-model.ts';
import type { KilledJournal } from './killed-journal.ts';
import type { MixedPosition } from './mixed-exits.ts';
import type { SentQuote } from './swinging-market.ts';

export interface Close {
  readonly positionId: string;
  readonly reason: string;
  readonly triggerPrice: string | undefined;
  readonly quantity: string;
  readonly price: string | undefined;
}

/** `waiting`: its time has come, and it closes at the next quote. */
export type HeldState = 'guarded' | 'waiting' | 'closed';

interface HeldPosition extends Guarded {
  state: HeldState;
  /** Only later quotes mean anything to it. */
  readonly sinceTs: number;
}

/** A position as the runtime shows it. */
export interface View {
  readonly positionId: string;
  readonly state: string;
  readonly remainingQuantity: string;
  readonly exits: {
    readonly stopLoss?: string;
    readonly breakEven?: { readonly moved: boolean };
    readonly trailing?: {
      readonly armed: boolean;
      readonly peak?: string;
      readonly tiers?: readonly { readonly reached: boolean }[];
    };
    readonly ladder?: readonly { readonly done: boolean }[];
  };
}

export class ExitBook {
  readonly held = new Map<string, HeldPosition>();
  /** All that the exits have closed, each position's in order. */
  readonly closes: Close[] = [];
  /** How much of each there was to see at restarts: a test that saw nothing shows nothing. */
  readonly seen = { peaks: 0, movedStops: 0, tiers: 0, rungs: 0, late: 0 };

  /** `sinceTs` is that of the last quote that was sent before. */
  track(position: MixedPosition, sinceTs: number): void {
    const { positionId, symbol, side, quantity, entryPrice, exits } = position;
    this.held.set(positionId, {
      ...{ positionId, accountId: 'paper', symbol, side, exits, state: 'guarded', sinceTs },
      ...{ quantity: decimal(quantity), remaining: decimal(quantity) },
      entryPrice: decimal(entryPrice),
      ...{ movedStop: undefined, peak: undefined, peakMost: undefined },
      isTrailing: exits.trailing !== undefined && exits.trailing.activation === undefined,
      ...{ tiers: new Set<number>(), rungs: new Set<number>() },
    });
  }

  /** Quotes since the last start, of which the runtime may have lost those that are not on disk. */
  follow(quotes: readonly SentQuote[], journal: KilledJournal, newest = journal.newest): void {
    const filled = new Set(journal.acts.map(({ positionId, close }) => close && positionId));
    for (const held of this.held.values()) {
      const { positionId, symbol, sinceTs } = held;
      const all = quotes.filter((quote) => quote.symbol === symbol);
      const expired = journal.expired.get(positionId);
      const stoodOn = all.find(({ ts }) => ts === expired?.quoteTs);
      // A book of before the last start fills nothing.
      if (held.state === 'guarded' && expired !== undefined && stoodOn === undefined) {
        held.state = 'waiting';
      }
      const own = all.filter(({ ts }) => ts > sinceTs);
      const [first] = own;
      if (held.state === 'waiting') {
        if (first !== undefined && filled.has(positionId)) this.expire(held, first);
      } else if (stoodOn !== undefined && stoodOn.ts <= sinceTs && held.state === 'guarded') {
        this.expire(held, stoodOn);
      } else {
        this.advance(held, own, newest.get(symbol) ?? 0, stoodOn?.ts);
      }
    }
  }

  /** Quotes up to that time are on disk; the time exit acts behind the one that it stood on. */
  private advance(
    held: HeldPosition,
    quotes: readonly SentQuote[],
    lastTs: number,
    expiredTs: number | undefined,
  ): void {
    for (const quote of quotes) {
      if (held.state !== 'guarded') return;
      if (quote.ts <= lastTs) this.take(held, quote);
      else if (held.isTrailing) held.peakMost = movesOf(held, closingPrice(held, quote)).peakMost;
      if (held.state === 'guarded' && quote.ts === expiredTs) this.expire(held, quote);
    }
  }

  /** What a restarted runtime does not know as it should; from here on its peaks count. */
  compare(views: readonly View[], askedTs: number): string[] {
    const faults: string[] = [];
    for (const view of views) {
      const held = this.held.get(view.positionId);
      if (held === undefined) faults.push(`${view.positionId} was never tracked`);
      else faults.push(...this.differences(held, view, askedTs).map((one) => shown(held, one)));
    }
    return faults;
  }

  private differences(held: HeldPosition, view: View, askedTs: number): string[] {
    const wrong: string[] = [];
    const same = (what: string, is: unknown, should: unknown): void => {
      if (is !== should) wrong.push(`${what} ${String(is)}, not ${String(should)}`);
    };
    const { expiresAt = Infinity } = held.exits;
    if (held.state === 'guarded' && expiresAt <= askedTs) {
      held.state = 'waiting';
      this.seen.late++;
    }
    // Its time may have come between two answers.
    if (held.state === 'guarded' && view.state === 'closing' && expiresAt <= Date.now()) {
      held.state = 'waiting';
    }
    same('state', view.state, held.state === 'waiting' ? 'closing' : held.state);
    same('left', view.remainingQuantity, text(held.remaining));
    const { stopLoss, breakEven, trailing, ladder } = view.exits;
    same('stop', stopLoss, stopOf(held));
    if (breakEven !== undefined) same('moved', breakEven.moved, held.movedStop !== undefined);
    same('rungs', indexes(ladder?.map(({ done }) => done)), indexes(held.rungs));
    if (held.movedStop !== undefined) this.seen.movedStops++;
    this.seen.rungs += held.rungs.size;
    if (trailing === undefined || held.state === 'closed') return wrong;
    same('tiers', indexes(trailing.tiers?.map(({ reached }) => reached)), indexes(held.tiers));
    this.seen.tiers += held.tiers.size;
    wrong.push(...this.peakFaults(held, trailing.peak));
    same('armed', trailing.armed, trailing.peak !== undefined);
    return wrong;
  }

  private peakFaults(held: HeldPosition, shownPeak: string | undefined): string[] {
    const { peak: least, peakMost: most } = held;
    const peak = shownPeak === undefined ? undefined : decimal(shownPeak);
    held.peak = held.peakMost = peak;
    const told = `peak ${shownPeak}, between ${least?.toFixed()} and ${most?.toFixed()}`;
    if (least !== undefined) this.seen.peaks++;
    const isLooser = least !== undefined && (peak === undefined || isBetter(held, least, peak));
    const isTighter = peak !== undefined && (most === undefined || isBetter(held, peak, most));
    return isLooser || isTighter ? [`${isLooser ? 'looser' : 'tighter'}: ${told}`] : [];
  }

  private take(held: HeldPosition, quote: SentQuote): void {
    const x = closingPrice(held, quote);
    const { whole, rungs } = duesOf(held, x, () => undefined);
    if (whole !== undefined) {
      this.close(held, whole.reason, whole.trigger, held.remaining, x);
      return;
    }
    for (const { rung, trigger } of rungs) {
      const { fraction = '0' } = held.exits.ladder?.[rung] ?? {};
      const part = Decimal.min(held.quantity.times(fraction), held.remaining);
      held.rungs.add(rung);
      this.close(held, 'take_profit', trigger, part, x);
      if (held.remaining.eq(0)) return;
    }
    const moves = movesOf(held, x);
    held.movedStop = moves.movedStop;
    held.isTrailing = moves.isTrailing;
    held.peak = moves.peak;
    held.peakMost = moves.peakMost;
    for (const tier of moves.tiers) held.tiers.add(tier);
  }

  private expire(held: HeldPosition, quote: SentQuote): void {
    this.close(held, 'expired', undefined, held.remaining, closingPrice(held, quote));
  }

  private close(
    held: HeldPosition,
    reason: string,
    triggerPrice: string | undefined,
    quantity: Exact,
    price: Exact,
  ): void {
    const { positionId } = held;
    const told = { quantity: text(quantity), price: text(price) };
    this.closes.push({ positionId, reason, triggerPrice, ...told });
    held.remaining = held.remaining.minus(quantity);
    if (held.remaining.eq(0)) held.state = 'closed';
  }
}

function closingPrice({ side }: Guarded, { bid, ask }: SentQuote): Exact {
  return decimal(side === 'long' ? bid : ask);
}

function isBetter({ side }: Guarded, a: Exact, b: Exact): boolean {
  return side === 'long' ? a.gt(b) : a.lt(b);
}

/** Where the stop is shown: as it was moved, where that is tighter. */
function stopOf(held: Guarded): string | undefined {
  const { exits, movedStop } = held;
  const { stopLoss }: Exits = exits;
  if (movedStop === undefined || stopLoss === undefined) return movedStop ?? stopLoss;
  return isBetter(held, decimal(movedStop), decimal(stopLoss)) ? movedStop : stopLoss;
}

/** Places of what is set, or set to true. */
function indexes(places: readonly boolean[] | ReadonlySet<number> | undefined): string {
  const all = Array.isArray(places) ? places.flatMap((is, i) => (is ? [i] : [])) : places;
  return [...((all as Iterable<number> | undefined) ?? [])].sort((a, b) => a - b).join(' ');
}

function shown({ positionId, exits }: Guarded, wrong: string): string {
  return `${positionId}: ${wrong}; exits ${JSON.stringify(exits)}`;
}
