// What the tables of a ledger must say: the state that the same records add up to.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apply } from '#src/domain/apply';
import { text } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import { emptyState, type ClosePhase, type Position, type State } from '#src/domain/state';
import type { JournalEntry } from '#src/ports/journal';
import type { Ledger } from '#src/ports/ledger';
import { partlyFilled } from '../domain/close-drafts.ts';
import { allOff, drafts } from '../domain/every-record.ts';
import * as make from './entries.ts';
import { Entries, firstTs } from './entries.ts';
import { liveSteps, LiveStory, liveStory } from './live-story.ts';

type Row = Record<string, unknown>;

/** The stories by chance end after this; also where one fails and is made shorter. */
const chanceMsMax = 30_000;

export interface TablesWorld {
  ledger(): Ledger;
  /** Rows of a query, beside the ledger. */
  query(sql: string): Promise<Row[]>;
  remove(): Promise<void>;
}

const manual = { cause: { reason: 'manual', bulkId: 'bulk_1' } };
const second = { generation: 2, pnl: '12.3456789012' };

const first = make.closeOf('b', 'p5', { part: '0.5' });
const next = make.closeOf('b', 'p5', { generation: 2, part: '0.25' });
const rest = make.closeOf('b', 'p5', { generation: 3, pnl: '1.5' });
const ofFirst = { orderKey: first.intent.clientOrderId, filled: '0.5' };

/** Behind a part waits another one, behind that all that is left: that has happened meanwhile. */
const parts: Draft[] = [
  make.tracked('b', 'p5'),
  first.intended,
  next.queued,
  partlyFilled(first.intent, '0.5', ofFirst),
  next.intended,
  rest.queued,
  rest.filled,
];

const careful = { id: 'careful', anchor: 'initialBalance', limitPct: '1', action: 'warn' } as const;
const margin = { id: 'margin', anchor: 'marginLevel', limitPct: '50', action: 'reduce' } as const;

/** Rules come, warn, reduce and go; then one closes after a grace. */
const rules: Draft[] = [
  make.warned('b', 'peak'),
  make.rulesReplaced('b', careful, margin),
  make.breached('b', 'breach_2', { ruleId: 'margin', action: 'reduce', also: ['careful'] }),
  make.restored('b', 'margin'),
  make.rulesReplaced('b', { ...careful, limitPct: '2' }),
  { type: 'rule.recovered', accountId: 'b', body: { ruleIds: ['peak'], observed: '560' } },
  make.breached('b', 'breach_3', { action: 'close', graceUntil: firstTs + 60_000 }),
  { type: 'day.rolled', accountId: 'b', body: { at: firstTs, anchors: {} } },
  { type: 'grace.ended', accountId: 'b', body: { breachId: 'breach_3' } },
  { type: 'account.settled', accountId: 'b', body: { breachId: 'breach_3' } },
];

/** Every type of record, in an order that a runtime could write. */
const story: Draft[] = [
  make.put('EURUSD', 'USD'),
  make.created('a', '10000'),
  make.created('b', '500.5'),
  make.tracked('a', 'p1'),
  make.tracked('a', 'p2', { ticket: 42, stopLossId: 'sl-2', takeProfitId: 'tp-2' }),
  make.tracked('b', 'p3', { ticket: '42', side: 'short', exits: {}, closeOrderId: 'c-3' }),
  make.tracked('b', 'p4', { entryPrice: '123456789012345.123456789012345' }),
  {
    type: 'position.amended',
    accountId: 'a',
    body: { positionId: 'p1', exits: { takeProfit: '1.4' } },
  },
  make.exitsMoved('a', 'p1', '1.394'),
  make.answered('m1', firstTs + 12, { ok: "it's" }),
  make.adjusted('a', '-250.000000000001'),
  make.warned('b', 'peak'),
  make.warned('b', 'minimum'),
  { type: 'rule.recovered', accountId: 'b', body: { ruleIds: ['peak'], observed: '550' } },
  { type: 'rule.recovered', accountId: 'b', body: { ruleIds: ['minimum'], observed: '560' } },
  make.warned('a', 'peak'),
  make.closeOf('b', 'p3', manual).intended,
  {
    type: 'close.joined',
    accountId: 'b',
    body: { positionId: 'p3', closeId: 'x', reason: 'stop_loss' },
  },
  make.closeOf('b', 'p3', manual).failed,
  make.closeOf('b', 'p3', second).intended,
  make.closeOf('b', 'p3', second).filled,
  make.closeOf('a', 'p1', { pnl: '0' }).filled,
  make.untracked('b', 'p4'),
  ...parts,
  make.answered('m2', firstTs + 9_000),
  make.breached('a', 'breach_1'),
  make.warned('a', 'minimum'),
  { type: 'rule.recovered', accountId: 'a', body: { ruleIds: ['peak'], observed: '9990' } },
  make.closeOf('a', 'p2', { cause: { reason: 'drawdown_critical' } }).filled,
  { type: 'account.settled', accountId: 'a', body: { breachId: 'breach_1' } },
  ...rules,
  { type: 'account.halted', accountId: 'b', body: { reason: "o'clock", by: 'op' } },
  {
    type: 'account.resumed',
    accountId: 'a',
    body: { reason: 'ok', by: 'op', acknowledge: 'breach_1', equity: '9449.5' },
  },
  {
    type: 'guard.put',
    accountId: '_',
    body: { guard: allOff('EURUSD') },
  },
  {
    type: 'market.changed',
    accountId: '_',
    body: { symbol: 'EURUSD', condition: 'gap', level: 'warning', measured: '6', limit: '5' },
  },
  { type: 'gap.contradicted', accountId: '_', body: { symbol: 'EURUSD' } },
  {
    type: 'feed.switched',
    accountId: '_',
    body: { symbol: 'EURUSD', to: 'fallback', feed: 'two', reason: 'silent' },
  },
  { type: 'session.changed', accountId: '_', body: { symbol: 'EURUSD', isOpen: false } },
  { type: 'guard.removed', accountId: '_', body: { symbol: 'EURUSD' } },
  ...liveStory,
];

