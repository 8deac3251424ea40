// kill -9 under account guards: peaks lose no more than a second, days, graces and halts are as before,
// what began or ended while the runtime was down is made up for once, and a breach that was being worked
// off ends halted with nothing open and nothing closed twice.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { Random } from '../support/random.ts';
import { freshDatabase, startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { GuardStory, peakBounds, type AccountFacts } from './guard-story.ts';
import {
  dayAccounts,
  liveAccounts,
  peakAccounts,
  route,
  tightAccounts,
  type DayAccount,
  type GuardedAccount,
} from './guarded-accounts.ts';
import { LateProvider } from './late-provider.ts';
import { symbols, type SentQuote } from './swinging-market.ts';
import { finished, Heard, Operator } from './world.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
/** How long the runtime is down after each kill, by its clock; it is killed once more at the end. */
const downs = [0, 26 * hourMs, 72 * hourMs];
const killMsMin = 1700;
const killMsMax = 3000;
/** Peaks are noted once a second, and it takes a moment until that is on disk. */
const lostMsMax = 1100;
/** Between the start of the first process and the day that begins while it is looked at. */
const soonMs = 12_000;
const settleMsMax = 20_000;
const testMsMax = 120_000;

let server: Awaited<ReturnType<typeof startNats>>;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server.stop());

/** What there was to see: a test that saw nothing shows nothing. */
const seen = {
  peaks: 0,
  graces: 0,
  halted: 0,
  closing: 0,
  untouched: 0,
  overWhileDown: 0,
  atProvider: 0,
};

test.each([1])(
  'seed %i: accounts survive kills, and a breach ends halted with all closed once',
  async (seed) => {
    const random = new Random(seed);
    const operator = await Operator.at(server.url);
    const heard = await Heard.by(operator);
    const provider = new LateProvider(operator, route, random);
    // Shortly before noon, so that no other day begins by itself.
    const aheadMs = 24 * hourMs - ((Date.now() + soonMs + 12 * hourMs) % (24 * hourMs));
    const story = new GuardStory(operator, random, {
      ...{ nats: server.url, database: await freshDatabase(), aheadMs },
    });
    await story.start();
    for (const symbol of symbols) {
      await operator.do('_.instrument.put', { symbol, quoteCurrency: 'USD' });
    }
    const soonTs = Math.ceil((story.now() + 2000) / minuteMs) * minuteMs;
    const days = dayAccounts(new Date(soonTs).toISOString().slice(11, 16));
    const lives = liveAccounts();
    const tights = tightAccounts();
    for (const { positions } of lives) for (const one of positions) provider.track(one);
    for (const one of [...peakAccounts, ...days, ...tights]) await story.create(one, {});
    for (const one of lives) await story.create(one, { route });

    const peaks = new Map<string, number>();
    for (const [round, downMs] of downs.entries()) {
      await story.quoteAll();
      await story.market.swingUntil(story.now() + random.int(killMsMin, killMsMax));
      if (round === 0) await story.market.swingUntil(soonTs + killMsMin);
      const before = await anchorsOf(story, days);
      const killTs = await story.kill();
      const facts = story.facts();
      const quotes = story.takeQuotes();
      await story.start(downMs);
      const isNewDay = downMs > 0;
      expect(await anchorsOf(story, days)).toEqual(isNewDay ? await newDay(story, days) : before);
      expect(facts.get('day-soon')?.days).toBe(1 + downs.slice(0, round).filter(Boolean).length);
      await expectPeaks(story, quotes, killTs - lostMsMax, peaks);
      for (const { accountId } of [...tights, ...lives]) {
        await expectAsBefore(story, accountId, facts.get(accountId) as AccountFacts);
      }
      const after = story.facts();
      for (const { accountId } of days) {
        const rolled = (after.get(accountId)?.days ?? 0) - (facts.get(accountId)?.days ?? 0);
        expect([accountId, rolled]).toEqual([accountId, downMs === 0 ? 0 : 1]);
      }
      // Half of what waits for a quote has one when the next kill comes.
      if (round > 0) story.market.swing('XAUUSD');
    }

    await story.quoteAll();
    story.market.end();
    const { accountId: lastLive } = lives.at(-1) as GuardedAccount;
    const isBreached = async (): Promise<boolean> =>
      (await story.account(lastLive))['state'] !== 'normal';
    await until(isBreached, settleMsMax, 'the last breach');
    await story.kill();
    const { breaches, openIds } = story.facts().get(lastLive) as AccountFacts;
    if (breaches.length > 0 && openIds.size > 0) seen.atProvider++;
    await story.start(2 * hourMs);
    await story.quoteAll();
    const guarded = [...tights, ...lives];
    for (const one of guarded) {
      const isOver = async (): Promise<boolean> => {
        const { state, openPositions } = await story.account(one.accountId);
        return state === 'halted' && openPositions === 0;
      };
      await until(isOver, settleMsMax, `${one.accountId} halted with nothing open`);
      expectOneBreach(await rowsOf(operator, one), one);
    }
    for (const one of [...peakAccounts, ...days]) {
      expect(await rowsOf(operator, one), one.accountId).toEqual([]);
      expect(await story.account(one.accountId)).toMatchObject({ state: 'normal' });
    }
    const executed = lives.flatMap(({ positions }) => positions.map((p) => [p.positionId, 1]));
    expect(Object.fromEntries(provider.closed)).toEqual(Object.fromEntries(executed));
    for (const { accountId } of guarded) expectNumbers(heard, accountId);
    for (const [name, count] of Object.entries(seen)) expect(count, name).toBeGreaterThan(0);
    const { status, stdout } = await finished(['verify'], story.environment);
    expect([status, stdout]).toEqual([0, expect.not.stringContaining('FAIL')]);
  },
  testMsMax,
);

