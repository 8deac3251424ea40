// What is done about a difference (the route's `driftPolicy`): `alarm` tells it and leaves it to a
// person, `adopt` takes over what the provider says, `close` closes what is there and should not be.
import { idPattern } from '#src/contracts/primitives';
import { intentOf, type CloseIntent } from '#src/domain/closing';
import { decimal, text } from '#src/domain/money';
import type { BrokerPosition } from '#src/domain/provider';
import type { ReconcileFinding } from '#src/domain/reconcile';
import type { PositionRecord } from '#src/domain/records';
import { isRefused } from '#src/domain/refusals';
import type { DriftPolicy } from '#src/domain/route';
import type { Account, Position } from '#src/domain/state';
import { trackFault } from '#src/domain/trackable';
import type { CoreContext } from './core-context.ts';
import type { LiveCloser } from './live-closer.ts';

/** Reason of a close, and author of a change, that reconciliation makes. */
const driftReason = 'drift';

export class DriftPolicies {
  private readonly core: CoreContext;
  private readonly closer: LiveCloser;

  constructor(core: CoreContext, closer: LiveCloser) {
    this.core = core;
    this.closer = closer;
  }

  act(
    account: Account & { readonly route: string },
    finding: ReconcileFinding,
    policy: DriftPolicy,
  ): void {
    if (policy === 'alarm') return;
    const { drift, position, theirs } = finding;
    switch (drift.kind) {
      case 'unknown_there':
        if (position !== undefined) this.letGo(account, position);
        break;
      case 'unknown_here':
        if (position === undefined && theirs !== undefined) this.takeIn(account, theirs, policy);
        break;
      case 'side':
        if (position === undefined || theirs === undefined) break;
        this.letGo(account, position);
        this.takeIn(account, theirs, policy);
        break;
      case 'quantity':
        if (position === undefined || theirs === undefined) break;
        this.correct(position, { remainingQuantity: text(decimal(theirs.quantity)) });
        if (policy === 'close') this.close(position);
        break;
      case 'price':
        if (policy === 'adopt' && position !== undefined && theirs !== undefined) {
          this.correct(position, { entryPrice: text(decimal(theirs.entryPrice)) });
        }
        break;
      case 'stop':
      case 'target':
        if (policy === 'adopt' && position !== undefined) this.adoptExit(position, drift);
        break;
      case 'balance':
        if (policy === 'adopt') this.adjust(account, drift);
        break;
      default:
        break;
    }
  }

  /** It is closed at the provider: nothing is sent. */
  private letGo({ route }: { readonly route: string }, position: Position): void {
    this.closer.gone(position, this.intentFor(position, route));
  }

  private intentFor(position: Position, route: string): CloseIntent {
    return intentOf(position, { reason: driftReason }, this.core.clock.now(), { route });
  }

  /** A position of theirs becomes one of ours, where its symbol can be guarded. */
  private takeIn(account: Account, theirs: BrokerPosition, policy: DriftPolicy): void {
    const { core } = this;
    const { accountId } = account;
    const isFree =
      theirs.positionId !== undefined &&
      idPattern.test(theirs.positionId) &&
      !core.state.usedPositionIds.has(theirs.positionId);
    const position: PositionRecord = {
      positionId: isFree ? (theirs.positionId as string) : core.ids.next('position'),
      accountId,
      ticket: theirs.ticket,
      symbol: theirs.symbol,
      side: theirs.side,
      quantity: text(decimal(theirs.quantity)),
      entryPrice: text(decimal(theirs.entryPrice)),
      openedAt: core.clock.now(),
      exits: this.exitsOf(accountId, theirs),
    };
    const fault = trackFault(core.state, position);
    if (isRefused(fault)) {
      const why = fault.error.message;
      core.logger.error({ accountId, ...theirs, why }, 'a position of the provider is not guarded');
      return;
    }
    core.commit({ type: 'position.tracked', accountId, body: { position } });
    const tracked = core.state.positions.get(position.positionId);
    if (policy === 'close' && tracked !== undefined) this.close(tracked);
  }

  /** Of the position that was taken for gone and is there after all: it is guarded as before. */
  private exitsOf(accountId: string, theirs: BrokerPosition): Position['exits'] {
    const { positions, closedIds } = this.core.state;
    let exits: Position['exits'] = {};
    for (const positionId of closedIds) {
      const position = positions.get(positionId);
      if (position?.accountId !== accountId || position.untold.lte(0)) continue;
      const isNamed = positionId === theirs.positionId || position.ticket === theirs.ticket;
      const { symbol, side } = position;
      if (isNamed && symbol === theirs.symbol && side === theirs.side) exits = position.exits;
    }
    return exits;
  }

  private close({ positionId }: Position): void {
    this.core.requestClose({ positionIds: [positionId], cause: { reason: driftReason } });
  }

  private correct(
    { positionId, accountId }: Position,
    change: { remainingQuantity?: string; entryPrice?: string },
  ): void {
    const body = { positionId, ...change };
    this.core.commit({ type: 'position.corrected', accountId, body });
  }

  /** A stop that the provider lacks is no reason to have none here. */
  private adoptExit(position: Position, drift: ReconcileFinding['drift']): void {
    if (drift.theirs === undefined) return;
    const { positionId, accountId, exits } = position;
    const level = drift.kind === 'stop' ? { stopLoss: drift.theirs } : { takeProfit: drift.theirs };
    const body = { positionId, exits: { ...exits, ...level } };
    this.core.commit({ type: 'position.amended', accountId, body });
  }

  private adjust({ accountId }: Account, { ours, theirs }: ReconcileFinding['drift']): void {
    if (ours === undefined || theirs === undefined) return;
    const amount = text(decimal(theirs).minus(decimal(ours)));
    const body = { amount, reason: driftReason, by: 'reconciliation' };
    this.core.commit({ type: 'account.adjusted', accountId, body });
  }
}
