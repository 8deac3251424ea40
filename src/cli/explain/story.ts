// The story of a close, made of what the ledger has of it: a function of its rows alone.
import type { LedgerRow } from '#src/domain/ledger-rows';
import { text, zero } from '#src/domain/money';
import type { PositionNow } from '#src/ledger/history';
import { hasCleared, heldIn, marketLine } from './around-market.ts';
import { accountLine, breachLine } from './breach-lines.ts';
import type { CloseFacts } from './gather.ts';
import { closeLine, positionLine, type StoryLine } from './lines.ts';
import { objectsAt, textAt, type Meta } from './values.ts';
import { whyOf, type Why } from './why.ts';
import { decidingOf } from './deciding.ts';
import { bookWords, isoOf, money, numberOf, ordinal, signed, type Book } from './words.ts';

/** Positions of a breach that are named as still open. */
const openNamedMax = 10;
/** Closes named before and behind this one, in the order in which they were done. */
const neighboursMax = 2;

/** How the close stands by its last row. */
export type StoryOutcome =
  'closed' | 'partly closed' | 'pending' | 'not answered' | 'unknown' | 'failed';

export interface Story {
  readonly closeId: string;
  readonly accountId: string;
  readonly position: StoryPosition;
  readonly outcome: StoryOutcome;
  /** All in one sentence. */
  readonly summary: string;
  readonly why: Why;
  /** Of everything that was filled of it, where that is known. */
  readonly closedQuantity: string;
  readonly pnl?: string;
  readonly currency?: string;
  /** From the quote that decided, mostly that of the breach where there is one, to the last fill. */
  readonly quoteToCloseMs?: number;
  /** In the order of time. */
  readonly lines: readonly StoryLine[];
  /** Where it stands among the closes of the same breach, or bulk. */
  readonly order?: StoryOrder;
  /** What is open now, as the ledger has it. */
  readonly open: readonly string[];
  /** What was left out, since there was too much of it. */
  readonly cut: readonly string[];
}

/** As far as the ledger has it. */
interface StoryPosition extends Partial<Omit<PositionNow, 'accountId' | 'ticket' | 'openedAt'>> {
  readonly ticket?: string | number;
  readonly openedAt?: string;
}

export interface StoryOrder {
  readonly of: string;
  readonly place: number;
  readonly total: number;
  /** Positions closed just before it, its own, and just behind. */
  readonly around: readonly string[];
}

export function storyOf(facts: CloseFacts): Story {
  const { closeId, rows, positionRows, breach, beforeBreach, sinceBreach, account, cut } = facts;
  const { market, sinceMarket } = facts;
  const metas = rows.length > 0 ? rows.map(({ metaData }) => metaData) : [askedMeta(facts)];
  const positionId = metas.map((meta) => textAt(meta, 'positionId')).find((id) => id !== undefined);
  const terms = termsOf(facts, positionId);
  const held = market.map(({ metaData }) => heldIn(metaData)).findLast((one) => one !== undefined);
  const found = whyOf(metas, terms, held);
  const { quoteTs, late } =
    breach === undefined
      ? { quoteTs: found.isByQuote ? found.quote?.ts : undefined }
      : decidingOf(breach, { positionId, openedAt: terms.openedAt, quote: found.quote });
  const why = whyTold(found, rows.length > 0, late);
  const currency = account?.currency;
  const about = { currency, symbol: terms.symbol, quoteTs };
  const of = { positionId, account };
  const lines = [
    ...openingLine(terms),
    ...beforeBreach.map((row) => accountLine(row, of)),
    ...(why.quote === undefined ? [] : [quoteLine(why, why.quote, late !== undefined)]),
    ...market.map(marketLine),
    ...(breach === undefined ? [] : [breachLine(breach, of)]),
    ...positionRows.map((row) => positionLine(row, about)),
    ...rows.map((row) => closeLine(row, about)),
    ...(rows.length > 0 ? [] : askedLine(facts)),
    ...sinceBreach.map((row) => accountLine(row, of)),
    ...sinceMarket.map(marketLine),
  ];
  const outcome = outcomeOf(rows);
  const order = orderOf(facts, why);
  const filled = filledOf(rows);
  const lastFill = rows.findLast(({ eventType }) => isFill(eventType));
  const took =
    lastFill === undefined || quoteTs === undefined ? -1 : Date.parse(lastFill.createdAt) - quoteTs;
  const base = {
    closeId,
    accountId: facts.accountId,
    position: terms,
    outcome,
    why,
    ...filled,
    ...(currency === undefined ? {} : { currency }),
    ...(took < 0 ? {} : { quoteToCloseMs: took }),
    lines: inOrderOfTime(lines, facts),
    ...(order === undefined ? {} : { order }),
    open: openNow(facts),
    cut,
  };
  return { ...base, summary: summaryOf(base) };
}

