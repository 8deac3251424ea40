// What a simulated world remembers of every exit, by itself: the quotes that the runtime accepted
// and the records that it wrote, in their order. After every quote the runtime must have done what
// section 3 of the contract says, no less and no more, and know no more of the past than there was.
import { canonical } from '#src/domain/chain';
import type { CloseIntent } from '#src/domain/closing';
import { Decimal, decimal, text } from '#src/domain/money';
import { exactOf } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import type { JournalRecord } from '#src/domain/records';
import type { Position, State } from '#src/domain/state';
import { ExitFacts, isSameExit, quoteOfRecord, unclaimedOf, type Held } from './exit-facts.ts';
import { crossingBegan } from './commands.ts';
import { duesOf, movesOf, type Dues, type Moves } from './exit-model.ts';
import { isWorse, shownPeak, shownSet } from './exit-words.ts';
import { QuoteLog } from './quote-log.ts';
import type { SimRuntime } from './sim-runtime.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** What one quote must do to one position. */
interface Expected {
  readonly dues: Dues;
  readonly moves: Moves;
  /** Whether what is left of it, or a rate, may be another one by the time it is looked at. */
  isMoneyUnsure: boolean;
  hasLeft: boolean;
  hasFailed: boolean;
  isTrailingNew: boolean;
  isBreakEvenNew: boolean;
  readonly rungsAsked: Set<number>;
  /** It was amended since: what was due was looked at then. */
  isAmended: boolean;
}

interface Pending {
  readonly at: number;
  readonly quote: Quote;
  readonly expected: Map<string, Expected>;
}

interface Logged {
  readonly at: number;
  readonly record: JournalRecord;
}

/** How long after its time a position may be guarded: a close that was given up is asked for again. */
const expiryGraceMs = 2500;

export class ExitMemory {
  /** As the records and quotes of this start, and those before it that are on the disk, have it. */
  facts = new ExitFacts();
  private readonly world: World;
  private at = 0;
  private readonly quotes = new QuoteLog();
  private records: Logged[] = [];
  private readonly pending = new Map<string, Pending>();
  private readonly mids = new Map<string, Decimal>();
  /** Peaks as a restart found them. */
  private readonly found = new Map<string, Held['base']>();
  /** Quotes that came while a position was not guarded. */
  private readonly skipped = new Map<string, Set<number>>();
  /** Every order that a record ever asked for, also one that a crash has lost, and of how much. */
  readonly asked = new Map<string, Decimal>();
  private runtime: SimRuntime | undefined;
  private readySince = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** A runtime has recovered: what it knows is looked at, and from now on what it does. */
  async follow(runtime: SimRuntime, state: State, lastN: number): Promise<void> {
    this.runtime = runtime;
    this.pending.clear();
    const noted = await this.world.disk.content.notes('book:');
    const durableTs = new Map<string, number>();
    const note = (symbol: string, ts: number): void => {
      durableTs.set(symbol, Math.max(durableTs.get(symbol) ?? 0, ts));
    };
    for (const mark of noted.values()) {
      const { symbol, ts } = JSON.parse(mark) as { symbol: string; ts: number };
      note(symbol, ts);
    }
    this.records = this.records.filter(({ record }) => record.n <= lastN);
    this.facts = new ExitFacts();
    for (const { record, at } of this.records) {
      this.facts.apply(record, at);
      this.facts.applyMoves(record, at);
      const quote = quoteOfRecord(record);
      const symbol = quote && this.symbolOf(record);
      if (quote !== undefined && symbol !== undefined) note(symbol, quote.ts);
    }
    for (const held of this.facts.held.values()) {
      const position = state.positions.get(held.positionId);
      if (position === undefined) this.fail('what is on record is there', held, 'is not known');
      else this.recovered(held, position, durableTs.get(held.symbol) ?? 0);
    }
    this.mids.clear();
    for (const { symbol, bid, ask } of state.marks.values()) {
      this.mids.set(symbol, decimal(bid).plus(ask).div(2));
    }
    this.readySince = this.world.clock.now();
  }

