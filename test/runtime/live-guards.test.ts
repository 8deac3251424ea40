// Guards of LIVE accounts: what is being closed counts until it is, and a breach ends with the last
// outcome.
import { describe, expect, test } from 'vitest';
import { account, answers, LiveWorld, lost, rejects, says, unreachable } from './live-world.ts';

const peak = { id: 'peak', anchor: 'peakEquity', limitAmount: 10 };
const guarded = { ...account, rules: [peak] };

async function equity(w: LiveWorld): Promise<unknown> {
  return (await w.settled(w.ask('a.account.get')))['equity'];
}

describe('equity counts what is not filled of a closing position', () => {
  test.each([
    // 2 bought at 100, the book at 97: −6 open.
    { name: 'sending', close: { kind: 'late', ms: 5000, executes: 'last' } as const, value: '994' },
    { name: 'unknown', close: lost, value: '994' },
    { name: 'pending', close: says({ status: 'pending' }), value: '994' },
    { name: 'rejected', close: rejects, value: '994' },
    { name: 'unreachable', close: unreachable, value: '994' },
    { name: 'filled at 99', close: answers, value: '998' },
  ])('$name', async ({ close, value }) => {
    const fails = { kind: 'fail', executes: false } as const;
    const w = await LiveWorld.start({
      script: { close: [close], query: [fails], positions: [fails] },
    });
    await w.open('p');
    w.quote(97);
    const answer = w.ask('a.position.close', { positionId: 'p', reason: 'x' });
    await w.run(2500);
    await answer;
    expect(await equity(w)).toBe(value);
  });

  test('of a part that is filled the balance, of the rest the book', async () => {
    const part = says({ status: 'partiallyFilled', filledQuantity: '0.5', price: '99' });
    const w = await LiveWorld.start({ script: { close: [part, says({ status: 'pending' })] } });
    await w.open('p');
    w.quote(97);
    void w.close('p');
    await w.run(100);
    // −0.5 booked, 1.5 lots at 97.
    expect(await equity(w)).toBe('995');
    expect(await w.settled(w.ask('a.account.get'))).toMatchObject({ balance: '999.5' });
  });

  test('and its loss breaches a rule', async () => {
    const w = await LiveWorld.start({
      settings: { accounts: [guarded] },
      script: { close: [says({ status: 'pending' })] },
    });
    await w.open('p');
    await w.open('q');
    w.quote(100);
    void w.close('p');
    await w.run(100);
    w.quote(98);
    expect(w.harness.core.state.accounts.get('a')?.state).toBe('warning');
    // 4 lots at −2.5, of which half are being closed.
    w.quote('97.5');
    await w.run(20);
    expect(w.stateOf('q')).toBe('closing pending');
    const reasons = w.harness.core.state.positions.get('p')?.reasons;
    expect(reasons).toEqual(['manual', 'drawdown_critical']);
  });

  test('a part that is filled moves the breach no further than its loss', async () => {
    const part = says({ status: 'partiallyFilled', filledQuantity: '1', price: '99' });
    const w = await LiveWorld.start({
      settings: { accounts: [guarded] },
      script: { close: [part, says({ status: 'pending' })] },
    });
    await w.open('p');
    await w.open('q');
    w.quote(100);
    void w.close('p');
    await w.run(100);
    // −1 booked, 3 lots left: 10 are lost at 97.
    w.quote('97.01');
    await w.run(20);
    expect(w.stateOf('q')).toBe('guarded');
    w.quote(97);
    await w.run(20);
    expect(w.stateOf('q')).not.toBe('guarded');
  });
});

