// The exits of a position (contract section 3), and which of several that are due acts.
import { decimal, text, type Numeric } from './money.ts';

/** Exits as they are given. */
export interface ExitsSpec {
  stopLoss?: Numeric | undefined;
  takeProfit?: Numeric | undefined;
}

/** Exits as they are held and answered: canonical decimal text. */
export interface Exits {
  stopLoss?: string;
  takeProfit?: string;
}

export type ExitReason = 'stop_loss' | 'take_profit';

/** The levels of one position that one quote crossed. */
export interface CrossedLevels {
  readonly stopLoss: boolean;
  readonly takeProfit: boolean;
}

export interface DueExit {
  readonly reason: ExitReason;
  readonly triggerPrice: string;
}

export function exitsOf(given: ExitsSpec | undefined): Exits {
  const exits: Exits = {};
  if (given?.stopLoss !== undefined) exits.stopLoss = text(decimal(given.stopLoss));
  if (given?.takeProfit !== undefined) exits.takeProfit = text(decimal(given.takeProfit));
  return exits;
}

/** The exit that acts where several are crossed at once: the stop loss comes first. */
export function dueExit(exits: Exits, crossed: CrossedLevels): DueExit | undefined {
  if (crossed.stopLoss && exits.stopLoss !== undefined) {
    return { reason: 'stop_loss', triggerPrice: exits.stopLoss };
  }
  if (crossed.takeProfit && exits.takeProfit !== undefined) {
    return { reason: 'take_profit', triggerPrice: exits.takeProfit };
  }
  return undefined;
}
