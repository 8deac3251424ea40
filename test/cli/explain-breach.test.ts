// From the pager to the story: `closeout explain` given a breach, and closes that stand in one.
import { expect, test } from 'vitest';
import type { BreachStory } from '#src/cli/explain/breach-story';
import type { RuntimeEvent } from '#src/domain/events';
import { systemClock } from '#src/system/clock';
import { FakeProvider } from '../support/fake-provider.ts';
import { until } from '../support/until.ts';
import {
  closeIdOf,
  explained,
  lot,
  rowsOf,
  startOnPostgres,
  storyIn,
  track,
} from './explain/live.ts';

test('a breach, by the id that the pager had; and what was opened in the halted account', async () => {
  const [live, environment] = await startOnPostgres();
  const heard: RuntimeEvent[] = [];
  live.runtime.events$.subscribe((event) => heard.push(event));
  await track(live, 'acc1', { positionId: 'p0', quantity: '2' });
  await track(live, 'acc1', { positionId: 'p1', side: 'short', quantity: '0.1' });
  live.quote('EURUSD', '1.089', '1.0891');
  await until(() => heard.some(({ event }) => event === 'account.halted'));
  const closed = heard.filter(({ event }) => event === 'position.closed');
  const pager = heard.find(({ event }) => event === 'guard.breached');
  const breachId = String(pager?.['breachId']);
  expect(breachId).toMatch(/^breach_/);
  expect(closed.map((event) => [event['ruleId'], event['breachId']])).toEqual([
    ['peak', breachId],
    ['peak', breachId],
  ]);
  await track(live, 'acc1', { positionId: 'late', quantity: '0.1', entryPrice: '1.089' });
  live.quote('EURUSD', '1.0892', '1.0893');
  const lateId = await closeIdOf(live, 'acc1', 'late');
  const resumed = await live.runtime.commands.account.resume('acc1', {
    ...{ reason: 'client paid in', acknowledge: breachId },
  });
  expect(resumed).not.toHaveProperty('error');
  await until(
    async () => (await rowsOf(live, 'acc1', { eventType: 'account_resumed' })).length > 0,
  );

  const rows = await rowsOf(live, 'acc1', { breachId });
  expect(rows.map(({ eventType }) => eventType)).toEqual([
    'guard_breached',
    ...['position_closed', 'position_closed', 'account_halted', 'position_closed'],
  ]);

  const pointed = await explained(['--close', breachId], environment);
  expect(pointed).toMatchObject({ status: 1, stdout: '' });
  expect(pointed.stderr).toContain(`\`closeout explain --breach ${breachId}\``);

  const told = await explained(['--breach', breachId, '--json'], environment);
  expect(told).toMatchObject({ status: 0, stderr: '' });
  const story = JSON.parse(told.stdout) as BreachStory;
  expect(story).toMatchObject({
    ...{ breachId, accountId: 'acc1', ruleId: 'peak', floor: '8000', anchorValue: '10000' },
    quote: { symbol: 'EURUSD', bid: '1.089' },
    rule: { id: 'peak', anchor: 'peakEquity' },
    positionsTotal: 2,
    positions: [
      { positionId: 'p0', outcome: 'closed', closedQuantity: '2', closedPrice: '1.089' },
      { positionId: 'p1', outcome: 'closed', closedQuantity: '0.1', closedPrice: '1.0891' },
      {
        ...{ positionId: 'late', outcome: 'closed', closeId: lateId },
        late: 'it was opened after the breach, in the halted account',
      },
    ],
    cut: [],
  });
  const { stdout } = await explained(['--breach', breachId], environment);
  expect(stdout).toMatch(/RESUMED by .+: client paid in, who acknowledged breach_/);
  expect(stdout).toMatch(/position  late; it was opened after the breach/);

  const late = await storyIn(environment, lateId);
  expect(late.why.words).toContain('; it was opened after the breach, in the halted account');
  const [quote] = late.lines.filter(({ event }) => event === 'quote');
  expect(quote?.words).toBe('quote EURUSD bid 1.0892, ask 1.0893; on which it was closed');
  expect(late.quoteToCloseMs).toBeLessThan(5_000);
  await live.runtime.stop();
});

test('a close that was sent and is not answered yet has no row, and is told all the same', async () => {
  const provider = new FakeProvider({ clock: systemClock(), priceOf: () => '1.0949' });
  provider.behaviour = (call) =>
    call === 'close' ? { kind: 'late', ms: 3_600_000, executes: 'last' } : { kind: 'answer' };
  const account = { accountId: 'l1', currency: 'USD', balance: 10_000, route: 'demo' };
  const [live, environment] = await startOnPostgres({
    settings: {
      accounts: [{ ...account, mode: 'LIVE' }],
      routes: [{ route: 'demo', timeoutMs: 60_000 }],
      reconcileEveryS: 86_400,
    },
    brokers: { demo: provider },
  });
  const held = { positionId: 'p1', ticket: 'p1', ...lot };
  provider.open('l1', held, '100000');
  await track(live, 'l1', { ...held, exits: { stopLoss: '1.095' } });
  live.quote('EURUSD', '1.0949', '1.095');
  const position = await live.runtime.commands.position.get('l1', { positionId: 'p1' });
  const { closeId } = position as { closeId: string };
  await rowsOf(live, 'l1', {});
  const story = await storyIn(environment, closeId);
  expect(story).toMatchObject({
    ...{ closeId, accountId: 'l1', outcome: 'not answered', closedQuantity: '0' },
    why: { reason: 'stop_loss' },
  });
  const asked = story.lines.find(({ event }) => event === 'close_requested');
  expect(asked?.words).toMatch(
    /^asked for, reason stop_loss, and sent by route demo as order co_[0-9a-f]{20}_1: NOT ANSWERED YET/,
  );
  expect(story.open).toEqual(['position p1 is closing: 1 of 1 is open']);
  const named = await explained(['--close', 'p1'], environment);
  expect(named.stderr).toContain(`or is being closed, by:\n  ${closeId}\n`);
});
