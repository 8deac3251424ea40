// The armed trailing stops of one symbol and one side. Those that have the same step and the same
// peak form a cohort: a quote that is the best so far moves the cohort, whatever its size.
import type { Price } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import { LevelHeap } from './level-heap.ts';
import { noNode, PairingHeaps } from './pairing-heap.ts';
import {
  identityOf,
  TrailCohort,
  TrailMember,
  TrailStep,
  type TrailDirection,
} from './trail-cohort.ts';

export type { TrailMember } from './trail-cohort.ts';

/** An armed trailing stop. */
export interface Trail<Owner> {
  readonly owner: Owner;
  readonly peak: Price;
  /** How much better than its peak a price has to be to move it; none: better at all. */
  readonly step: Price | undefined;
  /** The tightest distance that applies, and the tightest percentage; one of them or both. */
  readonly distance: Price | undefined;
  readonly percent: Price | undefined;
}

/**
 * On each quote the owner of the book first asks who is due ({@link TrailBook.forEachFired}), then
 * moves the peaks ({@link TrailBook.advance}). With x the price at which the side closes, it may
 * skip either by one comparison: for a long the first where `x > fireFirst`, the second where
 * `x < moveFirst`; for a short the first where `x < fireFirst`, the second where `x > moveFirst`.
 */
export class TrailBook<Owner> {
  private readonly direction: TrailDirection;
  private readonly steps = new Map<number | string | undefined, TrailStep<Owner>>();
  /** Cohorts by the price from which on their peak may move. */
  private readonly moves: LevelHeap<TrailCohort<Owner>>;
  /** Cohorts by the price from which on their tightest stop may be reached. */
  private readonly fires: LevelHeap<TrailCohort<Owner>>;
  /** Members by distance and by percentage, two heaps a cohort. */
  private readonly heaps = new PairingHeaps<TrailMember<Owner>>();
  private count = 0;
  /** Cohorts that one quote may move; empty between two quotes. */
  private readonly candidates: TrailCohort<Owner>[] = [];
  private readonly addCandidate = (cohort: TrailCohort<Owner>): void => {
    this.candidates.push(cohort);
  };

  constructor(side: Side) {
    const isLong = side === 'long';
    this.direction = isLong ? 1 : -1;
    this.moves = new LevelHeap(isLong ? 'above' : 'below');
    this.fires = new LevelHeap(isLong ? 'below' : 'above');
  }

  get size(): number {
    return this.count;
  }

  /** Whether any of them moves in steps. */
  get hasSteps(): boolean {
    return this.steps.size > (this.steps.has(undefined) ? 1 : 0);
  }

  /** How many cohorts the members form. */
  get cohorts(): number {
    return this.moves.size;
  }

  /**
   * No stop is reached by a price strictly better than this: above it for a long (`-Infinity` in an
   * empty book), below it for a short (`Infinity`).
   */
  get fireFirst(): number {
    return -this.direction * this.fires.first;
  }

  /**
   * No peak is moved by a price strictly worse than this: below it for a long (`Infinity` in an
   * empty book), above it for a short (`-Infinity`). It is the peak itself where there is no step,
   * since a price that is equal as a double may be better by digits that a double does not hold.
   */
  get moveFirst(): number {
    return this.direction * this.moves.first;
  }

  add({ owner, peak, step, distance, percent }: Trail<Owner>): TrailMember<Owner> {
    const member = new TrailMember(owner);
    const cohort = this.cohortAt(this.steppedBy(step), peak);
    member.join(cohort);
    cohort.size++;
    cohort.stepped.size++;
    this.count++;
    const { heaps } = this;
    if (distance !== undefined) {
      member.distance = heaps.create(distance.value, member);
      cohort.distances = heaps.meld(cohort.distances, member.distance);
    }
    if (percent !== undefined) {
      member.percent = heaps.create(percent.value, member);
      cohort.percents = heaps.meld(cohort.percents, member.percent);
    }
    this.moveFire(cohort);
    return member;
  }

  remove(member: TrailMember<Owner>): void {
    const { cohort, distance, percent } = member;
    const { heaps } = this;
    member.leave();
    cohort.stepped.size--;
    this.count--;
    if (distance !== noNode) cohort.distances = heaps.remove(cohort.distances, distance);
    if (percent !== noNode) cohort.percents = heaps.remove(cohort.percents, percent);
    if (--cohort.size > 0) {
      this.moveFire(cohort);
      return;
    }
    this.unplace(cohort);
    const { stepped } = cohort;
    if (stepped.latest === cohort) stepped.latest = undefined;
    if (stepped.size === 0) this.steps.delete(stepped.step && identityOf(stepped.step));
  }

