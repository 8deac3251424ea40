// The settings of every runtime of a simulated world.
import type { SettingsInput } from '#src/contracts/settings';
import { currencyOf, euroAccount, instruments } from './instruments.ts';
import type { Route } from './routes.ts';

/** What each account has at first. */
export const initialBalance = '100000';

const rules = [
  { id: 'peak', anchor: 'peakEquity' as const, limitPct: 4, warningPct: 3 },
  { id: 'floor', anchor: 'fixed' as const, floor: 90_000 },
];

export function simSettings(routes: readonly Route[]): SettingsInput {
  const shared = { currency: 'USD', balance: initialBalance };
  return {
    instruments: [...instruments],
    routes: routes.map(({ name }, i) => ({ route: name, timeoutMs: 500 + 500 * i })),
    accounts: [
      ...routes.map(({ name, accountId }) => {
        return { accountId, ...shared, mode: 'LIVE' as const, route: name, rules };
      }),
      { accountId: 'paper', ...shared, rules },
      {
        accountId: euroAccount,
        currency: currencyOf(euroAccount),
        balance: initialBalance,
        preset: 'default',
      },
    ],
    marketGuards: { GOLD: { gap: { limit: '0.3' } } },
  };
}
