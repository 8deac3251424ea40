// The story of a breach, made of what the ledger has of it: a function of its rows alone.
import type { LedgerRow } from '#src/domain/ledger-rows';
import { decimal, text, zero } from '#src/domain/money';
import type { RuleRecord } from '#src/domain/rules';
import type { PositionNow } from '#src/ledger/history';
import type { BreachFacts } from './breach-facts.ts';
import { accountLine, breachLine, positionWords, standing } from './breach-lines.ts';
import { decidingOf } from './deciding.ts';
import { byWhom, shown, type StoryLine } from './lines.ts';
import { filledOf, outcomeOf, outcomeWords, type StoryOutcome } from './story.ts';
import { objectsAt, textAt, type Meta } from './values.ts';
import { bookAt, duration, money, signed, type Book } from './words.ts';

export interface BreachStory {
  readonly breachId: string;
  readonly accountId: string;
  /** All in one sentence. */
  readonly summary: string;
  /** As the row has it: what was observed on which quote, the floor, and from what it is measured. */
  readonly ruleId: string;
  readonly reason?: string;
  readonly action?: string;
  readonly observed?: string;
  readonly floor?: string;
  readonly anchorValue?: string;
  readonly equity?: string;
  readonly usedMargin?: string;
  readonly quote?: Book;
  /** The rule as the account has it now, if it still has it. */
  readonly rule?: RuleRecord;
  /** Open at the breach, the worst first, then what it closed beside them. */
  readonly positions: readonly BreachPosition[];
  /** How many were open at the breach. */
  readonly positionsTotal: number;
  /** Of what it closed, as far as that is known. */
  readonly pnl?: string;
  readonly currency?: string;
  /** In the order of time. */
  readonly lines: readonly StoryLine[];
  readonly open: readonly string[];
  /** What was left out, since there was too much of it. */
  readonly cut: readonly string[];
}

export interface BreachPosition {
  readonly positionId: string;
  /** As it stood at the breach; absent of one that was not there, or not told. */
  readonly standing?: Meta;
  readonly closeId?: string;
  /** Absent where the breach asked for no close of it. */
  readonly outcome?: StoryOutcome;
  readonly closedQuantity?: string;
  readonly closedPrice?: string;
  readonly pnl?: string;
  /** ISO-8601: of the last fill. */
  readonly closedAt?: string;
  /** From the quote that decided to the last fill. */
  readonly quoteToCloseMs?: number;
  /** Why the breach itself did not close it. */
  readonly late?: string;
  /** All of it in words. */
  readonly words: string;
}

export function breachStoryOf(facts: BreachFacts): BreachStory {
  const { breach, breachId, account, beforeBreach, sinceBreach, openPositions, cut } = facts;
  const { metaData: meta, userId: accountId } = breach;
  const said = shown(meta);
  const { ruleId = 'unknown', reason, action, observed, floor } = said;
  const { anchorValue, equity, usedMargin } = said;
  const numbers = { reason, action, observed, floor, anchorValue, equity, usedMargin };
  const of = { positionId: undefined, account };
  const positions = positionsOf(facts);
  const told = objectsAt(meta, 'positions').length;
  const positionsTotal = Number(textAt(meta, 'positionsTotal') ?? told);
  const pnl = sumOf(positions);
  const quote = bookAt(meta);
  const rule = account?.rules.find(({ id }) => id === ruleId);
  const untold = positionsTotal > told ? [`positions behind the ${told} worst at the breach`] : [];
  const state = account === undefined ? '' : `account ${accountId} is ${account.state}; `;
  return {
    ...{ breachId, accountId, ruleId, positions, positionsTotal },
    summary: summaryOf(facts, positions, positionsTotal, pnl),
    ...given(numbers),
    ...(quote === undefined ? {} : { quote }),
    ...(rule === undefined ? {} : { rule }),
    ...(pnl === undefined ? {} : { pnl }),
    ...(account === undefined ? {} : { currency: account.currency }),
    lines: [
      ...beforeBreach.map((row) => accountLine(row, of)),
      breachLine(breach, of, false),
      ...sinceBreach.map((row) => accountLine(row, of)),
    ],
    open: [`${state}${openPositions} of its positions ${openPositions === 1 ? 'is' : 'are'} open`],
    cut: [...untold, ...cut],
  };
}

