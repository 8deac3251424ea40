// Peaks of trailing stops through kills, wherever those come: in a runtime with its level index, its
// records and its notes, and beside it every quote by the letter of contract section 3.
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ExitsSpec } from '#src/domain/exits';
import { priceText } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import type { QuoteMark } from '#src/domain/records';
import { memoryJournal } from '#src/journal/memory-journal';
import { memoryLedger } from '#src/ledger/memory-ledger';
import { naivePeak, type Exact } from '../domain/naive-exits.ts';
import { refusalOf } from '../runtime/refusals.ts';
import { StepClock } from '../runtime/step-clock.ts';
import { startWorld } from '../runtime/world.ts';
import { startTs, type CoreHarness } from '../support/core-harness.ts';
import { D } from '../support/brute-force/exact.ts';

const symbols = ['EURUSD', 'XAUUSD'] as const;
type Traded = (typeof symbols)[number];

interface Quoted {
  readonly symbol: Traded;
  readonly ts: number;
  readonly bid: string;
  readonly ask: string;
}

interface Stop {
  readonly positionId: string;
  readonly symbol: Traded;
  readonly side: Side;
  readonly step: string | undefined;
  readonly activation: string | undefined;
  distance: number;
  /** What it trails from: the quotes from this one on, and a peak that was found after a restart. */
  from: number;
  base: Exact | undefined;
}

const tickOf = (ticks: number, deep = ''): string => (1 + ticks / 100).toFixed(2) + deep;

const place = {
  symbol: fc.constantFrom<Traded>('EURUSD', 'EURUSD', 'EURUSD', 'XAUUSD'),
  side: fc.constantFrom<Side>('long', 'short'),
};
const ticks = fc.integer({ min: 1, max: 9 });

const track = fc.record({
  kind: fc.constant('track' as const),
  ...place,
  step: fc.option(fc.constantFrom('0.03', '0.05'), { nil: undefined, freq: 2 }),
  activation: fc.option(
    ticks.map((at) => tickOf(at)),
    { nil: undefined, freq: 3 },
  ),
});
/** What a quote decides something about. */
const bait = fc.record({
  kind: fc.constant('bait' as const),
  ...place,
  how: fc.constantFrom('takeProfit', 'stopLoss', 'ladder', 'breakEven'),
  at: ticks,
  count: fc.integer({ min: 1, max: 4 }),
});
const quote = fc.record({
  kind: fc.constant('quote' as const),
  symbol: place.symbol,
  bid: ticks,
  deep: fc.constantFrom('', '', '000000000000000000001', '000000000000000000002'),
  spread: fc.nat(1),
  /** Turns after which it is all over; undefined where nothing interrupts it. */
  killedAfter: fc.option(fc.nat(3), { nil: undefined, freq: 8 }),
});
const amend = fc.record({
  kind: fc.constant('amend' as const),
  which: fc.nat(),
  distance: fc.constantFrom(5, 6),
});
const plain = fc.record({
  kind: fc.constantFrom('note' as const, 'operator' as const, 'kill' as const),
});
const op = fc.oneof(
  { weight: 3, arbitrary: track },
  { weight: 4, arbitrary: bait },
  { weight: 12, arbitrary: quote },
  { weight: 1, arbitrary: amend },
  { weight: 2, arbitrary: plain },
);
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never;

const tally = { equal: 0, stepped: 0, unlike: 0, cut: 0, untold: 0 };

class Kills {
  private readonly clock: StepClock;
  private readonly journal: ReturnType<typeof memoryJournal>;
  private world: CoreHarness;
  private readonly quotes: Quoted[] = [];
  private readonly stops: Stop[] = [];
  private tracked = 0;

  private constructor(world: CoreHarness, clock: StepClock, journal: Kills['journal']) {
    this.world = world;
    this.clock = clock;
    this.journal = journal;
  }

