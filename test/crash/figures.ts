// What a crashed world came to, once all is well again: everything that must be 0, counted.
import { isDeepStrictEqual } from 'node:util';
import { Decimal } from 'decimal.js';
import type { RuntimeEvent } from '#src/domain/events';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { finished, type Reply } from '../e2e/world.ts';
import { until } from '../support/until.ts';
import { balancesOff, drifts, pnlsOff } from './books.ts';
import type { Load } from './load.ts';
import type { RouteDump } from './stub-types.ts';
import { routes, type CrashWorld } from './world.ts';

/** Retries back off, and a close that waits for a report is asked about after 10 s. */
const settleMsMax = 90_000;
/** Progress is told once a second. */
const tellMsMax = 5000;
/** Further than any level from where the prices began. */
const sweep = 400;

/** How much was looked at: a world in which nothing happened proves nothing. */
export interface Amounts {
  readonly kills: number;
  readonly commandsAcked: number;
  readonly positions: number;
  readonly providerExecutions: number;
  readonly providerFaults: number;
  readonly dueCloses: number;
  readonly seenClosing: number;
}

/** Each of these must be 0. */
export interface Faults {
  readonly ackedLost: number;
  readonly doneTwice: number;
  readonly refused: number;
  readonly doubleCloses: number;
  readonly executedTwice: number;
  readonly resentAfterFill: number;
  readonly dueMissing: number;
  readonly seenClosingLost: number;
  /** Closed without a price, though the provider would tell it. */
  readonly closedUnpriced: number;
  readonly balancesOff: number;
  readonly pnlsOff: number;
  readonly closedRowsNotOne: number;
  readonly closedEventsMissing: number;
  readonly eventsToldOtherwise: number;
  readonly bulksUnfinished: number;
  readonly driftsLeft: number;
  readonly deadLettersLeft: number;
  readonly chainsBroken: number;
}

export interface Figures {
  readonly amounts: Amounts;
  readonly faults: Faults;
  /** What each figure that is not 0 counts, for people. */
  readonly findings: readonly string[];
  readonly byFault: Readonly<Record<string, number>>;
}

export async function figuresOf(world: CrashWorld, load: Load, kills: number): Promise<Figures> {
  const { operator, stub } = world;
  const findings: string[] = [];
  const count = (what: string, found: readonly unknown[]): number => {
    for (const one of found) findings.push(`${what}: ${JSON.stringify(one)}`);
    return found.length;
  };
  await stub.heal();
  await load.settleOwed();
  // Before the sweep crosses every level: a close that was due may not have been forgotten.
  const early = await positionsOf(world);
  const forgotten = [...load.market.due].filter((id) => early.get(id)?.['state'] === 'guarded');
  await closeAll(world, load);
  const letters = await operator.list<{ positionId: string }>('_.deadletter.list');
  const rows = await operator.list<LedgerRow>('_.ledger.list');
  const last = await positionsOf(world);
  const dumps = new Map<string, RouteDump>();
  for (const { route } of routes) dumps.set(route, await stub.dump(route));
  const orders = [...dumps.values()].flatMap((dump) => dump.orders);
  const held = [...dumps.values()].flatMap((dump) => dump.positions);
  const closed = rows.filter(({ eventType }) => eventType === 'position_closed');
  const closedIds = closed.map(({ metaData }) => String(metaData['positionId']));
  const isInLetters = (id: string): boolean => letters.some((one) => one.positionId === id);
  const missing = [...load.tracked.keys()].filter((id) => {
    const atProvider = held.find(({ positionId }) => positionId === id);
    const isDone = closedIds.includes(id) && (atProvider === undefined || atProvider.left === '0');
    return !isDone && !isInLetters(id);
  });
  const toldClosed = new Set(world.heard.once('position.closed').map((one) => one['positionId']));
  // The end of a bulk close is told a second later.
  const areToldOf = (): boolean => bulksUnfinished(world.heard.events).length === 0;
  await until(areToldOf, tellMsMax).catch(() => undefined);
  // Those that come while the rest is counted are not in it.
  const events = [...world.heard.events];
  const byId = new Map(events.map((event) => [event.id, event]));
  const verified = await finished(['verify'], world.environment);
  const byFault: Record<string, number> = {};
  for (const { faults } of dumps.values()) {
    for (const [fault, times] of Object.entries(faults)) {
      byFault[fault] = (byFault[fault] ?? 0) + times;
    }
  }
  const off = pnlsOff(rows, held, orders);
  const unpriced = off.filter(({ told }) => told.some(({ pnl }) => pnl === undefined));
  const faults: Faults = {
    ackedLost: count('acknowledged and lost', await ackedLost(world, load, last)),
    doneTwice: count('done twice', doneTwice(rows)),
    refused: count('refused', load.refused),
    doubleCloses: count(
      'more closed than was open',
      held.filter(({ closed: quantity, quantity: all }) => new Decimal(quantity).gt(all)),
    ),
    executedTwice: count(
      'executed twice',
      orders.filter(({ executions }) => executions > 1),
    ),
    resentAfterFill: count(
      'sent again after it was executed',
      orders.filter(({ resentAfterFill }) => resentAfterFill > 0),
    ),
    dueMissing: count('due and missing', [...forgotten, ...missing]),
    seenClosingLost: count('seen closing, and not closed', seenClosingLost(load, rows)),
    closedUnpriced: count('closed without a price', unpriced),
    balancesOff: count('balance off', await balancesOff(world, load, rows, { dumps, unpriced })),
    pnlsOff: count(
      'P&L of a position off',
      off.filter(({ told }) => told.every(({ pnl }) => pnl !== undefined)),
    ),
    closedRowsNotOne: count('not one row of its close', [
      ...closedIds.filter((id, i) => closedIds.indexOf(id) !== i),
      ...[...load.tracked.keys()].filter((id) => !closedIds.includes(id) && !isInLetters(id)),
    ]),
    closedEventsMissing: count(
      'no event of its close',
      closedIds.filter((id) => !toldClosed.has(id)),
    ),
    eventsToldOtherwise: count(
      'told otherwise',
      events
        .filter((event) => !isDeepStrictEqual(byId.get(event.id), event))
        .map((event) => [event, byId.get(event.id)]),
    ),
    bulksUnfinished: count('bulk close without an end', bulksUnfinished(events)),
    driftsLeft: count('drift', await drifts(world, unpriced)),
    deadLettersLeft: count('dead letter', letters),
    chainsBroken: count('chain', verified.status === 0 ? [] : [verified]),
  };
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const amounts: Amounts = {
    kills,
    commandsAcked: load.acked.size,
    positions: load.tracked.size,
    providerExecutions: sum(orders.map(({ executions }) => executions)),
    providerFaults: sum(Object.values(byFault)),
    dueCloses: load.market.due.size,
    seenClosing: load.seenClosing.size,
  };
  return { amounts, faults, findings, byFault };
}

