// What of the ledger belongs to the story of a close, and how much of it is read.
import { describe, expect, test } from 'vitest';
import { gather, meantBy, type CloseFacts } from '#src/cli/explain/gather';
import { storyOf } from '#src/cli/explain/story';
import { gatherBreach } from '#src/cli/explain/breach-facts';
import type { Draft } from '#src/domain/records';
import * as close from '../../domain/close-drafts.ts';
import * as make from '../../ledger/entries.ts';
import { firstTs } from '../../ledger/entries.ts';
import { historyOf } from './histories.ts';
import { position } from './rows.ts';
import { liveStory } from '../../ledger/live-story.ts';

async function factsIn(drafts: readonly Draft[], closeId: string): Promise<CloseFacts> {
  const facts = await gather(await historyOf(drafts), closeId);
  if (facts === undefined) throw new Error(`no close ${closeId}`);
  return facts;
}

const typesOf = (rows: CloseFacts['rows']): string[] => rows.map(({ eventType }) => eventType);

/** Closed by a breach, in turn. */
const breachId = 'breach_1';
const drawdown = { reason: 'drawdown_critical', ruleId: 'peak', breachId };
const closeOf = (positionId: string): make.CloseDrafts =>
  make.closeOf('a', positionId, { cause: drawdown });
const ids = ['p1', 'p2', 'p3'];
const settled: Draft = { type: 'account.settled', accountId: 'a', body: { breachId } };
const resumed = (acknowledge: string): Draft => ({
  type: 'account.resumed',
  accountId: 'a',
  body: { reason: 'ok', by: 'op', acknowledge, equity: '9000' },
});
const breachStory: readonly Draft[] = [
  make.created('a'),
  make.created('b'),
  ...ids.map((id) => make.tracked('a', id)),
  make.adjusted('a', '10'),
  make.adjusted('a', '20'),
  ...['peak', 'peak', 'other', 'peak', 'peak'].map((ruleId) => make.warned('a', ruleId)),
  make.warned('b', 'peak'),
  make.exitsMoved('a', 'p2', '1.394'),
  make.exitsMoved('a', 'p3', '1.394'),
  make.breached('b', 'breach_0'),
  make.breached('a', breachId),
  ...ids.map((id) => closeOf(id).filled),
  make.warned('a', 'peak'),
  settled,
  { type: 'account.halted', accountId: 'b', body: { reason: 'audit', by: 'op' } },
  resumed(breachId),
  make.breached('a', 'breach_2'),
  { ...settled, body: { breachId: 'breach_2' } },
  resumed('breach_2'),
];

test('of a breach: its row, the last warnings of its rule, what followed until its end', async () => {
  const { closeId } = closeOf('p2').intent;
  const facts = await factsIn(breachStory, closeId);
  expect(facts.breach?.metaData).toMatchObject({ breachId });
  expect(typesOf(facts.rows)).toEqual(['position_closed']);
  expect(typesOf(facts.positionRows)).toEqual(['position_exits_moved']);
  const before = facts.beforeBreach.map(({ metaData: { ruleId, amount } }) => ruleId ?? amount);
  expect(before).toEqual(['20', 'peak', 'peak', 'peak']);
  expect(typesOf(facts.sinceBreach)).toEqual(['account_halted', 'account_resumed']);
  expect(facts.cut).toEqual([]);
  const { order } = storyOf(facts);
  expect(order).toEqual({ of: 'breach', place: 2, total: 3, around: ids });
});

test('a breach that halts entries is over once its rule is kept again', async () => {
  const restored = (ruleIds: string[]): Draft => ({
    type: 'rule.restored',
    accountId: 'a',
    body: { ruleIds, observed: '9' },
  });
  const drafts = [
    ...breachStory.slice(0, breachStory.indexOf(settled)),
    ...[restored(['other']), restored(['peak', 'other']), restored(['peak'])],
  ];
  const facts = await factsIn(drafts, closeOf('p1').intent.closeId);
  const rules = facts.sinceBreach.map(({ metaData }) => metaData['ruleIds']);
  expect(rules).toEqual([['peak', 'other']]);
});