describe('a breach', () => {
  async function breached(script = {}): Promise<LiveWorld> {
    const w = await LiveWorld.start({ settings: { accounts: [guarded] }, script });
    await w.open('p', { entryPrice: '98' });
    await w.open('q', { entryPrice: '103' });
    await w.open('r', { entryPrice: '100', side: 'short' });
    await w.open('s', { entryPrice: '101' });
    w.quote(100);
    w.quote(97);
    await w.run(20);
    return w;
  }
  const stateOf = (w: LiveWorld): unknown => w.harness.core.state.accounts.get('a')?.state;

  test('closes the worst first', async () => {
    const w = await breached();
    expect(w.provider.received.map((order) => order.positionId)).toEqual(['q', 's', 'p', 'r']);
    expect(new Set(w.provider.received.map((order) => order.reason))).toEqual(
      new Set(['drawdown_critical']),
    );
    expect(stateOf(w)).toBe('halted');
  });

  test('is `closing` until the last outcome is known, however long that takes', async () => {
    const w = await breached({ close: [answers, lost], query: [lost] });
    expect(w.stateOf('q')).toBe('closed');
    expect(stateOf(w)).toBe('closing');
    await w.run(30_000, 200);
    expect(stateOf(w)).toBe('closing');
    expect(w.harness.eventNames('a')).not.toContain('account.halted');
    w.play({});
    await w.run(40_000, 200);
    expect(stateOf(w)).toBe('halted');
    expect(w.excess()).toEqual([]);
    const names = w.harness.eventNames('a');
    expect(names.filter((name) => name === 'account.halted')).toHaveLength(1);
    expect(names.lastIndexOf('position.closed')).toBeLessThan(names.indexOf('account.halted'));
  });

  test('goes on being `closing` after a restart', async () => {
    const w = await breached({ close: [answers, lost], query: [lost] });
    await w.run(3000, 100);
    await w.killAndRestart();
    expect(stateOf(w)).toBe('closing');
    w.play({});
    await w.run(40_000, 200);
    expect(stateOf(w)).toBe('halted');
    expect(w.provider.closedOf.size).toBe(4);
    expect(w.excess()).toEqual([]);
  });

  test('is not over when an operator gives a close up: the next quote closes it again', async () => {
    const w = await breached({ close: [answers, answers, answers, rejects] });
    expect(stateOf(w)).toBe('closing');
    await w.run(20_000, 100);
    const [letter] = await w.letters();
    expect(letter).toMatchObject({ positionId: 'r', reason: 'drawdown_critical' });
    w.play({});
    await w.settled(
      w.ask('a.deadletter.discard', { closeId: letter?.['closeId'], reason: 'enough' }),
    );
    expect(w.stateOf('r')).toBe('guarded');
    w.quote(97);
    await w.run(100);
    expect(w.stateOf('r')).toBe('closed');
    expect(stateOf(w)).toBe('halted');
  });

  test('leaves the balance at what the closes came to', async () => {
    const w = await breached();
    // At 99 and 101: p +2, q −8, r −2, s −4.
    expect(w.balance()).toBe('988');
  });
});

test('a position on paper and a LIVE one of the same symbol do not wait for each other', async () => {
  const paper = { accountId: 'paper', currency: 'USD', balance: 1000 };
  const w = await LiveWorld.start({
    settings: { accounts: [account, paper] },
    script: { close: [lost] },
  });
  await w.open('p', { exits: { stopLoss: 99 } });
  await w.open('x', { accountId: 'paper', exits: { stopLoss: 99 }, isThere: false });
  w.quote(100);
  w.quote(98);
  expect(w.stateOf('x')).toBe('closed');
  expect(w.balance('paper')).toBe('996');
  await w.run(20);
  expect(w.stateOf('p')).toBe('closing sending');
});

test('a stop that is crossed while its manual close waits adds nothing', async () => {
  const w = await LiveWorld.start({
    script: { close: [{ kind: 'late', ms: 1000, executes: 'last' }] },
  });
  await w.open('p', { exits: { stopLoss: 99 } });
  w.quote(100);
  const answer = w.close('p');
  w.quote(98);
  w.quote(97);
  expect(await answer).toMatchObject({ outcome: 'closed', closeReason: 'manual' });
  expect(w.sent()).toEqual(['1:2']);
});
