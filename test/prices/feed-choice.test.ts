// Two feeds of a symbol: which one's quotes count, and when they change places.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FeedRole } from '#src/domain/market-conditions';
import { FeedChoice, type FeedsConfig } from '#src/prices/feed-choice';

const config: FeedsConfig = {
  primary: 'lp1',
  fallback: 'lp2',
  fallbackAfterMs: 10,
  backAfterMs: 25,
};

const feeds: Readonly<Record<string, string | undefined>> = {
  p: 'lp1',
  f: 'lp2',
  x: 'lp3',
  none: undefined,
};

/** Tells `p@5`: the primary was heard at 5 (`f` the fallback), or `silent@5`. */
function tell(choice: FeedChoice, given: string): string {
  const [what = '', at = ''] = given.split('@');
  const ts = Number(at);
  const answer = what === 'silent' ? choice.silent(ts) : choice.heard(feeds[what], ts);
  return typeof answer === 'object' ? `switch to ${answer.switchTo}` : (answer ?? 'nothing');
}

const toPrimary = 'switch to primary';
const toFallback = 'switch to fallback';

/** Silent is a feed after 10 without a quote; back is the primary after 25 with them. */
test.each<[string, FeedRole, [given: string, answer: string][]]>([
  [
    'the active feed counts, the other stands by, others are unknown',
    'primary',
    [
      ['p@0', 'counts'],
      ['f@1', 'standby'],
      ['x@2', 'unknown'],
      ['none@2', 'unknown'],
      ['p@3', 'counts'],
    ],
  ],
  [
    'the same where the fallback is active',
    'fallback',
    [
      ['f@1', 'counts'],
      ['p@2', 'standby'],
      ['x@2', 'unknown'],
    ],
  ],
  [
    'the fallback takes over when the primary is silent',
    'primary',
    [
      ['p@0', 'counts'],
      ['f@1', 'standby'],
      ['silent@10', toFallback],
      ['f@11', 'counts'],
      ['p@12', 'standby'],
    ],
  ],
  [
    'not one that is silent too, but it does with its next quote',
    'primary',
    [
      ['p@0', 'counts'],
      ['f@0', 'standby'],
      ['silent@10', 'nothing'],
      ['f@70', toFallback],
      ['f@71', 'counts'],
    ],
  ],
  [
    'nor one that was never heard',
    'primary',
    [
      ['silent@10', 'nothing'],
      ['f@12', toFallback],
    ],
  ],
  [
    'a primary that is heard first goes on',
    'primary',
    [
      ['p@0', 'counts'],
      ['silent@10', 'nothing'],
      ['p@60', 'counts'],
      ['f@61', 'standby'],
      ['p@62', 'counts'],
    ],
  ],
  [
    'a closed market is no silence: nobody told so',
    'primary',
    [
      ['p@0', 'counts'],
      ['f@1', 'standby'],
      ['f@999', 'standby'],
      ['p@1000', 'counts'],
    ],
  ],
  [
    'told too early, it is not silent',
    'primary',
    [
      ['p@0', 'counts'],
      ['f@5', 'standby'],
      ['silent@9', 'nothing'],
      ['f@9', 'standby'],
      ['silent@10', toFallback],
    ],
  ],
  [
    'an unknown feed is no sign of life',
    'primary',
    [
      ['p@0', 'counts'],
      ['x@9', 'unknown'],
      ['silent@10', 'nothing'],
      ['x@10', 'unknown'],
      ['f@11', toFallback],
    ],
  ],
  [
    'the primary is back when it has quoted for long enough',
    'fallback',
    [
      ['p@100', 'standby'],
      ['f@101', 'counts'],
      ['p@109', 'standby'],
      ['p@118', 'standby'],
      ['p@124', 'standby'],
      ['p@125', toPrimary],
      ['f@125', 'standby'],
      ['p@126', 'counts'],
    ],
  ],
  [
    'a pause begins its return anew',
    'fallback',
    [
      ['p@100', 'standby'],
      ['p@109', 'standby'],
      ['p@119', 'standby'],
      ['p@128', 'standby'],
      ['p@137', 'standby'],
      ['p@143', 'standby'],
      ['f@143', 'counts'],
      ['p@144', toPrimary],
    ],
  ],
  [
    'what the primary said before it was replaced is no part of its return',
    'primary',
    [
      ['p@0', 'counts'],
      ['p@9', 'counts'],
      ['f@18', 'standby'],
      ['silent@19', toFallback],
      ['p@19', 'standby'],
      ['p@28', 'standby'],
      ['p@37', 'standby'],
      ['p@43', 'standby'],
      ['p@44', toPrimary],
    ],
  ],
  [
    'a fallback that stood by for long does not return to anything',
    'primary',
    [
      ['p@0', 'counts'],
      ['f@0', 'standby'],
      ['f@9', 'standby'],
      ['f@18', 'standby'],
      ['f@27', 'standby'],
    ],
  ],
  [
    'a silent fallback gives way at once to a primary that is heard',
    'fallback',
    [
      ['f@100', 'counts'],
      ['p@105', 'standby'],
      ['silent@110', toPrimary],
      ['p@111', 'counts'],
      ['f@112', 'standby'],
    ],
  ],
  [
    'or to its next quote',
    'fallback',
    [
      ['f@100', 'counts'],
      ['silent@110', 'nothing'],
      ['p@115', toPrimary],
      ['f@116', 'standby'],
    ],
  ],
  [
    'back and forth',
    'primary',
    [
      ['p@0', 'counts'],
      ['f@9', 'standby'],
      ['silent@10', toFallback],
      ['silent@20', 'nothing'],
      ['p@21', toPrimary],
      ['silent@31', 'nothing'],
      ['f@32', toFallback],
      ['p@33', 'standby'],
      ['f@33', 'counts'],
    ],
  ],
])('%s', (_, active, story) => {
  const choice = new FeedChoice(config, active);
  expect(story.map(([given]) => [given, tell(choice, given)])).toEqual(story);
});

