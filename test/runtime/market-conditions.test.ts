// Conditions that a quote alone measures, each confirmed, acting and cleared as its guard says: quotes
// in, events and closes out.
import { beforeEach, describe, test } from 'vitest';
import { newWorldForEachTest } from './acting.ts';
import { forgetNews, guard, expectTold, type Row } from './market-worlds.ts';

newWorldForEachTest();

beforeEach(() => {
  forgetNews();
});

/** A quote on which the condition is calm, is a warning, is critical. */
interface Quotes {
  readonly name: string;
  readonly calm: string;
  readonly warning: string;
  readonly critical: string;
  /** The price at which a long, and a short, are closed. */
  readonly prices: readonly [warning: string, critical: string];
}

const spread: Quotes = {
  name: 'spread',
  calm: '1 1.005',
  warning: '1 1.006',
  critical: '1 1.02',
  prices: ['1', '1'],
};
const liquidity: Quotes = {
  name: 'liquidity',
  calm: '1 1 10x10',
  warning: '1 1 9x10',
  critical: '1 1 4x10',
  prices: ['1', '1'],
};

/** Conditions that stand on a quote alone. Longs are of the bid: `at` names the gauge. */
const standing: [Quotes, at: string][] = [
  [spread, 'spread'],
  [liquidity, 'liquidity.long'],
];

describe.each(standing)('$name', ({ name, calm, warning, critical, prices: [at] }, gauge) => {
  const reason = `market_${name}`;
  const put = (more: object): Promise<void> => guard({ [name]: more });

  test('acts on the first quote, and clears after 5 s without it', async () => {
    await put({ closeOn: 'warning' });
    await expectTold(
      ['long a'],
      [calm],
      [warning, `warning ${gauge}`, `halted ${gauge}`, `a ${reason} ${at}`],
      ['+3000'],
      ['long b'],
      [calm],
      [warning, `b ${reason} ${at}`],
      ['+1'],
      [calm],
      ['+4998'],
      ['+1', `cleared ${gauge}`, 'resumed'],
      ['+60000'],
      [warning, `warning ${gauge}`, `halted ${gauge}`],
    );
  });

  test('becomes critical, falls and clears at times of their own', async () => {
    await put({ closeOn: 'never' });
    await expectTold(
      [warning, `warning ${gauge}`, `halted ${gauge}`],
      ['+1000'],
      [critical, `critical ${gauge}`],
      ['+1000'],
      [warning],
      ['+3999'],
      // 5 s after it was critical last.
      ['+1', `warning ${gauge}`],
      ['+999'],
      ['+1', `cleared ${gauge}`, 'resumed'],
      [critical, `critical ${gauge}`, `halted ${gauge}`],
      // Both at once: it is told once.
      ['+5000', `cleared ${gauge}`, 'resumed'],
    );
  });

  test('confirmQuotes: that many in a row, none between them without it', async () => {
    await put({ closeOn: 'warning', confirmQuotes: 3 });
    await expectTold(
      ['long a'],
      [warning],
      [warning],
      [calm],
      [warning],
      [critical],
      [warning, `warning ${gauge}`, `halted ${gauge}`, `a ${reason} ${at}`],
      ['long b'],
      // What acts needs no new confirmation until it has cleared.
      [calm],
      [warning, `b ${reason} ${at}`],
      ['+5000', `cleared ${gauge}`, 'resumed'],
      ['long c'],
      [warning],
      [warning],
      [warning, `warning ${gauge}`, `halted ${gauge}`, `c ${reason} ${at}`],
    );
  });

  test('confirmMs: on the quote that completes it', async () => {
    await put({ closeOn: 'warning', confirmMs: 1000 });
    await expectTold(
      ['long a'],
      [warning],
      ['+500'],
      [calm],
      ['+600'],
      [warning],
      ['+999'],
      [warning],
      ['+1', `warning ${gauge}`, `halted ${gauge}`, `a ${reason} ${at}`],
    );
  });

  test('confirmMs: at its deadline between two quotes, and clears by the last that held', async () => {
    await put({ closeOn: 'warning', confirmMs: 1000, clearAfterMs: 3000 });
    await expectTold(
      ['long a'],
      [warning],
      ['+999'],
      ['+1', `warning ${gauge}`, `halted ${gauge}`, `a ${reason} ${at}`],
      ['+1999'],
      // 3 s after the only quote on which it held.
      ['+1', `cleared ${gauge}`, 'resumed'],
    );
  });

  test('confirmMs and confirmQuotes: whichever is there last', async () => {
    await put({ closeOn: 'warning', confirmMs: 1000, confirmQuotes: 3 });
    await expectTold(
      ['long a'],
      [warning],
      [warning],
      ['+1500'],
      [warning, `warning ${gauge}`, `halted ${gauge}`, `a ${reason} ${at}`],
      ['+5000', `cleared ${gauge}`, 'resumed'],
      ['long b'],
      [warning],
      [warning],
      [warning],
      ['+999'],
      ['+1', `warning ${gauge}`, `halted ${gauge}`, `b ${reason} ${at}`],
    );
  });

  test.each<[number, Row[]]>([
    [
      0,
      [
        [warning, `warning ${gauge}`, `halted ${gauge}`],
        ['+0', `cleared ${gauge}`, 'resumed'],
        [warning, `warning ${gauge}`, `halted ${gauge}`],
      ],
    ],
    [
      20_000,
      [
        [warning, `warning ${gauge}`, `halted ${gauge}`],
        ['+19999'],
        ['+1', `cleared ${gauge}`, 'resumed'],
      ],
    ],
  ])('clearAfterMs: %d', async (clearAfterMs, rows) => {
    await put({ closeOn: 'never', clearAfterMs });
    await expectTold(...rows);
  });

  /** Acting on the two levels, each confirmed and cleared by itself. */
  test.each<[string, string, Row[]]>([
    [
      'critical',
      'warning',
      [
        [warning, `warning ${gauge}`, `halted ${gauge}`],
        [critical, `critical ${gauge}`, `a ${reason} ${at}`],
        ['long b'],
        // The measure itself holds at the level that closes no more.
        [warning],
        [critical, `b ${reason} ${at}`],
      ],
    ],
    [
      'warning',
      'critical',
      [
        [warning, `warning ${gauge}`, `a ${reason} ${at}`],
        [critical, `critical ${gauge}`, `halted ${gauge}`],
        [warning],
        ['+4000'],
        [warning],
        // The critical level clears: entries resume, and the warning goes on closing.
        ['+1000', `warning ${gauge}`, 'resumed'],
        ['long b'],
        [warning, `b ${reason} ${at}`],
      ],
    ],
    [
      'never',
      'never',
      [
        [warning, `warning ${gauge}`],
        [critical, `critical ${gauge}`],
      ],
    ],
    ['critical', 'never', [[critical, `critical ${gauge}`, `a ${reason} ${at}`]]],
    [
      'never',
      'critical',
      [
        [warning, `warning ${gauge}`],
        [critical, `critical ${gauge}`, `halted ${gauge}`],
      ],
    ],
  ])('closeOn %s and haltEntriesOn %s', async (closeOn, haltEntriesOn, rows) => {
    await put({ closeOn, haltEntriesOn });
    await expectTold(['long a'], ...rows);
  });

  test('a critical level is confirmed by itself', async () => {
    await put({ closeOn: 'critical', confirmQuotes: 2 });
    await expectTold(
      ['long a'],
      [warning],
      [critical, `warning ${gauge}`, `halted ${gauge}`],
      [warning],
      [critical],
      [critical, `critical ${gauge}`, `a ${reason} ${at}`],
    );
  });
});
