// The lines of a breach: how the account came near its floor, what was open then, and what followed.
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { AccountNow } from '#src/ledger/history';
import { byWhom, lineOf, momentOf, shown, type StoryLine } from './lines.ts';
import { objectsAt, textAt, textsAt, type Meta } from './values.ts';
import { bookAt, bookWords, compared, money, signed } from './words.ts';

/** The worst positions at a breach, which are named. */
const positionsToldMax = 5;

export interface OfBreach {
  readonly positionId: string | undefined;
  readonly account: AccountNow | undefined;
}

/** Beside the positions that were open then, unless these are told elsewhere. */
export function breachLine(row: LedgerRow, of: OfBreach, withPositions = true): StoryLine {
  const { metaData: meta, userId } = row;
  const { ruleId = 'unknown', action } = shown(meta);
  const also = textsAt(meta, 'also');
  const grace = momentOf(meta, 'graceUntil');
  const words = [
    `BREACH of rule ${ruleId} by account ${userId}: ${standing(meta, of)}${onQuote(meta)}`,
    ...(also.length === 0 ? [] : [`breached with it: ${also.join(', ')}`]),
    ...(action === undefined ? [] : [actionWords[action] ?? `action ${action}`]),
    ...(grace === undefined ? [] : [`its closes wait for the grace, until ${grace}`]),
  ].join('; ');
  return lineOf(row, words, withPositions ? positionsAt(meta, of) : undefined);
}

const actionWords: Readonly<Record<string, string>> = {
  close: 'everything is closed, the worst first',
  reduce: 'the worst is closed first, until the level is restored',
  haltEntries: 'entries are halted',
  warn: 'nothing is closed',
};

/** Of a row of the account before the breach, or since. */
export function accountLine(row: LedgerRow, of: OfBreach): StoryLine {
  const { eventType, metaData: meta, userId } = row;
  const { amount = '?', equity, observed, acknowledge } = shown(meta);
  const currency = of.account?.currency;
  switch (eventType) {
    case 'guard_warning': {
      const rule = textAt(meta, 'ruleId') ?? 'unknown';
      const words = `warning of rule ${rule} of account ${userId}: ${standing(meta, of)}`;
      return lineOf(row, `${words}${onQuote(meta)}`);
    }
    case 'account_adjusted':
      return lineOf(
        row,
        `balance of account ${userId} adjusted by ${money(signed(amount), currency)}${byWhom(meta)}`,
      );
    case 'account_rules_replaced':
      return lineOf(row, `account ${userId} was given other rules${byWhom(meta)}`);
    case 'guard_restored': {
      const rules = textsAt(meta, 'ruleIds').join(', ');
      return lineOf(row, `breach over: ${rules} is kept again, observed ${observed ?? 'nothing'}`);
    }
    case 'account_resumed': {
      const now = equity === undefined ? '' : `; equity ${money(equity, currency)}`;
      const named = acknowledge === undefined ? '' : `, who acknowledged ${acknowledge}`;
      return lineOf(row, `account ${userId} RESUMED${byWhom(meta)}${named}${now}`);
    }
    case 'account_halted':
      return lineOf(
        row,
        textAt(meta, 'breachId') === undefined
          ? `account ${userId} HALTED by an operator${byWhom(meta)}`
          : `account ${userId} HALTED: every close of the breach has its outcome`,
      );
    default:
      return lineOf(row, row.description);
  }
}

/** `equity 7,900 is below its floor 8,000 by 100; anchor 10,000`, as far as the row tells it. */
export function standing(meta: Meta, { account }: OfBreach): string {
  const { observed, floor, anchorValue, ruleId } = shown(meta);
  const rule = account?.rules.find(({ id }) => id === ruleId);
  const isMargin = rule?.anchor === 'marginLevel' || textAt(meta, 'reason') === 'margin_stop_out';
  const amount = (value: string): string =>
    isMargin ? `${value} %` : money(value, account?.currency);
  const name = isMargin ? 'margin level' : (rule?.observed ?? 'equity');
  if (observed === undefined || floor === undefined) return 'what was observed is not in the row';
  const found = compared(observed, floor);
  const by = found === undefined || found.by === '0' ? '' : ` by ${amount(found.by)}`;
  const madeOf = marginWords(meta, account);
  const words = `${name} ${amount(observed)}${madeOf} ${found?.how ?? 'and'} its floor ${amount(floor)}${by}`;
  if (anchorValue === undefined || anchorValue === floor) return words;
  const anchor = rule === undefined ? 'anchor' : `anchor (${rule.anchor})`;
  return `${words}; ${anchor} ${amount(anchorValue)}`;
}

/** What a margin level is made of; rows of older versions do not say. */
function marginWords(meta: Meta, account: AccountNow | undefined): string {
  const { equity, usedMargin } = shown(meta);
  if (equity === undefined || usedMargin === undefined) return '';
  const currency = account?.currency;
  return ` (equity ${money(equity, currency)}, used margin ${money(usedMargin, currency)})`;
}

function onQuote(meta: Meta): string {
  const book = bookAt(meta);
  return book === undefined ? '' : `; on the quote ${bookWords(book)}`;
}

/** A position as it stood at a breach. */
export function positionWords(one: Meta, currency: string | undefined): string {
  const { positionId: id = '?', side = '', quantity = '', symbol = '', price, pnl } = shown(one);
  const at = price === undefined ? ', without a price' : ` at ${price}`;
  const worth = pnl === undefined ? '' : `, P&L ${money(signed(pnl), currency)}`;
  return `${id}: ${side} ${quantity} ${symbol}${at}${worth}`;
}

/** The worst ones, the position of the close always; how many more there were. */
function positionsAt(meta: Meta, { positionId, account }: OfBreach): readonly string[] | undefined {
  const positions = objectsAt(meta, 'positions');
  if (positions.length === 0) return undefined;
  const isOurs = (one: Meta): boolean =>
    positionId !== undefined && textAt(one, 'positionId') === positionId;
  const isTold = (one: Meta, place: number): boolean => place < positionsToldMax || isOurs(one);
  const details = positions.filter(isTold).map((one) => {
    return `${positionWords(one, account?.currency)}${isOurs(one) ? '  <- this one' : ''}`;
  });
  const total = Number(textAt(meta, 'positionsTotal') ?? positions.length);
  const more = total - details.length;
  return more > 0 ? [...details, `and ${more} more`] : details;
}
