// Trailing stops that have the same step and the same peak: they move as one, however many.
import { invariant } from '#src/domain/errors';
import { compareExact, exactOf, type Price } from '#src/domain/price';
import { noNode } from './pairing-heap.ts';

/**
 * Up is better for a long (1), down for a short (−1). Heights are `direction · price`, so that for
 * both sides a peak is the greatest height and a stop trails below it.
 */
export type TrailDirection = 1 | -1;

/**
 * What rounding may take away, relative to the operands: each of the at most seven roundings
 * between the decimals and a height errs by half an epsilon. Heights err by this on the side on
 * which a stop or a move is looked at too early, never too late.
 */
const slack = 8 * Number.EPSILON;

/** The cohorts of one step. */
export class TrailStep<Owner> {
  readonly step: Price | undefined;
  /** Cohorts that no quote has moved yet, by {@link identityOf} their peak. */
  readonly unmoved = new Map<number | string, TrailCohort<Owner>>();
  /** The cohort that was moved last. */
  latest: TrailCohort<Owner> | undefined;
  size = 0;

  constructor(step: Price | undefined) {
    this.step = step;
  }

  /**
   * A cohort with this peak. One that was moved before the latest is not known by its peak, which
   * makes a move cheap; a second one with the same peak is moved together with it by the next
   * quote that moves either, and so becomes one with it.
   */
  cohortAt(peak: Price): TrailCohort<Owner> | undefined {
    const { latest } = this;
    if (latest !== undefined && isSamePrice(latest.peak, peak)) return latest;
    return this.unmoved.get(identityOf(peak));
  }
}

/** One trailing stop of a book, as its owner holds it. */
export class TrailMember<Owner> {
  readonly owner: Owner;
  /** Node in the distances, and in the percentages, of its cohort. */
  distance: number = noNode;
  percent: number = noNode;
  /** Its cohort, or one that merged into it; none once it was removed. */
  private joined: TrailCohort<Owner> | undefined;

  constructor(owner: Owner) {
    this.owner = owner;
  }

  /** The cohort that it is in now; the way there is made short for the next time. */
  get cohort(): TrailCohort<Owner> {
    invariant(this.joined !== undefined, 'a trailing stop is in the book');
    let cohort = this.joined;
    while (cohort.mergedInto !== undefined) cohort = cohort.mergedInto;
    let passed = this.joined;
    while (passed.mergedInto !== undefined) {
      const following: TrailCohort<Owner> = passed.mergedInto;
      passed.mergedInto = cohort;
      passed = following;
    }
    this.joined = cohort;
    return cohort;
  }

  join(cohort: TrailCohort<Owner>): void {
    this.joined = cohort;
  }

  leave(): void {
    this.joined = undefined;
  }
}

export class TrailCohort<Owner> {
  readonly stepped: TrailStep<Owner>;
  peak: Price;
  size = 0;
  /** Roots of the heaps of its members by distance and by percentage. */
  distances: number = noNode;
  percents: number = noNode;
  /** Where it stands in the two heaps of the book. */
  moveSlot = noNode;
  fireSlot = noNode;
  /** Height at which it stands in the second. */
  fireHeight = -Infinity;
  mergedInto: TrailCohort<Owner> | undefined;
  /**
   * Merged cohorts on the longest way to this one. It never shrinks, unlike the size: ways stay
   * short while members come and go for months.
   */
  rank = 0;
  isMoved = false;

  constructor(stepped: TrailStep<Owner>, peak: Price) {
    this.stepped = stepped;
    this.peak = peak;
  }

  /** Height below which no price moves the peak. */
  moveHeight(direction: TrailDirection): number {
    const { value } = this.peak;
    const { step } = this.stepped;
    if (step === undefined) return direction * value;
    return direction * value + step.value - slack * (value + step.value);
  }

  /** Height above which no price reaches a stop: that of the least distance and percentage. */
  tightestHeight(direction: TrailDirection, distance: number, percent: number): number {
    const { value } = this.peak;
    const behind = Math.min(distance, (value * percent) / 100);
    if (behind === Infinity) return -Infinity;
    return direction * value - behind + slack * (value + behind);
  }

  /** The greatest distance that may be reached by a price. */
  distanceReached(direction: TrailDirection, value: number): number {
    const peak = this.peak.value;
    return direction * (peak - value) + slack * (peak + value);
  }

  /** The greatest percentage that may be reached by a price. */
  percentReached(direction: TrailDirection, value: number): number {
    return (100 * this.distanceReached(direction, value)) / this.peak.value;
  }

  /** Whether a price moves the peak, exactly. */
  isMovedBy(direction: TrailDirection, value: number, exact: string | undefined): boolean {
    const { peak } = this;
    const { step } = this.stepped;
    if (step === undefined) {
      return direction * compareExact(value, exact, peak.value, peak.exact) > 0;
    }
    const beyond = direction * (value - peak.value) - step.value;
    const doubt = slack * (value + peak.value + step.value);
    if (Math.abs(beyond) > doubt) return beyond > 0;
    const gain = exactOf(value, exact).minus(exactOf(peak.value, peak.exact)).times(direction);
    return gain.gte(exactOf(step.value, step.exact));
  }
}

/** Equal for equal prices, and only for those. */
export function identityOf({ value, exact }: Price): number | string {
  return exact ?? value;
}

function isSamePrice(one: Price, other: Price): boolean {
  return one.value === other.value && one.exact === other.exact;
}