  static async start(): Promise<Kills> {
    const clock = new StepClock(startTs);
    const journal = memoryJournal();
    const world = { clock, journal, ledger: memoryLedger() };
    return new Kills(await startWorld({ world, crossingsPerSlice: 1 }), clock, journal);
  }

  async act(one: Op): Promise<void> {
    if (one.kind === 'quote') await this.quote(one);
    else if (one.kind === 'track') await this.track(one);
    else if (one.kind === 'bait') await this.bait(one);
    else if (one.kind === 'amend') await this.amend(one);
    else if (one.kind === 'note') this.clock.advance(1000);
    else if (one.kind === 'operator') await this.operate();
    else await this.kill();
    this.clock.turn();
  }

  /** What is found then is what the stops had at the last quote that is on disk. */
  async kill(): Promise<void> {
    const isCut = this.world.engine.feed.isBusy;
    if (isCut) tally.cut++;
    await this.world.kill();
    const onDisk = await this.lastOnDisk();
    this.world = await this.world.restart();
    for (const stop of this.stops) {
      const found = this.found(stop);
      const untilTs = onDisk.get(stop.symbol) ?? 0;
      // An activation is on record by itself: a quote that was cut short may not have come to it.
      const isUntold = isCut && found === undefined && stop.activation !== undefined;
      const owed = this.peakOf(stop, isUntold ? untilTs - 1 : untilTs);
      if (isUntold && this.peakOf(stop, untilTs) !== undefined) tally.untold++;
      deepStrictEqual([stop.positionId, found?.toFixed()], [stop.positionId, owed?.toFixed()]);
      if (found !== undefined) tally[stop.step === undefined ? 'equal' : 'stepped']++;
      const last = this.peakOf(stop, Infinity)?.toFixed();
      if (last !== found?.toFixed()) tally.unlike++;
      stop.base = found;
      stop.from = this.quotes.length;
    }
  }

  peaks(): (string | undefined)[] {
    return this.stops.map((stop) => this.found(stop)?.toFixed());
  }

  private found({ positionId, symbol }: Stop): Exact | undefined {
    const { state, markets } = this.world.core;
    const position = state.positions.get(positionId);
    const peak = position && markets.of(symbol).levels.peakOf(position);
    return peak && new D(priceText(peak));
  }

  /** By the quotes until that time, it included. */
  private peakOf(stop: Stop, untilTs: number): Exact | undefined {
    const { side, symbol, step, activation } = stop;
    const trailing = { distance: '5', ...(step === undefined ? {} : { step }) };
    let peak = stop.base;
    for (const quoted of this.quotes.slice(stop.from)) {
      if (quoted.symbol !== symbol || quoted.ts > untilTs) continue;
      const x = new D(side === 'long' ? quoted.bid : quoted.ask);
      const isShort =
        activation !== undefined && (side === 'long' ? x.lt(activation) : x.gt(activation));
      if (peak !== undefined || !isShort) peak = naivePeak({ side, exits: { trailing } }, x, peak);
    }
    return peak;
  }

  /** Time of the last quote of each symbol that a note of its book or a record tells of. */
  private async lastOnDisk(): Promise<Map<string, number>> {
    const last = new Map<string, number>();
    const see = (symbol: string, ts: number): void => {
      last.set(symbol, Math.max(ts, last.get(symbol) ?? 0));
    };
    await this.journal.open();
    for (const note of (await this.journal.notes('book:')).values()) {
      const mark = JSON.parse(note) as QuoteMark;
      see(mark.symbol, mark.ts);
    }
    const { positions } = this.world.core.state;
    for (const { record } of await this.journal.read(0, 10_000)) {
      if (record.type === 'position.exits-moved') {
        const { positionId, quote: seen } = record.body;
        see(positions.get(positionId)?.symbol ?? '', seen.ts);
      } else if ('intent' in record.body) {
        const { symbol, quote: seen, onQuote } = record.body.intent;
        if (onQuote && seen !== undefined) see(symbol, seen.ts);
      }
    }
    await this.journal.close();
    return last;
  }

