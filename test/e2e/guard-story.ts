// A runtime as a process whose clock can jump while it is down, prices that swing, and what its journal
// says of its accounts at every kill.
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import type { JournalRecord, RuleBreach } from '#src/domain/records';
import type { Random } from '../support/random.ts';
import { balance, type GuardedAccount, type GuardedPosition } from './guarded-accounts.ts';
import { Publisher } from './publisher.ts';
import { SwingingMarket, symbols, type SentQuote } from './swinging-market.ts';
import { kill, startRuntime, temporaryDirectory, type Operator, type Reply } from './world.ts';
import type { Running } from './world.ts';

const clock = import.meta.resolve('./shifted-clock.ts');

/** What the journal of a killed process tells of one account. */
export interface AccountFacts {
  readonly breaches: RuleBreach[];
  readonly openIds: Set<string>;
  closedIds: string[];
  days: number;
  isGraceOver: boolean;
  isSettled: boolean;
}

export class GuardStory {
  readonly market: SwingingMarket;
  readonly environment: Readonly<Record<string, string>>;
  readonly operator: Operator;
  private readonly publisher: Publisher;
  private readonly directory = temporaryDirectory();
  private running: Running | undefined;
  private aheadMs: number;
  /** Quotes that were sent before the last start. */
  private startSent = 0;

  constructor(
    operator: Operator,
    random: Random,
    servers: { nats: string; database: string; aheadMs: number },
  ) {
    this.operator = operator;
    this.aheadMs = servers.aheadMs;
    this.publisher = new Publisher(operator);
    this.market = new SwingingMarket(this.publisher, random, () => this.now());
    this.environment = {
      CLOSEOUT_NATS_URL: servers.nats,
      CLOSEOUT_DATABASE_URL: servers.database,
      CLOSEOUT_DATA_DIR: this.directory,
    };
  }

  /** By the clock of the runtime. */
  now(): number {
    return Date.now() + this.aheadMs;
  }

  /** Starts when so much more time has passed. */
  async start(downMs = 0): Promise<void> {
    this.aheadMs += downMs;
    const options = `${process.env['NODE_OPTIONS'] ?? ''} --import=${clock}`;
    const shifted = { SHIFTED_CLOCK_AHEAD_MS: String(this.aheadMs), NODE_OPTIONS: options };
    this.running = await startRuntime({ ...this.environment, ...shifted });
    this.publisher.begin();
  }

  async create({ accountId, mode, rules, positions }: GuardedAccount, by: object): Promise<void> {
    const account = { currency: 'USD', balance, mode, rules, ...by };
    await this.operator.do(`${accountId}.account.create`, account);
    for (const { accountId: _own, ...position } of positions) {
      await this.operator.do(`${accountId}.position.track`, position);
    }
  }

  async account(accountId: string): Promise<Reply> {
    return await this.operator.do(`${accountId}.account.get`);
  }

  /** `guard.status` of an account, by rule. */
  async standings(accountId: string): Promise<Map<string, Record<string, unknown>>> {
    const { rules } = await this.operator.do(`${accountId}.guard.status`);
    const all = rules as Record<string, unknown>[];
    return new Map(all.map((rule) => [String(rule['id']), rule]));
  }

  /** One more quote of each symbol, followed. */
  async quoteAll(): Promise<void> {
    for (const symbol of symbols) this.market.swing(symbol);
    await this.publisher.follow();
  }

  follow(): Promise<void> {
    return this.publisher.follow();
  }

  /** Kills it; gives when that was. */
  async kill(): Promise<number> {
    const killTs = this.now();
    if (this.running !== undefined) await kill(this.running);
    return killTs;
  }

  /** The quotes of the process that was killed. */
  takeQuotes(): SentQuote[] {
    const quotes = this.market.sent.slice(this.startSent);
    this.startSent = this.market.sent.length;
    return quotes;
  }

  facts(): Map<string, AccountFacts> {
    const db = new DatabaseSync(join(this.directory, 'journal.sqlite'), { readOnly: true });
    try {
      const facts = new Map<string, AccountFacts>();
      for (const { text } of db.prepare('SELECT text FROM links ORDER BY n').all()) {
        note(facts, JSON.parse(String(text)) as JournalRecord);
      }
      return facts;
    } finally {
      db.close();
    }
  }
}

function note(facts: Map<string, AccountFacts>, record: JournalRecord): void {
  if (record.type === 'account.created') {
    facts.set(record.accountId, {
      ...{ breaches: [], openIds: new Set(), closedIds: [], days: 0 },
      ...{ isGraceOver: false, isSettled: false },
    });
  }
  const own = facts.get(record.accountId);
  if (own === undefined) return;
  switch (record.type) {
    case 'position.tracked':
      own.openIds.add(record.body.position.positionId);
      break;
    case 'close.filled':
      own.openIds.delete(record.body.intent.positionId);
      own.closedIds.push(record.body.intent.positionId);
      break;
    case 'rule.breached':
      own.breaches.push(record.body);
      break;
    case 'grace.ended':
      own.isGraceOver = true;
      break;
    case 'account.settled':
      own.isSettled = true;
      break;
    case 'day.rolled':
      own.days++;
      break;
    default:
      break;
  }
}

/**
 * Between which the peak must be that is found after a kill: at least the highest equity at the end of
 * a quote until `untilTs` on which every symbol had been quoted, at most what the best prices of all
 * positions come to, whenever they were.
 */
export function peakBounds(
  positions: readonly GuardedPosition[],
  quotes: readonly SentQuote[],
  untilTs: number,
): { readonly least: number; readonly most: number } {
  const last = new Map<string, SentQuote>();
  const best = new Map<string, number>();
  const held = new Set<string>(positions.map(({ symbol }) => symbol));
  let least = -Infinity;
  for (const quote of quotes) {
    if (!held.has(quote.symbol)) continue;
    last.set(quote.symbol, quote);
    for (const one of positions) {
      if (one.symbol !== quote.symbol) continue;
      const before = best.get(one.positionId) ?? 0;
      best.set(one.positionId, Math.max(before, pnlOf(one, quote)));
    }
    if (quote.ts > untilTs || last.size < held.size) continue;
    let equity = balance;
    for (const one of positions) equity += pnlOf(one, last.get(one.symbol) as SentQuote);
    least = Math.max(least, equity);
  }
  return { least, most: balance + [...best.values()].reduce((sum, pnl) => sum + pnl, 0) };
}

function pnlOf({ side, quantity, entryPrice }: GuardedPosition, { bid, ask }: SentQuote): number {
  const entry = Number(entryPrice);
  return (side === 'long' ? bid - entry : entry - ask) * Number(quantity);
}
