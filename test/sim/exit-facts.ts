// What records say of the exits of positions: as they were given, and what has become of them.
import { canonical } from '#src/domain/chain';
import type { CloseIntent, SeenQuote } from '#src/domain/closing';
import type { Exits } from '#src/domain/exits';
import { decimal, zero, type Decimal } from '#src/domain/money';
import type { JournalRecord } from '#src/domain/records';
import type { Guarded } from './exit-model.ts';

/** From where on, in the order of all that happened, quotes count for a peak. */
interface PeakBase {
  readonly at: number;
  readonly peak: Decimal | undefined;
}

export interface Held extends Guarded {
  base: PeakBase;
  /** When it was tracked, in the order of all that happened. */
  readonly trackedAt: number;
  /** Names the rungs of its ladder, in their order: one that is given again keeps its name. */
  rungNames: readonly number[];
  /** Closes of parts that have no outcome yet, and how much each is still to close. */
  readonly claims: Map<string, Decimal>;
  /** When a close of it was given up last. */
  failedTs: number;
}

/** A close of a rung, and how much of it was filled. */
interface RungClose {
  readonly positionId: string;
  readonly rungName: number;
  /** What the rung is for. */
  readonly most: Decimal;
  filled: Decimal;
}

export class ExitFacts {
  readonly held = new Map<string, Held>();
  readonly rungCloses = new Map<string, RungClose>();
  private rungsNamed = 0;
  /** Every close that was ever asked for. */
  readonly closeIds = new Set<string>();

  /** A record, the `at`-th thing that happened. */
  apply(record: JournalRecord, at: number): void {
    switch (record.type) {
      case 'position.tracked':
        this.track(record.body.position, at);
        break;
      case 'position.amended':
        this.replace(record.body.positionId, record.body.exits, at);
        break;
      case 'position.corrected': {
        const { positionId, exits, remainingQuantity, entryPrice } = record.body;
        const held = this.held.get(positionId);
        if (held === undefined) break;
        if (remainingQuantity !== undefined) held.remaining = decimal(remainingQuantity);
        if (entryPrice !== undefined) held.entryPrice = decimal(entryPrice);
        if (exits !== undefined) this.replace(positionId, exits, at);
        break;
      }
      case 'position.untracked':
        this.held.delete(record.body.positionId);
        break;
      case 'close.intended':
      case 'close.queued':
        this.asked(record.body.intent);
        break;
      case 'close.partially-filled':
      case 'close.filled': {
        const { intent, result } = record.body;
        this.asked(intent);
        const close = this.rungCloses.get(intent.closeId);
        if (close !== undefined) close.filled = close.filled.plus(result.quantity);
        const held = this.held.get(intent.positionId);
        if (held !== undefined) this.filled(held, intent.closeId, result.quantity);
        if (record.type === 'close.filled') this.held.delete(intent.positionId);
        break;
      }
      case 'close.failed':
        this.gaveUp(record.body.intent, record.body.isInDoubt ?? false, record.ts);
        break;
      default:
        break;
    }
  }

  private filled(held: Held, closeId: string, quantity: string): void {
    held.remaining = held.remaining.minus(quantity);
    const claimed = held.claims.get(closeId);
    claim(held, closeId, (claimed ?? zero).minus(quantity));
    const close = this.rungCloses.get(closeId);
    const place = close === undefined ? -1 : held.rungNames.indexOf(close.rungName);
    if (close === undefined || place < 0) return;
    if (this.rungLeftOf(held, place).lte(0)) held.rungs.add(place);
    else if (claimed?.lte(quantity) === true) held.rungs.delete(place);
  }

  /** How much of a rung no close of it has come to. */
  rungLeftOf(held: Held, place: number): Decimal {
    let left = held.quantity.times(held.exits.ladder?.[place]?.fraction ?? 0);
    for (const { rungName, filled } of this.rungCloses.values()) {
      if (rungName === held.rungNames[place]) left = left.minus(filled);
    }
    return left;
  }

  /** What a quote has moved, as its record says: what is not on record did not happen. */
  applyMoves(record: JournalRecord, at: number): void {
    if (record.type !== 'position.exits-moved') return;
    const held = this.held.get(record.body.positionId);
    if (held === undefined) return;
    const { stop, activatedAt, tiers = [] } = record.body.moves;
    if (stop !== undefined) held.movedStop = stop;
    if (activatedAt !== undefined) {
      held.isTrailing = true;
      held.base = { at, peak: decimal(activatedAt) };
    }
    for (const tier of tiers) held.tiers.add(tier);
  }

