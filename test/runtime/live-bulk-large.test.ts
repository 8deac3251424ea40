// Ten thousand closes at a provider that takes a hundred a second: in order, at its rate, all of them.
import { expect, test } from 'vitest';
import { decimal, text, zero } from '#src/domain/money';
import { account, answers, LiveWorld } from './live-world.ts';

const count = 10_000;
const burst = 200;
const ratePerSecond = 100;

/** Loss of a position, scattered over those that are tracked one after the other. */
function rankOf(i: number): number {
  return (i * 7919) % count;
}

function track(w: LiveWorld): void {
  const { core } = w.harness;
  core.turn(() => {
    for (let i = 0; i < count; i++) {
      const entryPrice = text(decimal(100).plus(decimal(rankOf(i)).div(1000)));
      const ids = { positionId: `p${i}`, ticket: i + 1 };
      const terms = { ...ids, symbol: 'X', side: 'long' as const, quantity: '1', entryPrice };
      w.provider.open('a', terms);
      const position = { ...terms, accountId: 'a', openedAt: 0, exits: {} };
      core.commit({ type: 'position.tracked', accountId: 'a', body: { position } });
    }
  });
}

test('ten thousand positions on a route of a hundred a second', async () => {
  const w = await LiveWorld.start({
    settings: { accounts: [account, { ...account, accountId: 'b' }] },
    route: { ratePerSecond, burst, maxInFlight: 500 },
  });
  track(w);
  await w.open('risk', { accountId: 'b', exits: { stopLoss: 99 } });
  w.quote(100);
  const startedTs = w.clock.now();
  const calledMs: number[] = [];
  w.provider.behaviour = (call) => {
    if (call === 'close') calledMs.push(w.clock.now() - startedTs);
    return answers;
  };
  const answer = w.ask('a.account.close-all', { reason: 'flatten' });
  await w.run(2100, 100);
  const reply = await answer;
  expect(reply).toMatchObject({ totalPositions: count, closeReason: 'flatten' });

  // A stop of another account does not wait for the rest.
  w.quote('98.5');
  await w.run(200, 50);
  expect(w.stateOf('risk')).toBe('closed');
  await w.run(100_000, 1000);

  const { received } = w.provider;
  expect(received).toHaveLength(count + 1);
  const ranks = received
    .filter(({ accountId }) => accountId === 'a')
    .map(({ positionId }) => rankOf(Number(positionId.slice(1))));
  expect(ranks).toEqual(Array.from({ length: count }, (_, i) => count - 1 - i));
  // A burst, then the rate, and no slower than that.
  const tooEarly = calledMs.filter((ms, i) => i + 1 > burst + (ms * ratePerSecond) / 1000);
  expect(tooEarly).toEqual([]);
  expect(calledMs.at(-1)).toBeLessThanOrEqual(((count + 1 - burst) / ratePerSecond) * 1000 + 100);

  const told = w.told('bulk.progressed');
  expect(told.length).toBeGreaterThan(90);
  let before = 0;
  for (const { closed, failed, pending } of told) {
    expect(Number(closed) + Number(failed) + Number(pending)).toBe(count);
    expect(Number(closed)).toBeGreaterThanOrEqual(before);
    before = Number(closed);
  }
  const { state } = w.harness.core;
  let pnl = zero;
  for (const { accountId, result } of state.positions.values()) {
    if (accountId === 'a') pnl = pnl.plus(result?.pnl ?? 0);
  }
  expect(told.at(-1)).toMatchObject({
    ...{ accountId: 'a', bulkId: reply['bulkId'], reason: 'flatten' },
    ...{ total: count, closed: count, failed: 0, pending: 0, pnl: text(pnl) },
  });
  expect(w.balance()).toBe(text(pnl.plus(1000)));
  expect(state.bulks.size).toBe(0);
  await w.run(3000, 500);
  expect(w.told('bulk.progressed')).toHaveLength(told.length);
});
