// Providers that do all kinds of things, by seed: once they behave again, everything adds up.
import { expect, test } from 'vitest';
import { decimal, text, zero } from '#src/domain/money';
import type { Behaviour } from '../support/fake-provider.ts';
import { Random } from '../support/random.ts';
import { answers, LiveWorld, lost, says, unreachable } from './live-world.ts';

const seeds = 150;
const ids = ['p', 'q', 'r'];

const fails = (executes: boolean): Behaviour => ({ kind: 'fail', executes });

function closesOf(random: Random, isIdempotent: boolean): Behaviour {
  const share = random.pick([0.1, 0.5, 0.75]);
  return random.pick<Behaviour>([
    answers,
    answers,
    { kind: 'late', ms: 300, executes: 'first' },
    { kind: 'late', ms: 3000, executes: 'first' },
    // An order that may come in after it was asked about is safe only where an id is executed once.
    { kind: 'late', ms: isIdempotent ? 2500 : 500, executes: 'last' },
    { kind: 'silent' },
    { kind: 'silent', share },
    lost,
    { kind: 'reject', code: 'busy' },
    { kind: 'partial', share },
    { kind: 'pending', ms: 400, parts: 1 },
    { kind: 'pending', ms: 1500, parts: 3 },
    { kind: 'throttled', retryAfterMs: 200 },
    unreachable,
    { kind: 'garbage', executes: true },
    { kind: 'garbage', executes: false },
    fails(true),
    fails(false),
  ]);
}

function answersOf(random: Random): Behaviour {
  return random.pick<Behaviour>([answers, answers, answers, unreachable, fails(false), lost]);
}

async function faultsOf(seed: number): Promise<string[]> {
  const random = new Random(seed);
  const [isIdempotent, canQuery, closeByTicket, reduceOnly] = [0, 1, 2, 3].map(() =>
    random.chance(0.5),
  );
  const capabilities = {
    idempotentByClientId: isIdempotent ?? false,
    queryByClientId: canQuery ?? false,
    closeByTicket: closeByTicket ?? false,
    reduceOnly: reduceOnly ?? false,
  };
  const isNetting = !capabilities.closeByTicket && !capabilities.reduceOnly;
  const w = await LiveWorld.start({ provider: { capabilities, isNetting } });
  w.provider.balances.set('a', decimal(1000));
  for (const id of ids) {
    await w.open(id, { quantity: '2', exits: { stopLoss: 99.5 }, stopLossId: `sl-${id}` });
  }
  w.quote(100);
  w.provider.behaviour = (call) => {
    if (call === 'close') return closesOf(random, capabilities.idempotentByClientId);
    if (call === 'positions' && random.chance(0.1)) {
      return says({ complete: false, positions: [] });
    }
    return answersOf(random);
  };
  void w.ask('a.position.close', { positionId: 'p' });
  w.quote(99);
  for (let i = 0; i < 8; i++) {
    await w.run(random.pick([50, 700, 2500]), 50);
    const what = random.int(0, 7);
    const id = random.pick(ids);
    if (what === 0) {
      await w.kill();
      await w.restart();
    } else if (what === 1 && random.chance(0.5)) {
      const closed = isNetting ? undefined : w.provider.closeByItself(id);
      const { price: avgpx = '', quantity: cumqty = '' } = closed ?? {};
      const report = { order_id: `sl-${id}`, ord_status: 'EXECUTED', avgpx, cumqty };
      if (closed !== undefined) w.provider.report(report);
    } else if (what === 2) {
      w.quote(98.9);
    }
  }
  w.play({});
  await w.run(90_000, 500);
  w.quote(98.5);
  await w.run(40_000, 500);
  return await faultsNow(w);
}

async function faultsNow(w: LiveWorld): Promise<string[]> {
  const faults = w.excess();
  const rows = await w.rows();
  let isTold = true;
  for (const id of ids) {
    const held = w.provider.held.get(id);
    const position = w.harness.core.state.positions.get(id);
    if (position?.state === 'closed' && held !== undefined) {
      faults.push(`${id}: closed here, ${held.quantity} open there`);
    }
    if (position?.state !== 'closed' && !w.deadLetters().includes(id)) {
      faults.push(`${id}: ${w.stateOf(id)}, no letter, ${held?.quantity ?? 'nothing'} there`);
    }
    const closed = rows.filter(
      (row) => row.eventType === 'position_closed' && row.metaData['positionId'] === id,
    );
    if (closed.length !== (position?.state === 'closed' ? 1 : 0)) {
      faults.push(`${id}: ${closed.length} rows`);
    }
    if (position?.untold.gt(0) === true) isTold = false;
    if (position?.state === 'closed' && position.result?.closedPrice === undefined) isTold = false;
  }
  let sum = decimal(1000);
  for (const { metaData } of rows) sum = sum.plus(decimal((metaData['pnl'] as string) ?? 0));
  if (!sum.eq(w.balance())) faults.push(`rows come to ${text(sum)}, balance ${w.balance()}`);
  const theirs = text(w.provider.balances.get('a') ?? zero);
  const isAllClosed = w.deadLetters().length === 0;
  const isCorrected = (await w.records('position.corrected')).length > 0;
  if (isTold && isAllClosed && !isCorrected && theirs !== w.balance()) {
    faults.push(`balance ${w.balance()} here, ${theirs} there`);
  }
  return faults;
}

test(`${seeds} seeds`, async () => {
  const faults: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const fault of await faultsOf(seed)) faults.push(`seed ${seed}: ${fault}`);
  }
  expect(faults).toEqual([]);
});
