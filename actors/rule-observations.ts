// What a rule saw, as it is recorded: enough to check the decision afterwards without the quotes.
import { accountOf } from '#src/domain/apply';
import type { RuleFinding } from '#src/domain/judge';
import { text, type Decimal } from '#src/domain/money';
import type { PositionStanding, RuleEnd, RuleObservation } from '#src/domain/records';
import type { Account, Position } from '#src/domain/state';
import { observe } from '#src/prices/equity-watch';
import { usedMarginOf } from '#src/prices/exposure';
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
    ...(rule.anchor === 'marginLevel' ? marginOf(core, account) : {}),
    ...(quote === undefined ? {} : { quote }),
    positions: positions.slice(0, positionsToldMax).map((one) => standingOf(core, one)),
    positionsTotal: positions.length,
  };
}

const marginDecimals = 10;

/** What the level is made of. */
function marginOf(
  { markets }: CoreContext,
  account: Account,
): Required<Pick<RuleObservation, 'equity' | 'usedMargin'>> {
  const { equity, usedMargin } = observe(account, markets.bookOf);
  return { equity: text(equity), usedMargin: text(usedMargin.toDecimalPlaces(marginDecimals)) };
}

/** What is recorded where warnings or breaches end; `observed` is that of the first rule. */
export function endOf(ruleIds: readonly string[], observed: Decimal | undefined): RuleEnd {
  return {
    ruleIds: [...ruleIds],
    ...(observed === undefined ? {} : { observed: text(observed) }),
  };
}

/** As the guard was told of it; of a margin level only where there is one: margin is in use. */
export function toldEndOf(
  { state, markets }: CoreContext,
  accountId: string,
  { ruleIds, observed }: { readonly ruleIds: readonly string[]; readonly observed: string },
): RuleEnd {
  const { rules, positions } = accountOf(state, accountId);
  const rule = rules.find(({ id }) => id === ruleIds[0]);
  const usesMargin = (position: Position): boolean =>
    !usedMarginOf(position, markets.bookOf).isZero();
  const isTold = rule?.anchor !== 'marginLevel' || [...positions.values()].some(usesMargin);
  return { ruleIds: [...ruleIds], ...(isTold ? { observed } : {}) };
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
