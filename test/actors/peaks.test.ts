// Peaks of trailing stops after a kill: from what was noted last, and from the quotes on record since.
import { describe, expect, test } from 'vitest';
import { PeakRecovery, type NotedTrails } from '#actors/peaks';
import { apply } from '#src/domain/apply';
import type { CloseIntent, SeenQuote } from '#src/domain/closing';
import type { TrailingSpec } from '#src/domain/exits';
import { priceText } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import type { Draft, JournalRecord } from '#src/domain/records';
import { emptyState } from '#src/domain/state';
import { trailMarkOf, type TrailMark } from '#src/prices/trail-marks';
import { intended, partlyFilled as partOf, queued } from '../domain/close-drafts.ts';
import { closeFailed, closeFilled, positionTracked } from '../domain/story.ts';
import { ExitDesk, seenQuote, type Guarded } from '../prices/exit-desk.ts';

const symbol = 'XAUUSD';

const nothing: NotedTrails = { n: 0, marks: new Map() };

/** Peaks by position after a kill, on these records and notes. */
function recovered(records: readonly JournalRecord[], noted: NotedTrails): Map<string, string> {
  const state = emptyState();
  const peaks = new PeakRecovery(noted);
  for (const record of records) {
    apply(state, record);
    peaks.see(record, state);
  }
  peaks.restore(state);
  const found = new Map<string, string>();
  for (const { positionId, peak } of state.positions.values()) {
    if (peak !== undefined) found.set(positionId, priceText(peak));
  }
  return found;
}

class Desk extends ExitDesk {
  noted = nothing;
  private fillers = 0;

  constructor() {
    super(symbol);
  }

  trail(trailing: TrailingSpec = { distance: 500 }, side: Side = 'long'): Guarded {
    return this.track({ side, quantity: '1', entryPrice: '2000', exits: { trailing } });
  }

  at(bid: string): SeenQuote {
    const { n } = this.world.story.state;
    return { ...seenQuote(this.quote(symbol, bid, bid)), n };
  }

  /** A close of another position of the symbol, on record with the book that it saw. */
  close(quote: SeenQuote, onQuote: boolean, draftOf = filled): void {
    const { story } = this.world;
    const positionId = `filler${this.fillers++}`;
    story.tell(positionTracked({ positionId }));
    const intent = { ...story.intent(positionId), quote, ...(onQuote ? { onQuote } : {}) } as const;
    story.tell(draftOf(intent));
  }

  note(): void {
    // As through the notes of a journal.
    const mark = JSON.parse(JSON.stringify(trailMarkOf(this.market))) as TrailMark;
    this.noted = { n: this.world.story.state.n, marks: new Map([[symbol, mark]]) };
  }

  recovered({ position }: Guarded): string | undefined {
    return recovered(this.world.story.records, this.noted).get(position.positionId);
  }
}

const partlyFilled = (intent: CloseIntent): Draft => {
  const mark = { orderKey: intent.clientOrderId, filled: '0.4' };
  return partOf({ ...intent, isPart: true, quantity: '0.4' }, '0.4', mark);
};

const filled = (intent: CloseIntent): Draft => closeFilled(intent, '1');

