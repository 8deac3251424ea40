// The gateway of a simulated world: it sends commands, each until it has an answer, and remembers
// what it was promised.
import { isRefused } from '#src/domain/refusals';
import type { World } from './world.ts';

export interface SimCommand {
  readonly accountId: string;
  readonly resource: string;
  readonly action: string;
  readonly body: object;
  /** Told of the answer, once. */
  readonly onAnswer?: (reply: Record<string, unknown>) => void;
}

export interface CommandKind {
  readonly name: string;
  readonly perHour: number;
  readonly make: (world: World) => SimCommand | undefined;
}

interface Asked extends SimCommand {
  readonly messageId: string;
  isAnswered: boolean;
}

/** Pause before a command without an answer is sent again. */
const retryMs = 5000;

export class Client {
  private readonly world: World;
  private count = 0;
  private open = 0;
  answered = 0;
  refused = 0;

  constructor(world: World) {
    this.world = world;
  }

  get sent(): number {
    return this.count;
  }

  /** Commands that have no answer yet. */
  get waiting(): number {
    return this.open;
  }

  send(command: SimCommand): void {
    this.open++;
    this.try({ ...command, messageId: `m${++this.count}`, isAnswered: false });
  }

  private try(asked: Asked): void {
    if (asked.isAnswered) return;
    const { world } = this;
    const { accountId, resource, action, body, messageId } = asked;
    if (!world.is('bus away')) {
      const message = { client: 'gateway', accountId, resource, action, messageId };
      world.runtime?.ask({ ...message, body: { value: body } }, (reply) => {
        if (!world.is('bus away')) this.answer(asked, reply as Record<string, unknown>);
      });
    }
    world.clock.at(world.clock.now() + retryMs, () => this.try(asked));
  }

  private answer(asked: Asked, reply: Record<string, unknown>): void {
    if (asked.isAnswered || (isRefused(reply) && reply.error.code >= 429)) return;
    asked.isAnswered = true;
    this.open--;
    this.answered++;
    if (isRefused(reply)) this.refused++;
    asked.onAnswer?.(reply);
  }
}
