// What a simulated world remembers of every account, by itself: the quotes that the runtime accepted
// and the records that it wrote, in their order. Every record of a guard must follow from them, and
// after every quote the runtime must have told what section 5 of the contract says.
import { lateQuotesMs } from '#actors/day-rollovers';
import { decimal, text, type Decimal } from '#src/domain/money';
import { exactOf } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import type { JournalRecord } from '#src/domain/records';
import type { State } from '#src/domain/state';
import { closeFaults } from './guard-closes.ts';
import { faultsOf, type Known } from './guard-checks.ts';
import { GuardFacts, isStopped, type AccountFacts } from './guard-facts.ts';
import { untoldOf } from './guard-look.ts';
import { lastResetOf } from './made-rules.ts';
import { PeakMemory } from './peak-memory.ts';
import { equityOf, hangsOn, isOver, levelsOf, seenBy, type BookSides } from './rule-model.ts';
import type { SimRuntime } from './sim-runtime.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** An equity in doubles is as near as that to the exact one, and nearer. */
const nearly = 1e-4;

export class GuardMemory {
  /** As the records of this start, and those before it that are on the disk, have it. */
  facts = new GuardFacts();
  readonly peaks = new Map<string, PeakMemory>();
  /** The runtime makes up for what it has missed, and is ready from then on. */
  readySince = Infinity;
  private readonly world: World;
  private at = 0;
  private records: { readonly at: number; readonly record: JournalRecord }[] = [];
  private books = new Map<string, BookSides>();
  /** The book of a symbol before the quote that is taken now. */
  private before: { readonly symbol: string; readonly book: BookSides | undefined } | undefined;
  /** Accounts with a record since the quote that came last. */
  private readonly changed = new Set<string>();
  private runtime: SimRuntime | undefined;

  constructor(world: World) {
    this.world = world;
  }

  /** A runtime has recovered: it knows what is on record, and the quotes that were noted. */
  async follow(runtime: SimRuntime, state: State, lastN: number): Promise<void> {
    const noted = await this.world.disk.content.notes('book:');
    this.runtime = runtime;
    this.readySince = Infinity;
    const lost = this.records.find(({ record }) => record.n > lastN);
    this.records = this.records.filter(({ record }) => record.n <= lastN);
    this.facts = new GuardFacts();
    for (const { record } of this.records) this.facts.apply(record);
    this.books = new Map();
    for (const mark of noted.values()) {
      const { symbol, bid, ask, ts } = JSON.parse(mark) as Record<
        'symbol' | 'bid' | 'ask',
        string
      > & {
        ts: number;
      };
      this.books.set(symbol, { bid: decimal(bid), ask: decimal(ask), ts });
    }
    for (const [accountId, peak] of this.peaks) {
      peak.restarted(lost?.at ?? Infinity, ({ symbol, ts }) => {
        return ts <= (this.books.get(symbol)?.ts ?? 0);
      });
      if (!this.facts.accounts.has(accountId)) this.peaks.delete(accountId);
    }
    this.checkSame(state, 'what is on record is there');
  }

  /** Hears every quote that counts, before and after it does. */
  listen(runtime: SimRuntime): void {
    if (runtime.host === undefined) return;
    const { feed, core } = runtime.host.engine;
    const arm = core.arm.bind(core);
    core.arm = () => {
      this.readySince = this.world.clock.now();
      arm();
      // In the others the runtime looks for them only when it has to.
      if (this.world.seed % 2 === 0) for (const id of this.peaks.keys()) this.checkPeak(id);
    };
    const accept = feed['accept'].bind(feed);
    feed['accept'] = (quote, market) => {
      if (runtime.isDead) {
        accept(quote, market);
        return;
      }
      const { symbol } = quote;
      const wasBusy = feed.isBusy;
      const concerned = this.concernedBy(symbol);
      this.before = { symbol, book: this.books.get(symbol) };
      this.changed.clear();
      this.books.set(symbol, sidesOf(quote));
      accept(quote, market);
      this.before = undefined;
      const isWorkedOff = !wasBusy && !feed.isBusy;
      if (isWorkedOff && !runtime.isDead && !runtime.hasFailed) this.finished(quote, concerned);
    };
  }