  /** Hears every quote that counts, before it does. */
  listen(runtime: SimRuntime): void {
    const feed = runtime.host?.engine.feed;
    if (feed === undefined) return;
    const accept = feed['accept'].bind(feed);
    feed['accept'] = (quote, market) => {
      if (runtime.isDead) {
        accept(quote, market);
        return;
      }
      this.settle(quote.symbol);
      const pending = this.expect(quote);
      accept(quote, market);
      if (feed.isBusy) {
        for (const one of pending.expected.values()) one.isMoneyUnsure = true;
        crossingBegan(this.world, [...pending.expected.keys()]);
      } else this.settle(quote.symbol);
    };
  }

  /** Symbols with a quote that is being worked off. */
  get unsettled(): Iterable<string> {
    return this.pending.keys();
  }

  /** Quotes whose mass crossing is over. */
  settleAll(): void {
    if (this.runtime?.host?.engine.feed.isBusy === true) return;
    for (const symbol of [...this.pending.keys()]) this.settle(symbol);
  }

  /** A record was written, of this start. */
  wrote(record: JournalRecord): void {
    const at = ++this.at;
    this.records.push({ at, record });
    const positionId = positionOf(record);
    const held = positionId === undefined ? undefined : this.facts.held.get(positionId);
    if (held !== undefined) this.follows(record, held);
    this.facts.apply(record, at);
  }

  /** Time exits, looked at once in a while. */
  checkExpired(): void {
    const { runtime, world } = this;
    const state = runtime?.host?.engine.core.state;
    if (runtime?.isReady !== true || runtime.hasFailed || state === undefined) return;
    const now = world.clock.now();
    for (const held of this.facts.held.values()) {
      const { expiresAt = Infinity } = held.exits;
      const dueTs = Math.max(expiresAt, held.failedTs, this.readySince);
      if (dueTs + expiryGraceMs > now) continue;
      const position = state.positions.get(held.positionId);
      if (position?.state !== 'guarded') continue;
      const late = now - expiresAt;
      this.fail('nothing is guarded longer than it may', held, `expired ${late} ms ago`);
    }
  }

  /** Remembers the quote, and what it must do to whom. */
  private expect(quote: Quote): Pending {
    const { symbol, ts } = quote;
    const at = ++this.at;
    const bid = exactOf(quote.bid, quote.bidExact);
    const ask = exactOf(quote.ask, quote.askExact);
    this.quotes.add(symbol, { at, ts, bid, ask });
    this.mids.set(symbol, bid.plus(ask).div(2));
    const pending: Pending = { at, quote, expected: new Map() };
    this.pending.set(symbol, pending);
    const { positions } = this.state();
    for (const held of this.facts.held.values()) {
      if (held.symbol !== symbol) continue;
      const position = positions.get(held.positionId);
      const x = held.side === 'long' ? bid : ask;
      if (position?.state !== 'guarded') {
        this.skip(held, at);
        held.peakMost = movesOf(held, x).peakMost;
        continue;
      }
      pending.expected.set(held.positionId, {
        dues: duesOf(held, x, (of) => this.mids.get(of)),
        moves: movesOf(held, x),
        // Before its exits are looked at, a part of it may be filled at this quote.
        isMoneyUnsure: position.intent !== undefined,
        ...{ hasLeft: false, hasFailed: false, isTrailingNew: false, isBreakEvenNew: false },
        ...{ rungsAsked: new Set(), isAmended: false },
      });
    }
    return pending;
  }

  /** Everything that the last quote of the symbol should have done is done. */
  private settle(symbol: string): void {
    const pending = this.pending.get(symbol);
    const { runtime } = this;
    this.pending.delete(symbol);
    if (pending === undefined || runtime === undefined) return;
    if (runtime.isDead || runtime.hasFailed) return;
    for (const [positionId, expected] of pending.expected) {
      const held = this.facts.held.get(positionId);
      const position = this.state().positions.get(positionId);
      if (held === undefined || position === undefined) continue;
      if (position.state === 'guarded' && !expected.isAmended) this.checkDone(held, expected);
      this.move(held, position, expected, pending.at);
      if (position.state === 'guarded') this.checkKnown(held, position);
    }
  }

