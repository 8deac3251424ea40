// What fails is contained: its siblings live on, and it is made anew from the state.
import type { InspectionEvent } from 'xstate';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { CoreHarness } from '../support/core-harness.ts';
import { until } from '../support/until.ts';
import { startLive } from './live.ts';
import { refusalOf } from './refusals.ts';
import { long, startWorld } from './world.ts';

type Body = Record<string, unknown>;

/** An actor as a test pokes at it: with events that no sender of ours would send. */
interface Poked {
  send(event: Body & { type: string }): void;
  getSnapshot(): { status: string; value: unknown; context: Record<string, unknown> };
}

let world: CoreHarness;
beforeEach(async () => {
  // XState's development build takes an actor made anew within an action for a misused `assign`.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  world = await startWorld();
});

function actor(name: string): Poked {
  const found = world.core.system.get(name) as Poked | undefined;
  if (found === undefined) throw new Error(`there is no actor ${name}`);
  return found;
}

/** A crossing that no position can make sense of. */
const nonsense = { type: 'levels.crossed', crossing: null };

async function track(...positions: Body[]): Promise<void> {
  for (const position of positions) {
    const reply = await world.ask('gw.acc1.position.track', { ...long, ...position });
    expect(refusalOf(reply)).toBe('ok');
  }
}

function closed(): unknown[] {
  const events = world.events.filter((event) => event.event === 'position.closed');
  return events.map((event) => [event['positionId'], event['closeReason']]);
}

const exits = { stopLoss: '1.05', takeProfit: '1.2' };

describe('a position actor that fails', () => {
  beforeEach(() => track(...['p1', 'p2', 'p3'].map((positionId) => ({ positionId, exits }))));

  test('is made anew, and all of them close on their level, in tracking order', () => {
    const before = actor('position:p1');
    before.send(nonsense);
    expect(before.getSnapshot().status).toBe('error');
    expect(world.counter('actor_restarts')).toBe(1);
    expect(actor('position:p1')).not.toBe(before);
    expect(actor('position:p1').getSnapshot().value).toEqual({ guarded: 'whole' });
    expect(actor('position:p2').getSnapshot().status).toBe('active');
    expect(world.core.state.positions.get('p1')?.state).toBe('guarded');
    world.quote('EURUSD', 1.06, 1.06);
    expect(closed()).toEqual([]);
    world.quote('EURUSD', 1.05, 1.05);
    expect(closed()).toEqual(['p1', 'p2', 'p3'].map((id) => [id, 'stop_loss']));
    expect(world.counter('crossings_rescued')).toBe(0);
  });

  test('watches its levels once, however often it failed', () => {
    for (let i = 0; i < 10; i++) actor('position:p2').send(nonsense);
    expect(world.counter('actor_restarts')).toBe(10);
    expect(world.core.markets.of('EURUSD').levels.size).toBe(6);
    world.quote('EURUSD', 1.2, 1.2);
    expect(closed()).toEqual(['p1', 'p2', 'p3'].map((id) => [id, 'take_profit']));
    expect(world.core.markets.of('EURUSD').levels.size).toBe(0);
  });

  test('on the very crossing that it should act on is closed all the same', () => {
    spoil(actor('position:p2').getSnapshot().context, 'positionId');
    world.quote('EURUSD', 1.04, 1.04);
    expect(closed()).toEqual(['p1', 'p2', 'p3'].map((id) => [id, 'stop_loss']));
    expect(world.counter('crossings_rescued')).toBe(1);
    expect(world.counter('actor_restarts')).toBe(1);
    const event = world.events.find((one) => one['positionId'] === 'p2' && one['closeId']);
    expect(event).toMatchObject({ triggerPrice: '1.05', closedPrice: '1.04' });
  });

  test('while it is closing is closing again, and closes', async () => {
    await track({ positionId: 'gold', symbol: 'XAUUSD' });
    const answer = world.ask('gw.acc1.position.close', { positionId: 'gold' });
    const before = actor('position:gold');
    expect(before.getSnapshot().value).toEqual({ closing: 'waiting' });
    fail('position:gold');
    expect(actor('position:gold')).not.toBe(before);
    expect(actor('position:gold').getSnapshot().value).toEqual({ closing: 'waiting' });
    world.quote('XAUUSD', 1300, 1300);
    expect(await answer).toMatchObject({ outcome: 'closed' });
  });

  test('does not tell the one that asked: commands go on', async () => {
    actor('position:p1').send(nonsense);
    const amend = { positionId: 'p1', exits: { takeProfit: '1.3' } };
    expect(await world.ask('gw.acc1.position.amend', amend)).toMatchObject({ state: 'guarded' });
    world.quote('EURUSD', 1.1, 1.1);
    expect(await world.ask('gw.acc1.position.close', { positionId: 'p1' })).toMatchObject({
      outcome: 'closed',
    });
  });
});