  /** A record was written, of this start. */
  wrote(record: JournalRecord): void {
    const at = ++this.at;
    this.records.push({ at, record });
    const known = this.known(record);
    this.changed.add(record.accountId);
    const account = this.facts.accounts.get(record.accountId);
    const faults = [...faultsOf(record, known), ...closeFaults(record, known)];
    if (faults.length > 0) {
      this.fail(
        'a guard tells what is, when it is due',
        account,
        `${record.type} ${faults.join(', ')}`,
      );
    }
    const before = this.facts.accounts.get(record.accountId);
    const wasFollowed = before !== undefined && followsPeak(before);
    this.facts.apply(record);
    this.movePeak(record, at, wasFollowed);
    if (account?.state === 'closing' && begins(record)) this.checkAllAsked(account);
  }

  /** The closes of a breach begin in the turn in which it is told, or in which its grace ends. */
  private checkAllAsked(account: AccountFacts): void {
    const core = this.runtime?.host?.engine.core;
    for (const { positionId, symbol, state } of core?.state.accounts
      .get(account.accountId)
      ?.positions.values() ?? []) {
      if (state !== 'guarded' || !this.books.has(symbol)) continue;
      this.fail('a breach closes everything', account, `${positionId} is guarded`);
    }
  }

  /** What is due is done: looked at once in a while. */
  checkDue(): void {
    const { world, runtime } = this;
    if (runtime?.isReady !== true || runtime.hasFailed) return;
    const now = world.clock.now();
    for (const account of this.facts.accounts.values()) {
      const { halt, state } = account;
      const isGraceOver = state === 'grace' && (halt?.graceUntil ?? 0) < now;
      if (isGraceOver) this.fail('a grace ends in time', account, `at ${halt?.graceUntil}`);
      if (account.positions.size === 0 && !isStopped(account)) this.checkFlat(account);
    }
    this.checkDays(now - lateQuotesMs - 1);
  }

  /** Without positions there is no next quote: what is over is told at once. */
  private checkFlat(account: AccountFacts): void {
    const peak = this.peaks.get(account.accountId);
    for (const rule of account.rules) {
      if (!account.warned.has(rule.id)) continue;
      const isPeakSure = peak !== undefined && this.mostOf(peak)?.eq(peak.least) === true;
      if (rule.anchor === 'peakEquity' && !isPeakSure) continue;
      const levels = levelsOf(rule, account, peak?.least ?? account.balance);
      if (!isOver(levels, seenBy(rule, account, this.books))) continue;
      this.fail('no warning outlives its loss in an empty account', account, rule.id);
    }
  }

  /** Every day up to that time has begun. */
  private checkDays(ts: number): void {
    for (const account of this.facts.accounts.values()) {
      for (const rule of account.rules) {
        const reset = lastResetOf(rule, ts);
        const { sinceTs = 0 } = account.anchors.get(rule.id) ?? {};
        if (reset === undefined || sinceTs >= reset) continue;
        this.fail('no day is missed', account, `${rule.id} of ${reset}`);
      }
    }
  }

  /** The peak that the runtime knows, once it has looked for it. */
  checkPeak(accountId: string): void {
    const core = this.runtime?.host?.engine.core;
    const account = this.facts.accounts.get(accountId);
    const peak = this.peaks.get(accountId);
    if (core === undefined || account === undefined || peak === undefined) return;
    if (!followsPeak(account)) return;
    core.turn(() => core.settlePeak(accountId));
    const known = core.state.accounts.get(accountId)?.peak;
    this.world.tally.peaksChecked++;
    const most = this.mostOf(peak);
    if (known?.gte(peak.least) === true && (most === undefined || known.lte(most))) return;
    const detail = `${known && text(known)}, between ${text(peak.least)} and ${most && text(most)}`;
    this.fail('a peak is the highest equity of any quote', account, detail);
  }

  /** What the runtime knows of accounts follows from their records. */
  checkSame(
    state: State,
    name: string,
    accounts: Iterable<AccountFacts> = this.facts.accounts.values(),
  ): void {
    for (const account of accounts) {
      const is = state.accounts.get(account.accountId);
      const wrong: string[] = [];
      const same = (what: string, a: unknown, b: unknown): void => {
        if (a !== b) wrong.push(`${what} ${String(a)}, not ${String(b)}`);
      };
      same('state', is?.state, account.state);
      same('breach', is?.halt?.breachId, account.halt?.breachId);
      same('halt', is?.halt?.by, account.halt?.by);
      same('warned', [...(is?.warned ?? [])].join(' '), [...account.warned].join(' '));
      same(
        'breaches',
        [...(is?.breaches.keys() ?? [])].join(' '),
        [...account.breaches.keys()].join(' '),
      );
      same('balance', is && text(is.balance), text(account.balance));
      for (const [id, { value }] of account.anchors) {
        const known = is?.anchors.get(id)?.value;
        same(`anchor of ${id}`, known && text(known), text(value));
      }
      if (wrong.length > 0) this.fail(name, account, wrong.join(', '));
    }
  }

