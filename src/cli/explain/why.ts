// Why a position was closed: the level and the price that reached it, or the rule, or who asked.
import { marketReasonPrefix } from '#src/domain/market-conditions';
import { heldWords, type Held } from '../market-words.ts';
import { objectAt, textAt, textsAt, type Meta } from './values.ts';
import { bookAt, compared, type Book } from './words.ts';

export interface Why {
  readonly reason: string;
  /** Other reasons for which it was asked for as well. */
  readonly also: readonly string[];
  /** The level of an exit that was crossed. */
  readonly level?: string;
  readonly quote?: Book;
  readonly ruleId?: string;
  readonly breachId?: string;
  readonly observed?: string;
  readonly floor?: string;
  /** The condition of a market guard, at which level, what was measured, and its limit. */
  readonly market?: Held;
  /** The reason by its name, such as `stop loss`. */
  readonly name: string;
  /** Whether the quote by itself decided it: a level, or the market guard. */
  readonly isByQuote: boolean;
  /** A sentence that says it all. */
  readonly words: string;
}

const exitNames: Readonly<Record<string, string>> = {
  stop_loss: 'stop loss',
  take_profit: 'take profit',
  trailing_stop: 'trailing stop',
  break_even: 'stop loss at break-even',
  expired: 'time exit',
};

const guardNames: Readonly<Record<string, string>> = {
  market_gap: 'price gap',
  market_spread: 'spread',
  market_liquidity: 'liquidity',
  market_stale: 'stale price',
  market_volatility: 'volatility',
};

/** That no quote came, or that a time had come, is no quote. */
const isByTime: ReadonlySet<string> = new Set(['expired', 'market_stale']);

const ruleNames: Readonly<Record<string, string>> = {
  drawdown_critical: 'drawdown limit',
  margin_stop_out: 'margin stop-out',
};

/** What is known of the position. */
interface Of {
  readonly symbol?: string | undefined;
  readonly side?: string | undefined;
}

/**
 * `metas` are those of the close's rows, the first one first; `change` is the last change of the
 * condition of a market guard before the close, for where these do not say it.
 */
export function whyOf(metas: readonly Meta[], { symbol, side }: Of, change?: Held): Why {
  const said = (key: string): string | undefined =>
    metas.map((meta) => textAt(meta, key)).find((text) => text !== undefined);
  const reason = said('closeReason') ?? said('reason') ?? 'unknown';
  const quote = metas.map((meta) => bookAt(meta, symbol)).find((book) => book !== undefined);
  const reasons = new Set(metas.flatMap((meta) => textsAt(meta, 'reasons')));
  reasons.delete(reason);
  const facts = {
    level: said('triggerPrice'),
    quote,
    ruleId: said('ruleId'),
    breachId: said('breachId'),
    observed: said('observed'),
    floor: said('floor'),
    market: reason in guardNames ? (heldBy(metas, reason, side) ?? change) : undefined,
  };
  const given = Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  );
  const name = nameOf(reason, said('rung'));
  const words = wordsOf(reason, name, facts, { symbol, side });
  const isByQuote = (reason in guardNames || reason in exitNames) && !isByTime.has(reason);
  return { reason, also: [...reasons], ...given, name, isByQuote, words };
}

/** As the rows of the close have it. */
function heldBy(
  metas: readonly Meta[],
  reason: string,
  side: string | undefined,
): Held | undefined {
  const market = metas.map((meta) => objectAt(meta, 'market')).find((one) => textAt(one, 'level'));
  const level = textAt(market, 'level');
  if (level === undefined) return undefined;
  const condition = reason.slice(marketReasonPrefix.length);
  return {
    ...{ condition, level, limit: textAt(market, 'limit'), measured: textAt(market, 'measured') },
    ...(condition === 'liquidity' ? { side } : {}),
    before: textAt(market, 'before'),
  };
}

function nameOf(reason: string, rung: string | undefined): string {
  const name =
    exitNames[reason] ?? ruleNames[reason] ?? guardNames[reason] ?? reason.replaceAll('_', ' ');
  return rung === undefined ? name : `${name} (rung ${Number(rung) + 1} of its ladder)`;
}

type Facts = { readonly [K in 'level' | 'ruleId' | 'breachId']: string | undefined } & {
  readonly quote: Book | undefined;
  readonly market: Held | undefined;
};

function wordsOf(
  reason: string,
  name: string,
  { level, quote, ruleId, breachId, market }: Facts,
  { symbol, side }: Of,
): string {
  if (breachId !== undefined)
    return `${name}: rule ${ruleId ?? 'unknown'} of the account was breached (${breachId})`;
  if (reason === 'expired') return 'its time had come (expiresAt)';
  if (reason in guardNames) {
    const what = market === undefined ? name : `${heldWords(market)} (${market.level})`;
    return `the market guard of ${symbol ?? 'its symbol'} closed it: ${what}`;
  }
  if (reason in exitNames) {
    if (level === undefined) {
      return `${name} without a price level: in money, or executed by the provider itself`;
    }
    if (quote === undefined) return `${name} ${level}, executed by the provider itself`;
    return `${name}: ${reached(quote, level, side, name)}`;
  }
  return `asked for by an operator or a program, reason ${reason}`;
}

/** The closing side is the bid for a long, the ask for a short. */
function reached(quote: Book, level: string, side: string | undefined, name: string): string {
  if (side !== 'long' && side !== 'short') return `the level was ${level}`;
  const closing = side === 'long' ? 'bid' : 'ask';
  const found = compared(quote[closing], level);
  if (found === undefined) return `the level was ${level}`;
  return `the ${closing} ${quote[closing]} ${found.how} the ${name} ${level}`;
}