describe('a drawdown guard that fails', () => {
  const lot = { positionId: 'p1', quantity: 1 };

  test.each(['normal', 'warning', 'halted by an operator'])(
    'when %s is so again',
    async (state) => {
      await track(lot);
      if (state === 'warning') world.quote('EURUSD', 1.085, 1.085);
      if (state !== 'normal' && state !== 'warning') {
        await world.ask('op.acc1.account.halt', { reason: 'x' });
      }
      const { value } = actor('drawdown-guard:acc1').getSnapshot();
      actor('drawdown-guard:acc1').send({ type: 'rule.breached', finding: null });
      expect(world.counter('actor_restarts')).toBe(1);
      expect(actor('drawdown-guard:acc1').getSnapshot()).toMatchObject({ status: 'active', value });
      world.quote('EURUSD', 1.08, 1.08);
      expect(closed()).toEqual([['p1', 'drawdown_critical']]);
      expect(await world.ask('gw.acc1.account.get')).toMatchObject({ state: 'halted' });
      expect(world.eventNames('acc1').filter((name) => name === 'guard.breached').length).toBe(1);
    },
  );

  test('on the very breach is told of it again', async () => {
    await track(lot);
    const ids = world.core.ids as unknown as { next: (kind: string) => string };
    const next = ids.next.bind(ids);
    ids.next = () => {
      ids.next = next;
      throw new Error('no id');
    };
    world.quote('EURUSD', 1.08, 1.08);
    expect(world.counter('actor_restarts')).toBe(1);
    expect(closed()).toEqual([['p1', 'drawdown_critical']]);
    expect(await world.ask('gw.acc1.account.get')).toMatchObject({ state: 'halted' });
  });

  test('leaves the guards of other accounts alone', async () => {
    await world.ask('op.acc3.account.create', {
      currency: 'USD',
      balance: 10_000,
      preset: 'default',
    });
    await world.ask('gw.acc3.position.track', { ...long, ...lot });
    actor('drawdown-guard:acc1').send({ type: 'rule.breached', finding: null });
    world.quote('EURUSD', 1.08, 1.08);
    expect(await world.ask('gw.acc3.account.get')).toMatchObject({ state: 'halted' });
  });

  test('a position whose price cannot be told keeps no other open after a breach', async () => {
    await track(lot);
    world.quote('EURUSD', 1.08, 1.08);
    await track({ positionId: 'spoilt' }, { positionId: 'late' });
    spoil(world.core.state.positions.get('spoilt') as unknown as Body, 'conversion');
    world.quote('EURUSD', 1.08, 1.08);
    expect(closed()).toEqual(['p1', 'late'].map((id) => [id, 'drawdown_critical']));
    expect(world.eventNames('acc1')).toContain('position.close-failed');
  });

  test('an account that cannot be judged keeps no other from being judged', async () => {
    await track({ ...lot, positionId: 'spoilt' });
    await world.ask('op.acc3.account.create', {
      currency: 'USD',
      balance: 10_000,
      preset: 'default',
    });
    await world.ask('gw.acc3.position.track', { ...long, ...lot });
    spoil(world.core.state.positions.get('spoilt') as unknown as Body, 'conversion');
    world.quote('EURUSD', 1.08, 1.08);
    expect(world.counter('account_guard_errors')).toBe(1);
    expect(await world.ask('gw.acc3.account.get')).toMatchObject({ state: 'halted' });
  });
});

