// What `npm start -- …` understands, and what it says of the rest.
import { expect, test } from 'vitest';
import { readDemoArguments } from '#src/cli/demo/arguments';

test.each([
  [[], { forMs: undefined, seed: undefined, isHelp: false }],
  [['--for', '10s', '--seed', '1'], { forMs: 10_000, seed: 1, isHelp: false }],
  [['--for=500ms'], { forMs: 500, seed: undefined, isHelp: false }],
  [['--for', '2m'], { forMs: 120_000, seed: undefined, isHelp: false }],
  [['--for', '1.5s'], { forMs: 1500, seed: undefined, isHelp: false }],
  [['--for', '24h'], { forMs: 86_400_000, seed: undefined, isHelp: false }],
  [['--seed', '0'], { forMs: undefined, seed: 0, isHelp: false }],
  [['--seed', '4294967295'], { forMs: undefined, seed: 4_294_967_295, isHelp: false }],
  [['--help'], { forMs: undefined, seed: undefined, isHelp: true }],
])('%j is understood', (argv, value) => {
  expect(readDemoArguments(argv)).toEqual({ ok: true, value });
});

test.each([
  [['--for', '10'], [/^--for 10: expected a time/]],
  [['--for', '0s'], [/^--for 0s: expected a time/]],
  [['--for', '25h'], [/^--for 25h: expected a time/]],
  [['--for', ''], [/^--for : expected a time/]],
  [['--for=-3s'], [/^--for -3s: expected a time/]],
  [['--seed', 'one'], [/^--seed one: expected a whole number from 0 to 4294967295/]],
  [['--seed', '4294967296'], [/^--seed 4294967296: /]],
  [['--seed', '1.5'], [/^--seed 1.5: /]],
  [
    ['--for', 'soon', '--seed', 'x'],
    [/^--for soon: /, /^--seed x: /],
  ],
  [['--seeds', '1'], [/--seeds/]],
  [['now'], [/now/]],
  [['--for'], [/--for/]],
])('%j is refused, every fault named', (argv, faults) => {
  const read = readDemoArguments(argv);
  expect(read).toEqual({ ok: false, faults: faults.map((fault) => expect.stringMatching(fault)) });
});
