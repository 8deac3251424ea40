// Peaks of trailing stops after a kill: from what was noted last, and from the quotes on record since.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PeakRecovery, type NotedTrails } from '#actors/peaks';
import { apply } from '#src/domain/apply';
import type { CloseIntent, SeenQuote } from '#src/domain/closing';
import type { TrailingSpec } from '#src/domain/exits';
import { text } from '#src/domain/money';
import { exactOf } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import type { Draft, JournalRecord } from '#src/domain/records';
import { emptyState } from '#src/domain/state';
import { trailMarkOf, type TrailMark } from '#src/prices/trail-marks';
import { closeFailed, closeFilled, positionTracked } from '../domain/story.ts';
import type { Exact } from '../domain/naive-exits.ts';
import { ExitDesk, seenQuote, type Guarded } from '../prices/exit-desk.ts';
import { D } from '../support/brute-force/exact.ts';

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
    if (peak !== undefined) found.set(positionId, text(exactOf(peak.value, peak.exact)));
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
    return seenQuote(this.quote(symbol, bid, bid));
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
    const intent = { ...story.intent('other'), quote: { bid: '9000', ask: '9000', ts: 1 } };
    story.tell(filled({ ...intent, onQuote: true }));
    expect(desk.recovered(one)).toBeUndefined();
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

  test.each<[string, (intent: CloseIntent) => Draft, string | undefined]>([
    ['close.filled', filled, '2009'],
    [
      'close.intended',
      (intent) => ({ type: 'close.intended', accountId: 'a', body: { intent } }),
      '2009',
    ],
    ['close.failed', (intent) => closeFailed(intent, 'no'), undefined],
  ])('%s, when the quote decided it, gives %3$s', (_, draftOf, peak) => {
    const desk = new Desk();
    const one = desk.trail();
    desk.close(desk.at('2009'), true, draftOf);
    expect(desk.recovered(one)).toBe(peak);
  });
});

type Op =
  | { kind: 'track'; side: Side; step: boolean; activation: boolean }
  | { kind: 'amend'; which: number; distance: number }
  | { kind: 'quote'; bid: number; recorded: boolean }
  | { kind: 'operator' }
  | { kind: 'note' };

const op = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('track' as const),
      side: fc.constantFrom<Side>('long', 'short'),
      step: fc.boolean(),
      activation: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      which: fc.nat(),
      distance: fc.constantFrom(500, 501),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('quote' as const),
      bid: fc.integer({ min: 1990, max: 2010 }),
      recorded: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('operator' as const, 'note' as const) }),
  },
);

const isNoWorse = (side: Side, a: Exact, b: Exact): boolean =>
  side === 'long' ? a.gte(b) : a.lte(b);

test('after a kill no stop is looser than it was when it was noted, or at a quote on record', () => {
  let compared = 0;
  fc.assert(
    fc.property(fc.array(op, { maxLength: 40, size: 'max' }), fc.boolean(), (ops: Op[], all) => {
      const desk = new Desk();
      /** What each has to have: as it was noted, moved by what was recorded since. */
      const owed = new Map<string, Exact>();
      let last: SeenQuote | undefined;
      for (const one of ops) act(one);

      function act(one: Op): void {
        if (one.kind === 'note') {
          desk.note();
          for (const { position, peak } of desk.guarded) {
            if (peak !== undefined) owed.set(position.positionId, peak);
          }
        } else if (one.kind === 'operator') {
          if (last !== undefined) desk.close(last, false);
        } else if (one.kind === 'track') {
          const step = one.step ? { step: 4 } : {};
          const activation = one.activation ? { activation: 2000 } : {};
          desk.trail({ distance: 500, ...step, ...activation }, one.side);
        } else if (one.kind === 'amend') {
          const amended = desk.guarded[one.which % desk.guarded.length];
          if (amended === undefined) return;
          const { positionId, exits } = amended.position;
          if (Number(exits.trailing?.distance) !== one.distance) owed.delete(positionId);
          const { activation, step } = exits.trailing ?? {};
          desk.amend(amended, { trailing: { distance: one.distance, activation, step } });
        } else if (one.kind === 'quote') {
          quote(one);
        }
      }

      function quote({ bid, recorded }: Extract<Op, { kind: 'quote' }>): void {
        const { records } = desk.world.story;
        const before = records.length;
        last = desk.at(String(bid));
        if (recorded || all) desk.close(last, true);
        if (!records.slice(before).some(isOnQuote)) return;
        for (const { position, peak } of desk.guarded) {
          if (peak === undefined) continue;
          const { positionId, side, exits } = position;
          const had = owed.get(positionId);
          const gain = had && new D(bid).minus(had).times(side === 'long' ? 1 : -1);
          if (gain === undefined || (gain.gt(0) && gain.gte(exits.trailing?.step ?? 0))) {
            owed.set(positionId, new D(bid));
          }
        }
      }

      const found = recovered(desk.world.story.records, desk.noted);
      for (const { position, peak } of desk.guarded) {
        const { positionId, side, exits } = position;
        const has = found.get(positionId);
        const expected = all ? peak : owed.get(positionId);
        expect([positionId, has]).toEqual([positionId, expected?.toFixed()]);
        if (has === undefined || peak === undefined) continue;
        compared++;
        // A step may be made from another peak; without one no peak is better than the true one.
        const isStepped = exits.trailing?.step !== undefined;
        expect(isStepped || isNoWorse(side, peak, new D(has))).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
  expect(compared).toBeGreaterThan(500);
});

function isOnQuote(record: JournalRecord): boolean {
  if (record.type === 'position.exits-moved') return true;
  return record.type === 'close.filled' && record.body.intent.onQuote === true;
}
