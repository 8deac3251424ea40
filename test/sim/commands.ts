// What the gateway of a simulated world asks for. To add a command, add a row: how often in an hour,
// and what it sends; what it was promised by the answer goes into the book.
import { isRefused } from '#src/domain/refusals';
import type { SimCommand } from './client.ts';
import type { World } from './world.ts';

export interface CommandKind {
  readonly name: string;
  readonly perHour: number;
  readonly make: (world: World) => SimCommand | undefined;
}

export const commandKinds: readonly CommandKind[] = [
  { name: 'position.track', perHour: 60, make: (world) => world.openPosition() },
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
    name: 'position.amend',
    perHour: 12,
    make: (world) => {
      const position = world.anyPosition();
      if (position === undefined) return undefined;
      const { accountId, positionId, symbol, side } = position;
      const exits = world.exitsFor(symbol, side);
      return {
        ...{ accountId, resource: 'position', action: 'amend' },
        body: { positionId, exits },
      };
    },
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
    name: 'account.adjust',
    perHour: 8,
    make: (world) => {
      const accountId = world.anyAccount();
      const amount = String(world.random.int(1, 50_000) / 100);
      const onAnswer = (reply: object): void => {
        if (!isRefused(reply)) world.book.deposited(accountId, amount);
      };
      const body = { amount, reason: 'deposit' };
      return { ...{ accountId, resource: 'account', action: 'adjust' }, body, onAnswer };
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
    name: 'account.halt and resume',
    perHour: 2,
    make: (world) => {
      const accountId = world.anyAccount();
      const onAnswer = (): void => {
        world.client.send({
          ...{ accountId, resource: 'account', action: 'resume' },
          body: { reason: 'again' },
        });
      };
      const body = { reason: 'a look' };
      return { ...{ accountId, resource: 'account', action: 'halt' }, body, onAnswer };
    },
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
    perHour: 4,
    make: (world) => {
      const [letter] = world.runtime?.host?.engine.core.state.deadLetters.values() ?? [];
      if (letter === undefined) return undefined;
      const position = world.runtime?.host?.engine.core.state.positions.get(letter.positionId);
      // Whoever gives up a close that may be executed yet must look at the provider first.
      const mayDiscard = position?.phase === 'rejected' || position?.state === 'guarded';
      const action = mayDiscard && world.random.chance(0.3) ? 'discard' : 'retry';
      return {
        ...{ accountId: letter.accountId, resource: 'deadletter', action },
        body: { closeId: letter.closeId, reason: 'looked at' },
      };
    },
  },
];

function onPosition(world: World, action: string, more: object): SimCommand | undefined {
  const position = world.anyPosition();
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
