/** Thrown when an invariant does not hold. */
export class Violation extends Error {
  constructor(seed: number, name: string, details: readonly string[]) {
    const shown = details.slice(0, 5).join('; ');
    super(`seed ${seed}: ${name}: ${shown}${details.length > 5 ? '; …' : ''}`);
    this.name = 'Violation';
  }
}
