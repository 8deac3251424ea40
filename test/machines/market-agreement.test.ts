// The conditions that records add up to and the machine that found them say the same: a restart makes
// the guard from them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { confirmingOf, marketGuardSnapshot, watchedBy } from '#actors/market-guard.actor';
import {
  marketGuardMachine,
  type MarketGuardContext,
  type MarketGuardEvent,
} from '#machines/market-guard.machine';
import {
  gaugeParts,
  gauges,
  guardOf,
  levels,
  type ConditionLevel,
  type Gauge,
} from '#src/domain/market-conditions';
import type { MarketGuard } from '#src/domain/state';
import { Story } from '../domain/story.ts';
import { Stepper } from './step.ts';

const symbol = 'S';

/** What is measured, or what has not held for so long: the critical level, or both. */
type Step = { gauge: Gauge; what: ConditionLevel | 'none' | 'falls' | 'clears' | 'due' };

const step: fc.Arbitrary<Step> = fc.record({
  gauge: fc.constantFrom(...gauges),
  what: fc.constantFrom(
    ...(['warning', 'warning', 'critical', 'critical', 'none', 'falls', 'clears', 'due'] as const),
  ),
});

/** Each gauge is confirmed in its own way. */
const record = guardOf({
  symbol,
  gap: {},
  spread: { confirmQuotes: 3 },
  liquidity: { confirmMs: 3 },
  stale: { confirmQuotes: 5, confirmMs: 2 },
  volatility: { limit: 3, confirmQuotes: 2, confirmMs: 4 },
});

function eventsOf({ gauge, what }: Step, ts: number): MarketGuardEvent[] {
  switch (what) {
    case 'falls':
      return [{ type: `${gauge}.critical.cleared` }];
    case 'clears':
      // What clears at one time: the warning first.
      return [{ type: `${gauge}.warning.cleared` }, { type: `${gauge}.critical.cleared` }];
    case 'due':
      return levels.map((level) => ({ type: `${gauge}.${level}.due`, ts }));
    case 'none':
      return [{ type: `${gauge}.measured`, level: undefined, ts, heardAt: ts }];
    default:
      return [{ type: `${gauge}.measured`, level: what, ts, heardAt: ts, measured: '6' }];
  }
}

class Guarded {
  readonly story = new Story().tell({ type: 'guard.put', accountId: '_', body: { guard: record } });
  readonly machine = new Stepper(marketGuardMachine, {
    symbol,
    confirming: confirmingOf(this.guard),
  });
  private ts = 0;

  get guard(): MarketGuard {
    return this.story.state.guards.get(symbol) as MarketGuard;
  }

  get context(): MarketGuardContext {
    return this.machine.snapshot.context as MarketGuardContext;
  }

  take(one: Step): void {
    this.ts++;
    // A critical level that is still being confirmed clears with the warning, as soon as it acts.
    const { value } = this.machine.snapshot as { value: Watching };
    if (one.what === 'clears' && value.watching[one.gauge].critical === 'confirming') return;
    for (const event of eventsOf(one, this.ts)) {
      if (this.machine.send(event).includes('recordChange')) this.recordChange(one.gauge);
    }
  }

  /** As the actor records. */
  private recordChange(gauge: Gauge): void {
    const level = levels.find((one) => this.context.active[`${gauge}.${one}`] === true);
    if (this.guard.active.get(gauge)?.level === level) return;
    const body = { symbol, ...gaugeParts[gauge], level: level ?? ('clear' as const), limit: '5' };
    this.story.tell({ type: 'market.changed', accountId: '_', body });
  }
}

test('the conditions of a market are those of its guard, after every event', () => {
  const seen = new Set<string>();
  let events = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const one = new Guarded();
      for (const next of steps) {
        one.take(next);
        const restored = marketGuardSnapshot(marketGuardMachine, symbol, one.guard, {});
        // What was being confirmed begins anew after a restart.
        const text = JSON.stringify(one.machine.snapshot.value);
        const value = JSON.parse(text.replaceAll('confirming', 'clear')) as object;
        expect(restored.value).toEqual(value);
        for (const gauge of gauges) {
          for (const level of levels) {
            const latch = `${gauge}.${level}` as const;
            expect(restored.context.active[latch]).toBe(one.context.active[latch]);
          }
        }
        expect(restored.context).toMatchObject({ symbol, runs: {} });
        expect(restored.context.confirming).toEqual(one.context.confirming);
        expectWatched(one.machine.snapshot.value as Watching, one.context);
        seen.add(JSON.stringify((one.machine.snapshot.value as Watching).watching[next.gauge]));
        events = Math.max(events, one.story.events.length);
      }
    }),
    { numRuns: 300 },
  );
  expect([...seen].sort()).toEqual(
    [
      ['active', 'active'],
      ['clear', 'active'],
      ['clear', 'clear'],
      ['clear', 'confirming'],
      ['confirming', 'active'],
      ['confirming', 'confirming'],
    ].map(([critical, warning]) => JSON.stringify({ critical, warning })),
  );
  expect(events).toBeGreaterThan(5);
});

interface Watching {
  watching: Record<Gauge, Record<ConditionLevel, string>>;
}

/** Every quote is told to the gauges that are not calm, and to no other. */
function expectWatched({ watching }: Watching, context: MarketGuardContext): void {
  const busy = gauges.filter((gauge) => levels.some((one) => watching[gauge][one] !== 'clear'));
  expect([...watchedBy(context)]).toEqual(busy);
}

test('what it takes to confirm a gauge is that of its condition; a quote confirms nothing stale', () => {
  const { guard } = new Guarded();
  expect(confirmingOf(guard)).toEqual({
    gap: { confirmQuotes: 1, confirmMs: 0 },
    spread: { confirmQuotes: 3, confirmMs: 0 },
    liquidityLong: { confirmQuotes: 1, confirmMs: 3 },
    liquidityShort: { confirmQuotes: 1, confirmMs: 3 },
    volatility: { confirmQuotes: 2, confirmMs: 4 },
    stale: { confirmQuotes: 1, confirmMs: 2 },
  });
});
