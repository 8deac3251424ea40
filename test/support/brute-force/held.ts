// What the brute-force reference holds: the scenario as exact integers, and how far it has come.
import type { Quote } from '#src/domain/quote';
import type { Scenario, ScenarioAccount, ScenarioPosition, ScenarioRule } from '../scenario.ts';
import { conversionOf, D, decimalsOf, priceDecimalsOf, scaled, type Leg } from './exact.ts';
import { amountsOf, exactExits, percentDecimalsOf, pricesOf, type ExactExits } from './exits.ts';
import { exactRule, type ExactRule } from './rules.ts';

export interface Cause {
  reason: string;
  ruleId?: string;
  triggerPrice?: bigint;
}

export interface HeldPosition {
  readonly spec: ScenarioPosition;
  readonly account: HeldAccount;
  readonly openAt: number;
  readonly entry: bigint;
  readonly exits: ExactExits;
  readonly quantityDecimals: number;
  /** contractSize, and the commission of a quantity of 1, such that their scales agree. */
  readonly unit: bigint;
  readonly commission: bigint;
  /** Of (price · unit · quantity) and of (commission · quantity), as a power of ten. */
  readonly scale: bigint;
  /** The margin that a quantity of 1 uses, in the quote currency, and its own scale. */
  readonly margin: bigint;
  readonly marginScale: bigint;
  readonly legs: readonly Leg[];
  /** What is not filled, in quantity units, and how much of it no close was requested for. */
  left: bigint;
  unrequested: bigint;
  /** Of what is left, at the books as they are, in money units; 0 while a book is missing. */
  pnl: bigint;
  /** The margin that what is left uses, in money units; 0 while a conversion pair has no quote. */
  usedMargin: bigint;
}

export interface HeldRule {
  readonly spec: ExactRule;
  /** Each rule has its own; that of the peak is the account's. */
  anchor: bigint;
  /** When its next day begins. */
  nextReset: number;
}

export interface HeldAccount {
  readonly spec: ScenarioAccount;
  readonly rules: readonly HeldRule[];
  readonly initial: bigint;
  balance: bigint;
  peak: bigint;
  phase: 'open' | 'grace' | 'closing' | 'halted';
  graceUntil: number;
  /** The rule that closes it. */
  breach: ExactRule | undefined;
  /** Rules whose warning, or whose breach that closes nothing, makes the account `warning`. */
  readonly warned: Set<HeldRule>;
  /** Rules that are breached: told once, until they are restored. */
  readonly active: Set<HeldRule>;
  /** Open and closing ones, in tracking order. */
  positions: HeldPosition[];
}

/** The presets of section 5 that there are so far. */
const presets: Record<string, ScenarioRule[]> = {
  default: [
    { id: 'peak', anchor: 'peakEquity', limitPct: 20, warningPct: 15 },
    { id: 'minimum', anchor: 'fixed', floor: 100 },
  ],
};

/** Decimals to which a P&L is rounded. */
export const pnlDecimals = 10;

export interface Held {
  /** Of every price, and of every amount of money, as the integers have them. */
  readonly priceDecimals: number;
  readonly moneyDecimals: number;
  readonly symbols: ReadonlySet<string>;
  readonly accounts: HeldAccount[];
  /** Positions that are not tracked yet, in the order in which they will be. */
  readonly untracked: HeldPosition[];
}

export function heldOf(scenario: Scenario, quotes: readonly Quote[]): Held {
  const { instruments, accounts, positions } = scenario;
  const prices = positions.flatMap(({ entryPrice, exits }) => [entryPrice, ...pricesOf(exits)]);
  const amounts = [
    ...accounts.flatMap((account) => [
      account.balance,
      ...rulesOf(account).flatMap(({ limitAmount, floor, lockOffset }) =>
        [limitAmount, floor, lockOffset].map((amount) => amount ?? 0),
      ),
    ]),
    ...positions.flatMap(({ exits }) => amountsOf(exits)),
  ];
  const percentDecimals = Math.max(0, ...positions.map(({ exits }) => percentDecimalsOf(exits)));
  const priceDecimals = priceDecimalsOf(quotes, prices) + percentDecimals;
  const moneyDecimals = Math.max(pnlDecimals, ...amounts.map(decimalsOf));
  const decimals = { priceDecimals, moneyDecimals };
  const heldAccounts = accounts.map((account) => heldAccount(account, moneyDecimals));
  return {
    priceDecimals,
    moneyDecimals,
    symbols: new Set(instruments.map(({ symbol }) => symbol)),
    accounts: heldAccounts,
    // A stable sort: in the order of openAt, then of the list.
    untracked: positions
      .map((position) => heldPosition(position, scenario, heldAccounts, decimals))
      .sort((a, b) => (a.openAt === b.openAt ? 0 : a.openAt - b.openAt)),
  };
}

export function rulesOf(account: ScenarioAccount): readonly ScenarioRule[] {
  return account.rules ?? presets[account.preset ?? ''] ?? [];
}

function heldAccount(spec: ScenarioAccount, moneyDecimals: number): HeldAccount {
  const balance = scaled(spec.balance, moneyDecimals);
  return {
    spec,
    rules: rulesOf(spec).map((rule) => ({
      spec: exactRule(rule, moneyDecimals),
      anchor: balance,
      nextReset: -Infinity,
    })),
    initial: balance,
    balance,
    peak: balance,
    phase: 'open',
    graceUntil: Infinity,
    breach: undefined,
    warned: new Set(),
    active: new Set(),
    positions: [],
  };
}

function heldPosition(
  spec: ScenarioPosition,
  { instruments }: Scenario,
  accounts: readonly HeldAccount[],
  { priceDecimals, moneyDecimals }: { priceDecimals: number; moneyDecimals: number },
): HeldPosition {
  const account = accounts.find((one) => one.spec.accountId === spec.accountId);
  const instrument = instruments.find((one) => one.symbol === spec.symbol);
  if (account === undefined || instrument === undefined) {
    throw new Error(`${spec.positionId} is of no account or instrument of the scenario`);
  }
  const rate = new D(instrument.commissionRate ?? 0);
  const contractSize = new D(instrument.contractSize ?? 1);
  const unitDecimals = decimalsOf(contractSize) + decimalsOf(rate);
  const fractions = (spec.exits?.ladder ?? []).map(({ fraction }) => decimalsOf(fraction));
  const quantityDecimals = decimalsOf(spec.quantity) + Math.max(0, ...fractions);
  const quantity = scaled(spec.quantity, quantityDecimals);
  const notional = contractSize.times(spec.entryPrice);
  const commission = rate.times(notional);
  const margin = notional.times(instrument.marginRate ?? 0);
  const marginDecimals = decimalsOf(margin);
  return {
    spec,
    account,
    openAt: spec.openAt === undefined ? -Infinity : new Date(spec.openAt).getTime(),
    entry: scaled(spec.entryPrice, priceDecimals),
    exits: exactExits(spec.exits, spec, { priceDecimals, moneyDecimals, quantityDecimals }),
    quantityDecimals,
    unit: scaled(contractSize, unitDecimals),
    commission: scaled(commission, priceDecimals + unitDecimals),
    scale: 10n ** BigInt(priceDecimals + unitDecimals + quantityDecimals),
    margin: scaled(margin, marginDecimals),
    marginScale: 10n ** BigInt(marginDecimals + quantityDecimals),
    legs: conversionOf(
      instrument.quoteCurrency,
      account.spec.currency,
      instruments.map(({ symbol }) => symbol),
    ),
    left: quantity,
    unrequested: quantity,
    pnl: 0n,
    usedMargin: 0n,
  };
}
