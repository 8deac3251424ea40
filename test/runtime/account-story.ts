// A random story of a world of accounts, told to a live core and to the model alike: what the core
// tells and what it shows must be what the model has found, at every step.
import { decimal, text } from '#src/domain/money';
import type { RuleSpec } from '#src/domain/rules';
import { CoreHarness, startTs } from '../support/core-harness.ts';
import { Random } from '../support/random.ts';
import { modelInstruments } from './account-model-pnl.ts';
import type { ModelAccount, ModelPosition } from './account-model-types.ts';
import { isSame, shows, stateOf, viewOf, wordsOf } from './account-model-views.ts';
import { AccountModel } from './account-model.ts';
import { accountWorld, worldRule, type AccountWorld, type WorldAccount } from './account-worlds.ts';
import { refusalOf } from './refusals.ts';

type Body = Record<string, unknown>;

const peakQuotesMax = 256;
const positionsMax = 6;
const secondMs = 1000;
const hourMs = 3_600_000;

interface Quoted {
  readonly bid: string;
  readonly ask: string;
}

export class AccountStory {
  readonly model: AccountModel;
  wraps = 0;
  private readonly random: Random;
  private readonly world: AccountWorld;
  private harness: CoreHarness;
  private readonly heard = new Set<string>();
  private told = new Map<string, string[]>();
  private readonly prices = new Map<string, number>();
  private readonly lastQuotes = new Map<string, Quoted>();
  private made = 0;
  private readonly steps: string[] = [];

  private constructor(random: Random, world: AccountWorld, harness: CoreHarness) {
    this.random = random;
    this.world = world;
    this.harness = harness;
    this.model = new AccountModel(modelInstruments(world.instruments), startTs);
    for (const { symbol, price } of world.markets) this.prices.set(symbol, price);
  }

  static async begin(seed: number): Promise<AccountStory> {
    const random = new Random(seed);
    const world = accountWorld(random);
    const harness = await CoreHarness.start({ peakQuotesMax });
    const story = new AccountStory(random, world, harness);
    for (const instrument of world.instruments) await story.ask('_', 'instrument.put', instrument);
    for (const account of world.accounts) {
      const { accountId, currency, balance } = account;
      const rules = story.rules(account);
      await story.ask(accountId, 'account.create', { currency, balance, rules });
      story.model.create(accountId, currency, balance, rules);
    }
    return story;
  }