/** A condition of a market that does not hold. */
const calm = { critical: 'clear', warning: 'clear' };

describe('a market guard that fails', () => {
  const guard = 'market-guard:EURUSD';
  const unreadable = {
    type: 'gap.measured',
    ts: 0,
    get level(): string {
      throw new Error('unreadable');
    },
  };

  test('is made anew, where it was', async () => {
    await track({ positionId: 'p1' });
    await world.ask('op._.guard.put', { symbol: 'EURUSD', spread: { closeOn: 'never' } });
    world.quote('EURUSD', 1, 1.006);
    const wide = { watching: { gap: calm, spread: { ...calm, warning: 'active' } } };
    expect(actor(guard).getSnapshot().value).toMatchObject(wide);
    actor(guard).send(unreadable);
    expect(world.counter('actor_restarts')).toBe(1);
    expect(actor(guard).getSnapshot()).toMatchObject({ status: 'active', value: wide });
    world.quote('EURUSD', 1.5, 1.501);
    expect(closed()).toEqual([['p1', 'market_gap']]);
    const market = (): string[] =>
      world.eventNames('_').filter((name) => name.startsWith('market.'));
    expect(market()).toEqual(['market.warning', 'market.critical']);
    world.clock.advance(5000);
    expect(market().slice(2)).toEqual(['market.cleared', 'market.cleared']);
  });
});

describe('the closer that fails', () => {
  test('is made anew, and what waited is filled', async () => {
    await track({ positionId: 'p1' }, { positionId: 'p2', exits });
    const answer = world.ask('gw.acc1.position.close', { positionId: 'p1' });
    const before = actor('position-closer');
    expect(before.getSnapshot().value).toBe('waiting');
    before.send({ type: 'close.requested', positionIds: null });
    expect(before.getSnapshot().status).toBe('error');
    world.quote('EURUSD', 1.04, 1.04);
    expect(await answer).toMatchObject({ outcome: 'closed' });
    expect(closed()).toEqual([
      ['p1', 'manual'],
      ['p2', 'stop_loss'],
    ]);
    expect(world.counter('actor_restarts')).toBe(1);
    expect(actor('position-closer').getSnapshot()).toMatchObject({
      ...{ status: 'active', value: 'ready' },
    });
  });
});

describe('the ledger projector that fails', () => {
  test('is made anew, and catches up', async () => {
    await track({ positionId: 'p1' });
    world.quote('EURUSD', 1.1, 1.1);
    await world.rows();
    const before = actor('ledger-projector');
    fail('ledger-projector');
    expect(before.getSnapshot().status).toBe('error');
    const closes = world.counter('closes_requested');
    await world.ask('gw.acc1.position.close', { positionId: 'p1' });
    expect(world.counter('closes_requested')).toBe(closes + 1);
    world.clock.advance(1000);
    expect((await world.rows()).map((row) => row.eventType)).toEqual(['position_closed']);
  });
});

