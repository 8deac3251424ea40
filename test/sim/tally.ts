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
    peaksChecked: 0,
  };
  return { ...none, closes: {}, guards: {}, faults: {} };
}

export function addTally(total: Tally, more: Tally): void {
  total.quotes += more.quotes;
  total.commands += more.commands;
  total.dueCloses += more.dueCloses;
  total.closesChecked += more.closesChecked;
  total.restarts += more.restarts;
  total.amendedSame += more.amendedSame;
  total.refusedParts += more.refusedParts;
  total.peaksChecked += more.peaksChecked;
  for (const counts of ['closes', 'guards', 'faults'] as const) {
    for (const [name, count] of Object.entries(more[counts])) {
      total[counts][name] = (total[counts][name] ?? 0) + count;
    }
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
    peaksChecked,
    closes,
    guards,
    faults,
  }: Tally,
  run: { readonly seeds: number; readonly failed: number; readonly hours: number },
): string {
  const lines = [
    `seeds ${run.seeds}, failed ${run.failed}, simulated hours ${run.hours}`,
    `quotes ${quotes}, commands ${commands}, restarts ${restarts}`,
    `closes checked ${closesChecked}, of these due ${dueCloses}`,
    `amended without a change ${amendedSame}, closes of too much refused ${refusedParts}`,
    `peaks of accounts checked ${peaksChecked}`,
    'closes by what asked for them:',
    ...counted(closes),
    'what guards did:',
    ...counted(guards),
    'faults injected:',
    ...counted(faults),
  ];
  return `${lines.join('\n')}\n`;
}
