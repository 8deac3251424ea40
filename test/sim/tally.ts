// What was seen in simulated worlds, summed up.
import type { Tally } from './book.ts';

export function emptyTally(): Tally {
  const none = {
    quotes: 0,
    commands: 0,
    dueCloses: 0,
    closesChecked: 0,
    restarts: 0,
    amendedSame: 0,
    refusedParts: 0,
  };
  return { ...none, closes: {}, faults: {} };
}

export function addTally(total: Tally, more: Tally): void {
  total.quotes += more.quotes;
  total.commands += more.commands;
  total.dueCloses += more.dueCloses;
  total.closesChecked += more.closesChecked;
  total.restarts += more.restarts;
  total.amendedSame += more.amendedSame;
  total.refusedParts += more.refusedParts;
  for (const [name, count] of Object.entries(more.closes)) {
    total.closes[name] = (total.closes[name] ?? 0) + count;
  }
  for (const [name, count] of Object.entries(more.faults)) {
    total.faults[name] = (total.faults[name] ?? 0) + count;
  }
}

function counted(counts: Record<string, number>): string[] {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `  ${name.padEnd(26)} ${count}`);
}

export function reportOf(
  {
    quotes,
    commands,
    dueCloses,
    closesChecked,
    restarts,
    amendedSame,
    refusedParts,
    closes,
    faults,
  }: Tally,
  run: { readonly seeds: number; readonly failed: number; readonly hours: number },
): string {
  const lines = [
    `seeds ${run.seeds}, failed ${run.failed}, simulated hours ${run.hours}`,
    `quotes ${quotes}, commands ${commands}, restarts ${restarts}`,
    `closes checked ${closesChecked}, of these due ${dueCloses}`,
    `amended without a change ${amendedSame}, closes of too much refused ${refusedParts}`,
    'closes by what asked for them:',
    ...counted(closes),
    'faults injected:',
    ...counted(faults),
  ];
  return `${lines.join('\n')}\n`;
}