async function anchorsOf(story: GuardStory, days: readonly GuardedAccount[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const { accountId } of days) {
    for (const [id, rule] of await story.standings(accountId)) {
      found.push([
        accountId,
        id,
        rule['anchorValue'],
        rule['anchorMovedBy'],
        rule['anchorMovedAt'],
      ]);
    }
  }
  return found;
}

/** Before the first quote: the last day that began, from each account as it was found. */
async function newDay(story: GuardStory, days: readonly DayAccount[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const { accountId, resetAt } of days) {
    const { equity, balance } = await story.account(accountId);
    const at = lastReset(resetAt, story.now());
    found.push(
      [accountId, 'dayStartEquity', equity, 'rollover', at],
      [accountId, 'dayStartBalance', balance, 'rollover', at],
      [accountId, 'highestDayEndBalance', balance, 'rollover', at],
    );
  }
  return found;
}

/** Of a time in UTC. */
function lastReset(resetAt: string, ts: number): number {
  const today = Date.parse(`${new Date(ts).toISOString().slice(0, 10)}T${resetAt}:00Z`);
  return today <= ts ? today : today - 24 * hourMs;
}

async function expectPeaks(
  story: GuardStory,
  quotes: readonly SentQuote[],
  untilTs: number,
  known: Map<string, number>,
): Promise<void> {
  for (const { accountId, positions } of peakAccounts) {
    const { least } = peakBounds(positions, quotes, untilTs);
    const { most } = peakBounds(positions, story.market.sent, Infinity);
    const { peakEquity } = await story.account(accountId);
    const peak = Number(peakEquity);
    const before = known.get(accountId) ?? 0;
    expect(peak, accountId).toBeGreaterThanOrEqual(Math.max(least, before) - 1e-6);
    expect(peak, accountId).toBeLessThanOrEqual(most + 1e-6);
    if (least > before) seen.peaks++;
    known.set(accountId, peak);
  }
}

/** Before the first quote: what the journal said when it was killed, and the time since. */
async function expectAsBefore(
  story: GuardStory,
  accountId: string,
  facts: AccountFacts,
): Promise<void> {
  const askedTs = story.now();
  const view = await story.account(accountId);
  const { state, breachId, graceUntil } = view;
  const [breach] = facts.breaches;
  expect(facts.breaches.length, accountId).toBeLessThanOrEqual(1);
  expect([accountId, breachId]).toEqual([accountId, breach?.breachId]);
  expect(view['entries']).toMatchObject({ allowed: breach === undefined });
  const states = statesOf(facts, askedTs, story.now());
  expect(states, `${accountId} is ${String(state)}`).toContain(state);
  const isGrace = state === 'grace';
  expect([accountId, graceUntil]).toEqual([accountId, isGrace ? breach?.graceUntil : undefined]);
  // Only a breach whose grace is over closes anything.
  const all = facts.openIds.size + facts.closedIds.length;
  const closed = all - Number(view['openPositions']);
  expect(closed === 0 || state === 'closing' || state === 'halted', accountId).toBe(true);
  if (breach === undefined) seen.untouched++;
  else if (facts.isSettled) seen.halted++;
  else if (state === 'grace') seen.graces++;
  else {
    if (state === 'closing') seen.closing++;
    if (breach.graceUntil !== undefined && !facts.isGraceOver) seen.overWhileDown++;
  }
}

/** In which states it may be; a grace may end while it is asked for. */
function statesOf({ breaches, isSettled }: AccountFacts, from: number, to: number): string[] {
  const [breach] = breaches;
  if (breach === undefined) return ['normal', 'warning'];
  if (isSettled) return ['halted'];
  const { graceUntil = 0 } = breach;
  return [
    ...(graceUntil > from ? ['grace'] : []),
    ...(graceUntil <= to ? ['closing', 'halted'] : []),
  ];
}

async function rowsOf(operator: Operator, { accountId }: GuardedAccount): Promise<LedgerRow[]> {
  return await operator.list<LedgerRow>(`${accountId}.ledger.list`);
}

function expectOneBreach(
  rows: readonly LedgerRow[],
  { accountId, positions }: GuardedAccount,
): void {
  const of = (type: string): LedgerRow[] => rows.filter(({ eventType }) => eventType === type);
  const [breach, ...others] = of('guard_breached');
  expect([accountId, others, of('account_halted').length]).toEqual([accountId, [], 1]);
  const { breachId, observed, floor } = breach?.metaData ?? {};
  expect(Number(observed)).toBeLessThanOrEqual(Number(floor));
  const closed = of('position_closed').map(({ metaData }) => metaData);
  expect(closed.map((one) => String(one['positionId'])).sort()).toEqual(
    positions.map(({ positionId }) => positionId).sort(),
  );
  for (const one of closed) {
    expect(one).toMatchObject({ closeReason: 'drawdown_critical', ruleId: 'tight', breachId });
  }
}

/** Each event under one number, and no number left out. */
function expectNumbers(heard: Heard, accountId: string): void {
  const own = heard.events.filter((event) => event.accountId === accountId);
  const byId = new Map(own.map(({ id, seq }) => [id, seq]));
  for (const { id, seq } of own) expect(byId.get(id)).toBe(seq);
  const numbers = [...byId.values()].sort((a, b) => a - b);
  expect([accountId, numbers]).toEqual([accountId, numbers.map((_one, i) => i + 1)]);
}
