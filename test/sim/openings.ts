// Positions as the gateway of a simulated world opens them.
import type { ExitsSpec } from '#src/domain/exits';
import { isRefused } from '#src/domain/refusals';
import type { SimCommand } from './client.ts';
import type { World } from './world.ts';

/** Opens a position at a provider, or on paper, and tracks it. */
export function openPosition(world: World): SimCommand {
  const { random, market, book } = world;
  const accountId = world.anyAccount();
  const route = world.routes.find((one) => one.accountId === accountId);
  const symbol = random.pick(market.symbols);
  const side = random.pick(['long', 'short'] as const);
  const opened = ++book.opened;
  const positionId = `p${opened}`;
  const quantity = String(random.int(1, 40) / 10);
  const entryPrice = market.closingPrice(symbol, side === 'long' ? 'short' : 'long');
  const links = random.chance(0.5)
    ? { stopLossId: `sl-${positionId}`, takeProfitId: `tp-${positionId}` }
    : { stopLossId: undefined, takeProfitId: undefined };
  const position = { positionId, accountId, symbol, side, quantity, ...links };
  const closeOrderId = `co-${positionId}`;
  const named = route?.isNetting === true ? {} : { ticket: opened };
  if (route !== undefined) {
    const held = { ticket: opened, positionId, symbol, side };
    route.provider.open(accountId, { ...held, quantity, entryPrice });
  }
  const given = Object.fromEntries(
    Object.entries(position).filter(([key, value]) => key !== 'accountId' && value !== undefined),
  );
  const exits = world.exitsFor(position);
  const track = (body: { exits: ExitsSpec }): SimCommand => ({
    ...{ accountId, resource: 'position', action: 'track', body },
    onAnswer: (reply) => {
      const { expiresAt = Infinity, ...others } = body.exits;
      if (!isRefused(reply)) book.tracked.set(positionId, position);
      else if (expiresAt > world.clock.now()) {
        world.fail(new Error(`tracking was refused: ${reply.error.message}`));
      } else world.client.send(track({ ...body, exits: others }));
    },
  });
  const body = { ...given, ...named, closeOrderId, entryPrice, exits };
  return track(body);
}
