// A line of the story for each row: what was done, and with which outcome.
import type { LedgerRow } from '#src/domain/ledger-rows';
import { objectAt, textAt, textsAt, timeAt, type Meta } from './values.ts';
import { bookAt, bookWords, compared, duration, isoOf, money, signed } from './words.ts';

export interface StoryLine {
  /** ISO-8601, UTC, milliseconds. */
  readonly at: string;
  /** `quote`, `position_tracked`, or the type of the row. */
  readonly event: string;
  readonly words: string;
  /** Of the ledger's row, where there is one. */
  readonly rowId?: string;
  /** What belongs to it, such as the positions of a breach. */
  readonly details?: readonly string[];
}

/** What lines are told of. */
export interface About {
  readonly currency?: string | undefined;
  readonly symbol?: string | undefined;
  /** Time of the quote that decided; absent where none did, as where a person asked. */
  readonly quoteTs?: number | undefined;
}

/** Of a row of the close itself. */
export function closeLine(row: LedgerRow, about: About): StoryLine {
  return lineOf(row, closeWords(row, about));
}

/** Of another row of its position. */
export function positionLine(row: LedgerRow, about: About): StoryLine {
  const { eventType, metaData: meta, closeId, description } = row;
  switch (eventType) {
    case 'position_exits_moved':
      return lineOf(row, `exits of the position moved: ${movedWords(meta, about)}`);
    case 'position_untracked':
      return lineOf(
        row,
        `the position was untracked${byWhom(meta)}: guarding ended, and no order was sent`,
      );
    case 'drift_detected': {
      const { kind = 'unknown', ours, theirs, policy } = shown(meta);
      const numbers = ours === undefined ? '' : `, ours ${ours}, theirs ${theirs ?? 'none'}`;
      return lineOf(row, `DRIFT from the provider: ${kind}${numbers}; policy ${policy ?? 'alarm'}`);
    }
    default:
      return lineOf(
        row,
        `${closeId === undefined ? '' : `another close, ${closeId}: `}${description}`,
      );
  }
}

function closeWords(row: LedgerRow, about: About): string {
  const { eventType, metaData: meta, description } = row;
  const { quantity = '?', closedPrice, pnl, errorMessage } = shown(meta);
  const worth =
    pnl === undefined ? 'P&L not known yet' : `P&L ${money(signed(pnl), about.currency)}`;
  const after = sinceQuote(row, about);
  switch (eventType) {
    case 'position_closed':
    case 'position_partially_closed': {
      const what = eventType === 'position_closed' ? 'CLOSED' : 'part closed';
      if (closedPrice === undefined) {
        return `${what}: ${quantity}, at a price that the provider has not told${order(meta)}${after}`;
      }
      const filled = `${what}: ${quantity} at ${closedPrice}${beyond(meta, closedPrice)}`;
      return `${filled}, ${worth}${order(meta)}${after}`;
    }
    case 'position_close_amended':
      if (quantity === '0') return `learned later: another fee, ${worth}${order(meta)}`;
      return `learned later: ${quantity} at ${closedPrice ?? 'an unknown price'}, ${worth}${order(meta)}`;
    case 'position_close_failed':
      return `NOT closed: ${errorMessage ?? 'no reason was given'}${order(meta)}${after}`;
    case 'position_close_pending':
      return `${pendingWords(meta, about)}${after}`;
    case 'deadletter_added': {
      const { attempts = '?', lastError = 'unknown' } = shown(meta);
      return `DEAD LETTER after ${attempts} attempts: ${lastError}`;
    }
    case 'deadletter_retried':
      return `dead letter: sent again${byWhom(meta)}`;
    case 'deadletter_cleared':
      return `dead letter over: ${textAt(meta, 'how') ?? 'unknown how'}${byWhom(meta)}`;
    default:
      return description;
  }
}

function pendingWords(meta: Meta, { symbol }: About): string {
  if (textAt(meta, 'requestedTs') !== undefined) {
    const wanted = symbol === undefined ? 'its symbol' : symbol;
    return `asked for ${textAt(meta, 'quantity') ?? 'all'}, and waits for a quote of ${wanted}`;
  }
  const error = textAt(meta, 'errorMessage');
  if (error === undefined) return `the provider has the order, and will report${order(meta)}`;
  return `outcome UNKNOWN: ${error}; it may have been executed${order(meta)}`;
}

/** A gap through a level closes at the market: how far from it. */
function beyond(meta: Meta, price: string): string {
  const level = textAt(meta, 'triggerPrice');
  const found = level === undefined ? undefined : compared(price, level);
  if (found === undefined) return '';
  return found.by === '0' ? ', the level itself' : `, ${found.by} from the level ${level ?? ''}`;
}

function order(meta: Meta): string {
  const { clientOrderId, attempts } = shown(meta);
  if (clientOrderId === undefined) return '';
  const attempt = attempts === undefined || attempts === '0' ? '' : `, attempt ${attempts}`;
  return ` (order ${clientOrderId}${attempt})`;
}

function sinceQuote({ createdAt }: LedgerRow, { quoteTs }: About): string {
  if (quoteTs === undefined) return '';
  const ms = Date.parse(createdAt) - quoteTs;
  // Its feed and this process need not have the same clock.
  if (!(ms >= 0)) return '';
  return ms === 0 ? ', at the time of the quote' : `, ${duration(ms)} after the quote`;
}

function movedWords(meta: Meta, { symbol }: About): string {
  const moves = objectAt(meta, 'moves');
  const { stop, activatedAt } = shown(moves ?? {});
  const tiers = textsAt(moves, 'tiers').map((place) => String(Number(place) + 1));
  const book = bookAt(meta, symbol);
  const parts = [
    ...(stop === undefined ? [] : [`break-even put the stop loss at ${stop}`]),
    ...(activatedAt === undefined ? [] : [`the trailing stop was activated at ${activatedAt}`]),
    ...(tiers.length === 0 ? [] : [`the trailing stop reached tier ${tiers.join(', ')}`]),
  ];
  const what = parts.length === 0 ? 'see the row' : parts.join('; ');
  return book === undefined ? what : `${what}; on ${bookWords(book)}`;
}

/** ` by op: why`, as far as it is told. */
export function byWhom(meta: Meta): string {
  const { by, reason } = shown(meta);
  return `${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`;
}

export function lineOf(row: LedgerRow, words: string, details?: readonly string[]): StoryLine {
  const { createdAt: at, eventType: event, id: rowId } = row;
  return { at, event, words, rowId, ...(details === undefined ? {} : { details }) };
}

/** The texts and numbers of an object, as texts. */
export function shown(meta: Meta): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.keys(meta).map((key) => [key, textAt(meta, key)]));
}

/** A time of a row that is not that of the row. */
export function momentOf(meta: Meta, key: string): string | undefined {
  const ts = timeAt(meta, key);
  return ts === undefined ? undefined : isoOf(ts);
}
