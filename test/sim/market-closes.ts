// Closes that the guards of markets ask for in a simulated world: only while their condition holds, of
// everything that is open, once; and what was given up because the condition had cleared was never sent.
import type { CloseIntent } from '#src/domain/closing';
import type { JournalRecord } from '#src/domain/records';
import type { State } from '#src/domain/state';
import type { Held } from './exit-facts.ts';
import { intentOf } from './guard-facts.ts';
import { conditionOf, isOfSide, nameOf, names, type Name } from './market-terms.ts';

/** What the rest of the memory knows. */
export interface Known {
  /** Whether a condition may close now what is open in the symbol. */
  readonly mayClose: (name: Name, symbol: string) => boolean;
  /** Whether it has cleared, so that a close that waits is not sent; `before` is the mid before a gap. */
  readonly hasCleared: (name: Name, symbol: string, before: string | undefined) => boolean;
}

/** Why a close is given up that was never sent. */
export const clearedWhy = 'it was not sent: the condition had cleared';
const reasons = new Set(names.map((name) => `market_${conditionOf(name)}`));

export class GuardCloses {
  private readonly fail: (name: string, detail: string) => void;
  private readonly closeIds = new Set<string>();
  /** Positions of which a close is under way that a guard asked for, and which one. */
  private readonly underWay = new Map<string, string>();
  /** Positions and reasons of closes that are asked for again until they are done. */
  private readonly asked = new Set<string>();
  /** Orders that a provider was given, in whatever start; and those that must never be. */
  private readonly sent = new Set<string>();
  private readonly dropped = new Set<string>();

  constructor(fail: (name: string, detail: string) => void) {
    this.fail = fail;
  }

  /** What is not on record did not happen. */
  restart(): void {
    this.closeIds.clear();
    this.underWay.clear();
    this.asked.clear();
    this.dropped.clear();
  }

  /** An order is on its way to a provider. */
  sends(clientOrderId: string): void {
    this.sent.add(clientOrderId);
    if (this.dropped.has(clientOrderId)) this.fail('what is dropped is never sent', clientOrderId);
  }

  /** It was not there, or did not want it. */
  wasNotTaken(clientOrderId: string): void {
    this.sent.delete(clientOrderId);
  }

  check(record: JournalRecord, known: Known): void {
    if (record.type === 'close.failed' && record.body.result.errorMessage === clearedWhy) {
      this.checkDropped(record.body.intent, known);
      return;
    }
    const intent = intentOf(record);
    if (intent === undefined || this.closeIds.has(intent.closeId)) return;
    const { reason, positionId, symbol, side, closeId } = intent;
    if (!reasons.has(reason)) return;
    const name = nameOf(reason.slice('market_'.length), side);
    const shown = `${positionId} (${side} ${symbol}) by ${reason}`;
    const isAgain = this.asked.has(`${positionId} ${reason}`);
    if (!isAgain && !known.mayClose(name, symbol)) {
      this.fail('a guard closes only while its condition holds', shown);
    }
    const earlier = this.underWay.get(positionId);
    if (earlier !== undefined && !isAgain) {
      this.fail('a guard closes a position once', `${shown}: ${closeId} after ${earlier}`);
    }
  }

  private checkDropped(
    { clientOrderId, reason, symbol, side, market }: CloseIntent,
    known: Known,
  ): void {
    if (this.sent.has(clientOrderId)) this.fail('what is dropped was never sent', clientOrderId);
    const name = nameOf(reason.slice('market_'.length), side);
    if (reasons.has(reason) && known.hasCleared(name, symbol, market?.before)) return;
    this.fail('only what has cleared is dropped', `${clientOrderId} of ${reason}`);
  }

  apply(record: JournalRecord): void {
    if (record.type === 'close.failed') {
      const { intent, result } = record.body;
      this.underWay.delete(intent.positionId);
      if (result.errorMessage !== clearedWhy) return;
      this.asked.delete(`${intent.positionId} ${intent.reason}`);
      this.dropped.add(intent.clientOrderId);
      return;
    }
    const intent = intentOf(record);
    if (intent === undefined) return;
    const { positionId, reason, closeId } = intent;
    this.closeIds.add(closeId);
    if (record.type === 'close.filled') this.underWay.delete(positionId);
    else if (reasons.has(reason)) {
      this.underWay.set(positionId, closeId);
      this.asked.add(`${positionId} ${reason}`);
    }
  }

  /** Nothing that is the condition's is guarded once it has acted. */
  checkAsked(name: Name, open: readonly Held[], state: State, ts: number): void {
    for (const { positionId, side, failedTs } of open) {
      if (!isOfSide(name, side) || failedTs >= ts) continue;
      if (state.positions.get(positionId)?.state !== 'guarded') continue;
      this.fail('a condition closes everything', `${positionId} is guarded at ${name}`);
    }
  }
}
