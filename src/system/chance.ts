// The system's chance.
import type { Chance } from '#src/ports/chance';

export function systemChance(): Chance {
  return { next: () => Math.random() };
}