  private concernedBy(symbol: string): AccountFacts[] {
    return [...this.facts.accounts.values()].filter((account) => {
      for (const one of account.positions.values()) if (hangsOn(one, symbol)) return true;
      return false;
    });
  }

  /** Step 7 is over: every account that hangs on the symbol was looked at, and then its peak. */
  private finished({ symbol, ts }: Quote, concerned: readonly AccountFacts[]): void {
    const state = this.runtime?.host?.engine.core.state;
    this.checkDays(ts);
    const name = 'an account is what its records say';
    if (state !== undefined) this.checkSame(state, name, concerned);
    for (const account of concerned) {
      const peak = this.peaks.get(account.accountId);
      if (peak === undefined) continue;
      const look = untoldOf(
        account,
        this.books,
        {
          least: peak.least.toNumber(),
          most: this.mostOf(peak)?.toNumber() ?? Infinity,
        },
        !this.changed.has(account.accountId),
      );
      if (!isStopped(account) && look.untold.length > 0) {
        this.fail('what a quote does to a rule is told', account, look.untold.join(', '));
      }
      if (!followsPeak(account) || look.equity < peak.least.toNumber() - nearly) continue;
      const value = equityOf(account, this.books);
      peak.move(++this.at, { kind: 'raise', value, quote: { symbol, ts } });
    }
  }

  private movePeak(record: JournalRecord, at: number, wasFollowed: boolean): void {
    const account = this.facts.accounts.get(record.accountId);
    const peak = this.peaks.get(record.accountId);
    switch (record.type) {
      case 'account.created':
        if (account !== undefined) {
          this.peaks.set(account.accountId, new PeakMemory(account.balance, at));
        }
        break;
      case 'account.adjusted':
        peak?.move(at, { kind: 'add', value: decimal(record.body.amount) });
        break;
      case 'account.resumed':
        peak?.move(at, { kind: 'set', value: decimal(record.body.equity) });
        break;
      case 'rules.replaced':
        // Nobody followed the peak of an account whose rules did not ask for it.
        if (wasFollowed) break;
        peak?.move(at, { kind: 'raise', value: decimal(record.body.equity) });
        break;
      default:
        break;
    }
  }

  private known({ accountId, type }: JournalRecord): Known {
    const { before, facts, readySince, books } = this;
    const peak = this.peaks.get(accountId);
    const least = peak?.least ?? decimal(0);
    const known = { facts, runsSince: readySince, books };
    return {
      ...known,
      // A day begins before the quote counts.
      ...(type === 'day.rolled' && before !== undefined && { books: this.booksBefore(before) }),
      peak: { least, most: peak && this.mostOf(peak) },
    };
  }

  private booksBefore({ symbol, book }: NonNullable<GuardMemory['before']>) {
    const books = new Map(this.books);
    if (book === undefined) books.delete(symbol);
    else books.set(symbol, book);
    return books;
  }

  /** A quote that is worked off in slices counts for peaks when it comes, and at its end. */
  private mostOf({ most }: PeakMemory): Decimal | undefined {
    return this.world.crossingsPerSlice === undefined ? most : undefined;
  }

  private fail(name: string, account: AccountFacts | undefined, detail: string): void {
    const { world } = this;
    const { accountId, rules } = account ?? {};
    const ts = new Date(world.clock.now()).toISOString();
    const shown = `${accountId} at ${ts}: ${detail}; rules ${JSON.stringify(rules)}`;
    world.fail(new Violation(world.seed, name, [shown]));
  }
}

function sidesOf({ bid, ask, bidExact, askExact, ts }: Quote): BookSides {
  return { bid: exactOf(bid, bidExact), ask: exactOf(ask, askExact), ts };
}

function begins({ type }: JournalRecord): boolean {
  return type === 'rule.breached' || type === 'grace.ended';
}

function followsPeak({ rules }: AccountFacts): boolean {
  return rules.some(({ anchor }) => anchor === 'peakEquity');
}
