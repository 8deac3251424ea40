// What the gateway of a simulated world asks for. To add a command, add a row: how often in an hour,
// and what it sends; what it was promised by the answer goes into the book.
import { isRefused } from '#src/domain/refusals';
import type { ExitsSpec } from '#src/domain/exits';
import { canonical } from '#src/domain/chain';
import { decimal, text } from '#src/domain/money';
import type { CommandKind, SimCommand } from './client.ts';
import { guardCommandKinds } from './guard-commands.ts';
import { marketCommandKinds } from './market-commands.ts';
import { openPosition } from './openings.ts';
import { changedExits, reworded } from './made-exits.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

export const commandKinds: readonly CommandKind[] = [
  ...guardCommandKinds,
  ...marketCommandKinds,
  { name: 'position.track', perHour: 60, make: (world) => openPosition(world) },
  {
    name: 'position.close',
    perHour: 10,
    make: (world) => onPosition(world, 'close', {}),
  },
  {
    name: 'position.close-if-triggered',
    perHour: 3,
    make: (world) =>
      onPosition(world, 'close-if-triggered', { guardType: 'market', triggerReason: 'halt' }),
  },
  {
    name: 'position.close a part',
    perHour: 8,
    make: (world) => {
      const position = world.anyPosition();
      if (position === undefined) return undefined;
      const share = world.random.pick(['0.1', '0.25', '0.5', '0.9']);
      const quantity = text(decimal(position.quantity).times(share));
      const { accountId, positionId } = position;
      const body = { positionId, quantity, reason: 'a part' };
      return { ...{ accountId, resource: 'position', action: 'close' }, body };
    },
  },
  {
    name: 'position.close more than there is',
    perHour: 3,
    make: (world) => closeTooMuch(world),
  },
  {
    name: 'position.amend with other exits',
    perHour: 6,
    make: (world) => amend(world, (_before, fresh) => fresh),
  },
  {
    name: 'position.amend with one other exit',
    perHour: 8,
    make: (world) => amend(world, (before, fresh) => changedExits(world.random, before, fresh)),
  },
  {
    name: 'position.amend with the same exits',
    perHour: 8,
    make: (world) => amend(world, (before) => reworded(world.random, before)),
  },
  {
    name: 'position.untrack',
    perHour: 1,
    make: (world) => {
      const command = onPosition(world, 'untrack', { reason: 'moved' });
      if (command === undefined) return undefined;
      const { positionId } = command.body as { positionId: string };
      const onAnswer = (reply: object): void => {
        if (!isRefused(reply)) world.book.untracked.add(positionId);
      };
      return { ...command, onAnswer };
    },
  },
  {
    name: 'account.close-all',
    perHour: 1,
    make: (world) => ({
      ...{ accountId: world.anyAccount(), resource: 'account', action: 'close-all' },
      body: { reason: world.random.pick(['manual', 'weekend']) },
    }),
  },
  {
    name: 'reconciliation.run',
    perHour: 3,
    make: () => ({ ...ofNoAccount('reconciliation', 'run'), body: {} }),
  },
  {
    name: 'runtime.pause and resume',
    perHour: 1,
    make: (world) => ({
      ...ofNoAccount('runtime', 'pause'),
      body: {},
      onAnswer: () => world.client.send({ ...ofNoAccount('runtime', 'resume'), body: {} }),
    }),
  },
  {
    name: 'deadletter.retry or discard',
    perHour: 8,
    make: (world) => {
      const letters = [...(world.runtime?.host?.engine.core.state.deadLetters.values() ?? [])];
      if (letters.length === 0) return undefined;
      const letter = world.random.pick(letters);
      const position = world.runtime?.host?.engine.core.state.positions.get(letter.positionId);
      // Whoever gives up a close that may be executed yet must look at the provider first.
      const mayDiscard = position?.phase === 'rejected' || position?.intent === undefined;
      const action = mayDiscard && world.random.chance(0.5) ? 'discard' : 'retry';
      return {
        ...{ accountId: letter.accountId, resource: 'deadletter', action },
        body: { closeId: letter.closeId, reason: 'looked at' },
      };
    },
  },
];

/** A command comes this much later at the most. */
const inCrossingMs = 4000;

