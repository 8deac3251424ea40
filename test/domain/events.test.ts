// What records tell the outside, and how that is numbered.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventsOf, numbered } from '#src/domain/events';
import type { CloseOutcomeBody, Draft, JournalRecord, RecordType } from '#src/domain/records';
import { by, drafts, drift, market, observation, recordOf } from './every-record.ts';
import { accountCreated, gold, instrumentPut, Story } from './story.ts';

const { result } = drafts['close.filled'];

const toldOf: [RecordType, [string, object][]][] = [
  ['instrument.put', []],
  ['guard.put', []],
  ['guard.removed', []],
  ['account.created', []],
  ['account.adjusted', [['account.adjusted', { amount: '5', ...by }]]],
  ['account.halted', [['account.halted', by]]],
  ['account.resumed', [['account.resumed', { ...by, equity: '5' }]]],
  ['account.settled', [['account.halted', { by: 'breach', breachId: 'b' }]]],
  ['rule.warned', [['guard.warning', observation]]],
  ['rule.recovered', []],
  ['rule.breached', [['guard.breached', drafts['rule.breached']]]],
  ['rule.restored', [['guard.restored', { ruleIds: ['r'], observed: '1' }]]],
  ['grace.ended', []],
  ['rules.replaced', [['account.rules-replaced', drafts['rules.replaced']]]],
  ['day.rolled', []],
  ['position.tracked', [['position.tracked', drafts['position.tracked'].position]]],
  ['position.amended', [['position.amended', drafts['position.amended']]]],
  ['position.untracked', [['position.untracked', { positionId: 'p', ...by }]]],
  ['close.intended', []],
  [
    'position.exits-moved',
    [
      [
        'position.exits-moved',
        { positionId: 'p', stop: '2000', quote: { bid: '2010', ask: '2011', ts: 5 } },
      ],
    ],
  ],
  ['close.queued', []],
  ['close.joined', []],
  ['close.filled', [['position.closed', result]]],
  ['close.failed', [['position.close-failed', drafts['close.failed'].result]]],
  ['close.sent', []],
  ['close.acknowledged', []],
  ['close.unknown', []],
  ['close.rejected', [['position.close-failed', drafts['close.rejected'].result]]],
  [
    'close.partially-filled',
    [['position.partially-closed', drafts['close.partially-filled'].result]],
  ],
  ['close.amended', [['position.close-amended', drafts['close.amended'].result]]],
  ['position.corrected', []],
  ['deadletter.added', [['deadletter.added', drafts['deadletter.added']]]],
  ['deadletter.retried', []],
  ['deadletter.cleared', [['deadletter.cleared', drafts['deadletter.cleared']]]],
  ['deadletter.alarmed', [['deadletter.alarm', { open: 2, oldestSince: 5 }]]],
  ['drift.detected', [['drift.detected', { ...drift, policy: 'alarm', route: 'r' }]]],
  ['drift.cleared', []],
  ['bulk.progressed', [['bulk.progressed', drafts['bulk.progressed']]]],
  ['route.put', []],
  [
    'runtime.paused',
    [['entries.halted', { ...by, allowed: false, reasons: ['the runtime is paused: why'] }]],
  ],
  ['gap.contradicted', []],
  ['feed.switched', [['feed.switched', drafts['feed.switched']]]],
  ['session.changed', []],
  ['runtime.resumed', [['entries.resumed', { ...by, allowed: true, reasons: [] }]]],
  ['command.answered', []],
];

test.each(toldOf)('%s tells %j', (type, events) => {
  expect(eventsOf(recordOf(type))).toEqual(
    events.map(([event, fields]) => ({ event, accountId: 'a', fields })),
  );
});

test('of every type of record it is known what it tells', () => {
  const types = [...toldOf.map(([type]) => type), 'market.changed'];
  expect(types.sort()).toEqual(Object.keys(drafts).sort());
});

test('a close that a breach asked for names it, and the rule', () => {
  const cause = { ruleId: 'peak', breachId: 'breach_1' };
  for (const type of [
    'close.filled',
    'close.partially-filled',
    'close.failed',
    'close.rejected',
  ] as const) {
    const record = recordOf(type);
    const body = record.body as CloseOutcomeBody;
    const of = { ...record, body: { ...body, intent: { ...body.intent, ...cause } } };
    const [event] = eventsOf(of as JournalRecord);
    expect(event?.fields).toEqual({ ...body.result, ...cause });
  }
});

