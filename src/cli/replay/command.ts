// closeout replay --scenario FILE --quotes SYMBOL=FILE [--quotes …] [--out FILE|-] [--report FILE] [--db URL]
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse, withFaults } from '#src/contracts/parse';
import { Scenario, scenarioFaults } from '#src/contracts/scenario';
import { canonical, sha256 } from '#src/domain/chain';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { JournalRecord } from '#src/domain/records';
import type { Issue } from '#src/domain/refusals';
import { journalBatchMax } from '#src/ports/journal';
import { mikroLedger } from '#src/ledger/mikro-ledger';
import { memoryJournal } from '#src/journal/memory-journal';
import { createLogger } from '../logger.ts';
import { openQuotes, type QuoteReader } from './csv-quotes.ts';
import { mergeQuotes, needsRefill } from './merge.ts';
import { positionFaults, Replay, type ReplaySummary } from './replay.ts';

export const replayUsage =
  'closeout replay --scenario FILE --quotes SYMBOL=FILE [--quotes …] [--out FILE|-] [--report FILE] [--db URL]';

interface ReplayArguments {
  readonly scenario: Scenario;
  readonly quotes: readonly { symbol: string; path: string }[];
  readonly out: string;
  readonly report: string | undefined;
  readonly db: string | undefined;
}

/** Unusable arguments or a scenario that does not validate: exit status 2, every fault named. */
class Unusable extends Error {}

/** Runs a replay; the exit status is what is returned. */
export async function replayCommand(argv: readonly string[]): Promise<number> {
  let given: ReplayArguments;
  try {
    given = readArguments(argv);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    process.stderr.write(`closeout replay: ${error.message}\n`);
    return 2;
  }
  try {
    await run(given);
    return 0;
  } catch (error) {
    if (!(error instanceof CloseoutError)) throw error;
    process.stderr.write(`closeout replay: ${error.message}\n`);
    return ['quotes_unusable', 'output_unusable'].includes(error.code) ? 2 : 1;
  }
}

async function run({ scenario, quotes, out, report, db }: ReplayArguments): Promise<void> {
  const logger = createLogger('warn');
  const lines = new LineFile('--out', out);
  const reportFile = report === undefined ? undefined : new LineFile('--report', report);
  const ledger = db === undefined ? undefined : await LedgerSink.open(db, scenario);
  const replay = new Replay(scenario, {
    // Refused quotes are counted in the report: a line each second of a recorded day says no more.
    logger: createLogger('error'),
    onClose: (line) => lines.write(JSON.stringify(line)),
    onRecords: ledger === undefined ? undefined : (records) => ledger.take(records),
  });
  const readers: QuoteReader[] = [];
  for (const { symbol, path } of quotes) {
    const onMalformed = (line: number, why: string): void =>
      logger.warn({ path, line, why }, 'row refused');
    readers.push(await openQuotes({ symbol, path, onMalformed }));
  }
  const merged = mergeQuotes(readers);
  const startedMs = performance.now();
  for (;;) {
    const quote = merged.nextSync();
    if (quote === undefined) break;
    if (quote === needsRefill) {
      await merged.refill();
      if (ledger !== undefined) await ledger.write();
    } else {
      replay.quote(quote);
    }
  }
  const elapsedMs = Math.round(performance.now() - startedMs);
  merged.close();
  lines.close();
  if (ledger !== undefined) await ledger.close();
  tell(reportFile, replay.summary(merged.malformed), elapsedMs);
}

function tell(report: LineFile | undefined, summary: ReplaySummary, elapsedMs: number): void {
  const { quotes, refusedQuotes, closes, accounts, openPositions } = summary;
  const quotesPerSecond = Math.round((quotes * 1000) / Math.max(1, elapsedMs));
  const whole = {
    quotes,
    refusedQuotes,
    closes,
    accounts,
    openPositions,
    elapsedMs,
    quotesPerSecond,
  };
  report?.write(JSON.stringify(whole, null, 2));
  report?.close();
  process.stderr.write(
    `${quotes} quotes (${refusedQuotes} refused), ${closes} closes, ${openPositions} positions open, ` +
      `${elapsedMs} ms, ${quotesPerSecond} quotes/s\n`,
  );
}

