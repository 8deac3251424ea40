// The demo from its start to its last line: a runtime, a market, people, and what is told of them.
import { randomInt } from 'node:crypto';
import { join, relative } from 'node:path';
import pino from 'pino';
import { Subject } from 'rxjs';
import type { QuoteInput } from '#src/contracts/quote';
import type { CloseoutError } from '#src/domain/errors';
import { noAccount } from '#src/domain/ids';
import { chainCheck, type LedgerRow } from '#src/domain/ledger-rows';
import { isRefused, orThrow } from '#src/domain/refusals';
import { createRuntime, type Runtime } from '#src/runtime';
import { version } from '#src/version';
import type { DemoArguments } from './arguments.ts';
import { seedMax } from './arguments.ts';
import { emptyDemoDirectory, demoDirectoryName, logFileName } from './demo-directory.ts';
import { Narrator } from './narrator.ts';
import { Player } from './player.ts';
import { instrumentOf, Positions, traders } from './population.ts';
import { Random } from './random.ts';
import type { Screen } from './screen.ts';
import { guards, instruments, roundsPerSecond, syntheticMarket } from './synthetic-market.ts';
import { Tally } from './tally.ts';
import { TradingFloor, visitEveryRounds, type AccountSeen } from './trading-floor.ts';
import { count, money, reasonWord, signedMoney, table } from './words.ts';

/** Commands that are under way at once while the demo is set up. */
const setUpAtOnceMax = 100;
/** Rows of one page of the ledger. */
const ledgerPageRows = 1000;

/** What is known at the end, asked of the runtime while it still answers. */
interface Ending {
  readonly accounts: readonly AccountSeen[];
  readonly ledger: string;
}

/**
 * Runs the demo until its time is over or `stop` aborts, then drains. Throws `CloseoutError` where
 * it cannot start or go on, as when another demo has the data directory.
 */
export async function runDemo(
  given: DemoArguments,
  screen: Screen,
  stop: AbortController,
): Promise<void> {
  const seed = given.seed ?? randomInt(seedMax);
  const directory = emptyDemoDirectory(demoDirectoryName, Date.now());
  header(screen, seed, given.forMs);
  const demo = new Demo(directory, seed, screen, stop);
  await demo.run(given.forMs);
}

function header(screen: Screen, seed: number, forMs: number | undefined): void {
  const symbols = instruments.map(({ spec }) => spec.symbol).join(', ');
  const ending = forMs === undefined ? 'until Ctrl-C' : `for ${forMs / 1000} s`;
  screen.line(
    `${screen.style('bold', `closeout ${version} demo`)}: a SYNTHETIC market, ${ending}. No price in it is real.`,
  );
  screen.line(`  market   ${symbols}; seed ${seed} (--seed ${seed} shows the same again)`);
  for (const guard of guards) {
    const { symbol, gap, spread } = { gap: undefined, spread: undefined, ...guard };
    const limits = [
      ...(gap ? [`gap of ${gap.limit} % or more`] : []),
      ...(spread ? [`spread above ${spread.limit} %`] : []),
    ];
    screen.line(`  guard    ${symbol}: ${limits.join(', ')} closes every position in it`);
  }
  screen.line(
    `  data     ${demoDirectoryName}, emptied at each start: journal, ledger (PGlite), ${logFileName}`,
  );
  screen.line('  starting: a new PGlite takes a few seconds');
}

class Demo {
  private readonly directory: string;
  private readonly screen: Screen;
  private readonly stop: AbortController;
  private readonly quotes = new Subject<QuoteInput>();
  private readonly tally: Tally;
  private readonly narrator: Narrator;
  private readonly positions: Positions;
  private readonly player: Player;
  private readonly runtime: Runtime;
  private readonly floor: TradingFloor;
  private failure: CloseoutError | undefined;

