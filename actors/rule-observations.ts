// What a rule saw, as it is recorded: enough to check the decision afterwards without the quotes.
import { accountOf } from '#src/domain/apply';
import type { RuleFinding } from '#src/domain/judge';
import { text } from '#src/domain/money';
import type { PositionStanding, RuleObservation } from '#src/domain/records';
import type { Position } from '#src/domain/state';
import { pnlOf, worstFirst } from './breach-closes.ts';
import type { CoreContext } from './core-context.ts';

/** Positions that one observation tells of, the worst ones; it says how many there were. */
const positionsToldMax = 500;

export function observationOf(
  core: CoreContext,
  accountId: string,
  { rule, levels }: RuleFinding,
  observed: string,
): RuleObservation {
  const account = accountOf(core.state, accountId);
  const { markets } = core;
  const positions = worstFirst([...account.positions.values()], markets);
  const quote = core.quote === undefined ? undefined : markets.bookOf(core.quote).mark();
  return {
    ruleId: rule.id,
    observed,
    floor: text(levels.floor),
    anchorValue: text(levels.anchorValue),
    ...(quote === undefined ? {} : { quote }),
    positions: positions.slice(0, positionsToldMax).map((one) => standingOf(core, one)),
    positionsTotal: positions.length,
  };
}

function standingOf({ markets }: CoreContext, position: Position): PositionStanding {
  const { positionId, symbol, side, remainingQuantity } = position;
  const book = markets.bookOf(symbol);
  const pnl = pnlOf(position, markets);
  return {
    ...{ positionId, symbol, side, quantity: text(remainingQuantity) },
    ...(book.hasQuote ? { price: text(book.closingPrice(side)) } : {}),
    ...(pnl === undefined ? {} : { pnl: text(pnl) }),
  };
}
