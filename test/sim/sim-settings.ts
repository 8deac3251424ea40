// The settings of every runtime of a simulated world.
import type { SettingsInput } from '#src/contracts/settings';
import type { RuleSpec } from '#src/domain/rules';
import { currencyOf, euroAccount, instruments } from './instruments.ts';
import type { MadeMarket } from './made-markets.ts';
import type { Route } from './routes.ts';

/** 2026-01-05T00:00:00Z, a Monday. */
export const startTs = 1_767_571_200_000;

/** What each account has at first. */
export const initialBalance = '100000';

/** `rulesOf`: those that an account has at first. */
export function simSettings(
  routes: readonly Route[],
  markets: ReadonlyMap<string, MadeMarket>,
  rulesOf: (accountId: string) => RuleSpec[],
): SettingsInput {
  const terms = (accountId: string) => ({
    ...{ accountId, currency: currencyOf(accountId), balance: initialBalance },
    rules: rulesOf(accountId),
  });
  return {
    instruments: instruments.map((one) => ({
      ...one,
      sessions: markets.get(one.symbol)?.sessions,
    })),
    routes: routes.map(({ name }, i) => ({ route: name, timeoutMs: 500 + 500 * i })),
    accounts: [
      ...routes.map(({ name, accountId }) => {
        return { ...terms(accountId), mode: 'LIVE' as const, route: name };
      }),
      terms('paper'),
      terms(euroAccount),
    ],
    marketGuards: Object.fromEntries([...markets].map(([symbol, { guard }]) => [symbol, guard])),
  };
}