test('a breach whose row is missing is told as cut', async () => {
  const drafts = breachStory.filter(({ type }) => type !== 'rule.breached');
  const facts = await factsIn(drafts, closeOf('p1').intent.closeId);
  expect(facts.breach).toBeUndefined();
  expect(facts.cut).toEqual(['the row of breach breach_1, which is not in the ledger']);
});

test('of a bulk: its closes in order', async () => {
  const bulk = { cause: { bulkId: 'bulk_1', reason: 'manual', triggerPrice: undefined } };
  const closes = ids.map((id) => make.closeOf('a', id, bulk as object));
  const tracked = ids.map((id) => make.tracked('a', id));
  const drafts = [make.created('a'), ...tracked, ...closes.map(({ filled }) => filled)];
  const facts = await factsIn(drafts, String(closes[2]?.intent.closeId));
  expect(storyOf(facts).order).toMatchObject({ of: 'bulk', place: 3, total: 3 });
});

test('of a LIVE close every step, and of its position what is not of it', async () => {
  const history = await historyOf(liveStory);
  const { closeIds } = await meantBy(history, 'lost');
  const [closeId = ''] = closeIds;
  const facts = await gather(history, closeId);
  expect(typesOf(facts?.rows ?? [])).toEqual([
    ...Array<string>(3).fill('position_close_pending'),
    'deadletter_added',
    ...['position_close_pending', 'position_close_failed', 'deadletter_retried'],
    ...['position_close_pending', 'position_closed', 'deadletter_cleared'],
    'position_close_amended',
  ]);
  expect(facts?.positionRows).toEqual([]);
  expect(storyOf(facts as CloseFacts)).toMatchObject({ outcome: 'closed', pnl: '-12.5', open: [] });
});

test('of a close that is tried for days the first rows and the last; what is left out is told', async () => {
  const { intent } = make.closeOf('a', 'p1');
  const tries = (times: number): Draft[] =>
    Array.from({ length: times }, (_, i) => close.unknown(intent, i, `error ${i}`));
  const begun = [make.created('a'), make.tracked('a', 'p1')];
  for (const [times, rows, cut] of [
    [200, 200, 0],
    [250, 250, 0],
    [251, 250, 1],
    [1_000, 250, 1],
  ] as const) {
    const facts = await factsIn([...begun, ...tries(times)], intent.closeId);
    const told = facts.cut.filter((what) => what.startsWith('rows of the close'));
    expect([times, facts.rows.length, told.length]).toEqual([times, rows, cut]);
    const errors = facts.rows.map(({ metaData }) => metaData['errorMessage']);
    expect([errors[0], errors.at(-1)]).toEqual(['error 0', `error ${times - 1}`]);
    expect(facts.rows.map(({ seq }) => seq)).toEqual(
      facts.rows.map(({ seq }) => seq).toSorted((a, b) => a - b),
    );
  }
});

test('no row of the close: nothing is told, and closes of an id that is something else are named', async () => {
  const history = await historyOf(breachStory);
  expect(await gather(history, 'close_0')).toBeUndefined();
  expect(await meantBy(history, 'close_0')).toEqual({ kind: undefined, closeIds: [] });
  const { closeId } = closeOf('p2').intent;
  expect(await meantBy(history, 'p2')).toEqual({ kind: 'position', closeIds: [closeId] });
  expect(await meantBy(history, closeId)).toEqual({ kind: 'close', closeIds: [closeId] });
  expect(await meantBy(history, breachId)).toEqual({ kind: 'breach', closeIds: [] });
  expect(await gatherBreach(history, 'p2')).toBeUndefined();
});

