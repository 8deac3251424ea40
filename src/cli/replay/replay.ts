// A replay: recorded quotes through the same core as live ones, with the paper broker, awaiting
// nothing where nothing has to be read. The same input gives the same bytes out.
import { Core } from '#actors/core';
import { PriceFeed } from '#actors/price-feed';
import { accountRecordOf } from '#src/commands/account';
import { positionRecordOf } from '#src/commands/track';
import type { Scenario } from '#src/contracts/scenario';
import { apply } from '#src/domain/apply';
import { InvariantError } from '#src/domain/errors';
import { noAccount, partitionOf } from '#src/domain/ids';
import { instrumentOf } from '#src/domain/instrument';
import { guardOf } from '#src/domain/market-conditions';
import { text } from '#src/domain/money';
import {
  recordVersion,
  type Draft,
  type JournalRecord,
  type PositionRecord,
} from '#src/domain/records';
import type { Issue } from '#src/domain/refusals';
import { needsPeak } from '#src/domain/rules';
import { emptyState, type State } from '#src/domain/state';
import { trackFault } from '#src/domain/trackable';
import type { Clock } from '#src/ports/clock';
import type { Logger } from '#src/ports/logger';
import { memoryMetrics } from '#src/ports/metrics';
import type { Quote } from '#src/domain/quote';
import { equityOf } from '#src/prices/exposure';
import { countedIds } from '#src/system/ids';

/** One line of the output: a close, in the order in which they happened. */
export interface CloseLine {
  positionId: string;
  accountId: string;
  symbol: string;
  side: 'long' | 'short';
  quantity: string;
  reason: string;
  ruleId?: string;
  ts: number;
  triggerPrice?: string;
  price?: string;
  pnl?: string;
}

export interface AccountReport {
  accountId: string;
  state: string;
  balance: string;
  equity: string;
  peakEquity?: string;
}

/** What the accounts have cost so far. */
export interface GuardWork {
  /** How often a quote has left the bands of an account. */
  readonly looks: number;
  /** … and doubles could not tell, so that it was judged exactly. */
  readonly exactLooks: number;
  /** How often a peak was looked for among earlier quotes. */
  readonly peakSearches: number;
}

/** What the run came to; the report without its times. */
export interface ReplaySummary {
  quotes: number;
  refusedQuotes: number;
  closes: number;
  accounts: AccountReport[];
  openPositions: number;
}

export interface ReplayOptions {
  readonly logger: Logger;
  /** Takes each close as it happens. */
  readonly onClose: (line: CloseLine) => void;
  /** Takes every record, where a ledger wants them. */
  readonly onRecords?: ((records: readonly JournalRecord[]) => void) | undefined;
}

interface Scheduled {
  readonly openAt: number;
  readonly position: PositionRecord;
}

/** The field of a position that a refusal is about. */
const faultyFields: Readonly<Record<string, string>> = {
  unknown_account: 'accountId',
  unknown_symbol: 'symbol',
  missing_conversion: 'symbol',
  position_exists: 'positionId',
  ticket_exists: 'ticket',
};

/** Faults of positions against the rest of the scenario, each with its path. */
export function positionFaults(scenario: Scenario): Issue[] {
  const issues: Issue[] = [];
  const state = emptyState();
  const applyDraft = (draft: Draft): void => {
    apply(state, {
      ...draft,
      n: 0,
      v: recordVersion,
      partition: partitionOf(draft.accountId),
      epoch: 0,
      seq: 0,
      ts: 0,
    });
  };
  for (const draft of setUpDrafts(scenario)) applyDraft(draft);
  scenario.positions.forEach((given, i) => {
    const position = positionRecordOf({ ...given, openedAt: given.openedAt ?? 0 });
    const fault = trackFault(state, position);
    if (fault === undefined) {
      applyDraft({ type: 'position.tracked', accountId: given.accountId, body: { position } });
      return;
    }
    const field = faultyFields[fault.error.name];
    const path = `positions[${i}]${field === undefined ? '' : `.${field}`}`;
    issues.push({ path, message: fault.error.message });
  });
  return issues;
}

function setUpDrafts(scenario: Scenario): Draft[] {
  const drafts: Draft[] = [];
  for (const given of scenario.instruments) {
    const instrument = instrumentOf(given).spec;
    drafts.push({ type: 'instrument.put', accountId: noAccount, body: { instrument } });
  }
  for (const [symbol, conditions] of Object.entries(scenario.marketGuards ?? {})) {
    const guard = guardOf({ symbol, ...conditions });
    drafts.push({ type: 'guard.put', accountId: noAccount, body: { guard } });
  }
  for (const given of scenario.accounts) {
    const account = accountRecordOf(given);
    drafts.push({ type: 'account.created', accountId: given.accountId, body: { account } });
  }
  return drafts;
}

export class Replay {
  private readonly core: Core;
  private readonly feed: PriceFeed;
  private readonly clock: ReplayClock;
  private readonly options: ReplayOptions;
  private readonly scheduled: Scheduled[];
  private nextScheduled = 0;
  private nextOpenAt = Infinity;
  private closes = 0;