  private async quote({ symbol, killedAfter, ...given }: Op & { kind: 'quote' }): Promise<void> {
    this.clock.advance(1);
    const bid = tickOf(given.bid, given.deep);
    const ask = tickOf(given.bid + given.spread, given.deep);
    this.quotes.push({ symbol, ts: this.clock.now(), bid, ask });
    this.world.quote(symbol, bid, ask);
    if (killedAfter === undefined) return;
    for (let i = 0; i < killedAfter; i++) this.clock.step();
    await this.kill();
  }

  private async track({ symbol, side, step, activation }: Op & { kind: 'track' }): Promise<void> {
    const distance = 5;
    const trailing = { distance, step, activation };
    const positionId = await this.open(symbol, side, { trailing });
    const from = this.quotes.length;
    this.stops.push({
      positionId,
      symbol,
      side,
      step,
      activation,
      distance,
      from,
      base: undefined,
    });
  }

  private async bait({ symbol, side, how, at, count }: Op & { kind: 'bait' }): Promise<void> {
    const level = tickOf(at);
    const exits: ExitsSpec =
      how === 'ladder'
        ? { ladder: [{ price: level, fraction: '0.5' }] }
        : how === 'breakEven'
          ? { breakEven: { trigger: level } }
          : { [how]: level };
    for (let i = 0; i < count; i++) await this.open(symbol, side, exits);
  }

  private async open(symbol: Traded, side: Side, exits: object): Promise<string> {
    const positionId = `p${this.tracked++}`;
    const terms = { symbol, side, quantity: '0.01', entryPrice: '1.1', exits };
    const reply = await this.world.ask('gw.acc2.position.track', { positionId, ...terms });
    strictEqual(refusalOf(reply), 'ok');
    return positionId;
  }

  private async amend({ which, distance }: Op & { kind: 'amend' }): Promise<void> {
    const stop = this.stops[which % this.stops.length];
    if (stop === undefined) return;
    const { positionId, step, activation } = stop;
    const exits = { trailing: { distance, step, activation } };
    const reply = await this.world.ask('gw.acc2.position.amend', { positionId, exits });
    strictEqual(refusalOf(reply), 'ok');
    if (distance === stop.distance) return;
    Object.assign(stop, { distance, base: undefined, from: this.quotes.length });
  }

  /** A close that no quote decided tells nothing of quotes. */
  private async operate(): Promise<void> {
    const positionId = await this.open('EURUSD', 'long', {});
    // It may wait for a quote, and is answered then.
    void this.world.ask('gw.acc2.position.close', { positionId });
  }
}

test('after a kill every peak is what it was at the last quote that is on disk', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(op, { minLength: 5, maxLength: 40, size: 'max' }), async (ops) => {
      const kills = await Kills.start();
      for (const one of ops) await kills.act(one);
      await kills.kill();
    }),
    { numRuns: 200, interruptAfterTimeLimit: 25_000 },
  );
  for (const count of Object.values(tally)) expect(count).toBeGreaterThan(10);
});

test('a price that moved only a peak without a step does not move one with a step', async () => {
  const kills = await Kills.start();
  const long = { symbol: 'EURUSD', side: 'long' } as const;
  const at = (bid: number): Op => {
    return { kind: 'quote', symbol: 'EURUSD', bid, deep: '', spread: 0, killedAfter: undefined };
  };
  const trails = { kind: 'track', ...long, activation: undefined } as const;
  await kills.act({ ...trails, step: '0.05' });
  await kills.act({ ...trails, step: undefined });
  await kills.act({ kind: 'bait', ...long, how: 'stopLoss', at: 1, count: 1 });
  for (const bid of [5, 7, 1]) await kills.act(at(bid));
  await kills.kill();
  expect(kills.peaks()).toEqual(['1.05', '1.07']);
});