test('times are those of the rows', async () => {
  const facts = await factsIn(breachStory, closeOf('p1').intent.closeId);
  const { lines } = storyOf(facts);
  const times = lines.map(({ at }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBe(firstTs);
});

describe('of a close by a market guard', () => {
  const changed = (
    condition: 'spread' | 'liquidity',
    level: 'warning' | 'critical' | 'clear',
    more: { symbol?: string; side?: 'long' | 'short'; measured?: string } = {},
  ): Draft => ({
    type: 'market.changed',
    accountId: '_',
    body: { symbol: 'EURUSD', condition, level, limit: '1', ...more },
  });
  const switched: Draft = {
    type: 'feed.switched',
    accountId: '_',
    body: { symbol: 'EURUSD', to: 'primary', feed: 'one', reason: 'back' },
  };
  /** The ids of its rows are counted, and it takes a millisecond a record. */
  const closeBy = (condition: string, ms: number): make.CloseDrafts => {
    const market = { level: 'critical', limit: '1', measured: '3' } as const;
    const cause = { reason: `market_${condition}`, triggerPrice: undefined, market };
    const made = make.closeOf('a', 'p1', { cause: cause as object });
    const asked = { ...made.intent, requestedTs: firstTs + ms };
    const body = { ...made.filled.body, intent: asked } as never;
    return { ...made, filled: { ...made.filled, body } };
  };
  /** Behind these two. */
  const begun = [make.created('a'), make.tracked('a', 'p1')];
  const told = async (drafts: readonly Draft[], condition = 'spread'): Promise<string[][]> => {
    const history = await historyOf(drafts);
    const known = { ...history, position: async () => position };
    const facts = await gather(known, closeBy(condition, 0).intent.closeId);
    const words = (rows: CloseFacts['rows']): string[] =>
      rows.map(({ eventType, metaData }) =>
        [eventType, metaData['measured'] ?? metaData['side']].filter(Boolean).join(' '),
      );
    return [words(facts?.market ?? []), words(facts?.sinceMarket ?? [])];
  };

  test('its condition since that last had cleared, and until it had', async () => {
    const spread = (level: 'warning' | 'critical' | 'clear', measured?: string): Draft =>
      changed('spread', level, measured === undefined ? {} : { measured });
    const drafts = [
      ...begun,
      spread('warning', '1.1'),
      spread('clear'),
      switched,
      spread('warning', '1.2'),
      changed('spread', 'critical', { symbol: 'XAUUSD' }),
      changed('liquidity', 'critical', { side: 'long' }),
      spread('critical', '3'),
      closeBy('spread', 9).filled,
      spread('warning', '1.9'),
      spread('clear'),
      spread('warning', '1.3'),
    ];
    expect(await told(drafts)).toEqual([
      ['feed_switched', 'market_warning 1.2', 'market_critical 3'],
      ['market_warning 1.9', 'market_cleared'],
    ]);
  });

  test('of very many changes the first ones, the last, and always the end', async () => {
    const flutter = Array.from({ length: 70 }, (_, i) =>
      changed('spread', i % 2 === 0 ? 'warning' : 'critical', { measured: `${i}` }),
    );
    const drafts = [
      ...begun,
      ...flutter.slice(0, 12),
      closeBy('spread', 99).filled,
      ...flutter,
      changed('spread', 'clear'),
    ];
    const [held = [], since = []] = await told(drafts);
    expect([held.length, held[0], held.at(-1)]).toEqual([
      10,
      'market_warning 0',
      'market_critical 11',
    ]);
    expect([since.length, since.at(-1)]).toEqual([10, 'market_cleared']);
  });

  test('where its outcome is of later: as it stood when the close was asked for', async () => {
    const drafts = [
      ...begun,
      changed('spread', 'warning', { measured: '1.2' }),
      changed('spread', 'clear'),
      changed('spread', 'warning', { measured: '1.3' }),
      closeBy('spread', 3).filled,
    ];
    expect(await told(drafts)).toEqual([['market_warning 1.2'], ['market_cleared']]);
  });

  test('of liquidity the side that closes it, and of another reason nothing', async () => {
    const drafts = [
      ...begun,
      changed('liquidity', 'critical', { side: 'long' }),
      changed('liquidity', 'critical', { side: 'short' }),
      closeBy('liquidity', 5).filled,
    ];
    expect(await told(drafts, 'liquidity')).toEqual([['market_critical long'], []]);
    const bySpread = [...drafts.slice(0, -1), closeBy('spread', 5).filled];
    expect(await told(bySpread)).toEqual([[], []]);
  });
});
