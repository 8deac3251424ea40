// An account that is watched as the price feed does, beside the exact judgement of every quote.
import { invariant } from '#src/domain/errors';
import { judge, type Verdict } from '#src/domain/judge';
import { decimal, text, type Decimal } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import type { Observation } from '#src/domain/rule-levels';
import type { Quote } from '#src/domain/quote';
import type { Position } from '#src/domain/state';
import { EquityWatch } from '#src/prices/equity-watch';
import { closeFilled } from '../domain/story.ts';
import { World, type Holding, type WorldOptions } from './world.ts';

/** What became of a quote: not looked at at all, looked at and quiet, or judged. */
export type Look = 'unseen' | 'quiet' | 'judged';

export interface Seen {
  readonly look: Look;
  /** Whether an exact judgement has anything to say. */
  readonly speaks: boolean;
  readonly movesPeak: boolean;
}

export class Watched {
  readonly world: World;
  readonly watch: EquityWatch;
  /** The highest equity at the end of a quote, looked at every time. */
  peak: Decimal;
  private breaches = 0;

  constructor(options: WorldOptions) {
    this.world = new World(options);
    this.watch = new EquityWatch(this.world.account, this.world.markets);
    this.world.markets.peaks.add(this.watch);
    this.peak = this.world.account.peak;
  }

  get account() {
    return this.world.account;
  }

  track(holding: Holding): Position {
    this.settle();
    const position = this.world.track(holding);
    this.watch.add(position);
    return position;
  }

  /** One of the open positions is closed. */
  close(which: number): void {
    const open = [...this.account.positions.values()];
    const gone = open[which % open.length];
    if (gone === undefined) return;
    this.settle();
    this.world.story.tell(closeFilled(this.world.story.intent(gone.positionId), '-1.5'));
    this.watch.remove(gone);
  }

  /** A record that changes the account, and what follows from it. */
  tell(draft: Draft): void {
    this.settle();
    this.world.story.tell(draft);
    // What a record makes of a peak is another test's.
    this.peak = this.account.peak;
    this.watch.changed();
  }

  /** The peak as it is told, brought up to now. */
  settle(): void {
    this.world.markets.peaks.settle(this.watch);
    this.comparePeak();
  }

  private comparePeak(): void {
    if (this.watch.needsPeak) isSame('the peak', this.account.peak, this.peak);
  }

  /** A quote, as the feed takes it. */
  take(quote: Quote): Seen {
    const { world, watch } = this;
    const { peaks } = world.markets;
    const market = world.markets.of(quote.symbol);
    market.bands.begin();
    if (!market.book.hasQuote) for (const hold of market.bands.holds()) peaks.settle(hold.watch);
    world.take(quote);
    const found = new Set<EquityWatch>();
    const isConcerned = [...market.bands.holds()].length > 0;
    const isOut = [...market.bands.holds()].some((hold) => {
      const [low, high] = hold.home.bandOf(hold);
      const { lane } = hold;
      const lowest = lane === 'ask' ? quote.ask : quote.bid;
      const highest = lane === 'bid' ? quote.bid : quote.ask;
      return lowest < low || highest > high;
    });
    const isLeft = market.bands.isLeft(quote.bid, quote.ask);
    if (isLeft) market.bands.collect(quote.bid, quote.ask, found);
    invariant(!isOut || found.has(watch), 'who has a quote outside of his band is told of it');
    const seen = this.look(found.has(watch), isConcerned);
    peaks.append(quote, world.story.state.n);
    return seen;
  }

  private look(isFound: boolean, isConcerned: boolean): Seen {
    const { world, watch, account } = this;
    const observation: Observation = {
      equity: decimal(world.exactEquity().toFixed()),
      balance: account.balance,
      usedMargin: decimal(world.exactMargin().toFixed()),
    };
    const standing = { ...account, peak: watch.needsPeak ? this.peak : account.peak };
    const isOver = account.halt?.by === 'breach';
    const verdict = isOver ? nothing : judge(account.rules, standing, observation, account);
    const movesPeak = isConcerned && watch.needsPeak && observation.equity.gt(this.peak);
    const speaks = isConcerned && saysAnything(verdict);
    const look = !isFound ? 'unseen' : watch.isQuiet() ? 'quiet' : 'judged';
    if (look === 'judged') this.judge(observation);
    if (movesPeak) this.peak = observation.equity;
    return { look, speaks, movesPeak };
  }

  private judge(observation: Observation): void {
    const { world, watch, account } = this;
    const { peaks } = world.markets;
    peaks.settle(watch);
    this.comparePeak();
    const seen = watch.observe();
    isSame('the equity', seen.equity, observation.equity);
    // It is 0 as well where no rule asks for it.
    if (!seen.usedMargin.isZero()) {
      isSame('the margin in use', seen.usedMargin, observation.usedMargin);
    }
    if (account.halt?.by !== 'breach') {
      this.record(judge(account.rules, account, seen, account));
    }
    peaks.seen(watch, watch.equity(), 1);
    watch.judged();
  }

  private record({ breach, also, warnings, recovered, restored }: Verdict): void {
    const accountId = 'a';
    const say = (draft: Draft): void => {
      this.world.story.tell(draft);
      this.watch.changed();
    };
    const observation = { observed: '0', floor: '0', anchorValue: '0' };
    if (breach !== undefined) {
      const { id: ruleId, action } = breach.rule;
      const body = {
        ...{ ...observation, ruleId, breachId: `b${++this.breaches}`, action, also: [...also] },
        reason: 'drawdown_critical',
      };
      say({ type: 'rule.breached', accountId, body });
      if (action === 'close') return;
    }
    if (restored.length > 0) {
      const body = { ruleIds: [...restored], observed: '0' };
      say({ type: 'rule.restored', accountId, body });
    }
    for (const { rule } of warnings) {
      say({ type: 'rule.warned', accountId, body: { ...observation, ruleId: rule.id } });
    }
    if (recovered.length > 0) {
      const body = { ruleIds: [...recovered], observed: '0' };
      say({ type: 'rule.recovered', accountId, body });
    }
  }
}

const nothing: Verdict = {
  ...{ breach: undefined, also: [], warnings: [], recovered: [], restored: [], short: [] },
};

function isSame(what: string, told: Decimal, exact: Decimal): void {
  invariant(told.eq(exact), `${what} is ${text(exact)}, was ${text(told)}`);
}

function saysAnything({ breach, warnings, recovered, restored, short }: Verdict): boolean {
  const count = warnings.length + recovered.length + restored.length + short.length;
  return breach !== undefined || count > 0;
}
