// What a provider says of an account as a whole: its positions, its orders and its balance.
import { accountReplyOf, ordersReplyOf, positionsReplyOf } from '#src/contracts/provider';
import { messageOf } from '#src/domain/errors';
import type { ProviderView } from '#src/domain/reconcile';
import type { Unsupported } from '#src/domain/provider';
import type { Broker } from '#src/ports/broker';
import type { CallOutcome } from './broker-call.ts';
import type { BrokerSessions } from './broker-sessions.ts';

type ReadKind = 'positions' | 'orders' | 'account';

export interface Answered {
  readonly view: ProviderView;
  /** Why something is missing that the provider has; undefined where all was told. */
  readonly fault: string | undefined;
  /** Its positions are what is missing: nothing was compared. */
  readonly isBlind: boolean;
}

/** What one call told: nothing at all where the provider says that it has no such call. */
interface Part<T> {
  readonly value?: T;
  readonly fault?: string;
  /** Nobody took the call: the provider is away, or has no such call. */
  readonly isUntaken?: boolean;
}

/** Resolves when each call has its reply, or none by the route's timeout; never rejects. */
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
      try {
        if (sessions.lacks(route, kind)) {
          resolve({});
          return;
        }
        sessions.of(route).submit<unknown>({
          kind,
          lane: 'read',
          deadlineTs,
          run: async () => await call(sessions.broker(route)),
          done: (outcome) => resolve(partOf(kind, outcome, replyOf)),
        });
      } catch (error) {
        resolve({ fault: `${kind}: ${messageOf(error)}` });
      }
    });
  const [positions, orders, account] = await Promise.all([
    read('positions', (broker) => broker.positions?.({ accountId }), positionsReplyOf),
    read('orders', (broker) => broker.orders?.({ accountId }), ordersReplyOf),
    read('account', (broker) => broker.account?.({ accountId }), accountReplyOf),
  ]);
  // A provider that took one call is there: those that nobody took it does not have.
  const isThere = [positions, orders, account].some((part) => part.isUntaken === false);
  const faultOf = ({ fault, isUntaken }: Part<unknown>): string | undefined =>
    isUntaken === true && isThere ? undefined : fault;
  const positionsFault = faultOf(positions);
  return {
    view: {
      ...(positions.value === undefined ? {} : { positions: positions.value }),
      ...(orders.value === undefined ? {} : { orders: orders.value }),
      ...(account.value === undefined ? {} : { account: account.value }),
    },
    fault: positionsFault ?? faultOf(orders) ?? faultOf(account),
    isBlind: positionsFault !== undefined,
  };
}

/** A reply that cannot even be read is none. */
function partOf<T>(
  kind: ReadKind,
  outcome: CallOutcome<unknown>,
  replyOf: (raw: unknown) => T | Unsupported | undefined,
): Part<T> {
  if (outcome.kind === 'dropped') return { fault: `${kind}: ${outcome.why}` };
  if (outcome.kind === 'unreachable')
    return { fault: `${kind}: ${outcome.error}`, isUntaken: true };
  if (outcome.kind === 'unknown') return { fault: `${kind}: ${outcome.error}` };
  const none = { fault: `${kind}: the reply of the provider is none`, isUntaken: false };
  try {
    const reply = replyOf(outcome.reply);
    if (reply === undefined) return none;
    return isUnsupported(reply) ? { isUntaken: false } : { value: reply, isUntaken: false };
  } catch {
    return none;
  }
}

function isUnsupported(reply: unknown): reply is Unsupported {
  return typeof reply === 'object' && reply !== null && 'status' in reply;
}