  constructor(directory: string, seed: number, screen: Screen, stop: AbortController) {
    this.directory = directory;
    this.screen = screen;
    this.stop = stop;
    const logFile = pino.destination({ dest: join(directory, logFileName), sync: true });
    this.runtime = createRuntime({
      settings: { CLOSEOUT_DATA_DIR: directory, CLOSEOUT_HTTP_PORT: 0 },
      quotes$: this.quotes,
      logger: pino({ level: 'info', base: null }, logFile),
      onFailure: (error) => {
        this.failure = error;
        stop.abort();
      },
    });
    this.positions = new Positions(new Random(seed, 'positions'));
    this.tally = new Tally(currencyOf);
    this.narrator = new Narrator(screen, this.tally, currencyOf);
    this.player = new Player({
      market: syntheticMarket(seed),
      quotes: this.quotes,
      onRound: ({ phase, isPhaseStart }) => {
        if (isPhaseStart) this.narrator.phase(phase, Date.now());
      },
      afterRound: ({ index }) =>
        index % visitEveryRounds === visitEveryRounds - 1 ? this.floor.visit(index) : undefined,
    });
    const midOf = (symbol: string): number =>
      this.player.midOf(symbol) ?? instrumentOf(symbol).startPrice;
    this.floor = new TradingFloor({
      commands: this.runtime.commands,
      traders,
      positions: this.positions,
      midOf,
    });
  }

  async run(forMs: number | undefined): Promise<void> {
    const { runtime, screen } = this;
    runtime.events$.subscribe((event) => this.narrator.event(event));
    const onStop = (): void => screen.line('stopping: draining; a second Ctrl-C ends it at once');
    this.stop.signal.addEventListener('abort', onStop);
    await runtime.start();
    let ending: Ending;
    try {
      await this.setUp();
      screen.line(
        `  guarded  ${this.tally.openPositions} positions in ${traders.length} accounts; times are UTC, Ctrl-C ends it with a table`,
      );
      screen.line();
      ending = await this.play(forMs);
    } catch (error) {
      // Of two errors the one that came first says what is wrong.
      throw this.failure ?? error;
    } finally {
      screen.endSummary();
      await runtime.stop();
    }
    this.tell(ending);
    if (this.failure !== undefined) throw this.failure;
  }

  private async setUp(): Promise<void> {
    const { account, guard, instrument, position } = this.runtime.commands;
    await inBatches(instruments, ({ spec }) => instrument.put(noAccount, spec));
    await inBatches(guards, (spec) => guard.put(noAccount, spec));
    await inBatches(traders, (trader) => {
      const { accountId, currency, balance } = trader;
      return account.create(accountId, { currency, balance, ...trader.guard });
    });
    const held = traders.flatMap((trader) =>
      this.positions.held(trader).map((body) => ({ accountId: trader.accountId, body })),
    );
    await inBatches(held, ({ accountId, body }) => position.track(accountId, body));
  }

  private async play(forMs: number | undefined): Promise<Ending> {
    const { screen, stop } = this;
    const rounds = forMs === undefined ? Infinity : Math.ceil((forMs * roundsPerSecond) / 1000);
    const summary = new Summary(this.runtime, this.tally, () => this.usdPerEur());
    const timer = setInterval(() => screen.summary(summary.text()), screen.summaryEveryMs);
    try {
      await this.player.play(rounds, stop.signal);
    } finally {
      clearInterval(timer);
    }
    screen.endSummary();
    if (!stop.signal.aborted) screen.line('the time is over: draining');
    return { accounts: await this.floor.accounts(), ledger: await ledgerText(this.runtime) };
  }

  private usdPerEur(): number {
    return this.player.midOf('EURUSD') ?? instrumentOf('EURUSD').startPrice;
  }

