// A live engine in this process: the system's clock, the journal that it is given, and no history,
// so that what is measured is the engine. Positions are tracked as their records are, without commands.
import type { Core } from '#actors/core';
import type { Engine } from '#actors/engine';
import { recover } from '#actors/recovery';
import { positionRecordOf } from '#src/commands/track';
import type { Scenario } from '#src/contracts/scenario';
import { parseSettings } from '#src/contracts/settings';
import type { Quote } from '#src/domain/quote';
import { Host } from '#src/host/host';
import { memoryJournal } from '#src/journal/memory-journal';
import type { Journal } from '#src/ports/journal';
import type { Ledger } from '#src/ports/ledger';
import { silentLogger } from '#src/ports/logger';
import { memoryMetrics, type Metrics } from '#src/ports/metrics';
import { systemClock } from '#src/system/clock';
import { countedIds } from '#src/system/ids';

const tracksPerTurn = 1_000;
/** Once a day: no reconciliation falls into a measurement. */
const reconcileEveryS = 86_400;

export interface EngineWorldOptions {
  /** One that keeps nothing, where it is not given. */
  readonly journal?: Journal;
  /** Told of each close, when the PositionCloser takes it up: before anything is recorded. */
  readonly onCloseRequested?: () => void;
}

export class EngineWorld {
  private readonly engine: Engine;
  private readonly journal: Journal;

  private constructor(engine: Engine, journal: Journal) {
    this.engine = engine;
    this.journal = journal;
  }

  /** On what the journal holds; then it puts the instruments and accounts, if there are some. */
  static async open(
    declared: Pick<Scenario, 'instruments' | 'accounts'> | undefined,
    { journal = memoryJournal({ keep: false }), onCloseRequested }: EngineWorldOptions = {},
  ): Promise<EngineWorld> {
    const { epoch, lastN } = await journal.open();
    const { state, ring } = await recover(journal, lastN);
    const metrics = memoryMetrics();
    const host = new Host({
      ...{ journal, state, ring, epoch, durableN: lastN, reconcileEveryS },
      ...{ ledger: noLedger, reopenLedger: undefined, logger: silentLogger, inspect: undefined },
      ...{ clock: systemClock(), ids: countedIds(), chance: { next: () => 0.5 } },
      metrics:
        onCloseRequested === undefined ? metrics : tellingOfCloses(metrics, onCloseRequested),
      brokerOf: () => undefined,
      publish: () => {},
      flush: () => Promise.resolve(),
      onFailure: (error) => {
        throw error;
      },
      status: () => ({}),
      unready: () => undefined,
      drain: () => {},
    });
    const { instruments, accounts } = declared ?? { instruments: [], accounts: [] };
    const settings = parseSettings({ instruments, accounts });
    if (!settings.ok) throw new Error('the settings of a bench are valid');
    await host.arm(settings.value);
    return new EngineWorld(host.engine, journal);
  }

  get core(): Core {
    return this.engine.core;
  }

  /** As from `quotes$`. */
  quote(quote: Quote): void {
    this.engine.quote(quote);
  }

  /** Calls `act` whenever a quote has gone through all its steps, however long it waited. */
  onTaken(act: (quote: Quote) => void): void {
    const { feed } = this.engine;
    const take = feed.take.bind(feed);
    feed.take = (quote) => {
      const isTaken = take(quote);
      if (!isTaken) throw new Error(`a quote of ${quote.symbol} was refused`);
      act(quote);
      return isTaken;
    };
  }

  track(positions: Scenario['positions']): void {
    const { core } = this;
    for (let at = 0; at < positions.length; at += tracksPerTurn) {
      core.turn(() => {
        for (const given of positions.slice(at, at + tracksPerTurn)) {
          const position = positionRecordOf({ ...given, openedAt: core.clock.now() });
          const { accountId } = position;
          core.commit({ type: 'position.tracked', accountId, body: { position } });
        }
      });
    }
  }

  /** Waits until everything is durable. */
  async settled(): Promise<void> {
    await this.engine.settle(Infinity);
  }

  async close(): Promise<void> {
    this.engine.stop();
    await this.journal.close();
  }
}

/** Whatever the records, it has them already. */
const noLedger: Ledger = {
  open: () => Promise.resolve(),
  cursor: () => Promise.resolve(Number.MAX_SAFE_INTEGER),
  write: () => Promise.resolve(),
  list: () => Promise.resolve({ items: [] }),
  close: () => Promise.resolve(),
};

function tellingOfCloses(metrics: Metrics, tell: () => void): Metrics {
  return {
    count: (name, by) => {
      if (name === 'closes_requested') tell();
      metrics.count(name, by);
    },
    counters: () => metrics.counters(),
  };
}