  /** The scenario is valid: see `Scenario`, `scenarioFaults` and `positionFaults`. */
  constructor(scenario: Scenario, options: ReplayOptions) {
    this.options = options;
    this.clock = new ReplayClock();
    this.core = new Core({
      state: emptyState(),
      clock: this.clock,
      ids: countedIds(),
      metrics: memoryMetrics(),
      logger: options.logger,
      epoch: 1,
      deadlinesBy: 'quote',
      deliver: ({ records }) => this.deliver(records),
    });
    this.feed = new PriceFeed(this.core, {
      isReplay: true,
      beforeQuote: (ts) => this.advance(ts),
      trackedBy: (ts) => this.trackedBy(ts),
    });
    this.core.arm();
    this.core.turn(() => {
      for (const draft of setUpDrafts(scenario)) this.core.commit(draft);
    });
    this.scheduled = scheduleOf(scenario);
    this.core.turn(() => this.trackUntil(-Infinity));
  }

  get state(): State {
    return this.core.state;
  }

  quote(quote: Quote): void {
    this.feed.take(quote);
  }

  get guardWork(): GuardWork {
    const { looks, exactLooks } = this.feed.accountJudge;
    return { looks, exactLooks, peakSearches: this.core.markets.peaks.searches };
  }

  /** Brings the peak of every account up to the last quote. */
  settlePeaks(): void {
    for (const accountId of this.core.state.accounts.keys()) this.core.settlePeak(accountId);
  }

  /** At the end of the quotes; `malformed` counts rows that never became one. */
  summary(malformed: number): ReplaySummary {
    const { accounts } = this.core.state;
    // No more quote will confirm them.
    for (const market of this.core.markets.all()) this.feed.refuseHeld(market);
    this.settlePeaks();
    let openPositions = 0;
    for (const account of accounts.values()) openPositions += account.positions.size;
    return {
      quotes: this.feed.accepted,
      refusedQuotes: this.feed.refused + malformed,
      closes: this.closes,
      accounts: [...accounts.values()].map((account) => ({
        accountId: account.accountId,
        state: account.state,
        balance: text(account.balance),
        equity: text(equityOf(account, this.core.markets.bookOf)),
        ...(needsPeak(account.rules) ? { peakEquity: text(account.peak) } : {}),
      })),
      openPositions,
    };
  }

  private advance(ts: number): void {
    const { rollovers } = this.core;
    this.clock.ts = ts;
    if (rollovers.next <= ts) rollovers.runUntil(ts);
    if (this.nextOpenAt <= ts) this.trackUntil(ts);
  }

  private trackUntil(ts: number): void {
    for (;;) {
      const next = this.scheduled[this.nextScheduled];
      this.nextOpenAt = next?.openAt ?? Infinity;
      if (next === undefined || next.openAt > ts) return;
      this.nextScheduled++;
      const { position } = next;
      const { accountId } = position;
      this.core.commit({ type: 'position.tracked', accountId, body: { position } });
    }
  }

  /** Of the positions that are tracked so far, how many are open at that time: the first ones. */
  private trackedBy(ts: number): number {
    let tracked = this.nextScheduled;
    while (tracked > 0 && (this.scheduled[tracked - 1] as Scheduled).openAt > ts) tracked--;
    return tracked;
  }

  private deliver(records: readonly JournalRecord[]): void {
    this.options.onRecords?.(records);
    for (const record of records) {
      if (record.type !== 'close.filled' && record.type !== 'close.partially-filled') continue;
      this.closes++;
      this.options.onClose(closeLineOf(record));
    }
  }
}

/** In the order of `openAt`, then of the list; those without one are there from the start. */
function scheduleOf(scenario: Scenario): Scheduled[] {
  return scenario.positions
    .map((given) => ({
      openAt: given.openAt ?? -Infinity,
      position: positionRecordOf({ ...given, openedAt: given.openedAt ?? given.openAt ?? 0 }),
    }))
    .sort((a, b) => (a.openAt === b.openAt ? 0 : a.openAt - b.openAt));
}

type Filled = Extract<JournalRecord, { type: 'close.filled' | 'close.partially-filled' }>;

function closeLineOf(record: Filled): CloseLine {
  const { intent, result } = record.body;
  return {
    positionId: intent.positionId,
    accountId: intent.accountId,
    symbol: intent.symbol,
    side: intent.side,
    quantity: result.quantity,
    reason: intent.reason,
    ...(intent.ruleId === undefined ? {} : { ruleId: intent.ruleId }),
    ts: record.ts,
    ...(intent.triggerPrice === undefined ? {} : { triggerPrice: intent.triggerPrice }),
    ...(result.closedPrice === undefined ? {} : { price: result.closedPrice }),
    ...(result.pnl === undefined ? {} : { pnl: result.pnl }),
  };
}

/** Time is that of the quote being worked on. */
class ReplayClock implements Clock {
  ts = 0;

  now(): number {
    return this.ts;
  }

  at(): never {
    throw new InvariantError('a replay has no timers: deadlines act on quotes');
  }

  soon(): never {
    throw new InvariantError('a replay waits for nothing');
  }
}
