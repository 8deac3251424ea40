// The actor of one symbol's market guard: conditions that hold halt entries and close what is open.
import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import {
  marketGuardMachine,
  type MarketGuardContext,
  type MarketGuardEvent,
  type MarketGuardInput,
  type Run,
} from '#machines/market-guard.machine';
import { noAccount } from '#src/domain/ids';
import {
  actsAt,
  closeReasonOf,
  gaugeParts,
  gauges,
  levels,
  type ConditionLevel,
  type ConditionRecord,
  type Gauge,
} from '#src/domain/market-conditions';
import type { MarketAsk } from '#src/domain/closing';
import { contradicts } from '#src/domain/market-clearing';
import { wholeOf } from '#src/domain/part-closes';
import type { MarketGuard, Position } from '#src/domain/state';
import { deadlineRanks } from '#src/prices/deadlines';
import type { CoreContext } from './core-context.ts';

interface Latch {
  readonly gauge: Gauge;
  readonly level: ConditionLevel;
}

/** Deadlines of a guard: those of one time in the order of the guards, then of the gauges. */
const perGuard = 2 * gauges.length;

/** What becomes critical at once, or clears at once, is told once. */
const levelOrders: Readonly<Record<LatchDeadline, Record<ConditionLevel, number>>> = {
  due: { critical: 0, warning: 1 },
  cleared: { warning: 0, critical: 1 },
};

export function marketGuardLogic(core: CoreContext): typeof marketGuardMachine {
  return marketGuardMachine.provide({
    actions: {
      awaitConfirmation: ({ context: { symbol, runs } }, latch) => {
        const { gauge, level } = latch;
        const record = recordOf(core, symbol, gauge);
        const run = runs[`${gauge}.${level}`];
        if (record === undefined || run === undefined || record.confirmMs === 0) return;
        // A quote that is late counts from when it came, one that was held from when it counts.
        const due = confirmedAt(core, symbol, gauge, run.heardSince, record.confirmMs);
        const order = orderOf(core, symbol, latch, 'due');
        core.deadlines.set(latchKey(symbol, latch, 'due'), due, deadlineRanks.confirm, order);
      },
      awaitClearing: ({ context: { symbol, runs }, event }, latch) => {
        const record = recordOf(core, symbol, latch.gauge);
        if (record === undefined || !('ts' in event)) return;
        const key = latchKey(symbol, latch, 'cleared');
        const isHeld = !('level' in event) || actsAt(event.level, latch.level);
        // Silence that is a warning says nothing of a critical one before: quotes end both.
        if (latch.gauge === 'stale' && !isHeld && event.level !== undefined) return;
        // What is stale is so until a quote comes, of the others each quote is one on which they hold.
        if (latch.gauge === 'stale' && isHeld) {
          core.deadlines.remove(key);
          return;
        }
        if (!isHeld && (latch.gauge !== 'stale' || core.deadlines.has(key))) return;
        // Where it acts between two quotes, the last one on which it held is before that.
        const now = 'level' in event ? event.heardAt : event.ts;
        const run = runs[`${latch.gauge}.${latch.level}`];
        const heldAt = 'level' in event || run === undefined ? now : run.heardAt;
        const due = Math.max(heldAt + record.clearAfterMs, now);
        const order = orderOf(core, symbol, latch, 'cleared');
        core.deadlines.set(key, due, deadlineRanks.clear, order);
      },
      recordChange: ({ context: { symbol, active, runs }, event }, latch) => {
        const { gauge } = latch;
        const record = recordOf(core, symbol, gauge);
        if (record === undefined) return;
        const level = levels.find((one) => active[`${gauge}.${one}`] === true);
        const known = core.state.guards.get(symbol)?.active.get(gauge);
        if (known?.level === level) return;
        const { measured, before } = toldOf(event, runs, latch);
        core.commit({
          type: 'market.changed',
          accountId: noAccount,
          body: {
            symbol,
            ...gaugeParts[gauge],
            level: level ?? 'clear',
            limit: record.limit,
            ...(measured === undefined ? {} : { measured }),
            ...(before === undefined ? {} : { before }),
          },
        });
      },
      closePositions: ({ context: { symbol, runs }, event }, latch) => {
        closePositions(core, symbol, latch, toldOf(event, runs, latch));
      },
      closeAgain: ({ context: { symbol, runs }, event }, latch) => {
        // That no quote came for as long again is none on which the warning holds once more.
        const isSecondTime =
          latch.gauge === 'stale' && 'level' in event && event.level !== latch.level;
        if (!isSecondTime) closePositions(core, symbol, latch, toldOf(event, runs, latch));
      },
    },
  });
}