const msOf = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint::text`;

const accountsSql = `select account_id as "accountId", mode, route, balance::text, initial_balance::text as
  "initialBalance", state, halt, warned from accounts order by account_id`;

function accountsOf(state: State): Row[] {
  return [...state.accounts.values()].map((account) => ({
    accountId: account.accountId,
    mode: account.mode,
    route: account.route ?? null,
    balance: text(account.balance),
    initialBalance: text(account.initialBalance),
    state: account.state,
    halt: account.halt ?? null,
    warned: [...account.warned],
  }));
}

const positionsSql = `select position_id as "positionId", account_id as "accountId", ticket, symbol,
  side, quantity::text, remaining_quantity::text as "remainingQuantity",
  entry_price::text as "entryPrice", exits, state, close_id as "closeId",
  client_order_id as "clientOrderId", close_reason as "closeReason", outcome,
  closed_price::text as "closedPrice", pnl::text, commission::text,
  ${msOf('closed_at')} as "closedAt"
  from positions where state <> 'untracked' order by tracked_n`;

function positionsOf(state: State): Row[] {
  return [...state.positions.values()].map((position) => ({
    positionId: position.positionId,
    accountId: position.accountId,
    ticket: position.ticket ?? null,
    symbol: position.symbol,
    side: position.side,
    quantity: text(position.quantity),
    remainingQuantity: text(position.remainingQuantity),
    entryPrice: text(position.entryPrice),
    exits: position.exits,
    state: position.state,
    ...closeOf(position),
  }));
}

const outcomes: Record<ClosePhase, string> = {
  waiting: 'pending',
  sending: 'pending',
  pending: 'pending',
  unknown: 'unknown',
  rejected: 'failed',
};

/** The close that is under way, else the last one; and what was last told of either. */
function closeOf({ state, intent, phase, result }: Position): Row {
  return {
    closeId: intent?.closeId ?? result?.closeId ?? null,
    clientOrderId: intent?.clientOrderId ?? result?.clientOrderId ?? null,
    closeReason: intent?.reason ?? result?.closeReason ?? null,
    outcome: (phase === undefined ? result?.outcome : outcomes[phase]) ?? null,
    closedPrice: result?.closedPrice ?? null,
    pnl: result?.pnl ?? null,
    commission: result?.commission ?? null,
    closedAt: state === 'closed' ? String(result?.closeTimestamp) : null,
  };
}

const lettersSql = `select close_id as "closeId", position_id as "positionId",
  account_id as "accountId", reason, attempts, last_error as "lastError",
  ${msOf('since')} as since, ${msOf('ended_at')} as "endedAt", how
  from dead_letters order by close_id collate "C"`;

function lettersOf({ deadLetters, closedLetters }: State): Row[] {
  const letters = [...deadLetters.values(), ...closedLetters.values()].map(
    ({ end, since, lastError, order: _order, ...letter }) => ({
      ...letter,
      lastError: lastError.replaceAll('\0', '\uFFFD'),
      since: String(since),
      endedAt: end === undefined ? null : String(end.ts),
      how: end?.how ?? null,
    }),
  );
  return letters.toSorted((a, b) => (a.closeId < b.closeId ? -1 : 1));
}

export async function expectTablesToSay(
  world: Pick<TablesWorld, 'query'>,
  state: State,
): Promise<void> {
  const accounts = plain(await world.query(accountsSql));
  const positions = plain(await world.query(positionsSql));
  const letters = await world.query(lettersSql);
  const { n } = state;
  const wanted = { n, accounts: accountsOf(state), positions: positionsOf(state) };
  expect({ n, accounts, positions, letters }).toEqual({ ...wanted, letters: lettersOf(state) });
}

/** Numbers as the records write them: the database pads what it has added up. */
function plain(rows: Row[]): Row[] {
  const money = ['balance', 'initialBalance', 'closedPrice', 'pnl', 'commission'];
  const names = [...money, 'quantity', 'remainingQuantity', 'entryPrice'];
  return rows.map((row) => {
    const numbers = names.filter((name) => typeof row[name] === 'string');
    const texts = numbers.map((name) => [name, trimmed(row[name] as string)]);
    return { ...row, ...(Object.fromEntries(texts) as Row) };
  });
}

function trimmed(number: string): string {
  return number.includes('.') ? number.replace(/\.?0+$/, '') : number;
}

/**
 * `sizes` are those of the batches, `runs` the stories by chance; the ledger is closed while the
 * tables are looked at.
 */
export function describeTables(
  name: string,
  { sizes, runs }: { readonly sizes: readonly number[]; readonly runs: number },
  makeWorld: () => Promise<TablesWorld>,
): void {
  test(`the tables of ${name} are told of every type of record there is`, () => {
    const told = new Set<string>(story.map(({ type }) => type));
    expect(Object.keys(drafts).filter((type) => !told.has(type))).toEqual([]);
  });

  describe(`the tables of ${name}`, () => {
    let world: TablesWorld;
    let ledger: Ledger;
    beforeEach(async () => {
      world = await makeWorld();
      ledger = world.ledger();
    });
    afterEach(async () => {
      await ledger.close();
      await world.remove();
    });
    const write = async (entries: readonly JournalEntry[]): Promise<void> => {
      await ledger.open('dir-1');
      await ledger.write(entries);
      await ledger.close();
    };

    test.each(sizes)('say what the records add up to, written %i at a time', async (size) => {
      const all = new Entries().of(story);
      const state = emptyState();
      for (let at = 0; at < all.length; at += size) {
        const batch = all.slice(at, at + size);
        await write(batch);
        for (const { record } of batch) apply(state, record);
        await expectTablesToSay(world, state);
      }
      const left = await world.query(`select position_id from positions where state = 'untracked'`);
      expect(left).toEqual([{ position_id: 'p4' }]);
    });

    test('say since when the last close of a position is asked for, and by which breach', async () => {
      const cause = { reason: 'drawdown_critical', breachId: 'breach_1' };
      const live = make.closeOf('a', 'p1', { cause });
      const before = make.closeOf('a', 'p2', { cause, part: '0.5' });
      const paper = make.closeOf('a', 'p2', { generation: 2 });
      const begun = [make.created('a'), make.tracked('a', 'p1'), make.tracked('a', 'p2')];
      await write(
        new Entries().of([...begun, live.intended, before.intended, before.failed, paper.filled]),
      );
      const asked = await world.query(
        `select ${msOf('close_requested_at')} as "at", close_breach_id as "by"
         from positions order by position_id`,
      );
      const at = String(firstTs);
      expect(asked).toEqual([
        { at, by: 'breach_1' },
        { at, by: null },
      ]);
    });

    test('say who ended a dead letter, and why; the first end counts', async () => {
      await write(new Entries().of(story));
      const ends = await world.query(
        'select position_id, how, ended_by, ended_reason from dead_letters order by position_id',
      );
      expect(ends).toEqual([
        { position_id: 'lost', how: 'closed', ended_by: null, ended_reason: null },
        { position_id: 'refused', how: 'discarded', ended_by: 'op', ended_reason: "it's gone" },
      ]);
    });

    test(
      'say what any records of LIVE closes add up to, however they are batched',
      async () => {
        const batchSizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
        const property = fc.asyncProperty(liveSteps, batchSizes, async (steps, batches) => {
          const { state, entries } = new LiveStory(steps);
          const own = await makeWorld();
          const written = own.ledger();
          await written.open('dir-1');
          for (let at = 0, i = 0; at < entries.length; i++) {
            const size = batches[i % batches.length] as number;
            await written.write(entries.slice(at, at + size));
            at += size;
          }
          await written.close();
          try {
            await expectTablesToSay(own, state);
          } finally {
            await own.remove();
          }
        });
        await fc.assert(property, { numRuns: runs, interruptAfterTimeLimit: chanceMsMax });
      },
      2 * chanceMsMax,
    );

    test('keep replies until they expire', async () => {
      const entries = new Entries();
      const replies = (): Promise<Row[]> =>
        world.query('select message_id, reply from command_replies order by message_id');
      await write(entries.of([make.answered('m1', 5_000), make.answered('m2', 6_000)], 1));
      const m1 = { message_id: 'm1', reply: {} };
      expect(await replies()).toEqual([m1, { message_id: 'm2', reply: {} }]);
      await write(entries.of([make.answered('m2', 7_000, { n: 2 })], 4_999));
      const m2 = { message_id: 'm2', reply: { n: 2 } };
      expect(await replies()).toEqual([m1, m2]);
      await write(entries.of([make.answered('m3', 9_000)], 5_000));
      expect(await replies()).toEqual([m2, { message_id: 'm3', reply: {} }]);
    });
  });
}