  private tell({ accounts, ledger }: Ending): void {
    const { screen, tally } = this;
    const rate = this.usdPerEur();
    screen.line();
    const reasons = tally.byReason(rate);
    const closes = [
      ['closed by', 'count', 'P&L in USD'],
      ...reasons.map((row) => [reasonWord(row.reason), count(row.count), signedMoney(row.pnl)]),
      ['all', count(tally.closed), signedMoney(tally.totalPnl(rate))],
    ];
    for (const line of table(closes, [1, 2])) screen.line(line);
    screen.line(`  (EUR at ${rate.toFixed(5)})`);
    screen.line();
    const rows = accounts.map((account) => {
      const { accountId, currency, state, balance, equity, openPositions } = account;
      const closed = count(tally.closedOf(accountId));
      return [
        accountId,
        state,
        money(balance),
        money(equity),
        currency,
        count(openPositions),
        closed,
      ];
    });
    const heading = ['account', 'state', 'balance', 'equity', '', 'open', 'closed'];
    for (const line of table([heading, ...rows], [2, 3, 5, 6])) screen.line(line);
    screen.line();
    screen.line(ledger);
    screen.line(
      `Where to look: ${relative('', this.directory)} (journal.sqlite, pglite, ${logFileName})`,
    );
  }
}

function currencyOf(accountId: string): string {
  return traders.find((trader) => trader.accountId === accountId)?.currency ?? '';
}

/** Runs a command for each item, so many at once; a refusal is a fault of the demo. */
async function inBatches<T>(items: readonly T[], run: (item: T) => Promise<object>): Promise<void> {
  for (let i = 0; i < items.length; i += setUpAtOnceMax) {
    const replies = await Promise.all(items.slice(i, i + setUpAtOnceMax).map(run));
    for (const reply of replies) orThrow(reply);
  }
}

/** Counts the ledger's rows, and holds their hash chains against them. */
async function ledgerText({ commands }: Runtime): Promise<string> {
  const check = chainCheck();
  let rows = 0;
  let cursor: unknown;
  do {
    const body = { limit: ledgerPageRows, ...(cursor === undefined ? {} : { cursor }) };
    const page = await commands.ledger.list(noAccount, body);
    if (isRefused(page)) return `The ledger: ${page.error.message}.`;
    for (const row of page['items'] as LedgerRow[]) {
      rows++;
      const fault = check(row);
      if (fault !== undefined) return `The ledger's hash chain does not hold at row ${fault.id}.`;
    }
    cursor = page['nextCursor'];
  } while (cursor !== undefined);
  return `The ledger holds ${count(rows)} rows, and their hash chains hold.`;
}

/** The running summary line. */
class Summary {
  private readonly runtime: Runtime;
  private readonly tally: Tally;
  private readonly usdPerEur: () => number;
  private readonly startMs = performance.now();
  private lastMs = this.startMs;
  private lastQuotes = 0;
  private quotesPerSecond = 0;

  constructor(runtime: Runtime, tally: Tally, usdPerEur: () => number) {
    this.runtime = runtime;
    this.tally = tally;
    this.usdPerEur = usdPerEur;
  }

  text(): string {
    const { tally } = this;
    const rate = this.usdPerEur();
    const quotes = this.runtime.status().counters['quotes_accepted'] ?? 0;
    this.measure(quotes);
    const seconds = ((performance.now() - this.startMs) / 1000).toFixed(1);
    const reasons = tally
      .byReason(rate)
      .map(({ reason, count: closes }) => `${count(closes)} ${reasonWord(reason)}`);
    return [
      `${seconds} s`,
      `${count(quotes)} quotes (${count(this.quotesPerSecond)}/s)`,
      `${count(tally.openPositions)} open`,
      `P&L ${signedMoney(tally.totalPnl(rate))} USD`,
      `${count(tally.closed)} closed${reasons.length === 0 ? '' : `: ${reasons.join(', ')}`}`,
    ].join(' | ');
  }

  /** Over a second at least, so that it can be read. */
  private measure(quotes: number): void {
    const now = performance.now();
    const elapsedMs = now - this.lastMs;
    if (elapsedMs < 1000 && this.lastQuotes > 0) return;
    this.quotesPerSecond = ((quotes - this.lastQuotes) * 1000) / Math.max(1, elapsedMs);
    this.lastQuotes = quotes;
    this.lastMs = now;
  }
}
