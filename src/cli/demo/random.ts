// Seeded chance: the same seed and stream, the same sequence. Nothing of the demo is drawn elsewhere.

export class Random {
  #state: number;

  /** Streams of one seed have nothing to do with each other, so one may draw more without the other. */
  constructor(seed: number, stream: string) {
    let mixed = seed | 0;
    for (let i = 0; i < stream.length; i++) {
      mixed = Math.imul(mixed ^ stream.charCodeAt(i), 0x01000193);
    }
    this.#state = mixed;
  }

  /** From 0 up to, but not, 1: Mulberry32, a public-domain generator of 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T;
  }

  /** Standard normal, by Box and Muller; always two draws. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }
}
