// The guard of one symbol's market: each condition in a region of its own, liquidity in one a side.
import { assign, setup } from 'xstate';
import { gauges, levels, type ConditionLevel, type Gauge } from '#src/domain/market-conditions';

/** What it takes to confirm that a condition holds. */
export interface Confirming {
  readonly confirmQuotes: number;
  readonly confirmMs: number;
}

export interface MarketGuardInput {
  readonly symbol: string;
  readonly confirming: Readonly<Partial<Record<Gauge, Confirming>>>;
}

/** Consecutive quotes on which a level held; `since` is the time of the first one. */
export interface Run {
  readonly quotes: number;
  readonly since: number;
  /** When the first of them came, by our clock, and the last. */
  readonly heardSince: number;
  readonly heardAt: number;
  /** What was told of the last one. */
  readonly measured?: string | undefined;
  readonly before?: string | undefined;
}

type Latch = `${Gauge}.${ConditionLevel}`;

export interface MarketGuardContext extends MarketGuardInput {
  readonly runs: Readonly<Partial<Record<Latch, Run>>>;
  /** Levels that act, until they have cleared. */
  readonly active: Readonly<Partial<Record<Latch, true>>>;
}

export type MarketGuardEvent =
  /** A quote on which it holds at that level, or, while it is watched, on which it does not. */
  | {
      type: `${Gauge}.measured`;
      level: ConditionLevel | undefined;
      ts: number;
      /** When it came, by our clock: a feed may lag. */
      heardAt: number;
      /** As it is told; absent where it does not hold. */
      measured?: string;
      /** The mid before a gap. */
      before?: string;
    }
  /** `confirmMs` is over since the first of the quotes on which it held. */
  | { type: `${Latch}.due`; ts: number }
  /** It has not held for `clearAfterMs`. */
  | { type: `${Latch}.cleared` }
  /** The guard was removed, or replaced by another one. */
  | { type: 'guard.removed' };

type Measured = Extract<MarketGuardEvent, { type: `${Gauge}.measured` }>;

interface LatchParams {
  readonly gauge: Gauge;
  readonly level: ConditionLevel;
}

/** What the actor provides, for a level of a gauge. */
const does: (args: unknown, latch: LatchParams) => void = () => {};

const setUp = setup({
  types: {
    context: {} as MarketGuardContext,
    events: {} as MarketGuardEvent,
    input: {} as MarketGuardInput,
  },
  guards: {
    holds: ({ event }, { level }: LatchParams) => holds(event, level),
    isConfirmed: ({ context, event }, latch: LatchParams) => {
      if (!('level' in event) || !holds(event, latch.level)) return false;
      const { quotes, since } = runAfter(context, latch, event);
      const { confirmQuotes = 1, confirmMs = 0 } = context.confirming[latch.gauge] ?? {};
      // Silence counts while the market is open: its deadline knows.
      if (latch.gauge === 'stale' && confirmMs > 0) return false;
      return quotes >= confirmQuotes && event.ts - since >= confirmMs;
    },
    hasQuotes: ({ context }, { gauge, level }: LatchParams) => {
      const { quotes = 0 } = context.runs[`${gauge}.${level}`] ?? {};
      return quotes >= (context.confirming[gauge]?.confirmQuotes ?? 1);
    },
  },
  actions: {
    count: assign(({ context, event }, latch: LatchParams) => ({
      runs: {
        ...context.runs,
        // Only what is measured is counted.
        [`${latch.gauge}.${latch.level}`]: runAfter(context, latch, event as Measured),
      },
    })),
    forget: assign(({ context }, { gauge, level }: LatchParams) => ({
      runs: { ...context.runs, [`${gauge}.${level}`]: undefined },
    })),
    raise: assign(({ context }, { gauge, level }: LatchParams) => ({
      active: { ...context.active, [`${gauge}.${level}`]: true as const },
    })),
    lower: assign(({ context }, { gauge, level }: LatchParams) => ({
      active: { ...context.active, [`${gauge}.${level}`]: undefined },
    })),
    awaitConfirmation: does,
    awaitClearing: does,
    recordChange: does,
    closePositions: does,
    closeAgain: does,
  },
});

/** The states of one level of one gauge: `critical` is entered, and left, as `warning` is. */
function latchOf(gauge: Gauge, level: ConditionLevel) {
  const params = { gauge, level };
  const of = <T extends string>(type: T) => ({ type, params }) as const;
  const acts = [
    of('raise'),
    of('recordChange'),
    of('awaitClearing'),
    of('closePositions'),
    of('forget'),
  ];
  const measured = `${gauge}.measured` as const;
  return {
    initial: 'clear',
    states: {
      clear: {
        on: {
          [measured]: [
            { guard: of('isConfirmed'), target: 'active', actions: acts },
            {
              guard: of('holds'),
              target: 'confirming',
              actions: [of('count'), of('awaitConfirmation')],
            },
          ],
        },
      },
      confirming: {
        on: {
          [measured]: [
            { guard: of('isConfirmed'), target: 'active', actions: acts },
            { guard: of('holds'), actions: [of('count'), of('awaitConfirmation')] },
            { target: 'clear', actions: of('forget') },
          ],
          [`${gauge}.${level}.due`]: {
            guard: of('hasQuotes'),
            target: 'active',
            actions: acts,
          },
        },
      },
      active: {
        on: {
          [measured]: [
            {
              guard: of('holds'),
              actions: [of('awaitClearing'), of('closeAgain')],
            },
            { actions: of('awaitClearing') },
          ],
          [`${gauge}.${level}.cleared`]: {
            target: 'clear',
            actions: [of('lower'), of('recordChange')],
          },
        },
      },
    },
  } as const;
}

/** The critical level first: what is critical at once is told once. */
function gaugeStates(gauge: Gauge) {
  return {
    type: 'parallel',
    states: Object.fromEntries(levels.map((level) => [level, latchOf(gauge, level)])),
  } as const;
}

/**
 * A level that acts goes on until it has cleared, whatever the other does. What is measured only goes to
 * a gauge while it holds or is watched.
 */
export const marketGuardMachine = setUp.createMachine({
  id: 'market-guard',
  context: ({ input }) => ({ ...input, runs: {}, active: {} }),
  initial: 'watching',
  states: {
    watching: {
      type: 'parallel',
      on: { 'guard.removed': 'removed' },
      states: Object.fromEntries(gauges.map((gauge) => [gauge, gaugeStates(gauge)])),
    },
    removed: { type: 'final' },
  },
});

function holds(event: MarketGuardEvent, level: ConditionLevel): boolean {
  if (!('level' in event) || event.level === undefined) return false;
  return level === 'warning' || event.level === 'critical';
}

/** The run of a level, this quote included. */
function runAfter(
  context: MarketGuardContext,
  { gauge, level }: LatchParams,
  { ts, heardAt, measured, before }: Measured,
): Run {
  const begun = { quotes: 0, since: ts, heardSince: heardAt };
  const { quotes, since, heardSince } = context.runs[`${gauge}.${level}`] ?? begun;
  return { quotes: quotes + 1, since, heardSince, heardAt, measured, before };
}
