// A replay's scenario as the tests write it: the JSON of contract section 7.

type Numeric = number | string;

export interface Scenario {
  instruments: ScenarioInstrument[];
  accounts: ScenarioAccount[];
  positions: ScenarioPosition[];
  marketGuards?: Record<string, ScenarioGuard>;
}

export interface ScenarioInstrument {
  symbol: string;
  quoteCurrency: string;
  contractSize?: Numeric;
  marginRate?: Numeric;
  commissionRate?: Numeric;
}

export type ScenarioDayAnchor =
  'dayStartBalance' | 'dayStartEquity' | 'dayStartHigher' | 'highestDayEndBalance';

export interface ScenarioRule {
  id: string;
  anchor: 'peakEquity' | 'initialBalance' | ScenarioDayAnchor | 'fixed' | 'marginLevel';
  limitPct?: Numeric;
  limitAmount?: Numeric;
  floor?: Numeric;
  pctOf?: 'anchor' | 'initialBalance';
  lockAtInitial?: boolean;
  lockOffset?: Numeric;
  observed?: 'equity' | 'balance';
  timezone?: string;
  resetAt?: string;
  warningPct?: Numeric;
  action?: 'close' | 'reduce' | 'haltEntries' | 'warn';
  graceSeconds?: number;
}

export interface ScenarioAccount {
  accountId: string;
  currency: string;
  balance: Numeric;
  rules?: ScenarioRule[];
  preset?: 'default';
}

export interface ScenarioPosition {
  positionId: string;
  accountId: string;
  symbol: string;
  side: 'long' | 'short';
  quantity: Numeric;
  entryPrice: Numeric;
  /** Milliseconds or ISO-8601. */
  openAt?: Numeric;
  exits?: ScenarioExits;
}

/** One of the two. */
export interface ScenarioTrailBy {
  distance?: Numeric;
  percent?: Numeric;
}

export interface ScenarioExits {
  stopLoss?: Numeric;
  takeProfit?: Numeric;
  stopLossAmount?: Numeric;
  takeProfitAmount?: Numeric;
  trailing?: ScenarioTrailBy & {
    activation?: Numeric;
    step?: Numeric;
    tiers?: (ScenarioTrailBy & { at: Numeric })[];
  };
  breakEven?: { trigger: Numeric; offset?: Numeric };
  /** Milliseconds or ISO-8601. */
  expiresAt?: Numeric;
  ladder?: { price: Numeric; fraction: Numeric }[];
}

export interface ScenarioCondition {
  limit?: Numeric;
  closeOn?: 'warning' | 'critical' | 'never';
}

export interface ScenarioGuard {
  gap?: ScenarioCondition | false;
  spread?: ScenarioCondition | false;
}