  private track(
    given: Extract<JournalRecord, { type: 'position.tracked' }>['body']['position'],
    at: number,
  ): void {
    const { positionId, accountId, symbol, side, exits } = given;
    const quantity = decimal(given.quantity);
    this.held.set(positionId, {
      ...{ positionId, accountId, symbol, side, quantity, exits },
      entryPrice: decimal(given.entryPrice),
      remaining: quantity,
      ...afresh(exits),
      ...{ movedStop: undefined, rungs: new Set<number>(), base: { at, peak: undefined } },
      ...{
        trackedAt: at,
        rungNames: this.named(exits),
        claims: new Map<string, Decimal>(),
        failedTs: 0,
      },
    });
  }

  private replace(positionId: string, exits: Exits, at: number): void {
    const held = this.held.get(positionId);
    if (held === undefined) return;
    const isNew = (name: keyof Exits): boolean => !isSameExit(exits[name], held.exits[name]);
    if (isNew('breakEven')) held.movedStop = undefined;
    if (isNew('trailing')) {
      Object.assign(held, afresh(exits));
      held.base = { at, peak: undefined };
    }
    const doneNames = new Set([...held.rungs].map((rung) => held.rungNames[rung]));
    held.rungNames = this.named(exits, held);
    const isDone = (name: number, rung: number): number[] => (doneNames.has(name) ? [rung] : []);
    held.rungs = new Set(held.rungNames.flatMap(isDone));
    held.exits = exits;
  }

  /** Of equal rungs the first ones are those that were there. */
  private named(exits: Exits, before?: Held): number[] {
    const old = (before?.exits.ladder ?? []).map((rung, i) => ({
      rung,
      name: before?.rungNames[i] as number,
    }));
    return (exits.ladder ?? []).map((rung) => {
      const at = old.findIndex((one) => isSameExit(one.rung, rung));
      const [known] = at < 0 ? [] : old.splice(at, 1);
      return known?.name ?? ++this.rungsNamed;
    });
  }

  private asked({ closeId, positionId, rung, isPart, quantity }: CloseIntent): void {
    const isNew = !this.closeIds.has(closeId);
    this.closeIds.add(closeId);
    const held = this.held.get(positionId);
    if (held !== undefined && isNew && isPart === true) held.claims.set(closeId, decimal(quantity));
    if (rung === undefined || held === undefined) return;
    const known = this.rungCloses.get(closeId);
    const { fraction = '0' } = held.exits.ladder?.[rung] ?? {};
    const close = known ?? {
      ...{ positionId, rungName: held.rungNames[rung] ?? 0, filled: zero },
      most: held.quantity.times(fraction),
    };
    this.rungCloses.set(closeId, close);
    const place = held.rungNames.indexOf(close.rungName);
    if (known === undefined && place >= 0) held.rungs.add(place);
  }

  private gaveUp({ closeId, positionId }: CloseIntent, isInDoubt: boolean, ts: number): void {
    const held = this.held.get(positionId);
    if (held === undefined) return;
    held.failedTs = ts;
    held.claims.delete(closeId);
    const close = this.rungCloses.get(closeId);
    const place = close === undefined ? -1 : held.rungNames.indexOf(close.rungName);
    if (place >= 0 && !isInDoubt && this.rungLeftOf(held, place).gt(0)) held.rungs.delete(place);
  }
}

function claim({ claims }: Held, closeId: string, left: Decimal): void {
  if (left.gt(0)) claims.set(closeId, left);
  else claims.delete(closeId);
}

/** How much of it no close of a part asks for yet. */
export function unclaimedOf({ remaining, claims }: Held): Decimal {
  return [...claims.values()].reduce((left, one) => left.minus(one), remaining);
}

function afresh({ trailing }: Exits) {
  return {
    isTrailing: trailing !== undefined && trailing.activation === undefined,
    peak: undefined,
    peakMost: undefined,
    tiers: new Set<number>(),
  };
}

/** The quote that a record tells of: one that has counted for every exit of its symbol. */
export function quoteOfRecord(record: JournalRecord): SeenQuote | undefined {
  switch (record.type) {
    case 'position.exits-moved':
      return record.body.quote;
    case 'close.intended':
    case 'close.queued':
    case 'close.partially-filled':
    case 'close.filled': {
      const { quote, onQuote } = record.body.intent;
      return onQuote === true ? quote : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether two exits, held in canonical form, are the same in whatever order of their fields. */
export function isSameExit(a: unknown, b: unknown): boolean {
  return a === undefined || b === undefined ? a === b : canonical(a) === canonical(b);
}
