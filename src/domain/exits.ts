// The exits of a position (contract section 3): as they are given, and as they are held.
import { canonical } from './chain.ts';
import { decimal, text, zero, type Numeric } from './money.ts';

/** How far behind its peak a stop trails: one of the two. */
export interface TrailBySpec {
  distance?: Numeric | undefined;
  percent?: Numeric | undefined;
}

export interface TrailingSpec extends TrailBySpec {
  activation?: Numeric | undefined;
  step?: Numeric | undefined;
  tiers?: readonly (TrailBySpec & { at: Numeric })[] | undefined;
}

/** Exits as they are given. */
export interface ExitsSpec {
  stopLoss?: Numeric | undefined;
  takeProfit?: Numeric | undefined;
  stopLossAmount?: Numeric | undefined;
  takeProfitAmount?: Numeric | undefined;
  trailing?: TrailingSpec | undefined;
  breakEven?: { trigger: Numeric; offset?: Numeric | undefined } | undefined;
  /** Milliseconds since the epoch. */
  expiresAt?: number | undefined;
  ladder?: readonly { price: Numeric; fraction: Numeric }[] | undefined;
}

/** One of the two; decimal text. */
export interface TrailBy {
  distance?: string;
  percent?: string;
}

export interface Tier extends TrailBy {
  at: string;
}

export interface Trailing extends TrailBy {
  activation?: string;
  step?: string;
  tiers?: Tier[];
}

export interface BreakEven {
  trigger: string;
  offset: string;
}

/** A partial take profit; `fraction` is of the quantity as it was tracked. */
export interface Rung {
  price: string;
  fraction: string;
}

/** Exits as they are held and answered: canonical decimal text. */
export interface Exits {
  stopLoss?: string;
  takeProfit?: string;
  stopLossAmount?: string;
  takeProfitAmount?: string;
  trailing?: Trailing;
  breakEven?: BreakEven;
  expiresAt?: number;
  ladder?: Rung[];
}

export type ExitReason = 'stop_loss' | 'take_profit' | 'trailing_stop' | 'break_even' | 'expired';

/** Rungs of a ladder, and tiers of a trailing stop, at the most. */
export const rungsMax = 32;
export const tiersMax = 32;

/** What has become of exits since they were set; nothing of it is there at first. */
export interface ExitProgress {
  /** Where break-even has moved the stop. */
  readonly movedStop?: string;
  /** Record from which on quotes count for the trailing stop; absent until it is activated. */
  readonly trailsSince?: number;
  /** Which tiers of the trailing stop were reached, by their place in the list. */
  readonly tiers?: readonly number[];
  /** Which rungs were closed, or are being closed, by their place in the list. */
  readonly rungs?: readonly number[];
}

/** What a quote changes of exits that it does not end; it acts from the next quote on. */
export interface ExitMoves {
  /** Where break-even puts the stop. */
  readonly stop?: string;
  /** The price that activated the trailing stop: its first peak. */
  readonly activatedAt?: string;
  /** Tiers that were reached, by their place in the list. */
  readonly tiers?: readonly number[];
}

export function exitsOf(given: ExitsSpec = {}): Exits {
  const { trailing, breakEven, expiresAt, ladder } = given;
  const exits: Exits = {};
  for (const name of ['stopLoss', 'takeProfit', 'stopLossAmount', 'takeProfitAmount'] as const) {
    const level = given[name];
    if (level !== undefined) exits[name] = text(decimal(level));
  }
  if (trailing !== undefined) exits.trailing = trailingOf(trailing);
  if (breakEven !== undefined) {
    const { trigger, offset = 0 } = breakEven;
    exits.breakEven = { trigger: text(decimal(trigger)), offset: text(decimal(offset)) };
  }
  if (expiresAt !== undefined) exits.expiresAt = expiresAt;
  if (ladder !== undefined && ladder.length > 0) {
    exits.ladder = ladder.map(({ price, fraction }) => ({
      price: text(decimal(price)),
      fraction: text(decimal(fraction)),
    }));
  }
  return exits;
}

function trailingOf(given: TrailingSpec): Trailing {
  const { activation, step, tiers } = given;
  const trailing: Trailing = trailByOf(given);
  if (activation !== undefined) trailing.activation = text(decimal(activation));
  if (step !== undefined && decimal(step).gt(zero)) trailing.step = text(decimal(step));
  if (tiers !== undefined && tiers.length > 0) {
    trailing.tiers = tiers.map((tier) => ({ at: text(decimal(tier.at)), ...trailByOf(tier) }));
  }
  return trailing;
}

function trailByOf({ distance, percent }: TrailBySpec): TrailBy {
  if (distance !== undefined) return { distance: text(decimal(distance)) };
  return percent === undefined ? {} : { percent: text(decimal(percent)) };
}

/**
 * What is left of the progress when exits are replaced: an exit that is given again unchanged keeps
 * its state, a changed one begins anew. Of a ladder that is each rung: one that was closed is not
 * closed again because another was added. `n` is the record that replaces them.
 */
export function progressAfter(
  before: Exits,
  after: Exits,
  progress: ExitProgress,
  n: number,
): ExitProgress {
  const { movedStop, trailsSince, tiers } = progress;
  const isKept = (name: keyof Exits): boolean =>
    after[name] !== undefined && isSame(before[name], after[name]);
  const places = rungPlaces(before, after);
  const rungs = progress.rungs?.flatMap((rung) => places.get(rung) ?? []) ?? [];
  return {
    ...(movedStop !== undefined && isKept('breakEven') ? { movedStop } : {}),
    ...(isKept('trailing')
      ? { ...(trailsSince === undefined ? {} : { trailsSince }), ...(tiers && { tiers }) }
      : trailsFrom(after, n)),
    ...(rungs.length > 0 ? { rungs } : {}),
  };
}

/** Where each rung that is given again stands in the new ladder; of equal ones in their order. */
export function rungPlaces(before: Exits, after: Exits): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  const taken = new Set<number>();
  before.ladder?.forEach((rung, from) => {
    const to = (after.ladder ?? []).findIndex((one, i) => !taken.has(i) && isSame(one, rung));
    if (to < 0) return;
    taken.add(to);
    places.set(from, to);
  });
  return places;
}

/** A trailing stop without an activation trails from the next quote on. */
export function trailsFrom({ trailing }: Exits, n: number): Pick<ExitProgress, 'trailsSince'> {
  return trailing === undefined || trailing.activation !== undefined ? {} : { trailsSince: n };
}

/** Whether two exits are the same, in whatever order the journal has put their fields. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || canonical(a) === canonical(b);
}