/** Crosses every level, and waits until nothing is open any more. */
async function closeAll({ operator, publisher }: CrashWorld, { market }: Load): Promise<void> {
  const quiet = async (): Promise<boolean> => {
    const open = await operator.list<{ state: string }>('_.position.list');
    return open.every(({ state }) => state === 'guarded');
  };
  await until(quiet, settleMsMax, 'every close under way done');
  for (const distance of [-sweep, sweep]) {
    market.moveTo(distance);
    await publisher.follow();
  }
  const isFlat = async (): Promise<boolean> =>
    (await operator.list('_.position.list')).length === 0;
  // What is open still is counted below, with all that can be said of it.
  await until(isFlat, settleMsMax, 'every crossed position closed').catch(() => undefined);
}

async function positionsOf({ operator }: CrashWorld): Promise<Map<string, Reply>> {
  const all = await operator.list<Reply>('_.position.list', { state: 'all' });
  return new Map(all.map((one) => [String(one['positionId']), one]));
}

/** Sent again with their ids: each is in force, and answered as it was. */
async function ackedLost(
  { operator }: CrashWorld,
  load: Load,
  last: Map<string, Reply>,
): Promise<unknown[]> {
  const lost: unknown[] = [...load.tracked.keys()].filter((id) => !last.has(id));
  for (const { sent, reply } of load.acked.values()) {
    if (sent.place.endsWith('.position.get')) continue;
    const again = await operator.ask(sent.place, sent.body, sent.id);
    if (!isSame(reply, again)) lost.push({ sent, reply, again });
  }
  return lost;
}

/** An answer that could not wait is followed by how the same close stands now. */
function isSame(first: Reply, again: Reply): boolean {
  if (first['outcome'] === 'pending' || first['outcome'] === 'unknown') {
    return first['closeId'] === again['closeId'];
  }
  if (Array.isArray(first['results'])) {
    const results = first['results'] as { outcome: string }[];
    if (results.some(({ outcome }) => outcome === 'pending' || outcome === 'unknown')) {
      return first['bulkId'] === again['bulkId'];
    }
  }
  return isDeepStrictEqual(first, again);
}

/** Deposits name themselves in their reason. */
function doneTwice(rows: readonly LedgerRow[]): unknown[] {
  const done = rows
    .filter(({ eventType }) => eventType === 'account_adjusted')
    .map(({ metaData }) => metaData['reason']);
  return done.filter((reason, i) => done.indexOf(reason) !== i);
}

/** A close that was answered to be under way ends as one, but an operator's that failed. */
function seenClosingLost(load: Load, rows: readonly LedgerRow[]): unknown[] {
  const ends = new Map<unknown, LedgerRow[]>();
  for (const row of rows) {
    if (row.closeId !== undefined) ends.set(row.closeId, [...(ends.get(row.closeId) ?? []), row]);
  }
  return [...load.seenClosing.values()].filter(({ closeId }) => {
    const own = ends.get(closeId) ?? [];
    if (own.some(({ eventType }) => eventType === 'position_closed')) return false;
    const isFailed = own.some(({ eventType }) => eventType === 'position_close_failed');
    const isManual = own.every(
      ({ metaData }) => (metaData['closeReason'] ?? 'manual') === 'manual',
    );
    return !(isFailed && isManual);
  });
}

/** Bulk closes whose last word is that something of them is pending. */
function bulksUnfinished(events: readonly RuntimeEvent[]): unknown[] {
  const last = new Map<unknown, RuntimeEvent>();
  for (const event of events) {
    if (event.event === 'bulk.progressed') last.set(event['bulkId'], event);
  }
  return [...last.values()].filter((event) => event['pending'] !== 0);
}