describe('who looks on', () => {
  test('sees every actor by its name, and the states of the contract', async () => {
    const seen = new Map<string, unknown[]>();
    world = await startWorld({ inspect: (event) => note(seen, event) });
    const spread = { closeOn: 'never' };
    await world.ask('op._.guard.put', { symbol: 'EURUSD', gap: false, spread });
    const lot = { quantity: 1, exits: { takeProfit: '1.2' } };
    await track({ positionId: 'p1', ...lot }, { positionId: 'p2' });
    const answer = world.ask('gw.acc1.position.close', { positionId: 'p2' });
    world.quote('EURUSD', '1.0850', '1.0930');
    await answer;
    world.clock.advance(5000);
    world.quote('EURUSD', 1.08, 1.08);
    const { breachId } = await world.ask('gw.acc1.account.get');
    await world.ask('op.acc1.account.resume', { reason: 'x', acknowledge: breachId });
    await world.ask('op._.guard.remove', { symbol: 'EURUSD' });
    await world.ask('op.acc2.account.halt', { reason: 'x' });
    await world.stop();
    const states = Object.fromEntries(seen);
    expect(states).toMatchObject({
      supervisor: ['arming', 'running', 'drained'],
      'position:p1': [{ guarded: 'whole' }, 'closed'],
      'position:p2': [{ guarded: 'whole' }, { closing: 'waiting' }, 'closed'],
      'position-closer': ['ready', 'waiting', 'ready'],
      'drawdown-guard:acc1': ['normal', 'warning', 'closing', { halted: 'byBreach' }, 'normal'],
      'drawdown-guard:acc2': ['normal', { halted: 'byOperator' }],
      'market-guard:EURUSD': [
        { watching: { gap: calm, spread: calm } },
        { watching: { gap: calm, spread: { ...calm, warning: 'active' } } },
        { watching: { gap: calm, spread: calm } },
        'removed',
      ],
    });
    expect(states['ledger-projector']?.slice(0, 2)).toEqual(['idle', 'writing']);
    expect(Object.keys(states).sort()).toEqual(
      [
        ...[
          'supervisor',
          'position-closer',
          'counterpart-canceler',
          'ledger-projector',
          'market-guard:EURUSD',
        ],
        ...['drawdown-guard:acc1', 'drawdown-guard:acc2', 'drawdown-guard:eur1'],
        ...['position:p1', 'position:p2'],
      ].sort(),
    );
  });

  test('and fails does no harm, be it a function or an observer', async () => {
    const throwing = (): void => {
      throw new Error('my own fault');
    };
    for (const inspect of [throwing, { next: throwing }]) {
      world = await startWorld({ inspect });
      await track({ positionId: 'p1', exits });
      world.quote('EURUSD', 1, 1);
      expect(closed()).toEqual([['p1', 'stop_loss']]);
      expect(world.counter('inspect_errors')).toBeGreaterThan(0);
    }
  });
});

describe('in a whole runtime', () => {
  test('a position actor throws, and its siblings live and close', async () => {
    const live = await startLive();
    const { commands, system, events$ } = live.runtime;
    const names: unknown[] = [];
    events$.subscribe((event) => {
      if (event.event === 'position.closed') names.push(event['positionId']);
    });
    for (const positionId of ['p1', 'p2', 'p3']) {
      await commands.position.track('acc1', { ...long, positionId, exits });
    }
    const poked = system.get('position:p1') as unknown as Poked;
    poked.send(nonsense);
    expect(poked.getSnapshot().status).toBe('error');
    expect(live.counter('actor_restarts')).toBe(1);
    live.quote('EURUSD', 1.05);
    await until(() => names.length === 3);
    expect(names).toEqual(['p1', 'p2', 'p3']);
    expect(system.get('position:p1')).toBeUndefined();
    expect(live.runtime.status()).toMatchObject({ state: 'ready', ready: true });
    await live.runtime.stop();
  });
});

/** Makes a field throw when it is read. */
function spoil(object: Body, field: string): void {
  Object.defineProperty(object, field, {
    configurable: true,
    get: () => {
      throw new Error('spoilt');
    },
  });
}

/** Makes an actor fail whatever it can do: reading the type of this event throws. */
function fail(name: string): void {
  let reads = 0;
  const event = {
    get type(): string {
      if (reads++ > 0) throw new Error('unreadable');
      return 'unreadable';
    },
  };
  actor(name).send(event);
}

/** Notes each actor's states, one after the other, as they change. */
function note(seen: Map<string, unknown[]>, event: InspectionEvent): void {
  if (event.type !== '@xstate.snapshot' && event.type !== '@xstate.actor') return;
  const seenActor = event.actorRef as unknown as Poked & { id: string };
  const { id } = seenActor;
  const { value } = seenActor.getSnapshot();
  const states = seen.get(id) ?? [];
  seen.set(id, states);
  if (JSON.stringify(states.at(-1)) !== JSON.stringify(value)) states.push(value);
}
