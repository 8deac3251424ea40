// docs/reference.md between its markers: fields, commands, answers, events and refusals.
import { exitsOf } from '#src/domain/exits';
import { guardOf } from '#src/domain/market-conditions';
import { instrumentOf } from '#src/domain/instrument';
import { routeDefaults } from '#src/domain/route';
import { Exits } from '#src/contracts/exits';
import { GuardPut } from '#src/contracts/guard';
import { InstrumentBody } from '#src/contracts/instrument';
import { RouteBody } from '#src/contracts/route';
import { text } from '#src/domain/money';
import { accountTable, commandSections, positionTable, refusalTable } from './docs-commands.ts';
import { eventTable } from './docs-events.ts';
import { fieldsOf, fieldTable } from './docs-fields.ts';
import { ruleTable } from './docs-rules.ts';
import { shapeTables } from './docs-shapes.ts';

function instrumentTable(): string {
  const { contractSize, commissionRate, marginRate } = instrumentOf({
    symbol: 'S',
    quoteCurrency: 'USD',
  });
  return fieldTable(fieldsOf(InstrumentBody), {
    contractSize: text(contractSize),
    commissionRate: text(commissionRate),
    marginRate: text(marginRate),
  });
}

function exitsTable(): string {
  const offset = exitsOf({ breakEven: { trigger: 1 } }).breakEven?.offset;
  return fieldTable(fieldsOf(Exits), { 'breakEven.offset': offset });
}

/** What a guard has that says the least it may of each part. */
function guardTable(): string {
  const limit = 1;
  const { symbol: _, ...parts } = guardOf({
    symbol: 'S',
    volatility: { limit },
    reject: { deviationPct: limit, withinMs: limit },
    feeds: { primary: 'a', fallback: 'b' },
  });
  const fallbacks = Object.entries(parts).flatMap(([part, record]) => {
    if (record === false) throw new Error(`a guard has its ${part} by default`);
    return Object.entries(record as object).map(([key, value]) => [`${part}.${key}`, value]);
  });
  return fieldTable(fieldsOf(GuardPut), Object.fromEntries(fallbacks) as Record<string, unknown>);
}

/** The generated parts, by the names of their markers. */
export const referenceParts: Readonly<Record<string, () => string>> = {
  instruments: instrumentTable,
  accounts: accountTable,
  rules: ruleTable,
  positions: positionTable,
  exits: exitsTable,
  guards: guardTable,
  routes: () => fieldTable(fieldsOf(RouteBody), { ...routeDefaults }),
  commands: commandSections,
  answers: shapeTables,
  events: eventTable,
  refusals: refusalTable,
};
