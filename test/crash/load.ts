// Clients of the runtime under load: they track, close, deposit, look; and send again, with the same
// message id, what was not answered, as a client does that cannot know whether it was done.
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { firstValueFrom, skip, Subject } from 'rxjs';
import type { Reply } from '../e2e/world.ts';
import type { Random } from '../support/random.ts';
import { Market, type Levels } from './market.ts';
import { accounts, symbols, type CrashAccount, type CrashWorld } from './world.ts';

/** Clients at once. */
const clients = 4;
const quoteEveryMs = 20;
const lookEveryMs = 200;
/** Most positions that are tracked in a round. */
const tracksMax = 40;
/** Most time between two commands of a client. */
const thinkMsMax = 30;
/** Answers after which a caller tries again: nothing was done, or nothing is known. */
const notNow: readonly (number | undefined)[] = [408, 429, 503];

/** A command with its message id, and what is to be done once it is acknowledged. */
export interface Sent {
  readonly id: string;
  readonly place: string;
  readonly body: object;
  readonly onReply?: (reply: Reply) => void;
}

export interface Tracked extends Levels, CrashAccount {
  readonly quantity: string;
}

/** What a client saw of a position, and was told with its answer to be in force. */
export interface SeenClosing {
  readonly positionId: string;
  readonly accountId: string;
  readonly closeId: string;
}

export class Load {
  readonly market: Market;
  /** Every position whose track was acknowledged. */
  readonly tracked = new Map<string, Tracked>();
  readonly acked = new Map<string, { readonly sent: Sent; readonly reply: Reply }>();
  readonly refused: { readonly sent: Sent; readonly reply: Reply }[] = [];
  /** By account, in cents. */
  readonly deposits = new Map<string, number>();
  readonly seenClosing = new Map<string, SeenClosing>();
  private readonly world: CrashWorld;
  private readonly random: Random;
  /** Sent, and not answered. */
  private owed: Sent[] = [];
  private ids = 0;
  private isOver = false;
  private tracksLeft = 0;
  private readonly answers = new Subject<void>();

  constructor(world: CrashWorld, random: Random) {
    this.world = world;
    this.random = random;
    this.market = new Market(world, random);
  }

  /** Load until `end` resolves or the runtime is gone. Only on a runtime that is ready. */
  async run(end: Promise<unknown>): Promise<void> {
    this.isOver = false;
    this.tracksLeft = tracksMax;
    this.market.begin();
    const { child } = this.world.running;
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : end;
    const over = Promise.race([gone, end]).then(() => (this.isOver = true));
    const work = [this.walk(), this.look(over)];
    for (let i = 0; i < clients; i++) work.push(this.client(over));
    await Promise.all(work);
  }

  /** Sends what was never answered until it is. */
  async settleOwed(): Promise<void> {
    this.isOver = false;
    const never = new Promise<never>(() => {});
    while (this.owed.length > 0) {
      for (const sent of this.owed.splice(0)) await this.attempt(sent, never);
    }
  }

  /** Resolves with so many answers from now on. */
  async answered(count: number): Promise<void> {
    await firstValueFrom(this.answers.pipe(skip(count - 1)));
  }

  private async walk(): Promise<void> {
    while (!this.isOver) {
      this.market.walk();
      await pause(quoteEveryMs);
    }
  }

  private async look(over: Promise<unknown>): Promise<void> {
    while (!this.isOver) {
      // What the runtime does not answer any more it may not have followed.
      await Promise.race([this.market.look().catch(() => undefined), over]);
      await Promise.race([pause(lookEveryMs), over]);
    }
  }

  private async client(over: Promise<unknown>): Promise<void> {
    while (!this.isOver) {
      const sent = this.owed.shift() ?? (await this.next());
      if (sent !== undefined) await this.attempt(sent, over);
      await pause(this.random.int(0, thinkMsMax));
    }
  }

