// Two feeds of a symbol beside a model of them: who counts, why they change places, and since when one
// is silent.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FeedRole } from '#src/domain/market-conditions';
import { FeedChoice, type FeedsConfig } from '#src/prices/feed-choice';

const config: FeedsConfig = {
  primary: 'p',
  fallback: 'f',
  fallbackAfterMs: 10,
  backAfterMs: 25,
};

/** A quote of a feed, or that the one that counts is silent. */
function tell(choice: FeedChoice, what: string, ts: number, behindMs: number): string {
  const answer = what === 'silent' ? choice.silent(ts) : choice.heard(what, ts, behindMs);
  if (typeof answer !== 'object') return answer ?? 'nothing';
  return `switch to ${answer.switchTo}: ${answer.reason}`;
}

interface Heard {
  readonly role: FeedRole;
  readonly ts: number;
  /** Whether hygiene would have taken it. */
  readonly isLevel: boolean;
}

/** Since when the role has quoted without a pause, up to its last quote. */
function runOf(role: FeedRole, heard: readonly Heard[]): { from: number; to: number } {
  const times = heard.filter((one) => one.role === role).map(({ ts }) => ts);
  const to = times.at(-1) ?? -Infinity;
  let from = to;
  for (const ts of times.toReversed()) {
    if (from - ts >= config.fallbackAfterMs) break;
    from = ts;
  }
  return { from, to };
}

test('the feeds are never mixed, and change places only for a reason', () => {
  const seen = { failedOver: 0, returned: 0, waited: 0, notYet: 0, behind: 0 };
  const event = fc.record({
    what: fc.constantFrom('p', 'p', 'p', 'f', 'f', 'x', 'silent'),
    ms: fc.constantFrom(0, 1, 1, 1, 2, 3, 9, 10),
    behindMs: fc.constantFrom(0, 0, 0, 0, 0, 1, 1000, 1001),
  });
  const active = fc.constantFrom<FeedRole>('primary', 'fallback');
  const back = fc.constantFrom(0, 5, 10, 15);
  fc.assert(
    fc.property(
      active,
      back,
      fc.array(event, { maxLength: 60, size: 'max' }),
      (first, backAfterMs, events) => {
        const choice = new FeedChoice({ ...config, backAfterMs }, first);
        let role = first;
        let ts = 1000;
        /** Since the last switch: those of the standby before it are of no more use. */
        let heard: Heard[] = [];
        /** Whether the active feed was found silent, and has not been heard since. */
        let isSilent = false;
        for (const { what, ms, behindMs } of events) {
          ts += ms;
          const other: FeedRole = role === 'primary' ? 'fallback' : 'primary';
          const who = what === 'p' ? 'primary' : what === 'f' ? 'fallback' : undefined;
          const isLevel = behindMs === 0;
          const mostMs = who === role ? 0 : 1000;
          if (who !== undefined && behindMs <= mostMs) heard.push({ role: who, ts, isLevel });
          // Before it was ever heard it is as if it had been when the other one was first.
          const since = runOf(role, heard).to;
          const silentFrom = since === -Infinity ? (heard[0]?.ts ?? since) : since;
          const isMute = (from: number): boolean => ts - from >= config.fallbackAfterMs;
          const levels = heard.filter((one) => one.isLevel);
          const run = runOf('primary', heard);
          const isReturn = role === 'fallback' && run.to - run.from >= backAfterMs;

          let expected = 'unknown';
          if (what === 'silent') {
            isSilent ||= isMute(silentFrom);
            const isFailover = isSilent && !isMute(runOf(other, levels).to);
            expected = isFailover ? `switch to ${other}: silent` : 'nothing';
            if (isFailover) seen.failedOver++;
          } else if (who === role) {
            if (isLevel) isSilent = false;
            expected = 'counts';
          } else if (who === other) {
            expected = behindMs > mostMs ? 'behind' : 'standby';
            const isDue = isSilent || isReturn;
            if (isDue && isLevel) {
              expected = `switch to ${other}: ${isSilent ? 'silent' : 'back'}`;
              seen[isSilent ? 'waited' : 'returned']++;
            } else if (isDue) seen[expected === 'behind' ? 'behind' : 'notYet']++;
          }
          expect(tell(choice, what, ts, behindMs)).toBe(expected);
          if (expected.startsWith('switch')) {
            role = other;
            // Whatever else was heard is of the one that stands by from now on, or no sign of life.
            heard = heard.filter((one) => one.role === role && one.isLevel).slice(-1);
            isSilent = false;
          }
          expect(choice.active).toBe(role);
        }
      },
    ),
    { numRuns: 1000 },
  );
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(20);
});
