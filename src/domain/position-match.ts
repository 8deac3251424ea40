// Which position in a provider's list is which of ours: what reconciliation compares.
import { decimal, text, type Decimal } from './money.ts';
import type { BrokerPosition } from './provider.ts';
import type { Side } from './quote.ts';
import type { Account, Position } from './state.ts';

export interface PositionMatch {
  /** Their row of each position of ours that they list. */
  readonly theirsOf: ReadonlyMap<Position, BrokerPosition>;
  /** Rows that are none of ours, in their order, a ticket once at the most. */
  readonly unknown: readonly UnknownRow[];
}

export interface UnknownRow {
  readonly theirs: BrokerPosition;
  /**
   * The position of ours that the row names too, though another row is matched with it already. Such
   * a row is contradiction, not knowledge: to adopt or close it would hit that position.
   */
  readonly contradicts?: Position;
}

/** How sure a caller is of what it holds; see {@link matchPositions}. */
export interface Doubts {
  readonly isUnsettled: (position: Position) => boolean;
  readonly isRecentlyClosed: (theirs: BrokerPosition) => boolean;
}

type Naming = (row: BrokerPosition) => Position | undefined;

/**
 * Matches each row with at most one position of ours, and the other way round. The surest way goes
 * first, for all rows, then the next; within one way the first row in their order has it:
 * 1. position id and ticket are both those of one position of ours;
 * 2. the position id is one of ours;
 * 3. the ticket is one of ours, in the type in which it came;
 * 4. the ticket is one of ours in the other type (`"1"` for our `1`), where neither side has both;
 * 5. for those of ours without a ticket: same symbol, side, entry price and quantity, in tracking
 *    order, settled ones first. Where these are more on one side than on the other, nothing says
 *    which of them is the odd one, and it is the last: any pairing leaves as many.
 *
 * A row that is left over is not unknown, but
 * - a repetition, if its ticket was told already, or it says what the matched row of its ticket says;
 * - in flight, if it is recently closed, or names a position that is unsettled, or could be one
 *   without a ticket that is (the symbol, side and entry price are its own; the quantity may be that
 *   of before a fill).
 */
export function matchPositions(
  account: Account,
  rows: readonly BrokerPosition[],
  { isUnsettled, isRecentlyClosed }: Doubts,
): PositionMatch {
  const theirsOf = new Map<Position, BrokerPosition>();
  const namings = namingsOf(account, rows);
  let left: readonly BrokerPosition[] = rows;
  for (const naming of namings) {
    left = left.filter((row) => {
      const position = naming(row);
      if (position === undefined || theirsOf.has(position)) return true;
      theirsOf.set(position, row);
      return false;
    });
  }

  const unknown: UnknownRow[] = [];
  const told = new Set<string | number>();
  const holderOf = new Map([...theirsOf].map(([position, { ticket }]) => [ticket, position]));
  const alike = alikeOf(account, theirsOf, isUnsettled);
  for (const theirs of left) {
    const { ticket } = theirs;
    if (told.has(ticket) || isRecentlyClosed(theirs)) continue;
    const contradicts = holderOf.get(ticket) ?? firstNamed(namings, theirs);
    if (contradicts !== undefined) {
      const matched = theirsOf.get(contradicts);
      if (isUnsettled(contradicts) || (matched && isRepetition(matched, theirs))) continue;
      told.add(ticket);
      unknown.push({ theirs, contradicts });
      continue;
    }
    const position = alike.get(termsOf(theirs, theirs.quantity))?.next().value;
    if (position === undefined) {
      told.add(ticket);
      unknown.push({ theirs });
    } else {
      theirsOf.set(position, theirs);
      holderOf.set(ticket, position);
    }
  }
  return { theirsOf, unknown: unknown.filter(isNotInFlight(account, theirsOf, isUnsettled)) };
}

/** The ways in which a row can name a position of ours, the surest first. */
function namingsOf(account: Account, rows: readonly BrokerPosition[]): readonly Naming[] {
  const listed = new Set(rows.map((row) => row.ticket));
  const ofId = (id: string | undefined): Position | undefined =>
    id === undefined ? undefined : account.positions.get(id);
  const ofTicket = (ticket: string | number): Position | undefined =>
    ofId(account.tickets.get(ticket));

  const byId: Naming = (row) => ofId(row.positionId);
  const byTicket: Naming = (row) => ofTicket(row.ticket);
  const byBoth: Naming = (row) => (byId(row) === byTicket(row) ? byId(row) : undefined);
  const byOtherType: Naming = ({ ticket }) => {
    const other = inOtherType(ticket);
    if (other === undefined || listed.has(other) || account.tickets.has(ticket)) return undefined;
    return ofTicket(other);
  };
  return [byBoth, byId, byTicket, byOtherType];
}

function firstNamed(namings: readonly Naming[], row: BrokerPosition): Position | undefined {
  for (const naming of namings) {
    const position = naming(row);
    if (position !== undefined) return position;
  }
  return undefined;
}

/** `1` for `'1'` and the other way round; text that is no plain integer has no other. */
function inOtherType(ticket: string | number): string | number | undefined {
  if (typeof ticket === 'number') return String(ticket);
  const number = Number(ticket);
  return Number.isSafeInteger(number) && String(number) === ticket ? number : undefined;
}

/** Positions with neither ticket nor match by their terms, in the order in which they are matched. */
function alikeOf(
  account: Account,
  theirsOf: ReadonlyMap<Position, BrokerPosition>,
  isUnsettled: (position: Position) => boolean,
): ReadonlyMap<string, Iterator<Position, undefined>> {
  const candidates = [...account.positions.values()].filter(
    (position) => position.ticket === undefined && !theirsOf.has(position),
  );
  // A settled one must not look missing because one that may be gone took its row.
  const settledFirst = [
    ...candidates.filter((position) => !isUnsettled(position)),
    ...candidates.filter(isUnsettled),
  ];
  const groups = Map.groupBy(settledFirst, (position) =>
    termsOf(position, position.remainingQuantity),
  );
  return new Map([...groups].map(([terms, group]) => [terms, group.values()]));
}

/** Whether a row cannot be an unsettled position that has neither ticket nor match. */
function isNotInFlight(
  account: Account,
  theirsOf: ReadonlyMap<Position, BrokerPosition>,
  isUnsettled: (position: Position) => boolean,
): (row: UnknownRow) => boolean {
  const inFlight = new Set<string>();
  for (const position of account.positions.values()) {
    if (position.ticket !== undefined || theirsOf.has(position)) continue;
    if (isUnsettled(position)) inFlight.add(entryOf(position));
  }
  return ({ theirs, contradicts }) => contradicts !== undefined || !inFlight.has(entryOf(theirs));
}

interface Entry {
  readonly symbol: string;
  readonly side: Side;
  readonly entryPrice: string | Decimal;
}

function entryOf({ symbol, side, entryPrice }: Entry): string {
  return `${symbol} ${side} ${text(decimal(entryPrice))}`;
}

function termsOf(entry: Entry, quantity: string | Decimal): string {
  return `${entryOf(entry)} ${text(decimal(quantity))}`;
}

function isRepetition(matched: BrokerPosition, row: BrokerPosition): boolean {
  return (
    matched.ticket === row.ticket &&
    termsOf(matched, matched.quantity) === termsOf(row, row.quantity)
  );
}