/**
 * All that is open in the symbol, in tracking order; of liquidity what its side closes. A close that is
 * under way at a provider, and might be given up, is joined.
 */
function closePositions(
  core: CoreContext,
  symbol: string,
  { gauge, level }: Latch,
  { measured, before }: Pick<Run, 'measured' | 'before'>,
): void {
  const record = recordOf(core, symbol, gauge);
  if (record?.closeOn !== level) return;
  const { condition, side } = gaugeParts[gauge];
  const reason = closeReasonOf(condition);
  const positionIds: string[] = [];
  const room = core.markets.of(symbol);
  const { limit } = record;
  const isNewGap = (ask: MarketAsk): boolean =>
    ask.before === undefined || !contradicts(room.book.mid(), ask.before, limit);
  for (const position of room.positions.values()) {
    if (side !== undefined && position.side !== side) continue;
    // A quote that was held counts late, and for none that was tracked since it came.
    if (room.leavesOut(position, core.quote)) continue;
    if (position.state === 'guarded' || mayBeJoined(position, { reason, before, isNewGap })) {
      positionIds.push(position.positionId);
    }
  }
  if (positionIds.length === 0) return;
  const market = {
    ...{ level, limit },
    ...(measured !== undefined && { measured }),
    ...(before !== undefined && { before }),
  };
  core.requestClose({ positionIds, cause: { reason, market } });
}

/** Conditions, and gaps, that a close which waits remembers at the most. */
const asksMax = 16;

interface Joining {
  readonly reason: string;
  readonly before: string | undefined;
  /** Whether the quote is not back where an earlier gap began. */
  readonly isNewGap: (ask: MarketAsk) => boolean;
}

/**
 * Whether what its close is asked for so far may pass, or is given up after some attempts. Another gap
 * counts as well, but for the one that is back where an earlier one began.
 */
function mayBeJoined(position: Position, { reason, before, isNewGap }: Joining): boolean {
  const whole = wholeOf(position);
  if (whole?.route === undefined) return false;
  const { reasons, isUrgent, market } = position.behind ?? position;
  if (!reasons.includes(reason)) return market !== undefined || !isUrgent;
  if (before === undefined || market === undefined || market.length >= asksMax) return false;
  return market.every((ask) => ask.before !== before && isNewGap(ask));
}

/** When what holds since then is confirmed; silence counts while the market is open. */
function confirmedAt(
  core: CoreContext,
  symbol: string,
  gauge: Gauge,
  from: number,
  confirmMs: number,
): number {
  if (gauge !== 'stale') return from + confirmMs;
  const due = core.marketWatch.openAfter(symbol, from, confirmMs);
  return due === Infinity ? from + confirmMs : due;
}

/** What was measured on the quote that acts, be it at a deadline after it. */
function toldOf(
  event: MarketGuardEvent,
  runs: MarketGuardContext['runs'],
  { gauge, level }: Latch,
): Pick<Run, 'measured' | 'before'> {
  if ('level' in event) return event;
  return runs[`${gauge}.${level}`] ?? {};
}

/** What the guard has of the condition of a gauge; undefined where that is off. */
export function recordOf(
  core: CoreContext,
  symbol: string,
  gauge: Gauge,
): ConditionRecord | undefined {
  const record = core.state.guards.get(symbol)?.record[gaugeParts[gauge].condition];
  return record === false ? undefined : record;
}

/** Of deadlines of one time: that of the guards, then of the gauges. */
export function orderOf(
  { state }: CoreContext,
  symbol: string,
  { gauge, level }: Latch,
  what: LatchDeadline,
): number {
  const guard = state.guards.get(symbol)?.order ?? 0;
  return guard * perGuard + 2 * gauges.indexOf(gauge) + levelOrders[what][level];
}

/** Key of a deadline of a level: it is confirmed then, or has cleared. */
function latchKey(symbol: string, { gauge, level }: Latch, what: LatchDeadline): string {
  return `market ${gauge} ${level} ${what} ${symbol}`;
}

