// Every command there is, by resource and action (contract section 8).
import { accountCommands } from './account.ts';
import type { Command } from './command.ts';
import { deadletterCommands } from './deadletter.ts';
import { guardCommands } from './guard.ts';
import { instrumentCommands } from './instrument.ts';
import { ledgerCommands } from './ledger.ts';
import { positionCommands } from './position.ts';
import { reconciliationCommands } from './reconciliation.ts';
import { routeCommands } from './route.ts';
import { runtimeCommands } from './runtime.ts';

export const commands = {
  account: accountCommands,
  position: positionCommands,
  instrument: instrumentCommands,
  guard: guardCommands,
  route: routeCommands,
  ledger: ledgerCommands,
  deadletter: deadletterCommands,
  reconciliation: reconciliationCommands,
  runtime: runtimeCommands,
} as const satisfies Record<string, Record<string, Command>>;

/** The command of a resource and an action; undefined where there is none. */
export function findCommand(resource: string, action: string): Command | undefined {
  if (!Object.hasOwn(commands, resource)) return undefined;
  const actions: Record<string, Command> = commands[resource as keyof typeof commands];
  return Object.hasOwn(actions, action) ? actions[action] : undefined;
}
