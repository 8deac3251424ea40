// What was seen in simulated worlds, summed up.
import type { Tally } from './book.ts';

export function emptyTally(): Tally {
  const none = { quotes: 0, commands: 0, dueCloses: 0, closesChecked: 0, restarts: 0 };
  return { ...none, faults: {} };
}

export function addTally(total: Tally, more: Tally): void {
  total.quotes += more.quotes;
  total.commands += more.commands;
  total.dueCloses += more.dueCloses;
  total.closesChecked += more.closesChecked;
  total.restarts += more.restarts;
  for (const [name, count] of Object.entries(more.faults)) {
    total.faults[name] = (total.faults[name] ?? 0) + count;
  }
}

export function reportOf(
  { quotes, commands, dueCloses, closesChecked, restarts, faults }: Tally,
  run: { readonly seeds: number; readonly failed: number; readonly hours: number },
): string {
  const lines = [
    `seeds ${run.seeds}, failed ${run.failed}, simulated hours ${run.hours}`,
    `quotes ${quotes}, commands ${commands}, restarts ${restarts}`,
    `closes checked ${closesChecked}, of these due ${dueCloses}`,
    'faults injected:',
    ...Object.entries(faults)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `  ${name.padEnd(26)} ${count}`),
  ];
  return `${lines.join('\n')}\n`;
}