  /** Throws where the core and the model differ. */
  async run(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      await this.step(i > 30);
      await this.settled();
      this.compareTold();
      this.compareStates();
      if (this.random.chance(this.world.looks)) await this.look();
    }
    await this.look();
    this.wraps = Math.floor(this.harness.core.markets.peaks.end / peakQuotesMax);
    await this.harness.kill();
  }

  /** What was done last, for whoever has to find out why. */
  get last(): string {
    return this.steps.slice(-12).join('\n');
  }

  /** At first there are no prices, and not much to be looked at: later stories calm down. */
  private async step(isUnderWay: boolean): Promise<void> {
    const { random, world } = this;
    const account = random.pick(this.model.accounts);
    const given = world.accounts.find(({ accountId }) => accountId === account.accountId);
    if (given === undefined) throw new Error('the model knows the accounts of the world');
    const chance = random.next();
    const isQuoted = isUnderWay && random.chance(world.calm);
    if (isQuoted || chance < 0.3) this.quotes(random.int(1, world.burst));
    else if (chance < 0.56) await this.track(account, given);
    else if (chance < 0.65) await this.ofPosition(account);
    else if (chance < 0.68) await this.closeAll(account);
    else if (chance < 0.74) await this.adjust(account, given);
    else if (chance < 0.77) await this.halt(account);
    else if (chance < 0.86) await this.resume();
    else if (chance < 0.91) await this.replaceRules(account, given);
    else if (chance < 0.97) this.wait();
    else if (random.chance(0.7)) await this.restart();
    else await this.crashLoop();
  }

  private note(...words: readonly unknown[]): void {
    this.steps.push(words.map((word) => JSON.stringify(word)).join(' '));
  }

  private quotes(count: number): void {
    for (let i = 0; i < count; i++) {
      this.advance(this.random.pick([0, 0, 1, 30, 200]));
      this.quote();
    }
  }

  private quote(market = this.random.pick(this.world.markets)): void {
    const { random } = this;
    const { symbol, tick, decimals } = market;
    const quoted = this.next(market);
    if (random.chance(0.02)) {
      // Refused: it is crossed.
      this.harness.quote(symbol, quoted.ask, Number(quoted.bid) - tick);
      return;
    }
    const now = this.harness.clock.now();
    // A feed may be ahead of this clock, and a day begin with its quote.
    const ts = random.chance(0.03) ? now + random.int(1, 3000) : now;
    this.note('quote', symbol, quoted.bid, quoted.ask, ts - now, decimals);
    this.harness.quote(symbol, quoted.bid, quoted.ask, ts);
    this.model.quote(symbol, quoted.bid, quoted.ask, ts);
    this.lastQuotes.set(symbol, quoted);
    if (ts > now) this.advance(ts - now);
  }

  private next({ symbol, tick, decimals }: AccountWorld['markets'][number]): Quoted {
    const { random, world, prices } = this;
    const last = this.lastQuotes.get(symbol);
    if (last !== undefined && random.chance(0.1)) return last;
    const before = prices.get(symbol) ?? 0;
    const jump = before * random.between(-0.015, 0.015);
    const move = random.chance(world.jumps) ? jump : tick * random.int(-world.ticks, world.ticks);
    const price = Math.max(before + move, tick * 100);
    prices.set(symbol, price);
    const bid = price.toFixed(decimals);
    const spread = tick * (random.chance(0.03) ? random.int(5, 40) : random.int(0, 2));
    const ask = (Number(bid) + spread).toFixed(decimals);
    if (!random.chance(0.04)) return { bid, ask };
    // A decimal that no double holds.
    const beyond = (value: string): string =>
      `${value}${decimals === 0 ? '.' : ''}00000000000000007`;
    return { bid: beyond(bid), ask: random.chance(0.5) ? beyond(ask) : `${beyond(ask)}1` };
  }

  private async track(account: ModelAccount, { dollar, balance }: WorldAccount): Promise<void> {
    const { random } = this;
    if (account.positions.size >= positionsMax) return;
    const { symbol, lot, decimals } = random.pick(this.world.markets);
    const lots = ((Number(balance) / dollar) * random.between(0.05, 1.5) * this.world.size) / lot;
    const position = {
      ...{ positionId: `p${++this.made}`, symbol, side: random.pick(['long', 'short'] as const) },
      quantity: Math.max(lots, 0.001).toFixed(random.int(lots < 0.01 ? 4 : 2, 4)),
      entryPrice: this.near(symbol, 0.004).toFixed(decimals),
    };
    this.note('track', account.accountId, position);
    await this.ask(account.accountId, 'position.track', position);
    this.model.track(account, position);
  }

  private near(symbol: string, part: number): number {
    return (this.prices.get(symbol) ?? 0) * (1 + this.random.between(-part, part));
  }

  private async ofPosition(account: ModelAccount): Promise<void> {
    const { random } = this;
    if (account.positions.size === 0) return;
    const position = random.pick([...account.positions]);
    const { positionId, instrument } = position;
    const near = (part: number): string => this.near(instrument.symbol, part).toFixed(4);
    const kind = random.int(0, 4);
    this.note('position', account.accountId, positionId, kind);
    if (kind === 0 && position.waiting === undefined) {
      await this.ask(account.accountId, 'position.untrack', { positionId, reason: 'x' });
      account.positions.delete(position);
    } else if (kind === 1 && position.waiting === undefined) {
      const [stopLoss, takeProfit] = [near(0.006), near(0.006)];
      await this.ask(account.accountId, 'position.amend', {
        ...{ positionId, exits: { stopLoss, takeProfit } },
      });
      position.stopLoss = decimal(stopLoss);
      position.takeProfit = decimal(takeProfit);
    } else if (kind === 2) await this.closePart(position);
    else {
      const price = random.chance(0.3) ? near(0.002) : undefined;
      // What waits for its pair as well as for its own price is left alone.
      if (price !== undefined && !this.model.isFillable(position, decimal(price))) return;
      const at = price === undefined ? {} : { price };
      void this.ask(account.accountId, 'position.close', { positionId, reason: 'mine', ...at });
      this.model.close(position, 'mine', price === undefined ? undefined : decimal(price));
    }
  }

  private async closePart(position: ModelPosition): Promise<void> {
    const { account, positionId, remaining, waiting } = position;
    if (waiting !== undefined || !this.model.isFillable(position)) return;
    const quantity = remaining.times(this.random.pick(['0.25', '0.5', '0.333'])).toDecimalPlaces(4);
    if (quantity.isZero() || quantity.gte(remaining)) return;
    const part = { positionId, quantity: text(quantity) };
    await this.ask(account.accountId, 'position.close', part);
    this.model.closePart(position, part.quantity);
  }

  private async closeAll(account: ModelAccount): Promise<void> {
    this.note('closeAll', account.accountId);
    void this.ask(account.accountId, 'account.close-all', { reason: 'all' });
    for (const one of this.model.worstFirst(account)) this.model.close(one, 'all');
    await this.settled();
    this.model.settle();
  }

  private async adjust(account: ModelAccount, { dollar }: WorldAccount): Promise<void> {
    const { accountId } = account;
    const amounts = ['50.25', '-50', '300', '-180.75'].map((amount) =>
      decimal(amount).times(dollar),
    );
    // As much as was put in: it leaves an initial balance of 0, and perhaps less of a day's anchor.
    const by = this.random.pick([...amounts, account.initial.negated()]);
    this.note('adjust', accountId, text(by));
    const body = { amount: text(by), reason: 'x' };
    const reply = await this.harness.ask(`op.${accountId}.account.adjust`, body);
    const refusal = this.model.adjust(account, by);
    isSame(refusalOf(reply), refusal === undefined ? 'ok' : `409 ${refusal}`);
  }

  private async halt(account: ModelAccount): Promise<void> {
    this.note('halt', account.accountId);
    await this.ask(account.accountId, 'account.halt', { reason: 'pause' });
    this.model.halt(account, 'pause');
  }

  /** All that are halted, since nothing much happens to those. */
  private async resume(): Promise<void> {
    for (const account of this.model.accounts) {
      if (account.halt === undefined && this.random.chance(0.9)) continue;
      this.note('resume', account.accountId);
      const { accountId } = account;
      const breachId = this.harness.core.state.accounts.get(accountId)?.halt?.breachId;
      const body = { reason: 'x', ...(breachId === undefined ? {} : { acknowledge: breachId }) };
      const reply = await this.harness.ask(`op.${accountId}.account.resume`, body);
      const refusal = this.model.resume(account);
      isSame(refusalOf(reply), refusal === undefined ? 'ok' : `409 ${refusal}`);
    }
  }

  private async replaceRules(account: ModelAccount, given: WorldAccount): Promise<void> {
    const kept = account.rules.filter(() => this.random.chance(0.5)).map(({ spec }) => spec);
    const rules = this.random.chance(0.1) ? [] : [...this.rules(given).slice(0, 3), ...kept];
    this.note('rules', account.accountId, rules);
    await this.ask(account.accountId, 'account.rules', { rules });
    this.model.replaceRules(account, rules);
  }

  private rules(account: WorldAccount): RuleSpec[] {
    const { random } = this;
    const count = random.int(1, 5);
    return Array.from({ length: count }, () => worldRule(random, `r${++this.made}`, account));
  }

  private wait(): void {
    const { random } = this;
    const ms = random.pick([700, 3000, 21_000, 60_000, random.int(0, hourMs / 2)]);
    this.note('wait', ms);
    this.advance(ms);
  }

  /** A second before, so that what quotes alone have changed is noted; some stay down over days. */
  private async restart(closes = 0.3): Promise<void> {
    const { random } = this;
    this.advance(secondMs + random.int(0, 500));
    await this.settled();
    this.compareTold();
    await this.harness.kill();
    const downMs = random.pick([0, 10, 5000, hourMs, 5 * hourMs, 30 * hourMs]);
    this.note('restart', downMs);
    this.harness.clock.advance(downMs);
    this.harness = await this.harness.restart();
    this.model.restart(this.harness.clock.now());
    // What is closed now waits for its first quote.
    for (const account of this.model.accounts) {
      const closesAll = random.chance(closes);
      if (closesAll) await this.closeAll(account);
      if (random.chance(closes)) await this.ofPosition(account);
    }
  }

  /** So little is noted in each life that what went before must not be crowded out. */
  private async crashLoop(): Promise<void> {
    const market = this.random.pick(this.world.markets);
    for (let i = this.random.int(3, 9); i > 0; i--) {
      this.quote(market);
      await this.restart(0.02);
    }
  }

  private advance(ms: number): void {
    this.harness.clock.advance(ms);
    this.model.advance(this.harness.clock.now());
  }

  private async ask(accountId: string, command: string, body: object): Promise<Body> {
    const reply = await this.harness.ask(`op.${accountId}.${command}`, body);
    if (refusalOf(reply) !== 'ok') throw new Error(`${command}: ${JSON.stringify(reply)}`);
    return reply;
  }

  private async settled(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve();
    this.model.settle();
  }

  /** Each account's events, in their order. */
  private compareTold(): void {
    for (const event of this.harness.events.splice(0)) {
      if (this.heard.has(event.id)) continue;
      this.heard.add(event.id);
      const words = wordsOf(event);
      if (words === undefined) continue;
      this.told.set(event.accountId, [...(this.told.get(event.accountId) ?? []), words]);
    }
    for (const account of this.model.accounts) {
      isSame(this.told.get(account.accountId) ?? [], account.told.splice(0));
    }
    this.told = new Map();
  }

  /** What can be seen without looking for a peak. */
  private compareStates(): void {
    for (const account of this.model.accounts) {
      const actual = this.harness.core.state.accounts.get(account.accountId);
      isSame(actual && stateOf(actual), stateOf(account));
    }
  }

  private async look(): Promise<void> {
    for (const account of this.model.accounts) {
      const { accountId } = account;
      const command = this.random.chance(0.5) ? 'account.get' : 'guard.status';
      const view = await this.ask(accountId, command, {});
      shows(view, viewOf(this.model, account, command));
    }
  }
}
