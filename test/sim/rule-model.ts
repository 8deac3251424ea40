// Contract section 5 once more, as plainly as it can be said: what the rules of an account are
// measured from, and what they say. Nothing of it is shared with the runtime but the arithmetic.
import { Decimal, decimal, zero } from '#src/domain/money';
import { isDayAnchor, type RuleAction, type RuleRecord } from '#src/domain/rules';
import { converted, pnlAt } from './exit-model.ts';
import { currencyOf, euroPair, instrumentOf } from './instruments.ts';

type Exact = Decimal;

/** A position of an account, as its records tell it. */
export interface OpenPosition {
  readonly positionId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: 'long' | 'short';
  /** In the order of tracking. */
  readonly order: number;
  entryPrice: Exact;
  remaining: Exact;
  /** Closes of all that is left of it. */
  readonly closes: Set<string>;
}

export interface BookSides {
  readonly bid: Exact;
  readonly ask: Exact;
  readonly ts: number;
}
export type Books = ReadonlyMap<string, BookSides>;

/** What an account holds; rules are measured from the other fields. */
export interface Holder {
  readonly balance: Exact;
  readonly initial: Exact;
  readonly anchors: ReadonlyMap<string, { readonly value: Exact }>;
  readonly positions: ReadonlyMap<string, OpenPosition>;
  /** Of positions that were closed at prices which nobody has told yet: how much, and what it was worth. */
  readonly untold: ReadonlyMap<string, { readonly quantity: Exact; readonly pnl: Exact }>;
}

export interface Levels {
  readonly anchor: Exact;
  readonly floor: Exact;
  /** Whether the floor itself is a breach. */
  readonly isFloorBreach: boolean;
  readonly warnAt: Exact | undefined;
  readonly overAbove: Exact | undefined;
}

/** What is looked at; undefined where there is nothing to look at: no margin is used. */
export type Seen = Exact | undefined;

export function levelsOf(rule: RuleRecord, holder: Holder, peak: Exact): Levels {
  const percentOf = (percent: string, base: Exact): Exact => base.times(percent).div(100);
  const { anchor, warningPct } = rule;
  if (anchor === 'fixed' || anchor === 'marginLevel') {
    const floor = decimal((anchor === 'fixed' ? rule.floor : rule.limitPct) ?? 0);
    const above = warningPct && percentOf(warningPct, floor);
    return {
      ...{ anchor: floor, floor, isFloorBreach: false },
      warnAt: above ? floor.plus(above) : undefined,
      overAbove: above ? floor.plus(above.times('1.1')) : undefined,
    };
  }
  const from = fromOf(rule, holder, peak);
  const base = rule.pctOf === 'initialBalance' ? holder.initial : from;
  const limit = rule.limitAmount ? decimal(rule.limitAmount) : percentOf(rule.limitPct ?? '', base);
  const loss = warningPct ? percentOf(warningPct, base) : limit.times(3).div(4);
  const lock = holder.initial.plus(rule.lockOffset ?? 0);
  const free = from.minus(limit);
  return {
    anchor: from,
    floor: rule.lockAtInitial === true && free.gt(lock) ? lock : free,
    isFloorBreach: true,
    warnAt: from.minus(loss),
    overAbove: from.minus(loss.times(9).div(10)),
  };
}

function fromOf({ id, anchor }: RuleRecord, holder: Holder, peak: Exact): Exact {
  if (anchor === 'peakEquity') return peak;
  if (anchor === 'initialBalance') return holder.initial;
  const known = holder.anchors.get(id);
  if (known === undefined) throw new Error(`rule ${id} has no anchor`);
  return known.value;
}

export function isBreach({ floor, isFloorBreach }: Levels, seen: Seen): boolean {
  return seen !== undefined && (isFloorBreach ? seen.lte(floor) : seen.lt(floor));
}