  peakOf(member: TrailMember<Owner>): Price {
    return member.cohort.peak;
  }

  /**
   * Tells each owner, once, whose stop may be reached by the price: all whose stop is, and perhaps
   * some whose stop is off by some 1e-14 of the price, so that the caller decides exactly. Digits
   * that the double does not hold are within that and need not be known here. The book may not be
   * changed meanwhile.
   */
  forEachFired(value: number, _exact: string | undefined, tell: (owner: Owner) => void): void {
    const { direction, heaps } = this;
    this.fires.forEachCrossed(value, undefined, (cohort) => {
      const distance = cohort.distanceReached(direction, value);
      const percent = cohort.percentReached(direction, value);
      heaps.forEachUpTo(cohort.distances, distance, ({ owner }) => tell(owner));
      heaps.forEachUpTo(cohort.percents, percent, (member) => {
        const isTold = member.distance !== noNode && heaps.keyOf(member.distance) <= distance;
        if (!isTold) tell(member.owner);
      });
    });
  }

  /** Moves the peaks that the price moves, exactly; true where there are such. */
  advance(value: number, exact: string | undefined): boolean {
    if (this.moves.first > this.direction * value) return false;
    const { candidates } = this;
    this.moves.forEachCrossed(value, undefined, this.addCandidate);
    let peak: Price | undefined;
    for (const cohort of candidates) {
      if (!cohort.isMovedBy(this.direction, value, exact)) continue;
      peak ??= { value, exact };
      this.moveCohort(cohort, peak);
    }
    candidates.length = 0;
    return peak !== undefined;
  }

  /** Peaks that one quote has moved are one object: the latest cohort has it or an older one. */
  private moveCohort(cohort: TrailCohort<Owner>, peak: Price): void {
    const { stepped } = cohort;
    const { latest } = stepped;
    this.unplace(cohort);
    if (latest?.peak === peak) {
      this.unplace(latest);
      stepped.latest = this.merge(latest, cohort);
    } else {
      stepped.latest = cohort;
    }
    stepped.latest.peak = peak;
    this.place(stepped.latest);
  }

  private merge(one: TrailCohort<Owner>, other: TrailCohort<Owner>): TrailCohort<Owner> {
    const [kept, merged] = one.rank > other.rank ? [one, other] : [other, one];
    if (kept.rank === merged.rank) kept.rank++;
    kept.size += merged.size;
    kept.distances = this.heaps.meld(kept.distances, merged.distances);
    kept.percents = this.heaps.meld(kept.percents, merged.percents);
    merged.mergedInto = kept;
    return kept;
  }

  private steppedBy(step: Price | undefined): TrailStep<Owner> {
    const identity = step && identityOf(step);
    let stepped = this.steps.get(identity);
    if (stepped === undefined) {
      stepped = new TrailStep(step);
      this.steps.set(identity, stepped);
    }
    return stepped;
  }

  private cohortAt(stepped: TrailStep<Owner>, peak: Price): TrailCohort<Owner> {
    const there = stepped.cohortAt(peak);
    if (there !== undefined) return there;
    const cohort = new TrailCohort(stepped, peak);
    stepped.unmoved.set(identityOf(peak), cohort);
    this.place(cohort);
    return cohort;
  }

  /** Lets the cohort be found: by what moves it and by what reaches its stops. */
  private place(cohort: TrailCohort<Owner>): void {
    const { direction } = this;
    const move = { value: direction * cohort.moveHeight(direction), exact: undefined };
    cohort.moveSlot = this.moves.add(move, cohort);
    this.placeFire(cohort, this.fireHeight(cohort));
  }

  private unplace(cohort: TrailCohort<Owner>): void {
    if (!cohort.isMoved) cohort.stepped.unmoved.delete(identityOf(cohort.peak));
    cohort.isMoved = true;
    this.moves.remove(cohort.moveSlot);
    this.fires.remove(cohort.fireSlot);
  }

  /** Follows a change of the cohort's tightest stop. */
  private moveFire(cohort: TrailCohort<Owner>): void {
    const height = this.fireHeight(cohort);
    if (height === cohort.fireHeight) return;
    this.fires.remove(cohort.fireSlot);
    this.placeFire(cohort, height);
  }

  private placeFire(cohort: TrailCohort<Owner>, height: number): void {
    cohort.fireHeight = height;
    const fire = { value: this.direction * height, exact: undefined };
    cohort.fireSlot = this.fires.add(fire, cohort);
  }

  private fireHeight(cohort: TrailCohort<Owner>): number {
    const distance = this.heaps.firstOf(cohort.distances);
    const percent = this.heaps.firstOf(cohort.percents);
    return cohort.tightestHeight(this.direction, distance, percent);
  }
}
