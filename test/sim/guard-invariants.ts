// What must hold of accounts and their guards when a simulated world is over. To add an invariant,
// add a row.
import { apply } from '#src/domain/apply';
import { entriesOf } from '#src/domain/entries';
import type { RuntimeEvent } from '#src/domain/events';
import { noAccount } from '#src/domain/ids';
import { emptyState } from '#src/domain/state';
import type { JournalEntry } from '#src/ports/journal';
import type { Invariant } from './invariants.ts';

export const guardInvariants: readonly Invariant[] = [
  {
    name: 'a breach that closes ends in halted, with nothing open',
    *faults({ state }) {
      for (const { accountId, halt, state: is, positions } of state.accounts.values()) {
        if (halt?.by !== 'breach') continue;
        // Of some closes no provider will ever say what became of them.
        const open = [...positions.values()].filter(({ deadLetter }) => deadLetter === undefined);
        if (open.length === 0 && (is === 'halted' || positions.size > 0)) continue;
        yield `${accountId} is ${is} after ${halt.breachId}, ${open.length} positions are open`;
      }
    },
  },
  {
    name: 'a breach that closes is settled once, and its grace ends once',
    *faults({ state, entries }) {
      const ends = new Map<string, number>();
      for (const { record } of entries) {
        if (record.type !== 'grace.ended' && record.type !== 'account.settled') continue;
        const key = `${record.type} ${record.body.breachId}`;
        ends.set(key, (ends.get(key) ?? 0) + 1);
      }
      for (const { record } of entries) {
        if (record.type !== 'rule.breached' || record.body.action !== 'close') continue;
        const { breachId, graceUntil } = record.body;
        const settled = ends.get(`account.settled ${breachId}`) ?? 0;
        const isOpen = state.accounts.get(record.accountId)?.state === 'closing';
        if (settled !== 1 && !(isOpen && settled === 0))
          yield `${breachId} was settled ${settled} times`;
        const graces = ends.get(`grace.ended ${breachId}`) ?? 0;
        if (graces !== (graceUntil === undefined ? 0 : 1)) {
          yield `the grace of ${breachId} ended ${graces} times`;
        }
      }
    },
  },
  {
    name: 'a day begins once',
    *faults({ entries }) {
      const begun = new Set<string>();
      for (const { record } of entries) {
        if (record.type !== 'day.rolled') continue;
        for (const ruleId of Object.keys(record.body.anchors)) {
          const day = `${record.accountId} ${ruleId} ${record.body.at}`;
          if (begun.has(day)) yield day;
          begun.add(day);
        }
      }
    },
  },
  {
    name: 'peaks are the highest equities',
    faults({ world }) {
      for (const accountId of world.guards.peaks.keys()) world.guards.checkPeak(accountId);
      world.throwIfFailed();
      return [];
    },
  },
  {
    name: 'accounts are what their records say',
    faults({ world, state }) {
      world.guards.checkDue();
      world.guards.checkSame(state, 'accounts are what their records say');
      world.throwIfFailed();
      return [];
    },
  },
  {
    name: 'what was told last of entries is how they are',
    *faults({ state, entries }) {
      const last = lastOfEntries(entries);
      const toldOf = (accountId: string): readonly string[] =>
        (last.get(accountId)?.['reasons'] as string[] | undefined) ?? [];
      for (const account of state.accounts.values()) {
        const { accountId } = account;
        const { allowed, reasons } = entriesOf(account, state);
        const told = [...toldOf(noAccount), ...toldOf(accountId)];
        if (told.join('; ') !== reasons.join('; ') || allowed !== (told.length === 0)) {
          yield `${accountId}: told ${told.join('; ')}, they are ${reasons.join('; ')}`;
        }
      }
    },
  },
];

/** By account, or symbol: that of the runtime as a whole has no account. */
export function lastOfEntries(entries: readonly JournalEntry[]): Map<string, RuntimeEvent> {
  const last = new Map<string, RuntimeEvent>();
  const state = emptyState();
  for (const { record } of entries) {
    for (const event of apply(state, record)) {
      if (event.event !== 'entries.halted' && event.event !== 'entries.resumed') continue;
      const of = event['symbol'];
      last.set(typeof of === 'string' ? symbolKey(of) : event.accountId, event);
    }
  }
  return last;
}

/** No account is called that. */
export function symbolKey(symbol: string): string {
  return `of ${symbol}`;
}