export function isWarning({ warnAt }: Levels, seen: Seen): boolean {
  return seen !== undefined && warnAt !== undefined && seen.lte(warnAt);
}

/** A warning is over: also where its rule has nothing to look at any more. */
export function isOver(levels: Levels, seen: Seen): boolean {
  if (isBreach(levels, seen)) return false;
  return seen === undefined || levels.overAbove === undefined || seen.gt(levels.overAbove);
}

/** What a rule looks at. A margin level is a quotient, of enough digits to compare it. */
export function seenBy(
  rule: Pick<RuleRecord, 'anchor' | 'observed'>,
  holder: Holder,
  books: Books,
  counts: (position: OpenPosition) => boolean = () => true,
): Seen {
  if (rule.observed === 'balance') return holder.balance;
  const equity = equityOf(holder, books);
  if (rule.anchor !== 'marginLevel') return equity;
  let used = zero;
  for (const position of holder.positions.values()) {
    if (counts(position)) used = used.plus(marginOf(position, books));
  }
  return used.isZero() ? undefined : equity.times(100).div(used);
}

export function equityOf({ balance, positions, untold }: Holder, books: Books): Exact {
  let equity = balance;
  for (const { pnl } of untold.values()) equity = equity.plus(pnl);
  for (const position of positions.values()) equity = equity.plus(pnlOf(position, books) ?? 0);
  return equity;
}

/** Undefined while a quote is missing. */
export function pnlOf(position: OpenPosition, books: Books): Exact | undefined {
  const book = books.get(position.symbol);
  if (book === undefined) return undefined;
  return pnlAt(position, position.side === 'long' ? book.bid : book.ask, midIn(books));
}

function marginOf({ symbol, remaining, entryPrice, accountId }: OpenPosition, books: Books): Exact {
  const { contractSize = 1, marginRate = '0', quoteCurrency } = instrumentOf(symbol);
  const margin = remaining.times(contractSize).times(entryPrice).times(marginRate);
  return converted(margin, quoteCurrency, currencyOf(accountId), midIn(books)) ?? zero;
}

function midIn(books: Books): (symbol: string) => Exact | undefined {
  return (symbol) => {
    const book = books.get(symbol);
    return book && book.bid.plus(book.ask).div(2);
  };
}

/** Whether a quote of the symbol is one of the position's own, or of its conversion pair. */
export function hangsOn({ symbol, accountId }: OpenPosition, quoted: string): boolean {
  if (symbol === quoted) return true;
  return quoted === euroPair && instrumentOf(symbol).quoteCurrency !== currencyOf(accountId);
}

/** What a day's anchor becomes when a day begins; `before` is what it was. */
export function atDayBreak(rule: RuleRecord, holder: Holder, equity: Exact, before: Exact): Exact {
  const { balance } = holder;
  const higherOf = (a: Exact, b: Exact): Exact => (a.gt(b) ? a : b);
  switch (rule.anchor) {
    case 'dayStartEquity':
      return equity;
    case 'dayStartHigher':
      return higherOf(balance, equity);
    case 'highestDayEndBalance':
      return higherOf(before, balance);
    default:
      return balance;
  }
}

/** The anchors of the rules' days, where all of them are set anew. */
export function anchorsAnew(rules: readonly RuleRecord[], holder: Holder, equity: Exact) {
  const dayRules = rules.filter(({ anchor }) => isDayAnchor(anchor));
  return dayRules.map((rule) => {
    const value = atDayBreak(rule, holder, equity, holder.balance);
    return [rule.id, value] as const;
  });
}

const strength: readonly RuleAction[] = ['warn', 'haltEntries', 'reduce', 'close'];

export function actionOf({ action = 'close' }: Pick<RuleRecord, 'action'>): RuleAction {
  return action;
}

/** Above 0 where the first one does more. */
export function strongerBy(a: RuleRecord, b: RuleRecord): number {
  return strength.indexOf(actionOf(a)) - strength.indexOf(actionOf(b));
}
