// What must hold in a simulated world, whatever went wrong. To add an invariant, add a row.
import { recover } from '#actors/recovery';
import { decimal, text, zero } from '#src/domain/money';
import { verifyChain, type LedgerRow } from '#src/domain/ledger-rows';
import type { Position, State } from '#src/domain/state';
import { placeRows } from '#src/ledger/placed-rows';
import { journalBatchMax, type JournalEntry } from '#src/ports/journal';
import { exitInvariants } from './exit-invariants.ts';
import { guardInvariants } from './guard-invariants.ts';
import { marketInvariants } from './market-invariants.ts';
import { guardKinds } from './guard-kinds.ts';
import { closeKinds } from './close-kinds.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** Everything there is to look at when it is over. */
export interface End {
  readonly world: World;
  readonly state: State;
  readonly rows: readonly LedgerRow[];
  readonly entries: readonly JournalEntry[];
}

export interface Invariant {
  readonly name: string;
  /** What is wrong; nothing where it holds. */
  readonly faults: (end: End) => Iterable<string>;
}

const closed = 'position_closed';
const partly = 'position_partially_closed';
const amended = 'position_close_amended';

const invariants: readonly Invariant[] = [
  {
    name: 'no position is closed twice at the broker',
    *faults({ world }) {
      for (const { name, provider } of world.routes) {
        if (provider.overCloses > 0) yield `${name}: ${provider.overCloses} closes too many`;
        for (const [positionId, quantity] of provider.closedOf) {
          const tracked = world.book.tracked.get(positionId);
          if (tracked === undefined || quantity.lte(tracked.quantity)) continue;
          yield `${positionId}: ${text(quantity)} of ${tracked.quantity} were closed`;
        }
      }
    },
  },
  {
    name: 'every due close is done, or in the dead letters',
    *faults({ world, state }) {
      for (const positionId of world.book.tracked.keys()) {
        const position = state.positions.get(positionId);
        if (position === undefined || position.state === 'closed') continue;
        if (position.deadLetter === undefined) yield `${positionId} is ${where(position)}`;
      }
    },
  },
  {
    name: 'the ledger says what the broker holds',
    *faults({ world, state, rows }) {
      const booked = quantities(rows);
      for (const { accountId, provider } of world.routes) {
        for (const [positionId, tracked] of world.book.tracked) {
          if (tracked.accountId !== accountId || world.book.untracked.has(positionId)) continue;
          const position = state.positions.get(positionId);
          const held = provider.held.get(positionId);
          if (position?.state === 'closed' && held !== undefined) {
            yield `${positionId} is closed here, and ${held.quantity} of it is open there`;
          }
          const there = provider.closedOf.get(positionId) ?? zero;
          const here = booked.get(positionId);
          if (here === undefined || !here.isTold) continue;
          if (!here.quantity.eq(there)) {
            yield `${positionId}: ${text(here.quantity)} closed here, ${text(there)} there`;
          }
        }
      }
    },
  },
  {
    name: 'a position has one position_closed row when it is closed, and else none',
    *faults({ state, rows }) {
      const count = new Map<unknown, number>();
      for (const { eventType, metaData } of rows) {
        if (eventType !== closed) continue;
        count.set(metaData['positionId'], (count.get(metaData['positionId']) ?? 0) + 1);
      }
      for (const position of state.positions.values()) {
        const rowsOfIt = count.get(position.positionId) ?? 0;
        const wanted = position.state === 'closed' ? 1 : 0;
        if (rowsOfIt !== wanted) yield `${position.positionId}: ${rowsOfIt}, not ${wanted}`;
      }
    },
  },
  {
    name: 'the P&L adds up to the balance',
    *faults({ world, state, rows }) {
      for (const account of state.accounts.values()) {
        let sum = decimal(world.expectedCapital(account.accountId));
        for (const { userId, eventType, metaData } of rows) {
          if (userId !== account.accountId) continue;
          if (eventType !== closed && eventType !== partly && eventType !== amended) continue;
          sum = sum.plus((metaData['pnl'] as string | undefined) ?? 0);
        }
        if (!sum.eq(account.balance)) {
          yield `${account.accountId}: ${text(account.balance)}, its history says ${text(sum)}`;
        }
      }
    },
  },
  {
    name: 'an acknowledged command is never lost',
    *faults({ world, state }) {
      if (world.client.waiting > 0) yield `${world.client.waiting} commands have no answer`;
      for (const positionId of world.book.tracked.keys()) {
        if (!state.usedPositionIds.has(positionId)) yield `${positionId} is not known`;
        const isUntracked = world.book.untracked.has(positionId);
        if (isUntracked === state.positions.has(positionId)) yield `${positionId} is not as told`;
      }
    },
  },
  {
    name: 'what is told of a close is not taken for another one',
    *faults({ world, rows, entries }) {
      for (const { eventType, metaData } of rows) {
        if (eventType !== 'drift_detected') continue;
        const { kind, positionId } = metaData;
        if (kind !== 'overfill' && kind !== 'fill_of_closed') continue;
        if (world.book.executedThere.has(String(positionId))) continue;
        if (!wasSentUnrecorded(world, entries, String(positionId))) {
          yield `${String(positionId)}: ${kind}`;
        }
      }
    },
  },
  {
    name: 'the chains of the ledger hold, and it has all that the journal has',
    *faults({ rows, entries }) {
      const fault = verifyChain(rows);
      if (fault !== undefined) yield `row ${fault.id}: ${fault.field}`;
      const wanted = placeRows(entries, {}).placed.map(({ row }) => row);
      if (wanted.length !== rows.length) yield `${rows.length} rows, not ${wanted.length}`;
      for (const [i, row] of rows.entries()) {
        if (row.hash === wanted[i]?.hash) continue;
        yield `row ${row.id} is not what the journal says`;
        break;
      }
    },
  },
  {
    name: 'nothing is in memory that is not in the journal',
    *faults({ world, state }) {
      const { recovered } = world;
      if (recovered === undefined) return;
      for (const account of state.accounts.values()) {
        const again = recovered.accounts.get(account.accountId);
        if (again?.balance.eq(account.balance) === true && again.state === account.state) continue;
        yield `${account.accountId} is ${account.state} in memory, ${again?.state} in the journal`;
      }
      for (const position of state.positions.values()) {
        const again = recovered.positions.get(position.positionId);
        const isSame = again !== undefined && where(again) === where(position);
        if (!isSame) yield `${position.positionId} is ${where(position)}, ${again && where(again)}`;
      }
    },
  },
  {
    name: 'a halt after a breach leaves nothing open',
    *faults({ state }) {
      for (const account of state.accounts.values()) {
        // What came later may be in a close of which no provider will ever say what became of it.
        const closing = [...account.positions.values()].filter(
          (position) => position.state === 'closing' && position.deadLetter === undefined,
        );
        if (account.state === 'halted' && account.halt?.by === 'breach' && closing.length > 0) {
          yield `${account.accountId} is halted with ${closing.length} closes under way`;
        }
        const isStuck = account.state === 'closing' && account.closingCount === 0;
        if (isStuck) yield `${account.accountId} is closing, and nothing is`;
      }
    },
  },
];

