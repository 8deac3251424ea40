// What market guards that were worked out by hand are made of: everything is in symbol A, B is there
// so that time goes by.
import type { Quote } from '#src/domain/quote';
import { bruteForce } from '../brute-force.ts';
import type { ScenarioPosition } from '../scenario.ts';
import { held } from './by-hand.ts';
import type { LevelChange } from './market.ts';
import type { MarketGuardSpec, Sessions } from './market-terms.ts';

export interface GuardCase {
  name: string;
  /** Of A; the conditions that are not named are off. */
  guard: MarketGuardSpec;
  sessions?: Sessions;
  /** `l5` is a long of 1 that is tracked from 5 on, `s5` a short; `l5x9` expires at 9. */
  open: string;
  /** `time A bid ask [bidSize askSize]`, or `time B`. */
  quotes: string;
  /** `position condition time price` */
  closes: string[];
  /** `time condition[/side] level` */
  levels: string[];
  refused?: number;
  accepted?: number;
}

const off = { gap: false, spread: false, liquidity: false, stale: false } as const;

/** What comes of a case, and what should, in the same shape. */
export function outcomesOf(given: GuardCase): { expected: unknown; actual: unknown } {
  const { guard, sessions, closes, levels, refused = 0 } = given;
  const open = given.open.split(' ').filter(Boolean);
  const quotes = given.quotes.split(', ').map(quoteOf);
  const changes: LevelChange[] = [];
  const result = bruteForce(
    {
      instruments: [
        { symbol: 'A', quoteCurrency: 'USD', ...(sessions === undefined ? {} : { sessions }) },
        { symbol: 'B', quoteCurrency: 'USD' },
      ],
      accounts: [{ accountId: 'usd', currency: 'USD', balance: 1000 }],
      positions: open.map(positionOf),
      marketGuards: { A: { ...off, ...guard } },
    },
    quotes,
    undefined,
    (change) => changes.push(change),
  );
  return {
    expected: {
      ...{ closes, levels, refused },
      accepted: given.accepted ?? quotes.length - refused,
      open: open.length - closes.length,
    },
    actual: {
      closes: result.closes.map(({ positionId, reason, ts, price }) => {
        return `${positionId} ${reason.replace('market_', '')} ${ts} ${price}`;
      }),
      levels: changes.map(levelLine),
      refused: result.refusedQuotes,
      accepted: result.quotes,
      open: result.openPositions,
    },
  };
}

function quoteOf(text: string): Quote {
  const [time, symbol = '', bid = 100, ask = 100, bidSize, askSize] = text.split(' ');
  return {
    ...{ symbol, bid: Number(bid), ask: Number(ask) },
    ts: Number.isNaN(Number(time)) ? Date.parse(time ?? '') : Number(time),
    ...(bidSize === undefined || bidSize === '-' ? {} : { bidSize: Number(bidSize) }),
    ...(askSize === undefined || askSize === '-' ? {} : { askSize: Number(askSize) }),
  };
}

function positionOf(text: string): ScenarioPosition {
  const [openAt = '', expiresAt] = text.slice(1).split('x');
  return held(text, {
    side: text.startsWith('l') ? 'long' : 'short',
    ...(openAt === '0' ? {} : { openAt: Number(openAt) }),
    ...(expiresAt === undefined ? {} : { exits: { expiresAt: Number(expiresAt) } }),
  });
}

function levelLine({ ts, symbol, condition, side, level }: LevelChange): string {
  const of = symbol === 'A' ? '' : ` of ${symbol}`;
  return `${ts} ${condition}${side === undefined ? '' : `/${side}`} ${level}${of}`;
}
