// A runtime as a process, prices that swing, and what the exits of its positions must have come to,
// held against its journal and its answers at every kill.
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { Random } from '../support/random.ts';
import { ExitBook, type Close, type HeldState, type View } from './exit-book.ts';
import { readKilledJournal } from './killed-journal.ts';
import type { MixedPosition } from './mixed-exits.ts';
import { Publisher } from './publisher.ts';
import { SwingingMarket, symbols } from './swinging-market.ts';
import { kill, startRuntime, temporaryDirectory, type Operator, type Running } from './world.ts';

const accountId = 'paper';

export interface Held {
  /** What the journal has closed since the last start, and what was due by then. */
  readonly closed: readonly string[];
  readonly due: readonly string[];
  /** Positions that waited for the first quote and were not the first that it closed. */
  readonly disorder: readonly string[];
}

export class ExitStory {
  readonly book = new ExitBook();
  readonly directory = temporaryDirectory();
  readonly market: SwingingMarket;
  private readonly operator: Operator;
  private readonly publisher: Publisher;
  private readonly environment: Readonly<Record<string, string>>;
  private running: Running | undefined;
  /** Quotes and records of before the last start, and closes that were compared with the journal. */
  private startSent = 0;
  private startN = 0;
  private startCloses = 0;

  constructor(operator: Operator, random: Random, servers: { nats: string; database: string }) {
    this.operator = operator;
    this.publisher = new Publisher(operator);
    this.market = new SwingingMarket(this.publisher, random);
    this.environment = {
      CLOSEOUT_NATS_URL: servers.nats,
      CLOSEOUT_DATABASE_URL: servers.database,
      CLOSEOUT_DATA_DIR: this.directory,
    };
  }

  async start(): Promise<void> {
    this.running = await startRuntime(this.environment);
    this.publisher.begin();
  }

  async setUp(): Promise<void> {
    await this.start();
    for (const symbol of symbols) {
      await this.operator.do('_.instrument.put', { symbol, quoteCurrency: 'USD' });
    }
    const account = { currency: 'USD', balance: '1000000', mode: 'PAPER' };
    await this.operator.do(`${accountId}.account.create`, account);
  }

  async track(positions: readonly MixedPosition[]): Promise<void> {
    for (const position of positions) {
      await this.operator.do(`${accountId}.position.track`, position);
      this.book.track(position, this.market.ts);
    }
  }

  /** Kills it, and holds its journal against the quotes that are on disk. */
  async killed(): Promise<Held> {
    if (this.running !== undefined) await kill(this.running);
    return this.look();
  }

  /** The same at the end, when every quote has counted. */
  async followed(): Promise<Held> {
    await this.publisher.follow();
    return this.look(new Map(symbols.map((symbol) => [symbol, Infinity])));
  }

  private look(newest?: ReadonlyMap<string, number>): Held {
    const journal = readKilledJournal(this.directory);
    const waiting = new Set(this.ids('waiting'));
    this.book.follow(this.market.sent.slice(this.startSent), journal, newest);
    const acts = journal.acts.filter(({ n }) => n > this.startN);
    const disorder = symbols.flatMap((symbol) => {
      const own = acts.filter(({ positionId }) => this.symbolOf(positionId) === symbol);
      const late = own.filter(({ positionId }) => waiting.has(positionId));
      return late.filter((act, i) => own[i] !== act).map(({ positionId }) => positionId);
    });
    const closed = byPosition(acts.flatMap(({ close }) => close ?? []));
    const due = byPosition(this.book.closes.slice(this.startCloses));
    this.startSent = this.market.sent.length;
    this.startN = journal.lastN;
    this.startCloses = this.book.closes.length;
    return { closed, due, disorder };
  }

  /** What a restarted runtime does not know as it should, asked before there is a new quote. */
  async differences(): Promise<string[]> {
    const askedTs = Date.now();
    const views: View[] = [];
    for (const positionId of this.book.held.keys()) {
      const view = await this.operator.do(`${accountId}.position.get`, { positionId });
      views.push(view as unknown as View);
    }
    return this.book.compare(views, askedTs);
  }

  /** The first quote of each symbol; gives what waited for it and is not closed. */
  async firstQuotes(): Promise<string[]> {
    for (const symbol of symbols) this.market.swing(symbol);
    await this.publisher.follow();
    const open: string[] = [];
    for (const positionId of this.ids('waiting')) {
      const { state } = await this.operator.do(`${accountId}.position.get`, { positionId });
      if (state !== 'closed') open.push(positionId);
    }
    return open;
  }

  rows(): Promise<LedgerRow[]> {
    return this.operator.list<LedgerRow>(`${accountId}.ledger.list`);
  }

  ids(state: HeldState): string[] {
    return [...this.book.held.values()]
      .filter((held) => held.state === state)
      .map(({ positionId }) => positionId);
  }

  private symbolOf(positionId: string): string | undefined {
    return this.book.held.get(positionId)?.symbol;
  }
}

/** Each position's in their order. */
export function byPosition(closes: readonly Close[]): string[] {
  return closes
    .toSorted((a, b) => (a.positionId < b.positionId ? -1 : Number(a.positionId > b.positionId)))
    .map(
      ({ positionId, reason, triggerPrice, quantity, price }) =>
        `${positionId} ${reason} ${triggerPrice ?? '-'} ${quantity} ${price}`,
    );
}
