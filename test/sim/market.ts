// The prices of a simulated world: a walk per symbol, with a jump now and then.
import { decimal, text } from '#src/domain/money';
import type { Random } from '../support/random.ts';

const gapSteps = 25;

interface Walk {
  price: number;
  readonly step: number;
  readonly spread: number;
  readonly digits: number;
}

export class Market {
  readonly symbols: readonly string[];
  private readonly random: Random;
  private readonly walks: ReadonlyMap<string, Walk>;

  constructor(random: Random) {
    this.random = random;
    this.walks = new Map([
      ['GOLD', { price: 2000, step: 1.2, spread: 0.3, digits: 2 }],
      ['DAX', { price: 18_000, step: 12, spread: 2, digits: 1 }],
      ['EURUSD', { price: 1.1, step: 0.0004, spread: 0.0001, digits: 5 }],
    ]);
    this.symbols = [...this.walks.keys()];
  }

  /** The next quote of a symbol. */
  move(symbol: string): { bid: string; ask: string } {
    const walk = this.walk(symbol);
    const jump = this.random.chance(0.01) ? 8 : 1;
    walk.price += this.random.between(-1, 1) * walk.step * jump;
    return this.quote(symbol);
  }

  /** A quote that leaves many levels behind. */
  gap(symbol: string): void {
    const walk = this.walk(symbol);
    walk.price += this.random.between(-1, 1) * walk.step * gapSteps;
  }

  /** A quote so far away that it crosses whatever there is on that side. */
  crash(symbol: string, factor: number): { bid: string; ask: string } {
    this.walk(symbol).price *= factor;
    return this.quote(symbol);
  }

  quote(symbol: string): { bid: string; ask: string } {
    const { price, spread, digits } = this.walk(symbol);
    return { bid: price.toFixed(digits), ask: (price + spread).toFixed(digits) };
  }

  /** What a position is closed at. */
  closingPrice(symbol: string, side: 'long' | 'short'): string {
    const { bid, ask } = this.quote(symbol);
    return text(decimal(side === 'long' ? bid : ask));
  }

  /** A price so many steps from here. */
  away(symbol: string, steps: number): string {
    const { price, step, digits } = this.walk(symbol);
    return text(decimal((price + steps * step).toFixed(digits)));
  }

  /** How far a quote goes at the most, in price units, jumps aside. */
  stepOf(symbol: string): number {
    return this.walk(symbol).step;
  }

  /** So many steps as a difference of prices; never nothing. */
  distance(symbol: string, steps: number): string {
    const { step, digits } = this.walk(symbol);
    return text(decimal(Math.max(steps * step, 10 ** -digits).toFixed(digits)));
  }

  /** So many steps as a percentage of the price. */
  percent(symbol: string, steps: number): string {
    const { price, step } = this.walk(symbol);
    return text(decimal(Math.max((steps * step * 100) / price, 0.001).toFixed(4)));
  }

  private walk(symbol: string): Walk {
    const walk = this.walks.get(symbol);
    if (walk === undefined) throw new Error(`there is no ${symbol} here`);
    return walk;
  }
}
