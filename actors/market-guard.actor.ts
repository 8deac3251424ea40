// The actor of one symbol's market guard: conditions that hold close what is open in the symbol.
import { marketGuardMachine } from '#machines/market-guard.machine';
import { clearAfterMs, closeReasonOf, closesAt, conditions } from '#src/domain/market-conditions';
import type { Condition, ConditionLevel } from '#src/domain/market-conditions';
import { noAccount } from '#src/domain/ids';
import type { MarketGuard } from '#src/domain/state';
import type { CoreContext } from './core-context.ts';

export function marketGuardLogic(core: CoreContext): typeof marketGuardMachine {
  return marketGuardMachine.provide({
    actions: {
      recordChange: ({ context: { symbol }, event }) => {
        if (event.type === 'guard.removed') return;
        const condition = conditionOf(event.type);
        const record = core.state.guards.get(symbol)?.record[condition];
        if (record === undefined || record === false) return;
        const { limit } = record;
        const held = 'level' in event;
        const body = held
          ? { symbol, condition, level: event.level, measured: event.measured, limit }
          : { symbol, condition, level: 'clear' as const, limit };
        core.commit({ type: 'market.changed', accountId: noAccount, body });
      },
      closePositions: ({ context: { symbol }, event }) => {
        if (!('level' in event)) return;
        const condition = conditionOf(event.type);
        const record = core.state.guards.get(symbol)?.record[condition];
        if (record === undefined || record === false || !closesAt(event.level, record.closeOn))
          return;
        const market = core.markets.of(symbol);
        const positionIds = [...market.positions.values()]
          .filter((position) => position.state === 'guarded')
          .map((position) => position.positionId);
        if (positionIds.length === 0) return;
        core.requestClose({ positionIds, cause: { reason: closeReasonOf[condition] } });
      },
    },
  });
}

function conditionOf(eventType: `${Condition}.held` | `${Condition}.cleared`): Condition {
  return eventType.slice(0, eventType.indexOf('.')) as Condition;
}

/** Key of the deadline at which a condition has cleared. */
export function clearKey(symbol: string, condition: Condition): string {
  return `clear ${condition} ${symbol}`;
}

export function parseClearKey(key: string): { symbol: string; condition: Condition } {
  const [, condition, symbol] = key.split(' ');
  return { symbol: symbol as string, condition: condition as Condition };
}

/** Deadline of a condition that held last at `ts`. */
export function clearsAt(ts: number): number {
  return ts + clearAfterMs;
}

type Levels = Record<Condition, 'calm' | ConditionLevel>;

/** Where a symbol's guard is when it is created from the state. */
export function marketGuardValue(guard: MarketGuard): { watching: Levels } {
  const level = (condition: Condition): 'calm' | ConditionLevel =>
    guard.active.get(condition)?.level ?? 'calm';
  return { watching: Object.fromEntries(conditions.map((c) => [c, level(c)])) as Levels };
}