  private checkDone(held: Held, { dues, ...expected }: Expected): void {
    if (expected.hasFailed || expected.hasLeft) return;
    const whole = expected.isMoneyUnsure ? dues.withoutMoney : dues.whole;
    if (whole !== undefined) {
      const why = `is guarded after a quote that reached ${whole.reason} ${whole.trigger ?? ''}`;
      this.fail('a reached exit closes at once', held, why);
    }
    for (const { rung, trigger } of dues.rungs) {
      // Closes that wait may be of all that is left: nothing is there for this one.
      if (expected.rungsAsked.has(rung) || unclaimedOf(held).lte(0)) continue;
      this.fail('a reached exit closes at once', held, `rung ${rung} at ${trigger} was reached`);
    }
  }

  private skip({ positionId }: Held, at: number): void {
    const skipped = this.skipped.get(positionId) ?? new Set();
    this.skipped.set(positionId, skipped.add(at));
  }

  private move(held: Held, position: Position, expected: Expected, at: number): void {
    const { moves, hasLeft, isTrailingNew, isBreakEvenNew } = expected;
    const isStill = position.state === 'guarded' && !hasLeft;
    if (!isStill) this.skip(held, at);
    if (isStill && !isBreakEvenNew) held.movedStop = moves.movedStop;
    if (isTrailingNew) return;
    held.peakMost = moves.peakMost;
    if (!isStill) return;
    held.isTrailing = moves.isTrailing;
    held.peak = moves.peak;
    for (const tier of moves.tiers) held.tiers.add(tier);
  }

  /** The runtime must know the same. */
  private checkKnown(held: Held, position: Position): void {
    const { levels } = this.core().markets.of(held.symbol);
    const known = levels.peakOf(position);
    const peak = known && exactOf(known.value, known.exact);
    const wrong = this.differences(held, position);
    const { exits, isTrailing, side, peakMost } = held;
    if (exits.trailing !== undefined && isTrailing) {
      if (isWorse(side, peak, held.peak) || isWorse(side, peakMost, peak)) {
        wrong.push(`peak ${shownPeak(peak)}, not ${shownPeak(held.peak)}`);
      }
      held.peak = peak;
    }
    if (wrong.length > 0) this.fail('exits move as they should', held, wrong.join(', '));
  }

  private differences(held: Held, { progress, exits, remainingQuantity }: Position): string[] {
    const wrong: string[] = [];
    const same = (what: string, is: unknown, should: unknown): void => {
      if (is !== should) wrong.push(`${what} ${String(is)}, not ${String(should)}`);
    };
    same('exits', canonical(exits), canonical(held.exits));
    same('moved stop', progress.movedStop, held.movedStop);
    if (held.exits.trailing !== undefined) {
      same('armed', progress.trailsSince !== undefined, held.isTrailing);
      same('tiers', shownSet(progress.tiers), shownSet(held.tiers));
    }
    same('rungs', shownSet(progress.rungs), shownSet(held.rungs));
    same('left', text(remainingQuantity), text(held.remaining));
    return wrong;
  }

  /** A position as a restart found it: all of it that is on record, and a peak that may be. */
  private recovered(held: Held, position: Position, durableTs: number): void {
    const wrong = this.differences(held, position);
    if (wrong.length > 0) this.fail('what is on record is there', held, wrong.join(', '));
    const found = this.found.get(held.positionId);
    if (found !== undefined && found.at > held.base.at) held.base = found;
    if (held.exits.trailing === undefined || !held.isTrailing) return;
    const { side } = held;
    const least = this.quotes.peakOf(
      held,
      (q) => q.ts <= durableTs && this.skipped.get(held.positionId)?.has(q.at) !== true,
    );
    const most = this.quotes.peakOf(held, () => true);
    const peak = position.peak && exactOf(position.peak.value, position.peak.exact);
    const told = `peak ${shownPeak(peak)}, between ${shownPeak(least)} and ${shownPeak(most)}`;
    // The quote that closes it moves its peak no more, and a kill may come before that is seen here.
    const isGuarded = position.state === 'guarded';
    if (isGuarded && isWorse(side, peak, least)) {
      this.fail('no stop is looser after a restart', held, told);
    }
    // With a step, fewer quotes may have gone further.
    if (isWorse(side, most, peak) && isWorse(side, least, peak)) {
      this.fail('no stop is tighter after a restart', held, told);
    }
    held.base = { at: ++this.at, peak };
    held.peak = peak;
    held.peakMost = peak;
    this.found.set(held.positionId, held.base);
  }