test('with nothing to wait for, the first quote of the primary is its return', () => {
  const choice = new FeedChoice({ ...config, backAfterMs: 0 }, 'fallback');
  expect(['f@1', 'p@2', 'p@3'].map((given) => tell(choice, given))).toEqual([
    'counts',
    toPrimary,
    'counts',
  ]);
});

test('the active feed is shown', () => {
  const choice = new FeedChoice(config, 'primary');
  expect(choice.active).toBe('primary');
  tell(choice, 'f@5');
  tell(choice, 'silent@10');
  expect(choice.active).toBe('fallback');
  expect(new FeedChoice(config, 'fallback').active).toBe('fallback');
});

interface Heard {
  readonly role: FeedRole;
  readonly ts: number;
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
  const seen = { failedOver: 0, returned: 0, waited: 0 };
  const event = fc.record({
    what: fc.constantFrom('p', 'p', 'p', 'f', 'f', 'x', 'silent'),
    ms: fc.constantFrom(0, 1, 1, 1, 2, 3, 9, 10),
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
        for (const { what, ms } of events) {
          ts += ms;
          const other: FeedRole = role === 'primary' ? 'fallback' : 'primary';
          const who = what === 'p' ? 'primary' : what === 'f' ? 'fallback' : undefined;
          if (who !== undefined) heard.push({ role: who, ts });
          const isMute = (of: FeedRole): boolean =>
            ts - runOf(of, heard).to >= config.fallbackAfterMs;
          const run = runOf('primary', heard);
          const isReturn = role === 'fallback' && run.to - run.from >= backAfterMs;

          let expected = 'unknown';
          if (what === 'silent') {
            isSilent = isMute(role);
            expected = isSilent && !isMute(other) ? `switch to ${other}` : 'nothing';
            if (expected !== 'nothing') seen.failedOver++;
          } else if (who === role) {
            isSilent = false;
            expected = 'counts';
          } else if (who === other) {
            expected = isSilent || isReturn ? `switch to ${other}` : 'standby';
            if (expected !== 'standby') seen[isReturn ? 'returned' : 'waited']++;
          }
          expect(tell(choice, `${what}@${ts}`)).toBe(expected);
          if (expected.startsWith('switch')) {
            role = other;
            heard = heard.slice(heard.findLastIndex((one) => one.role === role));
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