test('a close that a market guard asked for says what was measured, at which limit', () => {
  const record = recordOf('close.filled');
  const body = record.body as CloseOutcomeBody;
  const toldWith = (held: object): object | undefined => {
    const intent = { ...body.intent, market: held };
    return eventsOf({ ...record, body: { ...body, intent } } as JournalRecord)[0]?.fields;
  };
  const held = { level: 'warning', limit: '0.5', measured: '0.6' };
  expect(toldWith(held)).toEqual({ ...body.result, market: held });
  // As an earlier version asked for it.
  expect(toldWith({ before: '2000' })).toEqual(body.result);
});

test('what a part of a close tells is of that part', () => {
  const [event] = eventsOf(recordOf('close.partially-filled'));
  expect(event?.fields).toMatchObject({ outcome: 'closed', quantity: '0.4', pnl: '1' });
});

test.each([
  ['warning', 'market.warning'],
  ['critical', 'market.critical'],
  ['clear', 'market.cleared'],
] as const)('a market condition that is %s is told to all as %s', (level, event) => {
  const record = recordOf('market.changed', { ...market, level }, '_');
  expect(eventsOf(record)).toEqual([{ event, accountId: '_', fields: market }]);
});

test('of a market condition it is told of which side it is, and the mid before a gap', () => {
  const { condition: _gap, ...of } = market;
  const sided = { ...of, condition: 'liquidity', side: 'short', before: '2000' } as const;
  const record = recordOf('market.changed', { ...sided, level: 'critical' }, '_');
  expect(eventsOf(record)).toEqual([{ event: 'market.critical', accountId: '_', fields: sided }]);
});

test('an event has its id from its place in the journal, and the fields of what it tells', () => {
  const record = recordOf('rule.breached');
  const entries = {
    event: 'entries.halted',
    accountId: 'a',
    fields: { allowed: false, reasons: ['rule r was breached'] },
  } as const;
  expect(numbered(record, [...eventsOf(record), entries], 41)).toEqual([
    {
      ...drafts['rule.breached'],
      id: 'evt_44_7_0',
      seq: 42,
      event: 'guard.breached',
      accountId: 'a',
      ts: 1000,
    },
    {
      allowed: false,
      reasons: ['rule r was breached'],
      id: 'evt_44_7_1',
      seq: 43,
      event: 'entries.halted',
      accountId: 'a',
      ts: 1000,
    },
  ]);
  expect(numbered(record, [], 41)).toEqual([]);
});

const accountIds = ['a', 'b', 'c'];
/** Of no account. */
const noneOf: readonly RecordType[] = [
  ...(['market.changed', 'feed.switched', 'session.changed'] as const),
  ...(['deadletter.alarmed', 'runtime.paused'] as const),
];
const anyDraft: fc.Arbitrary<Draft> = fc
  .tuple(
    fc.constantFrom<RecordType>(
      'account.adjusted',
      'account.halted',
      'account.resumed',
      'rule.warned',
      'rule.recovered',
      'rule.breached',
      'rule.restored',
      'rules.replaced',
      'day.rolled',
      'market.changed',
      'feed.switched',
      'session.changed',
      'drift.detected',
      'drift.cleared',
      'bulk.progressed',
      'deadletter.alarmed',
      'runtime.paused',
    ),
    fc.constantFrom(...accountIds),
  )
  .map(([type, accountId]) => {
    const isOfNone = noneOf.includes(type);
    return { type, accountId: isOfNone ? '_' : accountId, body: drafts[type] } as Draft;
  });

test('the events of each account are numbered from 1 without a gap, and told again the same', () => {
  fc.assert(
    fc.property(fc.array(anyDraft, { maxLength: 60 }), (told) => {
      const live = new Story().tell(
        instrumentPut(gold),
        ...accountIds.map((accountId) => accountCreated({ accountId })),
        ...told,
      );
      for (const accountId of [...accountIds, '_']) {
        const numbers = live.events.filter((e) => e.accountId === accountId).map((e) => e.seq);
        expect(numbers).toEqual(numbers.map((_, i) => i + 1));
        expect(live.state.eventSeq.get(accountId) ?? 0).toBe(numbers.length);
      }
      expect(new Set(live.events.map((e) => e.id)).size).toBe(live.events.length);
      expect(new Story().tell(...live.records).events.map((e) => e.id)).toEqual(
        live.events.map((e) => e.id),
      );
    }),
  );
});