  /** What a record means to what is expected of the quote under way. */
  private follows(record: JournalRecord, held: Held): void {
    const expected = this.pending.get(held.symbol)?.expected.get(held.positionId);
    switch (record.type) {
      case 'position.amended':
      case 'position.corrected': {
        const { exits } = record.body;
        if (expected === undefined || exits === undefined) break;
        // Before it is given others, it is told of what the quote under way has reached.
        if (!expected.isAmended) this.checkDone(held, expected);
        expected.isAmended = true;
        const isNew = (name: 'trailing' | 'breakEven'): boolean =>
          !isSameExit(exits[name], held.exits[name]);
        if (isNew('trailing')) expected.isTrailingNew = true;
        if (isNew('breakEven')) expected.isBreakEvenNew = true;
        break;
      }
      case 'close.failed':
        if (expected !== undefined) expected.hasFailed = true;
        break;
      case 'close.intended':
      case 'close.queued':
      case 'close.partially-filled':
      case 'close.filled': {
        const { intent } = record.body;
        const most = this.asked.get(intent.clientOrderId) ?? intent.quantity;
        this.asked.set(intent.clientOrderId, Decimal.max(most, intent.quantity));
        if (!this.facts.closeIds.has(intent.closeId)) this.checkAsked(intent, held, expected);
        if (intent.rung !== undefined) expected?.rungsAsked.add(intent.rung);
        if (expected !== undefined && intent.isPart !== true) expected.hasLeft = true;
        break;
      }
      default:
        break;
    }
  }

  /** A close is asked for: not of more than there is, and by an exit only where that is due. */
  private checkAsked(intent: CloseIntent, held: Held, expected: Expected | undefined): void {
    const { rung, reason, onQuote, triggerPrice, quantity } = intent;
    if (held.remaining.lt(quantity)) {
      this.fail('no more is closed than is left', held, `${quantity} of ${text(held.remaining)}`);
    }
    if (onQuote !== true) return;
    const dues = expected?.dues;
    const asked = `${reason} ${triggerPrice ?? ''} ${rung === undefined ? '' : `rung ${rung}`}`;
    if (rung !== undefined) {
      const most = this.facts.rungLeftOf(held, rung);
      const isDue = dues?.rungs.some((due) => due.rung === rung && due.trigger === triggerPrice);
      const isRight = Decimal.min(most, unclaimedOf(held)).eq(quantity);
      if (isDue !== true || !isRight) this.fail('only what is due is closed', held, asked);
      return;
    }
    const found =
      expected?.isMoneyUnsure === true ? [dues?.whole, dues?.withoutMoney] : [dues?.whole];
    const isDue = found.some((due) => due?.reason === reason && isSame(due.trigger, triggerPrice));
    const isMoney = triggerPrice === undefined && expected?.isMoneyUnsure === true;
    if (!isDue && !isMoney) this.fail('only what is due is closed', held, asked);
  }

  private symbolOf(record: JournalRecord): string | undefined {
    if (record.type === 'position.exits-moved') {
      return this.facts.held.get(record.body.positionId)?.symbol;
    }
    return 'intent' in record.body ? record.body.intent.symbol : undefined;
  }

  private core() {
    const core = this.runtime?.host?.engine.core;
    if (core === undefined) throw new Error('no runtime is followed');
    return core;
  }

  private state(): State {
    return this.core().state;
  }

  private fail(name: string, held: Held, detail: string): void {
    const { positionId, accountId, symbol, side, exits } = held;
    const of = `${positionId} (${accountId}, ${side} ${symbol})`;
    const shown = `${of} ${detail}; exits ${JSON.stringify(exits)}`;
    this.world.fail(new Violation(this.world.seed, name, [shown]));
  }
}

function positionOf({ body }: JournalRecord): string | undefined {
  if ('intent' in body) return body.intent.positionId;
  return 'positionId' in body ? body.positionId : undefined;
}

function isSame(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined ? a === b : decimal(a).eq(b);
}