type LatchDeadline = 'due' | 'cleared';

/** The symbol and the event of such a deadline; undefined for the key of another one. */
export function latchDue(
  key: string,
  ts: number,
): { symbol: string; event: MarketGuardEvent } | undefined {
  const [kind, gauge, level, what, symbol = ''] = key.split(' ');
  if (kind !== 'market') return undefined;
  return { symbol, event: { type: `${gauge}.${level}.${what}`, ts } as MarketGuardEvent };
}

/** Every deadline of those gauges of a symbol's guard is forgotten. */
export function forgetLatches(
  { deadlines }: CoreContext,
  symbol: string,
  ended: readonly Gauge[],
): void {
  for (const gauge of ended) {
    for (const level of levels) {
      for (const what of ['due', 'cleared'] as const) {
        deadlines.remove(latchKey(symbol, { gauge, level }, what));
      }
    }
  }
}

/** What it takes to confirm each gauge; a quote ends what is stale, so none can confirm it. */
export function confirmingOf({ record }: MarketGuard): MarketGuardInput['confirming'] {
  return Object.fromEntries(
    gauges.map((gauge) => {
      const { confirmQuotes = 1, confirmMs = 0 } = record[gaugeParts[gauge].condition] || {};
      return [gauge, { confirmQuotes: gauge === 'stale' ? 1 : confirmQuotes, confirmMs }];
    }),
  );
}

/** Gauges that are being confirmed, or have not cleared: each quote is told to them. */
export function watchedBy({ runs, active }: MarketGuardContext): ReadonlySet<Gauge> {
  return new Set(
    gauges.filter((gauge) =>
      levels.some((level) => {
        const latch = `${gauge}.${level}` as const;
        return runs[latch] !== undefined || active[latch] === true;
      }),
    ),
  );
}

/** What those gauges are being confirmed by. */
export function runsOf(
  guard: ActorRefFrom<typeof marketGuardMachine> | undefined,
  kept: readonly Gauge[],
): MarketGuardContext['runs'] {
  const runs = guard?.getSnapshot().context.runs ?? {};
  const latches = kept.flatMap((gauge) => levels.map((level) => `${gauge}.${level}` as const));
  return Object.fromEntries(latches.map((latch) => [latch, runs[latch]]));
}

/** The levels that the state says have not cleared. */
function activeIn({ active }: MarketGuard): MarketGuardContext['active'] {
  const latches = [...active].flatMap(([gauge, { level }]) =>
    levels.filter((one) => actsAt(level, one)).map((one) => [`${gauge}.${one}`, true]),
  );
  return Object.fromEntries(latches) as MarketGuardContext['active'];
}

/** Where a symbol's guard is when it is created from the state. */
export function marketGuardSnapshot(
  logic: typeof marketGuardMachine,
  symbol: string,
  guard: MarketGuard,
  runs: MarketGuardContext['runs'],
): SnapshotFrom<typeof marketGuardMachine> {
  const active = activeIn(guard);
  const stateOf = (gauge: Gauge, level: ConditionLevel): string => {
    if (active[`${gauge}.${level}`] === true) return 'active';
    return runs[`${gauge}.${level}`] === undefined ? 'clear' : 'confirming';
  };
  const value = (gauge: Gauge): Record<ConditionLevel, string> => ({
    critical: stateOf(gauge, 'critical'),
    warning: stateOf(gauge, 'warning'),
  });
  return logic.resolveState({
    value: { watching: Object.fromEntries(gauges.map((gauge) => [gauge, value(gauge)])) },
    context: { symbol, confirming: confirmingOf(guard), runs, active },
  });
}

/** Where nothing is known since a restart: a level that acts clears as if it had held until now. */
export function awaitClearings(core: CoreContext, symbol: string, guard: MarketGuard): void {
  const now = core.clock.now();
  for (const [gauge, { level }] of guard.active) {
    const record = recordOf(core, symbol, gauge);
    if (record === undefined || gauge === 'stale') continue;
    for (const one of levels) {
      if (!actsAt(level, one)) continue;
      const key = latchKey(symbol, { gauge, level: one }, 'cleared');
      if (core.deadlines.has(key)) continue;
      const order = orderOf(core, symbol, { gauge, level: one }, 'cleared');
      core.deadlines.set(key, now + record.clearAfterMs, deadlineRanks.clear, order);
    }
  }
}
