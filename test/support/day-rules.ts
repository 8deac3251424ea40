// Rules of every kind for a trading day over recordings.
import type { Quote } from '#src/domain/quote';
import { withoutDeadWarning } from './dead-warning.ts';
import type { Random } from './random.ts';
import type { ScenarioRule } from './scenario.ts';

const minuteMs = 60_000;
const dayAnchors = [
  'dayStartBalance',
  'dayStartEquity',
  'dayStartHigher',
  'highestDayEndBalance',
] as const;
const anchors = ['peakEquity', 'initialBalance', 'fixed', 'marginLevel', ...dayAnchors] as const;
const timezones = ['Europe/Prague', 'America/New_York', 'America/Chicago', 'Asia/Kolkata', 'UTC'];

/** A few rules for an account of that size; the days begin in the midst of the recordings. */
export function dayRules(
  random: Random,
  balance: number,
  days: readonly { readonly quotes: readonly Quote[] }[],
): ScenarioRule[] {
  const share = (least: number, most: number): string =>
    (balance * random.between(least, most)).toFixed(2);
  return Array.from({ length: random.int(2, 6) }, (_, i) => {
    const anchor = random.pick(anchors);
    const base = { id: `rule-${i}`, anchor, ...action(random) };
    const warns = random.chance(0.5);
    if (anchor === 'fixed') {
      const warning = warns ? { warningPct: random.pick([2, '5.5']) } : {};
      return { ...base, floor: share(0.6, 0.98), ...warning };
    }
    if (anchor === 'marginLevel') {
      const reduces = random.chance(0.7);
      return {
        ...{ id: base.id, anchor, limitPct: random.pick([50, '80', 100, 400]) },
        ...(warns ? { warningPct: random.pick([20, '50']) } : {}),
        ...(reduces ? { action: 'reduce' as const } : action(random)),
      };
    }
    return withoutDeadWarning<ScenarioRule>({
      ...base,
      ...(random.chance(0.5)
        ? { limitPct: random.pick([2, '4.5', 10]) }
        : { limitAmount: share(0.01, 0.15) }),
      ...(warns ? { warningPct: random.pick([1, '1.75', 5]) } : {}),
      ...(random.chance(0.4) ? { pctOf: 'initialBalance' as const } : {}),
      ...(random.chance(0.4) ? { lockAtInitial: true, lockOffset: share(0, 0.03) } : {}),
      ...(random.chance(0.3) ? { observed: 'balance' as const } : {}),
      ...(dayAnchors.some((one) => one === anchor) ? day(random, days) : {}),
    });
  });
}

function action(random: Random): Pick<ScenarioRule, 'action' | 'graceSeconds'> {
  const chosen = random.pick(['close', 'haltEntries', 'warn'] as const);
  const graceSeconds = random.pick([1, 30, 600, 7200]);
  return { action: chosen, ...(chosen === 'close' && random.chance(0.6) ? { graceSeconds } : {}) };
}

/** At the minute of a recorded quote, as the clocks of the zone show it. */
function day(
  random: Random,
  days: readonly { readonly quotes: readonly Quote[] }[],
): Pick<ScenarioRule, 'timezone' | 'resetAt'> {
  const { ts } = random.pick(random.pick(days).quotes);
  const timeZone = random.pick(timezones);
  const minute = Math.floor(ts / minuteMs) * minuteMs;
  const shown = { timeZone, hourCycle: 'h23', hour: '2-digit', minute: '2-digit' } as const;
  const resetAt = new Intl.DateTimeFormat('en-GB', shown).format(minute);
  return random.chance(0.8) ? { timezone: timeZone, resetAt } : {};
}
