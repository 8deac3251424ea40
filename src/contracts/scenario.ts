// A replay's scenario (contract section 7): parsed, then checked as a whole, every fault by its path.
import { z } from 'zod';
import type { Issue } from '#src/domain/refusals';
import { ScenarioAccount } from './account.ts';
import { exitsMisfits } from './exits.ts';
import { GuardConditions } from './guard.ts';
import { InstrumentBody } from './instrument.ts';
import { PositionSpec } from './position.ts';
import { SymbolName, Time } from './primitives.ts';

export const Scenario = z.strictObject({
  instruments: z.array(InstrumentBody).min(1, { error: 'expected at least one instrument' }),
  accounts: z.array(ScenarioAccount),
  positions: z.array(PositionSpec),
  marketGuards: z.record(SymbolName, GuardConditions).optional(),
});
export type Scenario = z.infer<typeof Scenario>;

/**
 * What is valid by itself but does not fit the rest: of a scenario or of settings, valid or not, so
 * that its faults stand beside those of the schema.
 */
export function scenarioFaults(given: unknown): Issue[] {
  const issues: Issue[] = [];
  const { instruments, accounts, positions, marketGuards } = fieldsOf(given);
  const symbols = noteRepeats(issues, instruments, 'instruments', 'symbol');
  const accountIds = noteRepeats(issues, accounts, 'accounts', 'accountId');
  noteRepeats(issues, positions, 'positions', 'positionId');
  (Array.isArray(positions) ? positions : []).forEach((item: unknown, i) => {
    const position = fieldsOf(item);
    const { accountId, symbol } = position;
    const note = (key: string, message: string): void => {
      issues.push({ path: `positions[${i}].${key}`, message });
    };
    if (typeof accountId === 'string' && !accountIds.has(accountId)) {
      note('accountId', `expected an account of the scenario, was ${JSON.stringify(accountId)}`);
    }
    if (typeof symbol === 'string' && !symbols.has(symbol)) {
      note('symbol', `expected a symbol of the instruments, was ${JSON.stringify(symbol)}`);
    }
    const openAt = Time.safeParse(position['openAt']);
    const expected = 'expected a time later than openAt';
    const laterThan = openAt.success ? { ms: openAt.data, expected } : undefined;
    for (const { path, message } of exitsMisfits(position, laterThan)) note(path, message);
  });
  for (const symbol of Object.keys(fieldsOf(marketGuards))) {
    if (!symbols.has(symbol)) {
      issues.push({
        path: `marketGuards.${symbol}`,
        message: 'expected a symbol of the instruments',
      });
    } else if (symbol === unreadKey) {
      const message = 'expected another symbol: of this name guard.put alone takes a guard';
      issues.push({ path: `marketGuards.${symbol}`, message });
    }
  }
  return issues;
}

/** A key that JSON has like any other, and that no record of zod reads. */
const unreadKey = '__proto__';

/** Every id of the list; notes those that it has had before. */
export function noteRepeats(
  issues: Issue[],
  list: unknown,
  name: string,
  key: string,
): ReadonlySet<unknown> {
  const seen = new Set<unknown>();
  (Array.isArray(list) ? list : []).forEach((item: unknown, i) => {
    const id = fieldsOf(item)[key];
    if (typeof id !== 'string') return;
    if (seen.has(id)) issues.push({ path: `${name}[${i}].${key}`, message: differ(id) });
    seen.add(id);
  });
  return seen;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function differ(id: string): string {
  return `expected ids that differ, was ${JSON.stringify(id)} again`;
}