  private async attempt(sent: Sent, over: Promise<unknown>): Promise<void> {
    const asked = this.world.operator.ask(sent.place, sent.body, sent.id).catch(() => undefined);
    const reply = await Promise.race([asked, over.then(() => undefined)]);
    if (reply !== undefined) this.answers.next();
    if (reply === undefined || notNow.includes(reply.error?.code)) {
      this.owed.push(sent);
    } else if (reply.error !== undefined) {
      this.refused.push({ sent, reply });
    } else {
      this.acked.set(sent.id, { sent, reply });
      sent.onReply?.(reply);
    }
  }

  private async next(): Promise<Sent | undefined> {
    const { random } = this;
    const account = random.pick(accounts);
    const chance = random.next();
    if (chance < 0.5 && this.tracksLeft > 0) return await this.track(account);
    if (chance < 0.6) return await this.deposit(account);
    if (chance < 0.7) return this.closeOne();
    if (chance < 0.72) return this.closeAll(account);
    return this.lookAtOne();
  }

  private async track(account: CrashAccount): Promise<Sent> {
    const { random } = this;
    this.tracksLeft--;
    const { accountId, route } = account;
    const symbol = random.pick(symbols);
    const side = random.pick(['long', 'short'] as const);
    const sign = side === 'long' ? 1 : -1;
    const price = this.market.priceOf(symbol);
    const at = (distance: number): number => Math.round((price + sign * distance) * 100) / 100;
    const stopLoss = at(-random.between(0.5, 12));
    const takeProfit = at(random.between(0.5, 12));
    const quantity = String(random.int(1, 8) / 4);
    const positionId = `p${this.nextId()}`;
    const terms = { symbol, side, quantity, entryPrice: String(at(0)) };
    const ticket =
      route === undefined
        ? {}
        : { ticket: await this.world.stub.open(route, { positionId, accountId, ...terms }) };
    const exits = { stopLoss, takeProfit };
    return {
      id: `track-${positionId}`,
      place: `${accountId}.position.track`,
      body: { positionId, ...ticket, ...terms, exits },
      onReply: () => {
        const levels = { positionId, symbol, side, stopLoss, takeProfit };
        this.tracked.set(positionId, { ...levels, ...account, quantity });
        this.market.watch(levels);
      },
    };
  }

  private async deposit({ accountId, route }: CrashAccount): Promise<Sent> {
    const id = `deposit-${this.nextId()}`;
    const cents = this.random.int(1, 10_000);
    const amount = (cents / 100).toFixed(2);
    if (route !== undefined) await this.world.stub.deposit(route, id, accountId, amount);
    return {
      id,
      place: `${accountId}.account.adjust`,
      body: { amount, reason: id },
      onReply: () => this.deposits.set(accountId, (this.deposits.get(accountId) ?? 0) + cents),
    };
  }

  private closeOne(): Sent | undefined {
    const one = this.anyTracked();
    if (one === undefined) return undefined;
    const { positionId, accountId } = one;
    this.market.forget(positionId);
    const id = `close-${this.nextId()}`;
    return { id, place: `${accountId}.position.close`, body: { positionId } };
  }

  private closeAll({ accountId }: CrashAccount): Sent {
    const id = `flat-${this.nextId()}`;
    return { id, place: `${accountId}.account.close-all`, body: { reason: 'desk' } };
  }

  private lookAtOne(): Sent | undefined {
    const one = this.anyTracked();
    if (one === undefined) return undefined;
    const { positionId, accountId } = one;
    return {
      id: `look-${this.nextId()}`,
      place: `${accountId}.position.get`,
      body: { positionId },
      onReply: ({ state, closeId }) => {
        if (state !== 'closing' && state !== 'closed') return;
        const seen = { positionId, accountId, closeId: String(closeId) };
        this.seenClosing.set(`${positionId} ${seen.closeId}`, seen);
      },
    };
  }

  private anyTracked(): Tracked | undefined {
    return this.tracked.size === 0 ? undefined : this.random.pick([...this.tracked.values()]);
  }

  private nextId(): string {
    return String(++this.ids).padStart(5, '0');
  }
}
