// A replay's scenario (contract section 7): parsed, then checked as a whole, every fault by its path.
import { z } from 'zod';
import type { Issue } from '#src/domain/refusals';
import { AccountSpec } from './account.ts';
import { GuardConditions } from './guard.ts';
import { InstrumentBody } from './instrument.ts';
import { PositionSpec } from './position.ts';
import { SymbolName } from './primitives.ts';

export const Scenario = z.strictObject({
  instruments: z.array(InstrumentBody).min(1, { error: 'expected at least one instrument' }),
  accounts: z.array(AccountSpec),
  positions: z.array(PositionSpec),
  marketGuards: z.record(SymbolName, GuardConditions).optional(),
});
export type Scenario = z.infer<typeof Scenario>;

/** What is valid by itself but does not fit the rest. */
export function scenarioFaults(scenario: Scenario): Issue[] {
  const issues: Issue[] = [];
  const symbols = new Set<string>();
  scenario.instruments.forEach(({ symbol }, i) => {
    if (symbols.has(symbol)) issues.push({ path: `instruments[${i}].symbol`, message: differ(symbol) });
    symbols.add(symbol);
  });
  const accounts = new Set<string>();
  scenario.accounts.forEach(({ accountId }, i) => {
    if (accounts.has(accountId)) issues.push({ path: `accounts[${i}].accountId`, message: differ(accountId) });
    accounts.add(accountId);
  });
  for (const symbol of Object.keys(scenario.marketGuards ?? {})) {
    if (!symbols.has(symbol)) {
      issues.push({ path: `marketGuards.${symbol}`, message: 'expected a symbol of the instruments' });
    }
  }
  return issues;
}

function differ(id: string): string {
  return `expected ids that differ, was ${JSON.stringify(id)} again`;
}
