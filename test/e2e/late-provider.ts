// A provider on NATS that outlives the runtime: it takes its time, executes an order once, and knows
// what it has executed.
import { setTimeout as pause } from 'node:timers/promises';
import type { Msg } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import type { Random } from '../support/random.ts';
import type { Operator } from './world.ts';

const answerMsMax = 400;

interface Open {
  readonly accountId: string;
  readonly ticket: string;
  readonly positionId: string;
  readonly symbol: string;
  readonly side: string;
  readonly quantity: string;
  readonly entryPrice: string;
}

interface Order {
  readonly accountId: string;
  readonly clientOrderId: string;
  readonly positionId: string;
  readonly quantity: string;
}

export class LateProvider {
  /** How often each position was closed. */
  readonly closed = new Map<string, number>();
  private readonly open = new Map<string, Open>();
  private readonly done = new Map<string, object>();

  constructor({ nats }: Operator, route: string, random: Random) {
    const serve = (action: string, answer: (order: Order) => object): void => {
      const callback = (_error: Error | null, message: Msg): void => {
        const reply = JSON.stringify(answer(message.json<Order>()));
        // It is executed before it is answered, and the answer may come to nobody.
        void pause(random.int(0, answerMsMax)).then(() => message.respond(reply));
      };
      const subscription = nats.subscribe(`broker.${route}.${action}`, { callback });
      onTestFinished(() => subscription.unsubscribe());
    };
    serve('close', (order) => this.close(order));
    serve('query', ({ clientOrderId }) => this.done.get(clientOrderId) ?? { status: 'notFound' });
    serve('positions', ({ accountId }) => {
      const positions = [...this.open.values()].filter((one) => one.accountId === accountId);
      return { complete: true, positions };
    });
    for (const action of ['orders', 'account']) serve(action, () => ({ status: 'unsupported' }));
  }

  track(position: Open): void {
    this.open.set(position.positionId, position);
  }

  private close({ clientOrderId, positionId, quantity }: Order): object {
    const known = this.done.get(clientOrderId);
    if (known !== undefined) return known;
    const held = this.open.get(positionId);
    if (held === undefined) return { status: 'gone' };
    this.open.delete(positionId);
    this.closed.set(positionId, (this.closed.get(positionId) ?? 0) + 1);
    const reply = { status: 'filled', filledQuantity: quantity, price: held.entryPrice };
    this.done.set(clientOrderId, reply);
    return reply;
  }
}