/** Throws a {@link Violation} where something does not hold at the end of the world. */
export async function checkAtEnd(world: World): Promise<void> {
  const core = world.runtime?.host?.engine.core;
  if (core === undefined || world.runtime?.isReady !== true) {
    throw new Violation(world.seed, 'the runtime comes back', ['it is not ready at the end']);
  }
  const entries = await allEntries(world);
  const rows = await allRows(world);
  world.recovered = (await recover(world.disk.content, entries.length)).state;
  const end: End = { world, state: core.state, rows, entries };
  for (const { name, faults } of [
    ...invariants,
    ...exitInvariants,
    ...guardInvariants,
    ...marketInvariants,
  ]) {
    const found = [...faults(end)];
    if (found.length > 0) throw new Violation(world.seed, name, found);
  }
  const closes = rows.filter(({ eventType }) => eventType === closed);
  world.tally.closesChecked = closes.length;
  const isDue = ({ metaData }: LedgerRow): boolean =>
    !['manual', 'a part', 'the end', 'weekend'].includes(String(metaData['closeReason']));
  world.tally.dueCloses = closes.filter(isDue).length;
  Object.assign(world.tally.closes, closeKinds(entries));
  Object.assign(world.tally.guards, guardKinds(entries));
}

function where({ state, phase, remainingQuantity }: Position): string {
  return `${state}${phase === undefined ? '' : ` (${phase})`}, ${text(remainingQuantity)} left`;
}

/** What the rows say was closed of each position, and whether its price was told. */
function quantities(rows: readonly LedgerRow[]) {
  const found = new Map<string, { quantity: ReturnType<typeof decimal>; isTold: boolean }>();
  for (const { eventType, metaData } of rows) {
    const isDrift = eventType === 'drift_detected' && metaData['kind'] === 'quantity';
    if (eventType !== closed && eventType !== partly && !isDrift) continue;
    const positionId = String(metaData['positionId']);
    const before = found.get(positionId) ?? { quantity: zero, isTold: true };
    if (isDrift) {
      // What the provider closed without saying so is known only by what is left.
      found.set(positionId, { ...before, isTold: false });
      continue;
    }
    found.set(positionId, {
      quantity: before.quantity.plus(String(metaData['quantity'])),
      isTold: before.isTold && metaData['closedPrice'] !== undefined,
    });
  }
  return found;
}

async function allEntries(world: World): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (;;) {
    const some = await world.disk.content.read(entries.length, journalBatchMax);
    if (some.length === 0) return entries;
    entries.push(...some);
  }
}

async function allRows(world: World): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await world.database.content.list({ limit: 1000, cursor });
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return rows;
}

/** While the disk failed a close went out, and a kill lost it: its id is that of the next close. */
function wasSentUnrecorded(
  { routes }: World,
  entries: readonly JournalEntry[],
  positionId: string,
): boolean {
  return entries.some(({ record }) => {
    if (record.type !== 'close.intended') return false;
    const { intent } = record.body;
    if (intent.positionId !== positionId) return false;
    const isEarlier = (order: { clientOrderId: string; ts: number }): boolean =>
      order.clientOrderId === intent.clientOrderId && order.ts < record.ts;
    return routes.some(({ provider }) => provider.received.some(isEarlier));
  });
}
