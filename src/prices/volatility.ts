// How far a price has gone within a window, in standard deviations of what it went in those before
// (contract section 4). In doubles: a deviation has no exact value.

/** Windows that have to be over before anything is said. */
const windowsMin = 100;
/** Of a return; doubles lose far less. */
const slack = 1e-9;
/** Below it the quotient of two prices has lost digits of the return. */
const nearlyNone = 1e-3;

export interface VolatilityOptions {
  readonly windowMs: number;
  readonly halfLifeMs: number;
  /** In standard deviations. */
  readonly limit: number;
}

/**
 * Windows follow each other from the first quote on. The return of one is the logarithm of its last mid
 * over the one with which it began: the last before it, or, behind windows without a quote, its own
 * first, so that what happened while nothing was quoted is a gap and no volatility. Their variance is
 * averaged with weights that halve in `halfLifeMs` (EWMA, as RiskMetrics has it, of mean zero).
 */
export class Volatility {
  readonly windowMs: number;
  readonly halfLifeMs: number;
  private readonly decay: number;
  /** In standard deviations. */
  private reach: number;
  private windowEnd = -Infinity;
  private firstMid = 0;
  private lastMid = 0;
  private variance = 0;
  private windows = 0;
  /** Mids between them surely do not hold at the limit; neither does one where nothing is said yet. */
  private low = 0;
  private high = Infinity;
  /** A return that holds; `Infinity` where nothing is said yet. */
  private least = Infinity;

  constructor({ limit, windowMs, halfLifeMs }: VolatilityOptions) {
    this.windowMs = windowMs;
    this.halfLifeMs = halfLifeMs;
    this.decay = 0.5 ** (windowMs / halfLifeMs);
    this.reach = limit;
  }

  get limit(): number {
    return this.reach;
  }

  /** Windows that are over, and how many have to be before anything is said. */
  get progress(): { readonly known: number; readonly needed: number } {
    return { known: this.windows, needed: windowsMin };
  }

  /** Another limit, for the windows that are known. */
  set limit(limit: number) {
    this.reach = limit;
    this.setBounds();
  }

  /** Takes every quote, in order; whether its mid holds at the limit. */
  takes(mid: number, ts: number): boolean {
    if (ts >= this.windowEnd) this.roll(mid, ts);
    this.lastMid = mid;
    return this.holds(mid);
  }

  /** A price that has not moved in the window never holds, however calm it was before. */
  holds(mid: number): boolean {
    if (mid > this.low && mid < this.high) return false;
    return mid !== this.firstMid && Math.abs(this.returnTo(mid)) >= this.least;
  }

  /** How many standard deviations the mid is away from where the window began. */
  deviations(mid: number): number {
    return Math.abs(this.returnTo(mid)) / Math.sqrt(this.variance);
  }

  /** The logarithm of the mid over that with which the window began, also where that is nearly 1. */
  private returnTo(mid: number): number {
    const { firstMid } = this;
    const moved = (mid - firstMid) / firstMid;
    return Math.abs(moved) < nearlyNone ? Math.log1p(moved) : Math.log(mid / firstMid);
  }

  private roll(mid: number, ts: number): void {
    const { windowMs } = this;
    if (this.windowEnd === -Infinity) {
      this.begin(mid, ts + windowMs);
      return;
    }
    const r = this.returnTo(this.lastMid);
    this.variance =
      this.windows === 0 ? r * r : this.decay * this.variance + (1 - this.decay) * r * r;
    this.windows++;
    const passed = Math.floor((ts - this.windowEnd) / windowMs);
    this.begin(passed === 0 ? this.lastMid : mid, this.windowEnd + (passed + 1) * windowMs);
  }

  private begin(mid: number, end: number): void {
    this.firstMid = mid;
    this.windowEnd = end;
    this.setBounds();
  }

  private setBounds(): void {
    const reach = this.limit * Math.sqrt(this.variance);
    const isKnown = this.windows >= windowsMin && this.variance > 0;
    this.least = isKnown ? reach : Infinity;
    this.low = isKnown ? this.firstMid * Math.exp(slack - reach) : 0;
    this.high = isKnown ? this.firstMid * Math.exp(reach - slack) : Infinity;
  }
}
