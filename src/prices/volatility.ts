// How far a price has gone within a window, in standard deviations of what it went in those before
// (contract section 4). In doubles: a deviation has no exact value.

/** Windows that have to be over before anything is said. */
const windowsMin = 100;

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
  /** Mids between them do not hold at the limit; neither where nothing is said yet. */
  private low = 0;
  private high = Infinity;

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

  holds(mid: number): boolean {
    return mid <= this.low || mid >= this.high;
  }

  /** How many standard deviations the mid is away from where the window began. */
  deviations(mid: number): number {
    return Math.abs(Math.log(mid / this.firstMid)) / Math.sqrt(this.variance);
  }

  private roll(mid: number, ts: number): void {
    const { windowMs } = this;
    if (this.windowEnd === -Infinity) {
      this.begin(mid, ts + windowMs);
      return;
    }
    const r = Math.log(this.lastMid / this.firstMid);
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
    this.low = isKnown ? this.firstMid * Math.exp(-reach) : 0;
    this.high = isKnown ? this.firstMid * Math.exp(reach) : Infinity;
  }
}
