// A difference to a provider's view, as a record: told once, loudly.
import type { Drift } from '#src/domain/drift';
import { routeIn, type Account } from '#src/domain/state';
import type { CoreContext } from './core-context.ts';

/** `reportKey` is that of the execution report that told it. */
export function recordDrift(
  core: CoreContext,
  { accountId, route = '' }: Pick<Account, 'accountId' | 'route'>,
  drift: Drift,
  reportKey?: string,
): void {
  const policy = routeIn(core.state, route).driftPolicy;
  core.metrics.count('drifts_detected');
  core.logger.error({ accountId, route, policy, ...drift }, 'drift: the provider differs');
  const more = reportKey === undefined ? {} : { reportKey };
  core.commit({ type: 'drift.detected', accountId, body: { drift, policy, route, ...more } });
}