describe('the peak of one trailing stop', () => {
  test('is not there where nothing of a quote was noted or recorded', () => {
    const desk = new Desk();
    const one = desk.trail();
    desk.at('2005');
    expect(desk.recovered(one)).toBeUndefined();
  });

  test('is the noted one', () => {
    const desk = new Desk();
    const one = desk.trail();
    desk.at('2005');
    desk.note();
    desk.at('2009');
    expect(desk.recovered(one)).toBe('2005');
  });

  test('is moved by what was recorded since, where that is better', () => {
    const desk = new Desk();
    const [long, short] = [desk.trail(), desk.trail(undefined, 'short')];
    desk.at('2005');
    desk.note();
    desk.close(desk.at('2003'), true);
    expect([desk.recovered(long), desk.recovered(short)]).toEqual(['2005', '2003']);
    desk.close(desk.at('2007'), true);
    expect([desk.recovered(long), desk.recovered(short)]).toEqual(['2007', '2003']);
  });

  test('stands still while its position is closing, and goes on where that was given up', () => {
    const desk = new Desk();
    const one = desk.trail();
    const { story } = desk.world;
    desk.close(desk.at('2000'), true);
    const { positionId } = one.position;
    const asked = story.intent(positionId);
    story.tell(intended(asked));
    desk.close(desk.at('2020'), true);
    expect(desk.recovered(one)).toBe('2000');
    story.tell(closeFailed(asked, 'no'));
    expect(desk.recovered(one)).toBe('2000');
    desk.close(desk.at('2010'), true);
    expect(desk.recovered(one)).toBe('2010');
    const quote = desk.at('2030');
    desk.close(quote, true);
    story.tell(intended({ ...story.intent(positionId), quote, onQuote: true }));
    expect(desk.recovered(one)).toBe('2010');
  });

  test('is moved by a step at least', () => {
    const desk = new Desk();
    const one = desk.trail({ distance: 500, step: '2' });
    desk.close(desk.at('2000'), true);
    desk.close(desk.at('2001.99'), true);
    expect(desk.recovered(one)).toBe('2000');
    desk.close(desk.at('2002'), true);
    expect(desk.recovered(one)).toBe('2002');
  });

  test('is not moved by a quote that was taken before it was tracked, or by another symbol', () => {
    const desk = new Desk();
    desk.close(desk.at('2009'), true);
    const one = desk.trail();
    expect(desk.recovered(one)).toBeUndefined();
    const { story } = desk.world;
    story.tell(positionTracked({ positionId: 'other', symbol: 'EURUSD' }));
    const quote = { bid: '9000', ask: '9000', ts: 1, n: story.state.n };
    const intent = { ...story.intent('other'), quote };
    story.tell(filled({ ...intent, onQuote: true }));
    expect(desk.recovered(one)).toBeUndefined();
  });

  test('is not moved by a quote before it was tracked, however late that is on record', () => {
    const desk = new Desk();
    const before = desk.trail();
    const quote = desk.at('2009');
    const one = desk.trail();
    desk.close({ ...quote, moved: { long: [[quote.n ?? 0, '2011']] } }, true);
    expect([desk.recovered(before), desk.recovered(one)]).toEqual(['2011', undefined]);
  });

  test('is not moved by a quote of which no record says behind which it came', () => {
    const desk = new Desk();
    const one = desk.trail();
    const { n: _n, ...quote } = desk.at('2009');
    desk.close({ ...quote, moved: { long: [[1000, '2011']] } }, true);
    expect(desk.recovered(one)).toBeUndefined();
  });

  test('is moved by what moved peaks before the quote on record, a side by its own prices', () => {
    const desk = new Desk();
    const [long, short] = [desk.trail(), desk.trail(undefined, 'short')];
    desk.at('2000');
    const { n } = desk.world.story.state;
    const seen = desk.at('2005');
    const moved = { long: [[n, '2008'] as const], short: [[n, '1999'] as const] };
    desk.close({ ...seen, moved }, true);
    expect([desk.recovered(long), desk.recovered(short)]).toEqual(['2008', '1999']);
    desk.note();
    // What a record from before the note tells is in the note.
    expect([desk.recovered(long), desk.recovered(short)]).toEqual(['2005', '2000']);
  });

  test('is moved by each price in its turn, where it moves in steps', () => {
    const desk = new Desk();
    const one = desk.trail({ distance: 500, step: '2' });
    const seen = desk.at('2000');
    const { n = 0 } = seen;
    const way = ['2000', '2001.5', '2002.5', '2004'];
    const moved = way.map((price) => [n, price] as const);
    desk.close({ ...seen, moved: { long: moved } }, true);
    expect(desk.recovered(one)).toBe('2002.5');
  });

  test('is moved by digits that no double holds, of quotes behind one record', () => {
    const desk = new Desk();
    const one = desk.trail();
    const seen = desk.at('2000.000000000000000000002');
    const moved = { long: [[seen.n ?? 0, '2000'] as const] };
    desk.close({ ...seen, moved }, true);
    expect(desk.recovered(one)).toBe('2000.000000000000000000002');
  });

  test('is not moved by the book on which an operator closed', () => {
    const desk = new Desk();
    const book = desk.at('2009');
    const one = desk.trail();
    desk.close(book, false);
    expect(desk.recovered(one)).toBeUndefined();
  });

  test('begins at the price that activated it', () => {
    const desk = new Desk();
    const one = desk.trail({ distance: 500, activation: 2004 });
    desk.close(desk.at('2003'), true);
    expect(desk.recovered(one)).toBeUndefined();
    desk.at('2005');
    expect(desk.recovered(one)).toBe('2005');
  });

  test('begins anew where the stop was replaced, and stays where that was given again', () => {
    const desk = new Desk();
    const one = desk.trail();
    desk.at('2005');
    desk.note();
    desk.amend(one, { stopLoss: 1, trailing: { distance: '500.0' } });
    expect(desk.recovered(one)).toBe('2005');
    desk.amend(one, { trailing: { distance: 501 } });
    expect(desk.recovered(one)).toBeUndefined();
    desk.close(desk.at('2001'), true);
    expect(desk.recovered(one)).toBe('2001');
  });

  test.each<[string, string | undefined, (intent: CloseIntent) => Draft]>([
    ['close.filled', '2009', filled],
    ['close.intended', '2009', intended],
    ['close.queued', '2009', queued],
    ['close.partially-filled', '2009', partlyFilled],
    // It tells of no decision: the intent was on record before.
    ['close.failed', undefined, (intent) => closeFailed(intent, 'no')],
  ])('%s, when the quote decided it, gives %s', (_, peak, draftOf) => {
    const desk = new Desk();
    const one = desk.trail();
    desk.close(desk.at('2009'), true, draftOf);
    expect(desk.recovered(one)).toBe(peak);
  });
});
