// Two feeds of a symbol: which one's quotes count, and when they change places.
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

/**
 * Tells `p@5`: the primary was heard at 5 (`f` the fallback), or `silent@5`. `p@5-300` is 300 older than
 * the last quote that counted.
 */
function tell(choice: FeedChoice, given: string): string {
  const [what = '', at = ''] = given.split('@');
  const [ts = 0, behindMs = 0] = at.split('-').map(Number);
  const answer = what === 'silent' ? choice.silent(ts) : choice.heard(feeds[what], ts, behindMs);
  if (typeof answer !== 'object') return answer ?? 'nothing';
  return `switch to ${answer.switchTo}: ${answer.reason}`;
}

const toPrimary = 'switch to primary: back';
const toFallback = 'switch to fallback: silent';
/** The fallback says nothing. */
const forPrimary = 'switch to primary: silent';

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
      ['silent@110', forPrimary],
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
      ['p@115', forPrimary],
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
      ['p@21', forPrimary],
      ['silent@31', 'nothing'],
      ['f@32', toFallback],
      ['p@33', 'standby'],
      ['f@33', 'counts'],
    ],
  ],
  [
    'a quote that is older than the last one that counted is no sign of life of the active feed',
    'primary',
    [
      ['p@0', 'counts'],
      ['f@5', 'standby'],
      ['p@9-1', 'counts'],
      ['silent@10', toFallback],
    ],
  ],
  [
    'nor does it end a silence',
    'primary',
    [
      ['p@0', 'counts'],
      ['silent@10', 'nothing'],
      ['p@11-1', 'counts'],
      ['f@12', toFallback],
    ],
  ],
  [
    'of the other feed it is one up to a second, and completes no change',
    'fallback',
    [
      ['p@100-1000', 'standby'],
      ['p@109-1', 'standby'],
      ['p@118-999', 'standby'],
      ['p@124', 'standby'],
      ['p@125-1', 'standby'],
      ['p@134-1', 'standby'],
      ['p@135', toPrimary],
    ],
  ],
  [
    'an older one is none',
    'fallback',
    [
      ['p@100', 'standby'],
      ['p@109-1001', 'behind'],
      ['p@110-1000', 'standby'],
      ['p@119', 'standby'],
      ['p@128', 'standby'],
      ['p@134', 'standby'],
      ['p@135', toPrimary],
    ],
  ],
  [
    'a silent feed gives way to one whose quotes would count, not before',
    'primary',
    [
      ['p@0', 'counts'],
      ['f@5-1', 'standby'],
      ['silent@10', 'nothing'],
      ['f@12-1', 'standby'],
      ['f@13-1001', 'behind'],
      ['f@14', toFallback],
    ],
  ],
  [
    'what was heard of it long ago is not asked',
    'primary',
    [
      ['f@0', 'standby'],
      ['p@1', 'counts'],
      ['f@9-1', 'standby'],
      ['silent@11', 'nothing'],
      ['p@12', 'counts'],
      ['silent@22', 'nothing'],
    ],
  ],
  [
    'a feed that was never heard has its time from the first quote of the other',
    'primary',
    [
      ['f@3-1001', 'behind'],
      ['f@5', 'standby'],
      ['silent@14', 'nothing'],
      ['f@14', 'standby'],
      ['silent@15', toFallback],
    ],
  ],
  [
    'one that is back when the other is silent is told to be so for that silence',
    'fallback',
    [
      ['f@100', 'counts'],
      ...['p@100-1', 'p@105-1', 'p@110-1', 'p@115-1', 'p@120-1'].map((given): [string, string] => [
        given,
        'standby',
      ]),
      ['silent@120', 'nothing'],
      ['p@126', forPrimary],
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

test('since when the active feed says nothing is known', () => {
  const choice = new FeedChoice(config, 'primary');
  const after = (given: string): number => {
    tell(choice, given);
    return choice.silentFrom;
  };
  expect(choice.silentFrom).toBe(-Infinity);
  expect(['x@1', 'f@2-1001', 'f@3', 'f@4', 'p@5', 'p@6-1', 'f@8', 'silent@15'].map(after)).toEqual([
    ...[-Infinity, -Infinity, 3, 3, 5, 5, 5, 8],
  ]);
});

test('the active feed is shown', () => {
  const choice = new FeedChoice(config, 'primary');
  expect(choice.active).toBe('primary');
  tell(choice, 'p@0');
  tell(choice, 'f@5');
  tell(choice, 'silent@10');
  expect(choice.active).toBe('fallback');
  expect(new FeedChoice(config, 'fallback').active).toBe('fallback');
});
