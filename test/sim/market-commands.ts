// What the gateway of a simulated world asks for of the guards of markets: other ones, while they act or
// are about to, and none for a while.
import { isRefused } from '#src/domain/refusals';
import type { CommandKind, SimCommand } from './client.ts';
import { changedGuard } from './made-markets.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

export const marketCommandKinds: readonly CommandKind[] = [
  { name: 'guard.put', perHour: 30, make: (world) => put(world) },
  { name: 'guard.remove', perHour: 4, make: (world) => remove(world) },
];

function put(world: World): SimCommand {
  const { random, market } = world;
  const symbol = anySymbol(world);
  const made = world.markets.get(symbol)?.guard ?? {};
  const { symbol: _, ...before } = recordOf(world, symbol) ?? { symbol, ...made };
  const guard = changedGuard(random, market, symbol, before, made.feeds !== undefined);
  return of(world, 'put', { symbol, ...guard });
}

/** One that acts or has been told of, rather than a quiet one. */
function anySymbol({ random, market, runtime }: World): string {
  const guards = [...(runtime?.host?.engine.core.state.guards.values() ?? [])];
  const acting = guards.filter(({ active }) => active.size > 0).map(({ record }) => record.symbol);
  return random.pick(acting.length > 0 && random.chance(0.5) ? acting : market.symbols);
}

function remove(world: World): SimCommand | undefined {
  const symbol = anySymbol(world);
  return recordOf(world, symbol) && of(world, 'remove', { symbol });
}

function recordOf({ runtime }: World, symbol: string) {
  return runtime?.host?.engine.core.state.guards.get(symbol)?.record;
}

function of(world: World, action: string, body: object): SimCommand {
  const onAnswer = (reply: Record<string, unknown>): void => {
    const isRemovedAlready = action === 'remove' && isRefused(reply) && reply.error.code === 404;
    if (!isRefused(reply) || isRemovedAlready) return;
    const detail = `${JSON.stringify(body)}: ${reply.error.message}`;
    world.fail(new Violation(world.seed, 'a guard of a market is put, or removed', [detail]));
  };
  return { ...{ accountId: '_', resource: 'guard', action }, body, onAnswer };
}
