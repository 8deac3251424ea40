// An account after a quote, in doubles: fast enough to look at every one on every quote. What lies
// too near to a level to be told apart is nobody's fault; the records are looked at exactly.
import type { RuleRecord } from '#src/domain/rules';
import { isOnItsWay, type AccountFacts } from './guard-facts.ts';
import { currencyOf, euroPair, instrumentOf } from './instruments.ts';
import { levelsOf, type Books } from './rule-model.ts';
import { Decimal } from '#src/domain/money';

/** As a part of what is compared. */
const tolerance = 1e-9;

export interface Look {
  readonly equity: number;
  /** What should have been told, and was not. */
  readonly untold: readonly string[];
}

interface RuleLevels {
  readonly rule: RuleRecord;
  readonly floor: number;
  readonly warnAt: number | undefined;
  readonly overAbove: number | undefined;
}

interface Cached {
  readonly version: number;
  readonly peak: number;
  readonly levels: readonly RuleLevels[];
}

const cache = new WeakMap<AccountFacts, Cached>();

interface Sums {
  equity: number;
  used: number;
  /** Of what can be closed. */
  usedGuarded: number;
  /** Of what is closed whose close is a dead letter. */
  usedLettered: number;
}

export function untoldOf(
  account: AccountFacts,
  books: Books,
  peak: { readonly least: number; readonly most: number },
  /** Whether it is as it was when its rules were looked at: nothing was closed since. */
  isStill: boolean,
): Look {
  const sums = sumsOf(account, books);
  const untold: string[] = [];
  if (account.halt?.by === 'breach') return { equity: sums.equity, untold };
  for (const levels of levelsIn(account, peak.least)) {
    const { rule } = levels;
    // What the peak is exactly is not known after a kill.
    if (rule.anchor === 'peakEquity' && peak.least !== peak.most) continue;
    const found = ofRule(levels, account, sums, isStill);
    if (found !== undefined) untold.push(`${rule.id} is ${found}`);
  }
  return { equity: sums.equity, untold };
}

function ofRule(
  levels: RuleLevels,
  account: AccountFacts,
  { equity, used, usedGuarded, usedLettered }: Sums,
  isStill: boolean,
): string | undefined {
  const { rule, floor, warnAt, overAbove } = levels;
  const isMargin = rule.anchor === 'marginLevel';
  const balance = account.balance.toNumber();
  const observed = isMargin
    ? (100 * equity) / used
    : rule.observed === 'balance'
      ? balance
      : equity;
  const isBelow = (level: number): boolean => observed < level * (1 - tolerance);
  const isAbove = (level: number): boolean => observed > level * (1 + tolerance);
  const breach = account.breaches.get(rule.id);
  const isWarned = account.warned.has(rule.id);
  if (breach?.action === 'reduce' && usedGuarded > 0) {
    const level = (100 * equity) / (usedGuarded + usedLettered);
    if (level < floor * (1 - tolerance)) return 'not reduced enough';
  }
  // What a reduction leaves is looked at on the next quote.
  if (!isStill && (isMargin || rule.observed === 'balance')) return undefined;
  if (isBelow(floor)) return breach === undefined ? 'breached' : undefined;
  if (!isAbove(floor)) return undefined;
  if (breach !== undefined && breach.action !== 'warn') return 'not breached';
  if (isWarned) return overAbove === undefined || isAbove(overAbove) ? 'no warning' : undefined;
  return warnAt !== undefined && isBelow(warnAt) ? 'a warning' : undefined;
}

/** What rules act at, until a record or the peak changes it. */
function levelsIn(account: AccountFacts, peak: number): readonly RuleLevels[] {
  const known = cache.get(account);
  if (known?.version === account.version && known.peak === peak) return known.levels;
  const levels = account.rules.map((rule) => {
    const { floor, warnAt, overAbove } = levelsOf(rule, account, new Decimal(peak));
    return {
      ...{ rule, floor: floor.toNumber() },
      ...{ warnAt: warnAt?.toNumber(), overAbove: overAbove?.toNumber() },
    };
  });
  cache.set(account, { version: account.version, peak, levels });
  return levels;
}

function sumsOf(account: AccountFacts, books: Books): Sums {
  const { balance, positions, untold } = account;
  const sums = { equity: balance.toNumber(), used: 0, usedGuarded: 0, usedLettered: 0 };
  for (const { pnl } of untold.values()) sums.equity += pnl.toNumber();
  for (const position of positions.values()) {
    const { symbol, side, entryPrice, remaining, accountId, closes } = position;
    const {
      contractSize = 1,
      commissionRate = 0,
      marginRate = 0,
      quoteCurrency,
    } = instrumentOf(symbol);
    const rate = rateOf(quoteCurrency, currencyOf(accountId), books);
    const entry = entryPrice.toNumber();
    const size = remaining.toNumber() * contractSize * rate;
    const margin = entry * size * Number(marginRate);
    sums.used += margin;
    if (closes.size > 0 && !isOnItsWay(account, position)) sums.usedLettered += margin;
    if (closes.size === 0 && books.has(symbol)) sums.usedGuarded += margin;
    const book = books.get(symbol);
    if (book === undefined) continue;
    const move = side === 'long' ? book.bid.toNumber() - entry : entry - book.ask.toNumber();
    sums.equity += size * (move - entry * Number(commissionRate));
  }
  return sums;
}

/** Nothing while the pair has no quote. */
function rateOf(from: string, to: string, books: Books): number {
  if (from === to) return 1;
  const pair = books.get(euroPair);
  if (pair === undefined) return 0;
  const mid = (pair.bid.toNumber() + pair.ask.toNumber()) / 2;
  return to === 'EUR' ? 1 / mid : mid;
}
