// A LIVE world that is reconciled: what the provider lists, and what is told of it.
import { readinessOf, type Surroundings } from '#src/host/parts';
import { decimal } from '#src/domain/money';
import type { Drift } from '#src/domain/drift';
import type { BrokerOrder, BrokerPosition } from '#src/domain/provider';
import type { Readiness } from '#src/ports/health';
import {
  account,
  answers,
  LiveWorld,
  says,
  type Body,
  type LiveWorldOptions,
} from './live-world.ts';

export interface ReconciledAccount {
  readonly accountId: string;
  readonly ranAt: number;
  readonly ageMs: number;
  readonly complete: boolean;
  readonly drifts: readonly Drift[];
  readonly error?: string;
}

/** As it is there unless told otherwise: what `open('p')` opens. */
export const theirs: BrokerPosition = {
  ...{ ticket: 'p', positionId: 'p', symbol: 'X', side: 'long' },
  ...{ quantity: '2', entryPrice: '100' },
};

/** A provider that tells everything, and an account with the same balance on both sides. */
export async function startReconciled(options: LiveWorldOptions = {}): Promise<LiveWorld> {
  const w = await LiveWorld.start({
    ...options,
    settings: {
      accounts: [account],
      instruments: [
        { symbol: 'X', quoteCurrency: 'USD' },
        { symbol: 'Y', quoteCurrency: 'USD' },
      ],
      ...options.settings,
    },
  });
  w.provider.balances.set('a', decimal(1000));
  if (options.script === undefined) w.play({ orders: [ordersAre()] });
  w.quote(100);
  return w;
}

export function ordersAre(...orders: BrokerOrder[]) {
  return says({ complete: true, orders });
}

export function positionsAre(...positions: object[]) {
  return says({ complete: true, positions });
}

/** The provider lists these from now on, and answers everything else as it is. */
export function lists(w: LiveWorld, ...positions: object[]): void {
  w.play({ positions: [positionsAre(...positions)], orders: [ordersAre()], account: [answers] });
}

export async function reconcile(w: LiveWorld, accountId = 'a'): Promise<ReconciledAccount> {
  const [first] = await reconcileAll(w, accountId);
  if (first === undefined) throw new Error('nothing was reconciled');
  return first;
}

export async function reconcileAll(w: LiveWorld, accountId = '_'): Promise<ReconciledAccount[]> {
  const reply = await w.settled(w.ask(`${accountId}.reconciliation.run`));
  if (!('accounts' in reply)) throw new Error(JSON.stringify(reply));
  return reply['accounts'] as ReconciledAccount[];
}

export async function statusOf(w: LiveWorld, accountId = 'a'): Promise<ReconciledAccount[]> {
  const reply = await w.ask(`${accountId}.reconciliation.status`);
  if (!('accounts' in reply)) throw new Error(JSON.stringify(reply));
  return reply['accounts'] as ReconciledAccount[];
}

/** `kind of what ours theirs` of each drift. */
export function told(drifts: readonly Drift[]): string[] {
  return drifts.map(({ kind, positionId, ours = '-', theirs: other = '-' }) =>
    [kind, ...(positionId === undefined ? [] : [positionId]), ours, other].join(' '),
  );
}

/** Drifts that stand: told, and not cleared. */
export function standing(w: LiveWorld, accountId = 'a'): string[] {
  const { drifts } = w.harness.core.state.accounts.get(accountId) ?? {};
  return told([...(drifts?.values() ?? [])].map(({ drift }) => drift));
}

/** Drifts on record, in order, and what became of them: `+ kind …` and `- kind …`. */
export async function driftStory(w: LiveWorld): Promise<string[]> {
  const detected = await w.records('drift.detected');
  const cleared = await w.records('drift.cleared');
  return [...detected, ...cleared]
    .sort((a, b) => a.n - b.n)
    .map(({ type, body }) => `${type === 'drift.detected' ? '+' : '-'} ${told([body.drift])[0]}`);
}

export function readiness(
  { harness, clock }: LiveWorld,
  more: Partial<Surroundings> = {},
): Readiness {
  const { phase } = harness;
  const around = {
    ...{ phase, phaseSince: clock.now(), startedTs: clock.now() },
    ...{ journalFailure: undefined, nats: undefined, http: { isHealthy: true, since: 0 } },
    ...more,
  };
  return readinessOf(around, harness.engine);
}

export async function position(w: LiveWorld, positionId = 'p'): Promise<Body> {
  return await w.ask('a.position.get', { positionId });
}
