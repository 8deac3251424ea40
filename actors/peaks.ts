// Peaks of trailing stops after a restart: as they were noted last, moved by every quote that is on
// record since. No stop is looser then than it was at the last quote that the journal holds.
import { decimal } from '#src/domain/money';
import { compareExact, exactOf, price, type Price } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import type { MovedPeak, SeenQuote } from '#src/domain/closing';
import type { JournalRecord } from '#src/domain/records';
import { isOpen, type Position, type State } from '#src/domain/state';
import { peakIn, type TrailMark } from '#src/prices/trail-marks';

/** What was noted of peaks, and behind which record. */
export interface NotedTrails {
  readonly n: number;
  readonly marks: ReadonlyMap<string, TrailMark>;
}

/** What the records tell of a symbol's quotes, by the side whose stops it moves, in order. */
type Seen = Record<Side, SeenPrice[]>;

interface SeenPrice {
  readonly n: number;
  readonly price: Price;
  /** For positions that were tracked after so many others it does not count. */
  readonly tracked: number;
}

/** A position that is closing takes part in no quote: from the one that closed it, or a record, on. */
interface Span {
  /** Place of that quote among those of the position's side. */
  readonly fromPlace: number | undefined;
  readonly fromN: number;
  toN: number;
}

export class PeakRecovery {
  /** When positions were closing, since the peaks were noted. */
  private readonly closing = new Map<string, Span[]>();
  private readonly noted: NotedTrails;
  private readonly seen = new Map<string, Seen>();

  constructor(noted: NotedTrails) {
    this.noted = noted;
  }

  /** A record may tell of quotes that came after the peaks were noted. */
  see(record: JournalRecord, state: State): void {
    if (record.n <= this.noted.n) return;
    const [symbol, quote] = quoteOf(record, state);
    if (symbol !== undefined && quote?.n !== undefined) {
      const seen = this.seen.get(symbol) ?? { long: [], short: [] };
      this.seen.set(symbol, seen);
      for (const side of ['long', 'short'] as const) {
        for (const moved of quote.moved?.[side] ?? []) note(seen[side], moved);
        note(seen[side], [quote.n, side === 'long' ? quote.bid : quote.ask, quote.tracked]);
      }
    }
    this.seeClosing(record, state, quote?.n !== undefined);
  }

  /** When all records are applied. */
  restore(state: State): void {
    for (const position of state.positions.values()) {
      const since = position.progress.trailsSince;
      if (isOpen(position) && since !== undefined) position.peak = this.peakOf(position, since);
    }
  }

  private seeClosing(record: JournalRecord, state: State, isOnQuote: boolean): void {
    if (!('intent' in record.body)) return;
    const { positionId, symbol, side, isPart } = record.body.intent;
    const spans = this.closing.get(positionId) ?? [];
    const last = spans.at(-1);
    const isClosing = state.positions.get(positionId)?.state === 'closing';
    if (isClosing && (last === undefined || last.toN < Infinity)) {
      const place = (this.seen.get(symbol)?.[side].length ?? 0) - 1;
      const fromPlace = isOnQuote ? place : undefined;
      spans.push({ fromPlace, fromN: record.n, toN: Infinity });
    } else if (!isClosing && last?.toN === Infinity) {
      last.toN = record.n;
    } else if (!isClosing && last === undefined && record.type === 'close.failed' && !isPart) {
      spans.push({ fromPlace: 0, fromN: 0, toN: record.n });
    }
    this.closing.set(positionId, spans);
  }

  /** Whether it was closing then; one that was all the time has no record of its beginning. */
  private wasClosing({ positionId, state }: Position, n: number, place: number): boolean {
    const spans = this.closing.get(positionId) ?? [];
    if (spans.length === 0) return state === 'closing';
    return spans.some(({ fromPlace, fromN, toN }) => {
      const isBegun = fromPlace === undefined ? n >= fromN : place >= fromPlace;
      return isBegun && n < toN;
    });
  }

  private peakOf(position: Position, since: number): Price | undefined {
    const { symbol, side, exits, peak, order } = position;
    const mark = this.noted.marks.get(symbol);
    const noted = mark && peakIn(mark, side, since);
    let best = peak;
    if (noted !== undefined) {
      const given = price(noted);
      if (best === undefined || isBetter(side, given, best)) best = given;
    }
    const step = exits.trailing?.step;
    this.seen.get(symbol)?.[side].forEach((one, place) => {
      if (one.n < since || order >= one.tracked || this.wasClosing(position, one.n, place)) return;
      if (best === undefined || isBetter(side, one.price, best, step)) best = one.price;
    });
    return best;
  }
}

/** A quote that decides more than one thing is told of by each. */
function note(seen: Seen[Side], [n, text, tracked = Infinity]: MovedPeak): void {
  const last = seen.at(-1);
  const given = price(text);
  const isTold = last !== undefined && last.n >= n && last.tracked === tracked;
  if (isTold && compared(last.price, given) === 0) return;
  seen.push({ n, price: given, tracked });
}

function compared(a: Price, b: Price): number {
  return compareExact(a.value, a.exact, b.value, b.exact);
}

/** The quote that decided what is recorded; not the book that an operator's close stood on. */
function quoteOf(
  record: JournalRecord,
  state: State,
): [symbol: string | undefined, quote: SeenQuote | undefined] {
  switch (record.type) {
    case 'position.exits-moved':
      return [state.positions.get(record.body.positionId)?.symbol, record.body.quote];
    case 'close.intended':
    case 'close.queued':
    case 'close.partially-filled':
    case 'close.filled': {
      const { symbol, quote, onQuote } = record.body.intent;
      return [symbol, onQuote ? quote : undefined];
    }
    default:
      return [undefined, undefined];
  }
}

/** Strictly better, or by a step at least; decimals decide where doubles might not. */
function isBetter(side: Side, a: Price, b: Price, step?: string): boolean {
  const sign = side === 'long' ? 1 : -1;
  if (step === undefined) return sign * compared(a, b) > 0;
  const gain = exactOf(a.value, a.exact).minus(exactOf(b.value, b.exact)).times(sign);
  return gain.gte(decimal(step));
}
