// What the adapter asks the link for, and that it adds nothing to what comes back.
import { expect, test } from 'vitest';
import { natsBroker } from '#src/brokers/nats-broker';
import { CloseoutError } from '#src/domain/errors';
import type { CloseOrder, CounterpartCancel } from '#src/domain/provider';
import type { Broker } from '#src/ports/broker';
import type { ProviderLink } from '#src/ports/bus';

const order: CloseOrder = {
  ...{ clientOrderId: 'c1', accountId: 'acc1', positionId: 'p1', ticket: 7, symbol: 'S' },
  ...{ side: 'long', quantity: '0.5', reason: 'stop_loss', ts: 1 },
};
const cancel: CounterpartCancel = {
  ...{ order_id: 'p1', symbol: 'S', order_type: 'BUY', type: 'order' },
  ...{ status: 'STOPLOSS-CANCEL', stoploss_id: 'sl1' },
};

function brokerOn(link: Partial<ProviderLink>, lateMs?: number): Broker {
  const nothing: ProviderLink = {
    request: () => Promise.reject(new Error('not expected')),
    publish: () => expect.unreachable(),
  };
  const options = { link: { ...nothing, ...link }, route: 'demo' };
  return natsBroker(lateMs === undefined ? options : { ...options, lateMs });
}

test.each([
  ['close', order, (broker: Broker) => broker.close(order)],
  ['query', { clientOrderId: 'c1' }, (broker: Broker) => broker.query?.({ clientOrderId: 'c1' })],
  ['positions', { accountId: 'a' }, (broker: Broker) => broker.positions?.({ accountId: 'a' })],
  [
    'orders',
    { accountId: 'a', since: 5 },
    (broker: Broker) => broker.orders?.({ accountId: 'a', since: 5 }),
  ],
  ['account', { accountId: 'a' }, (broker: Broker) => broker.account?.({ accountId: 'a' })],
] as const)('%s is a request with the body as it is, and its reply', async (action, body, call) => {
  const asked: unknown[] = [];
  const reply = { status: 'not even in the contract', more: 1 };
  const broker = brokerOn({
    request: (...args) => {
      asked.push(args);
      return Promise.resolve(reply);
    },
  });
  expect(await call(broker)).toBe(reply);
  expect(asked).toEqual([['demo', action, body, 30_000]]);
});

test('the cancel of a counterpart is published, and rejects where that fails', async () => {
  const published: unknown[] = [];
  const broker = brokerOn({ publish: (...args) => void published.push(args) });
  await broker.cancelCounterpart?.(cancel);
  expect(published).toEqual([['demo', 'cancel', cancel]]);

  const error = new CloseoutError('broker_unreachable', 'no connection');
  const away = brokerOn({
    publish: () => {
      throw error;
    },
  });
  await expect(away.cancelCounterpart?.(cancel)).rejects.toBe(error);
});

test('what the link rejects with comes through, and late replies are waited for as long as said', async () => {
  const error = new CloseoutError('broker_throttled', 'slow down', { retryAfterMs: 5 });
  const waits: number[] = [];
  const broker = brokerOn(
    {
      request: (_, __, ___, timeoutMs) => {
        waits.push(timeoutMs);
        return Promise.reject(error);
      },
    },
    1234,
  );
  await expect(broker.close(order)).rejects.toBe(error);
  expect(waits).toEqual([1234]);
});
