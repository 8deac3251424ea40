// What people do in the demo while the market moves: traders open positions anew, and an operator
// looks after halted accounts. All of it by the runtime's commands, as any gateway would.
import type { InProcessCommands } from '#src/commands/in-process';
import { noAccount } from '#src/domain/ids';
import { decimal, text } from '#src/domain/money';
import { orThrow } from '#src/domain/refusals';
import type { Positions, Trader } from './population.ts';
import { roundsPerSecond } from './synthetic-market.ts';

/** Rounds between two looks at the accounts. */
export const visitEveryRounds = roundsPerSecond / 5;
/** Positions that are opened at one look at most, one a trader. */
const opensPerVisitMax = 4;
/** How long an account stays halted before the operator acts. */
const haltedRounds = 15 * roundsPerSecond;

/** What `account.list` tells of an account, as far as it is needed here. */
export interface AccountSeen {
  readonly accountId: string;
  readonly currency: string;
  readonly state: string;
  readonly balance: string;
  readonly equity: string;
  readonly openPositions: number;
  readonly breachId?: string;
}

export interface TradingFloorOptions {
  readonly commands: InProcessCommands;
  readonly traders: readonly Trader[];
  readonly positions: Positions;
  readonly midOf: (symbol: string) => number;
}

export class TradingFloor {
  private readonly options: TradingFloorOptions;
  private readonly haltedSince = new Map<string, number>();
  private turn = 0;

  constructor(options: TradingFloorOptions) {
    this.options = options;
  }

  async accounts(): Promise<AccountSeen[]> {
    const { items } = orThrow(await this.options.commands.account.list(noAccount));
    return items as AccountSeen[];
  }

  /** One look at every account. Resolves when all that it led to is in force. */
  async visit(round: number): Promise<void> {
    const accounts = await this.accounts();
    await this.resumeHalted(accounts, round);
    await this.openPositions(accounts);
  }

  /** The operator makes up for what was lost, so that a demo of hours stays one, and resumes. */
  private async resumeHalted(accounts: readonly AccountSeen[], round: number): Promise<void> {
    const { commands, traders } = this.options;
    for (const { accountId, state, balance, breachId } of accounts) {
      if (state !== 'halted') {
        this.haltedSince.delete(accountId);
        continue;
      }
      const since = this.haltedSince.get(accountId) ?? round;
      this.haltedSince.set(accountId, since);
      if (round - since < haltedRounds) continue;
      const start = traders.find((trader) => trader.accountId === accountId)?.balance ?? 0;
      const lost = decimal(start).minus(balance);
      if (lost.isPositive() && !lost.isZero()) {
        const deposit = { amount: text(lost), reason: 'deposit' };
        orThrow(await commands.account.adjust(accountId, deposit));
      }
      const acknowledge = breachId === undefined ? {} : { acknowledge: breachId };
      orThrow(await commands.account.resume(accountId, { reason: 'reviewed', ...acknowledge }));
    }
  }

  private async openPositions(accounts: readonly AccountSeen[]): Promise<void> {
    const { commands, traders, positions, midOf } = this.options;
    const opening: Promise<unknown>[] = [];
    for (let i = 0; i < traders.length && opening.length < opensPerVisitMax; i++) {
      const trader = traders[this.turn++ % traders.length] as Trader;
      const seen = accounts.find(({ accountId }) => accountId === trader.accountId);
      if (seen === undefined || seen.state === 'halted' || seen.state === 'closing') continue;
      if (seen.openPositions >= trader.positions) continue;
      const position = positions.next(trader, midOf);
      opening.push(commands.position.track(trader.accountId, position));
    }
    for (const reply of await Promise.all(opening)) orThrow(reply);
  }
}