/** A quote takes many turns: meanwhile something else may want one of those that it has reached. */
export function crossingBegan(world: World, positionIds: readonly string[]): void {
  const { random, clock } = world;
  if (positionIds.length === 0 || random.chance(0.5)) return;
  const position = world.book.tracked.get(random.pick(positionIds));
  if (position === undefined) return;
  clock.at(clock.now() + random.int(0, inCrossingMs), () => {
    world.command(
      random.chance(0.3)
        ? onPosition(world, 'close', {}, position)
        : amend(world, (before, fresh) => changedExits(random, before, fresh), position),
    );
  });
}

function onPosition(
  world: World,
  action: string,
  more: object,
  position = world.anyPosition(),
): SimCommand | undefined {
  if (position === undefined) return undefined;
  const { accountId, positionId } = position;
  return { ...{ accountId, resource: 'position', action }, body: { positionId, ...more } };
}

function ofNoAccount(
  resource: string,
  action: string,
): Pick<SimCommand, 'accountId' | 'resource' | 'action'> {
  return { accountId: '_', resource, action };
}

/** Replaces the exits that a position has; where they stay the same, nothing that is shown changes. */
function amend(
  world: World,
  exitsOf: (before: ExitsSpec, fresh: ExitsSpec) => ExitsSpec,
  position = world.anyPosition(),
): SimCommand | undefined {
  if (position === undefined) return undefined;
  const { accountId, positionId } = position;
  const { runtime } = world;
  const engine = runtime?.host?.engine;
  const before = engine?.core.state.positions.get(positionId)?.exits ?? {};
  const exits = exitsOf(before, world.exitsFor(position));
  const command = { ...{ accountId, resource: 'position', action: 'amend' } };
  const isSame = canonical(exitsAs(exits)) === canonical(exitsAs(before));
  // Looked at in the same turn in which it is amended, or not at all.
  if (!isSame || world.is('bus away') || engine?.feed.isBusy !== false) {
    return { ...command, body: { positionId, exits } };
  }
  let shown: Record<string, unknown> | undefined;
  const get = { client: 'gateway', accountId, resource: 'position', action: 'get' };
  runtime?.ask({ ...get, body: { value: { positionId } } }, (reply) => {
    shown = reply as Record<string, unknown>;
  });
  const sentTs = world.clock.now();
  const onAnswer = (reply: Record<string, unknown>): void => {
    const isOfThen = world.runtime === runtime && world.clock.now() - sentTs < sameTurnMs;
    if (shown === undefined || !isOfThen || isRefused(reply)) return;
    world.tally.amendedSame++;
    if (canonical(reply) === canonical(shown)) return;
    const detail = `${canonical(shown)} became ${canonical(reply)}`;
    world.fail(new Violation(world.seed, 'the same exits again change nothing', [detail]));
  };
  return { ...command, body: { positionId, exits }, onAnswer };
}

/** Answers that come sooner are of the first attempt. */
const sameTurnMs = 5000;

/** In one notation. */
function exitsAs(exits: unknown): unknown {
  if (typeof exits === 'string') return text(decimal(exits));
  if (typeof exits === 'number') return text(decimal(exits));
  if (Array.isArray(exits)) return exits.map(exitsAs);
  if (typeof exits !== 'object' || exits === null) return exits;
  return Object.fromEntries(Object.entries(exits).map(([name, value]) => [name, exitsAs(value)]));
}

/** More than is left is refused, with both numbers, and nothing is closed. */
function closeTooMuch(world: World): SimCommand | undefined {
  const position = world.anyPosition();
  if (position === undefined) return undefined;
  const { accountId, positionId } = position;
  const quantity = text(decimal(position.quantity).plus('0.1'));
  const onAnswer = (reply: Record<string, unknown>): void => {
    const isOpen =
      world.runtime?.host?.engine.core.state.positions.get(positionId)?.state === 'guarded';
    if (isRefused(reply)) {
      const { code, limit, actual } = reply.error as {
        code: number;
        limit?: string;
        actual?: string;
      };
      if (code === 404 || (code === 409 && limit !== undefined && actual !== undefined)) {
        if (code === 404 || decimal(actual ?? 0).eq(quantity)) world.tally.refusedParts++;
        return;
      }
    } else if (!isOpen) return;
    const detail = `${positionId} of ${position.quantity}, ${quantity}: ${canonical(reply)}`;
    world.fail(new Violation(world.seed, 'more than is left is refused', [detail]));
  };
  const body = { positionId, quantity, reason: 'too much' };
  return { ...{ accountId, resource: 'position', action: 'close' }, body, onAnswer };
}
