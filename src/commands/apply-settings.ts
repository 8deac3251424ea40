// What the settings file declares, put through the same commands as everybody's.
import type { Settings } from '#src/contracts/settings';
import { canonical } from '#src/domain/chain';
import { noAccount } from '#src/domain/ids';
import { instrumentOf } from '#src/domain/instrument';
import { guardOf } from '#src/domain/market-conditions';
import { isRefused } from '#src/domain/refusals';
import { CloseoutError } from '#src/domain/errors';
import { routeOf } from '#src/domain/route';
import type { State } from '#src/domain/state';
import type { CommandMessage } from '#src/ports/bus';
import type { Logger } from '#src/ports/logger';
import type { CommandDesk } from './desk.ts';

/**
 * Puts what is new or different; an account that exists stays as it is. Throws `CloseoutError`
 * `settings_invalid` where something is refused for another reason than a conflict.
 */
export async function applySettings(
  settings: Pick<Settings, 'instruments' | 'accounts' | 'marketGuards' | 'routes'>,
  state: State,
  desk: Pick<CommandDesk, 'handle'>,
  logger: Logger,
): Promise<void> {
  const ask = async (
    path: string,
    message: Pick<CommandMessage, 'accountId' | 'resource' | 'action'>,
    value: unknown,
  ): Promise<void> => {
    const reply = await desk.handle({ client: 'settings', body: { value }, ...message });
    if (isRefused(reply)) {
      if (reply.error.code === 409) {
        // What is guarded already goes first: a conflict is told, and does not stop the start.
        logger.error({ path, why: reply.error.message }, 'a setting is not in force');
        return;
      }
      throw new CloseoutError('settings_invalid', `${path}: ${reply.error.message}`);
    }
  };
  for (const instrument of settings.instruments) {
    const known = state.instruments.get(instrument.symbol)?.spec;
    if (isSame(known, instrumentOf(instrument).spec)) continue;
    const to = { accountId: noAccount, resource: 'instrument', action: 'put' };
    await ask(`instruments.${instrument.symbol}`, to, instrument);
  }
  for (const route of settings.routes) {
    if (isSame(state.routes.get(route.route), routeOf(route))) continue;
    const to = { accountId: noAccount, resource: 'route', action: 'put' };
    await ask(`routes.${route.route}`, to, route);
  }
  for (const [symbol, given] of Object.entries(settings.marketGuards)) {
    const guard = { symbol, ...given };
    const wanted = guardOf({ symbol, ...given });
    const known = state.guards.get(symbol)?.record;
    if (isSame(known, wanted)) continue;
    if (known !== undefined) {
      logger.warn({ symbol, was: known }, 'the market guard on record is replaced by the settings');
    }
    await ask(
      `marketGuards.${symbol}`,
      { accountId: noAccount, resource: 'guard', action: 'put' },
      guard,
    );
  }
  for (const account of settings.accounts) {
    const { accountId } = account;
    if (state.accounts.has(accountId)) continue;
    await ask(
      `accounts.${accountId}`,
      { accountId, resource: 'account', action: 'create' },
      account,
    );
  }
}

function isSame(known: object | undefined, wanted: object): boolean {
  return known !== undefined && canonical(known) === canonical(wanted);
}