/** Rows at the same time stand as in the journal; what is no row stands before them. */
function inOrderOfTime(lines: readonly StoryLine[], facts: CloseFacts): StoryLine[] {
  const { rows, positionRows, breach, beforeBreach, sinceBreach } = facts;
  const all = [...rows, ...positionRows, ...beforeBreach, ...sinceBreach];
  const seqs = new Map(
    [...all, ...(breach === undefined ? [] : [breach])].map((r) => [r.id, r.seq]),
  );
  // Rows of markets are of another partition: the condition comes before what it closes.
  for (const { id } of facts.market) seqs.set(id, 0);
  for (const { id } of facts.sinceMarket) seqs.set(id, Number.POSITIVE_INFINITY);
  const placeOf = ({ rowId }: StoryLine): number => seqs.get(rowId ?? '') ?? 0;
  const timeOf = ({ at }: StoryLine): number => Date.parse(at);
  return lines.toSorted((a, b) => timeOf(a) - timeOf(b) || compare(placeOf(a), placeOf(b)));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** What was closed: as the table has it, else as far as rows tell it. */
function termsOf({ position, rows, breach }: CloseFacts, positionId?: string): StoryPosition {
  if (position !== undefined) {
    const { ticket, symbol, side, quantity, remainingQuantity, entryPrice, state } = position;
    return {
      positionId: position.positionId,
      ...(ticket === null ? {} : { ticket }),
      ...{ symbol, side, quantity, remainingQuantity, entryPrice, state },
      openedAt: position.openedAt.toISOString(),
    };
  }
  const metas = [
    ...rows.map(({ metaData }) => metaData),
    ...objectsAt(breach?.metaData, 'positions').filter(
      (one) => textAt(one, 'positionId') === positionId,
    ),
  ];
  const said = (key: string): string | undefined =>
    metas.map((meta) => textAt(meta, key)).find((found) => found !== undefined);
  const [symbol, side, ticket] = [said('symbol'), said('side'), said('ticket')];
  return {
    ...(positionId === undefined ? {} : { positionId }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(symbol === undefined ? {} : { symbol }),
    ...(side === 'long' || side === 'short' ? { side } : {}),
  };
}

function openingLine({ positionId, openedAt, ...terms }: StoryPosition): StoryLine[] {
  if (openedAt === undefined) return [];
  const { side = '', quantity = '', symbol = '', entryPrice = '?' } = terms;
  const words = `position ${positionId ?? '?'} opened: ${side} ${quantity} ${symbol} at ${entryPrice}`;
  return [{ at: openedAt, event: 'position_opened', words }];
}

/** What the table says of a close that was asked for and has no row. */
function askedMeta({ position, breach }: CloseFacts): Meta {
  const { positionId, closeReason, closeBreachId, clientOrderId } = position ?? {};
  const ruleId = textAt(breach?.metaData, 'ruleId');
  return { positionId, closeReason, breachId: closeBreachId, clientOrderId, ruleId };
}

function askedLine({ position, account }: CloseFacts): StoryLine[] {
  if (position === undefined) return [];
  const { closeRequestedAt, clientOrderId, closeReason, openedAt } = position;
  const by = account?.route ? ` by route ${account.route}` : '';
  const when = closeRequestedAt === null ? ', at a time that the ledger does not have' : '';
  const words =
    `asked for${when}, reason ${closeReason ?? 'unknown'}, and sent${by} as order ` +
    `${clientOrderId ?? 'unknown'}: NOT ANSWERED YET, as far as the ledger knows`;
  return [{ at: (closeRequestedAt ?? openedAt).toISOString(), event: 'close_requested', words }];
}

function whyTold(why: Why, hasRows: boolean, late: string | undefined): Why {
  if (late !== undefined) return { ...why, words: `${why.words}; ${late}` };
  if (hasRows || why.breachId !== undefined) return why;
  return {
    ...why,
    words: `${why.name}; at which level and quote, the row of its outcome will say`,
  };
}

function quoteLine({ words, isByQuote }: Why, book: Book, isLate: boolean): StoryLine {
  const own = isLate ? 'on which it was closed' : 'the book that the close saw';
  const what = isByQuote ? words : own;
  return { at: isoOf(book.ts), event: 'quote', words: `quote ${bookWords(book)}; ${what}` };
}

function isFill(eventType: string): boolean {
  return eventType === 'position_closed' || eventType === 'position_partially_closed';
}

/** How a close stands by its rows. */
export function outcomeOf(rows: readonly LedgerRow[]): StoryOutcome {
  if (rows.length === 0) return 'not answered';
  const told = rows.filter(({ eventType }) => eventType.startsWith('position_'));
  if (told.some(({ eventType }) => eventType === 'position_closed')) return 'closed';
  const last = told.at(-1);
  if (last?.eventType === 'position_partially_closed') return 'partly closed';
  if (last?.eventType === 'position_close_failed') return 'failed';
  return textAt(last?.metaData, 'errorMessage') === undefined ? 'pending' : 'unknown';
}

/** Each row tells of another part, or of what was missing of one: they add up. */
export function filledOf(rows: readonly LedgerRow[]): Pick<Story, 'closedQuantity' | 'pnl'> {
  let closed = zero;
  let pnl: typeof zero | undefined;
  for (const { eventType, metaData } of rows) {
    const isAmended = eventType === 'position_close_amended';
    if (!isFill(eventType) && !isAmended) continue;
    if (!isAmended) closed = closed.plus(numberOf(textAt(metaData, 'quantity')) ?? zero);
    const worth = numberOf(textAt(metaData, 'pnl'));
    if (worth !== undefined) pnl = (pnl ?? zero).plus(worth);
  }
  return { closedQuantity: text(closed), ...(pnl === undefined ? {} : { pnl: text(pnl) }) };
}

function orderOf({ closeId, group }: CloseFacts, { breachId }: Why): StoryOrder | undefined {
  const place = group.findIndex((row) => row.closeId === closeId);
  if (place === -1) return undefined;
  const idOf = ({ metaData }: LedgerRow): string => textAt(metaData, 'positionId') ?? '?';
  const near = group.slice(Math.max(place - neighboursMax, 0), place + neighboursMax + 1);
  return {
    of: breachId === undefined ? 'bulk' : 'breach',
    place: place + 1,
    total: group.length,
    around: near.map(idOf),
  };
}

function openNow(facts: CloseFacts): string[] {
  const { position, rows, breach, group, account, openPositions, market, sinceMarket } = facts;
  const open: string[] = [];
  if (position !== undefined) {
    const { positionId, state, remainingQuantity: left, quantity } = position;
    const isOpen = state === 'guarded' || state === 'closing';
    const rest = isOpen ? `: ${left} of ${quantity} is open` : '; nothing of it is open here';
    open.push(`position ${positionId} is ${state}${rest}`);
  }
  const letter = rows.findLast(({ eventType }) =>
    ['deadletter_added', 'deadletter_cleared'].includes(eventType),
  );
  if (letter?.eventType === 'deadletter_added') {
    open.push('its dead letter is open: deadletter.retry or deadletter.discard ends it');
  }
  if (market.some(({ metaData }) => heldIn(metaData)) && !sinceMarket.some(hasCleared)) {
    open.push('the condition has not cleared, as far as the ledger knows');
  }
  if (breach === undefined) return open;
  const closed = new Set(group.map(({ metaData }) => textAt(metaData, 'positionId')));
  const rest = objectsAt(breach.metaData, 'positions')
    .map((one) => textAt(one, 'positionId'))
    .filter((id): id is string => id !== undefined && !closed.has(id));
  if (rest.length > 0) {
    const more = rest.length > openNamedMax ? ` and ${rest.length - openNamedMax} more` : '';
    const named = rest.slice(0, openNamedMax).join(', ');
    open.push(`of the positions at the breach, it has not closed: ${named}${more}`);
  }
  const state = account === undefined ? '' : `account ${account.accountId} is ${account.state}; `;
  open.push(`${state}${openPositions} of its positions ${openPositions === 1 ? 'is' : 'are'} open`);
  return open;
}

export const outcomeWords: Readonly<Record<StoryOutcome, string>> = {
  closed: 'closed',
  'partly closed': 'closed in part so far',
  pending: 'not closed yet',
  'not answered': 'asked for, not answered yet',
  unknown: 'outcome unknown',
  failed: 'not closed',
};

function summaryOf(story: Omit<Story, 'summary'>): string {
  const { position, accountId, outcome, why, pnl, currency, order } = story;
  const { side, quantity, symbol, positionId = '?', entryPrice } = position;
  const terms = [side, quantity, symbol, entryPrice && `from ${entryPrice}`]
    .filter(Boolean)
    .join(' ');
  const what = `position ${positionId} of account ${accountId}${terms === '' ? '' : ` (${terms})`}`;
  const worth = pnl === undefined ? '' : `, P&L ${money(signed(pnl), currency)}`;
  const place =
    order === undefined
      ? ''
      : `, ${ordinal(order.place)} of the ${order.total} closed by this ${order.of}`;
  return `${what}: ${outcomeWords[outcome]}, ${why.name}${worth}${place}`;
}
