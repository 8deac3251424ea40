// How a condition of a market guard is put: what was measured, held against its limit.
import { comparisons, conditions, type Condition } from '#src/domain/market-conditions';
import { decimal, isNumeric } from '#src/domain/money';

/** A condition that holds, as an event or a row tells it. */
export interface Held {
  readonly condition: string;
  readonly level: string;
  readonly limit?: string | undefined;
  readonly measured?: string | undefined;
  /** Of liquidity: whose closing side it is. */
  readonly side?: string | undefined;
  /** Of a gap: the mid before it. */
  readonly before?: string | undefined;
}

const units: Readonly<Record<Condition, string>> = {
  gap: '%',
  spread: '%',
  liquidity: 'lots',
  volatility: 'standard deviations',
  stale: 's without a quote',
};

function isCondition(name: string): name is Condition {
  return (conditions as readonly string[]).includes(name);
}

/** `liquidity for longs`. */
export function conditionWords({ condition, side }: Pick<Held, 'condition' | 'side'>): string {
  return side === undefined ? condition : `${condition} for ${side}s`;
}

/**
 * `spread 0.6 % is above its limit of 0.5 %`; where nothing was measured, which limit it is. `show` puts
 * what was measured, which is compared as it is.
 */
export function heldWords(held: Held, show = (value: string): string => value): string {
  const { condition, level, limit, measured, before } = held;
  const name = conditionWords(held);
  if (!isCondition(condition) || !isNumeric(limit)) return `${name} is ${level}`;
  const half = comparisons[condition] === 'below' ? 'half' : 'twice';
  const bound = level === 'critical' ? `${half} its limit` : 'its limit';
  const unit = units[condition];
  if (!isNumeric(measured)) return `${name} is at ${bound} of ${limit} ${unit}`;
  const factor = level === 'critical' ? (half === 'half' ? '0.5' : '2') : '1';
  const by = decimal(measured).cmp(decimal(limit).times(factor));
  const how = by === 0 ? 'is at' : by < 0 ? 'is below' : 'is above';
  const from = before === undefined ? '' : `, from the mid ${before}`;
  const [amount, reached] = [`${show(measured)} ${unit}`, `${limit} ${unit.split(' without')[0]}`];
  return `${name} ${amount} ${how} ${bound} of ${reached}${from}`;
}
