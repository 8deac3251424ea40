// What the model of accounts keeps.
import type { Decimal } from '#src/domain/money';
import type { Terms } from './account-model-pnl.ts';
import type { ModelRule } from './account-model-rules.ts';

export interface ModelPosition extends Terms {
  readonly positionId: string;
  readonly account: ModelAccount;
  /** In tracking order. */
  readonly order: number;
  remaining: Decimal;
  stopLoss: Decimal | undefined;
  takeProfit: Decimal | undefined;
  /** A close of all that is left that waits for a quote. */
  waiting: Waiting | undefined;
}

export interface Waiting {
  readonly reason: string;
  readonly since: number;
  readonly at: Decimal | undefined;
  place: number;
}

export interface ModelHalt {
  readonly by: 'operator' | 'breach';
  readonly reason: string;
  readonly ruleId?: string;
}

export interface ModelAccount {
  readonly accountId: string;
  readonly currency: string;
  balance: Decimal;
  initial: Decimal;
  peak: Decimal;
  rules: ModelRule[];
  state: 'normal' | 'warning' | 'grace' | 'closing' | 'halted';
  halt: ModelHalt | undefined;
  graceUntil: number | undefined;
  warned: Set<string>;
  /** Rules whose breach goes on, without those that close. */
  active: Set<string>;
  positions: Set<ModelPosition>;
  told: string[];
}

export type Count =
  | 'rolled'
  | 'recovered'
  | 'waited'
  | 'closedLate'
  | 'graceEnded'
  | 'reduced'
  | 'recoveredEmpty'
  | 'peaks'
  | 'exits'
  | 'resumed'
  | `told ${string}`;

export function needsPeak({ rules }: Pick<ModelAccount, 'rules'>): boolean {
  return rules.some(({ spec }) => spec.anchor === 'peakEquity');
}