function readArguments(argv: readonly string[]): ReplayArguments {
  const values = readOptions(argv);
  const faults: string[] = [];
  if (values.scenario === undefined) faults.push('--scenario: expected a file');
  if (values.quotes === undefined) faults.push('--quotes: expected SYMBOL=FILE at least once');
  if (faults.length > 0) throw new Unusable(`${faults.join('\n')}\nusage: ${replayUsage}`);
  const scenario = readScenario(values.scenario as string);
  const symbols = scenario.instruments.map(({ symbol }) => symbol);
  const quotes = (values.quotes ?? []).map((text) => {
    const quoted = readQuotesOption(text, symbols);
    if (quoted === undefined) {
      faults.push(
        `--quotes ${text}: expected SYMBOL=FILE with a symbol of the scenario's instruments`,
      );
    }
    return quoted ?? { symbol: '', path: '' };
  });
  if (values.db !== undefined && !/^postgres(ql)?:\/\//.test(values.db)) {
    faults.push('--db: expected a postgres:// URL');
  }
  if (faults.length > 0) throw new Unusable(faults.join('\n'));
  return { scenario, quotes, out: values.out ?? '-', report: values.report, db: values.db };
}

function readOptions(argv: readonly string[]) {
  const options = {
    scenario: { type: 'string' },
    quotes: { type: 'string', multiple: true },
    out: { type: 'string' },
    report: { type: 'string' },
    db: { type: 'string' },
  } as const;
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new Unusable(`${messageOf(error)}\nusage: ${replayUsage}`);
  }
}

/** A symbol may hold `=`: the longest one that is an instrument counts. */
function readQuotesOption(
  text: string,
  symbols: readonly string[],
): { symbol: string; path: string } | undefined {
  const fitting = symbols.filter((symbol) => text.startsWith(`${symbol}=`));
  const symbol = fitting.sort((a, b) => b.length - a.length)[0];
  if (symbol === undefined || text.length === symbol.length + 1) return undefined;
  return { symbol, path: text.slice(symbol.length + 1) };
}

function readScenario(path: string): Scenario {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Unusable(`--scenario ${path}: expected a JSON file: ${messageOf(error)}`);
  }
  const parsed = parse(Scenario, value);
  const issues = withFaults(parsed.ok ? [] : parsed.issues, scenarioFaults(value));
  if (parsed.ok && issues.length === 0) issues.push(...positionFaults(parsed.value));
  if (!parsed.ok || issues.length > 0) throw unusableScenario(path, issues);
  return parsed.value;
}

function unusableScenario(path: string, issues: readonly Issue[]): Unusable {
  const lines = issues.map((issue) => `  ${issue.path}: ${issue.message}`);
  return new Unusable(`the scenario ${path} is not valid:\n${lines.join('\n')}`);
}

/** Lines to a file or to standard output, written in pieces. */
class LineFile {
  private readonly fd: number;
  private readonly name: string;
  private pending = '';

  constructor(option: string, path: string) {
    this.name = `${option} ${path}`;
    try {
      this.fd = path === '-' ? 1 : openSync(path, 'w');
    } catch (error) {
      throw new CloseoutError('output_unusable', `${this.name}: ${messageOf(error)}`);
    }
  }

  write(line: string): void {
    this.pending += `${line}\n`;
    if (this.pending.length >= 65_536) this.flush();
  }

  close(): void {
    this.flush();
    if (this.fd !== 1) closeSync(this.fd);
  }

  /** Standard output may be a pipe that takes only a part at once. */
  private flush(): void {
    let rest = Buffer.from(this.pending);
    this.pending = '';
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(this.fd, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') continue;
        throw new CloseoutError('output_failed', `${this.name}: ${messageOf(error)}`);
      }
    }
  }
}

/** The records of a replay on their way to a database. */
class LedgerSink {
  private readonly journal = memoryJournal();
  private readonly ledger;
  private written = 0;

  private constructor(url: string) {
    this.ledger = mikroLedger({ url });
  }

  static async open(url: string, scenario: Scenario): Promise<LedgerSink> {
    const sink = new LedgerSink(url);
    await sink.journal.open();
    await sink.ledger.open(`replay_${sha256(canonical(scenario)).slice(0, 32)}`);
    return sink;
  }

  take(records: readonly JournalRecord[]): void {
    this.journal.append(records, () => {});
  }

  async write(): Promise<void> {
    for (;;) {
      const entries = await this.journal.read(this.written, journalBatchMax);
      const last = entries.at(-1);
      if (last === undefined) return;
      await this.ledger.write(entries);
      this.written = last.record.n;
    }
  }

  async close(): Promise<void> {
    await this.write();
    await this.ledger.close();
  }
}
