// Worlds for the model of accounts: instruments of which two are conversion pairs, accounts in three
// currencies, rules of every kind whose levels a few dozen quotes away.
import { withoutDeadWarning } from '../support/dead-warning.ts';
import type { Random } from '../support/random.ts';
import type { InstrumentSpec } from '#src/domain/instrument';
import type { RuleSpec } from '#src/domain/rules';

export interface WorldMarket {
  readonly symbol: string;
  readonly quoteCurrency: string;
  readonly contractSize: number;
  readonly price: number;
  readonly tick: number;
  readonly decimals: number;
  /** What a lot is worth, about, in dollars. */
  readonly lot: number;
}

/** From EUR to JPY and back leads a cross by way of the dollar. */
const markets: readonly WorldMarket[] = [
  market('EURUSD', 'USD', 1000, 1.1, 0.0001, 4, 1100),
  market('USDJPY', 'JPY', 1000, 150, 0.01, 2, 1000),
  market('DAX', 'EUR', 1, 18_000, 1, 1, 20_000),
  market('NIKKEI', 'JPY', 10, 38_000, 2, 0, 2500),
  market('SPX', 'USD', 1, 5000, 0.25, 2, 5000),
  market('OIL', 'USD', 100, 80, 0.01, 2, 8000),
];

function market(
  symbol: string,
  quoteCurrency: string,
  contractSize: number,
  price: number,
  tick: number,
  decimals: number,
  lot: number,
): WorldMarket {
  return { symbol, quoteCurrency, contractSize, price, tick, decimals, lot };
}

export interface WorldAccount {
  readonly accountId: string;
  readonly currency: string;
  readonly balance: string;
  /** What a dollar is worth, about, in the account's currency. */
  readonly dollar: number;
}

export interface AccountWorld {
  readonly markets: readonly WorldMarket[];
  readonly instruments: readonly InstrumentSpec[];
  readonly accounts: readonly WorldAccount[];
  /** How likely a quote is far from the last one, and how many ticks one moves beside that. */
  readonly jumps: number;
  readonly ticks: number;
  /** How large positions are: of small ones nobody has to look for a peak for long. */
  readonly size: number;
  /** How likely a step is nothing but quotes, and how many at the most. */
  readonly calm: number;
  readonly burst: number;
  /** How likely everything is looked at after a step: a look settles what would be found later. */
  readonly looks: number;
}

const commissions = [0, '0.0001', 0.000_033];
const margins = [0, '0.02', 0.05, '0.2'];

export function accountWorld(random: Random): AccountWorld {
  const isQuiet = random.chance(0.25);
  const chosen = markets.filter((_, i) => i < 2 || random.chance(0.75));
  const currencies = ['USD', 'EUR', 'JPY', 'USD', 'EUR'].slice(0, random.int(3, 5));
  return {
    markets: chosen,
    instruments: chosen.map(({ symbol, quoteCurrency, contractSize }) => ({
      ...{ symbol, quoteCurrency, contractSize },
      commissionRate: random.pick(commissions),
      marginRate: random.pick(margins),
    })),
    accounts: currencies.map((currency, i) => {
      const dollar = currency === 'JPY' ? 150 : 1;
      const balance = String(Number(random.pick(['10000', '10000.5', '8000'])) * dollar);
      return { accountId: `a${i}`, currency, balance, dollar };
    }),
    jumps: random.pick([0.002, 0.01, 0.02]),
    ticks: random.pick([1, 2, 4]),
    size: isQuiet ? 0.01 : 1,
    calm: isQuiet ? 0.95 : random.pick([0.3, 0.5, 0.8]),
    burst: isQuiet ? 60 : random.pick([10, 30, 60]),
    looks: isQuiet ? 0.01 : random.pick([0.01, 0.02, 0.1, 1]),
  };
}

const anchors = [
  ...(['peakEquity', 'peakEquity', 'initialBalance', 'fixed', 'marginLevel'] as const),
  ...(['marginLevel', 'dayStartBalance', 'dayStartEquity', 'dayStartHigher'] as const),
  'highestDayEndBalance' as const,
];
const actions = ['close', 'haltEntries', 'haltEntries', 'warn'] as const;
/** All begin their day within the first hours after midnight UTC in January. */
const days = [
  {},
  { resetAt: '00:07' },
  { timezone: 'Europe/Prague', resetAt: '01:20' },
  { timezone: 'America/New_York', resetAt: '19:40' },
  { timezone: 'Asia/Kolkata', resetAt: '06:55' },
] as const;

/** Another one each time: its id says which. */
export function worldRule(random: Random, id: string, { dollar, balance }: WorldAccount): RuleSpec {
  const anchor = random.pick(anchors);
  const action = random.pick(actions);
  const acts: Partial<RuleSpec> = {
    ...(action === 'close' && random.chance(0.5) ? {} : { action }),
    ...(action === 'close' && random.chance(0.5)
      ? { graceSeconds: random.pick([0.5, 3, 20]) }
      : {}),
  };
  const observed = random.chance(0.25) ? ({ observed: 'balance' } as const) : {};
  if (anchor === 'fixed') {
    const floor = Math.round(Number(balance) * random.between(0.85, 0.99));
    const warns = random.chance(0.6) ? { warningPct: random.pick([0.5, '1.5', 4]) } : {};
    return { id, anchor, floor, ...warns, ...acts, ...observed };
  }
  if (anchor === 'marginLevel') {
    const limitPct = random.pick([150, '300', 500, 900]);
    const warns = random.chance(0.5) ? { warningPct: random.pick([5, '20', 60]) } : {};
    const does = random.chance(0.6) ? ({ action: 'reduce' } as const) : acts;
    return { id, anchor, limitPct, ...warns, ...does };
  }
  const isLocked = random.chance(0.25);
  const lockOffset = random.pick([0, 20, '-35.5']);
  return withoutDeadWarning<RuleSpec>({
    ...{ id, anchor },
    ...(random.chance(0.5)
      ? { limitPct: random.pick([0.5, '1.25', 3, 8]) }
      : { limitAmount: Number(random.pick(['40', '100.5', 250])) * dollar }),
    ...(random.chance(0.4) ? { pctOf: 'initialBalance' as const } : {}),
    ...(random.chance(0.35) ? { warningPct: random.pick(['0.25', 0.8, 2]) } : {}),
    ...(isLocked ? { lockAtInitial: true } : {}),
    ...(isLocked && random.chance(0.5) ? { lockOffset: Number(lockOffset) * dollar } : {}),
    ...(anchor.startsWith('dayStart') || anchor === 'highestDayEndBalance'
      ? random.pick(days)
      : {}),
    ...acts,
    ...observed,
  });
}