/** What is there, of what may be missing. */
function given<T extends object>(all: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function positionsOf({ breach, closes, unanswered, account }: BreachFacts): BreachPosition[] {
  const currency = account?.currency;
  const rows = Map.groupBy(closes, ({ metaData }) => textAt(metaData, 'positionId') ?? '?');
  const waiting = new Map(unanswered.map((position) => [position.positionId, position]));
  const listed = objectsAt(breach.metaData, 'positions');
  const standings = new Map(listed.map((one) => [textAt(one, 'positionId') ?? '?', one]));
  const ids = new Set([...standings.keys(), ...rows.keys(), ...waiting.keys()]);
  return [...ids].map((positionId) => {
    const own = rows.get(positionId) ?? [];
    const stood = standings.get(positionId);
    const close = closeOf(breach, positionId, own, waiting.get(positionId));
    const what = stood === undefined ? positionId : positionWords(stood, currency);
    return {
      positionId,
      ...(stood === undefined ? {} : { standing: stood }),
      ...close,
      words: `${what}; ${closeWords(close, currency)}`,
    };
  });
}

type Close = Omit<BreachPosition, 'positionId' | 'standing' | 'words'>;

function closeOf(
  breach: LedgerRow,
  positionId: string,
  rows: readonly LedgerRow[],
  waiting: PositionNow | undefined,
): Close {
  const last = rows.at(-1);
  if (last === undefined) {
    if (waiting === undefined) return {};
    const { closeId } = waiting;
    return { ...(closeId === null ? {} : { closeId }), outcome: 'not answered' };
  }
  const fill = rows.findLast(({ eventType }) => isFill(eventType));
  const quote = rows.map(({ metaData }) => bookAt(metaData)).find((book) => book !== undefined);
  const { quoteTs, late } = decidingOf(breach, { positionId, quote });
  const took =
    fill === undefined || quoteTs === undefined ? -1 : Date.parse(fill.createdAt) - quoteTs;
  const closedPrice = rows
    .map(({ metaData }) => textAt(metaData, 'closedPrice'))
    .findLast((price) => price !== undefined);
  return {
    ...(last.closeId === undefined ? {} : { closeId: last.closeId }),
    outcome: outcomeOf(rows),
    ...(fill === undefined ? {} : { ...filledOf(rows), closedAt: fill.createdAt }),
    ...(closedPrice === undefined ? {} : { closedPrice }),
    ...(took < 0 ? {} : { quoteToCloseMs: took }),
    ...(late === undefined ? {} : { late }),
  };
}

function isFill(eventType: string): boolean {
  return eventType === 'position_closed' || eventType === 'position_partially_closed';
}

function closeWords(close: Close, currency: string | undefined): string {
  const { outcome, closeId, closedQuantity, closedPrice, pnl, closedAt, quoteToCloseMs } = close;
  if (outcome === undefined) return 'it has not closed this one';
  const late = close.late === undefined ? '' : `${close.late}; `;
  const id = closeId === undefined ? '' : ` (${closeId})`;
  if (closedAt === undefined) return `${late}${outcomeWords[outcome]}${id}`;
  const price = closedPrice ?? 'a price that the provider has not told';
  const worth = pnl === undefined ? 'P&L not known yet' : `P&L ${money(signed(pnl), currency)}`;
  const took = quoteToCloseMs === undefined ? '' : `, ${duration(quoteToCloseMs)} after the quote`;
  const filled = `${outcomeWords[outcome]}: ${closedQuantity ?? '?'} at ${price}, ${worth}`;
  return `${late}${filled}, at ${closedAt}${took}${id}`;
}

function sumOf(positions: readonly BreachPosition[]): string | undefined {
  const known = positions.flatMap(({ pnl }) => (pnl === undefined ? [] : [pnl]));
  if (known.length === 0) return undefined;
  return text(known.reduce((sum, pnl) => sum.plus(decimal(pnl)), zero));
}

function summaryOf(
  { breach, account, sinceBreach }: BreachFacts,
  positions: readonly BreachPosition[],
  total: number,
  pnl: string | undefined,
): string {
  const { metaData: meta, userId: accountId } = breach;
  const rule = textAt(meta, 'ruleId') ?? 'unknown';
  const closed = positions.filter(({ outcome }) => outcome === 'closed').length;
  const others = positions.filter(
    ({ outcome }) => outcome !== undefined && outcome !== 'closed',
  ).length;
  const worth = pnl === undefined ? '' : `, P&L ${money(signed(pnl), account?.currency)}`;
  const rest = others === 0 ? '' : `, ${others} not closed yet`;
  const ends = [...sinceBreach].filter(({ eventType }) =>
    ['account_halted', 'account_resumed', 'guard_restored'].includes(eventType),
  );
  const end = ends.at(-1);
  const after = end === undefined ? '' : `; ${endWords(end)}`;
  return (
    `account ${accountId} breached rule ${rule}: ${standing(meta, { positionId: undefined, account })}; ` +
    `${total} ${total === 1 ? 'position was' : 'positions were'} open, ${closed} closed by it${rest}${worth}${after}`
  );
}

function endWords({ eventType, metaData: meta, createdAt }: LedgerRow): string {
  if (eventType === 'guard_restored') return `kept again since ${createdAt}`;
  const what = eventType === 'account_resumed' ? `resumed${byWhom(meta)}, at` : 'halted since';
  return `${what} ${createdAt}`;
}
