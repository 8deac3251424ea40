// What a provider says of an account as a whole: its positions, its orders and its balance.
import { accountReplyOf, ordersReplyOf, positionsReplyOf } from '#src/contracts/provider';
import type { ProviderView } from '#src/domain/reconcile';
import type { Unsupported } from '#src/domain/provider';
import type { Broker } from '#src/ports/broker';
import type { BrokerSessions } from './broker-sessions.ts';

type ReadKind = 'positions' | 'orders' | 'account';

/** A part that the provider did not tell, and why. */
export interface Answered {
  readonly view: ProviderView;
  /** Why something is missing that the provider has; undefined where all was told. */
  readonly fault: string | undefined;
}

type Part<T> = { readonly value?: T; readonly fault?: string };

/** Resolves when each call has its reply, or none within the route's timeout and `waitMs`. */
export async function askProvider(
  sessions: BrokerSessions,
  route: string,
  accountId: string,
  deadlineTs: number,
): Promise<Answered> {
  const read = async <T>(
    kind: ReadKind,
    call: (broker: Broker) => Promise<unknown> | undefined,
    replyOf: (raw: unknown) => T | Unsupported | undefined,
  ): Promise<Part<T>> =>
    await new Promise((resolve) => {
      if (sessions.lacks(route, kind)) {
        resolve({});
        return;
      }
      sessions.of(route).submit<unknown>({
        kind,
        lane: 'read',
        deadlineTs,
        run: async () => await call(sessions.broker(route)),
        done: (outcome) => {
          if (outcome.kind === 'dropped') resolve({ fault: `${kind}: ${outcome.why}` });
          else if (outcome.kind !== 'reply') resolve({ fault: `${kind}: ${outcome.error}` });
          else resolve(partOf(kind, replyOf(outcome.reply)));
        },
      });
    });
  const [positions, orders, account] = await Promise.all([
    read('positions', (broker) => broker.positions?.({ accountId }), positionsReplyOf),
    read('orders', (broker) => broker.orders?.({ accountId }), ordersReplyOf),
    read('account', (broker) => broker.account?.({ accountId }), accountReplyOf),
  ]);
  // Positions are what closes hang on; who lists these and not the rest has not got the rest.
  const isThere = positions.fault === undefined;
  const optional = isThere ? undefined : (orders.fault ?? account.fault);
  return {
    view: {
      ...(positions.value === undefined ? {} : { positions: positions.value }),
      ...(orders.value === undefined ? {} : { orders: orders.value }),
      ...(account.value === undefined ? {} : { account: account.value }),
    },
    fault: positions.fault ?? optional,
  };
}

function partOf<T>(kind: ReadKind, reply: T | Unsupported | undefined): Part<T> {
  if (reply === undefined) return { fault: `${kind}: the reply of the provider is none` };
  const isUnsupported = typeof reply === 'object' && reply !== null && 'status' in reply;
  return isUnsupported ? {} : { value: reply as T };
}
