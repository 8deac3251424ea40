// However reports and replies of one close interleave, repeat and go missing, each unit is booked once.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal, text } from '#src/domain/money';
import type { ExecutionReport } from '#src/domain/provider';
import { LiveWorld } from './live-world.ts';
import { drifts } from './reports-world.ts';

const runs = 150;
/** Hundredths of the quantity, which is 1. */
const whole = 100;

type Step =
  | { readonly kind: 'report'; readonly report: ExecutionReport }
  | { readonly kind: 'reply' }
  | { readonly kind: 'restart' };

interface Story {
  /** What was filled in all after each execution, ascending, the whole at last. */
  readonly cumulative: readonly number[];
  readonly hasExecIds: boolean;
  /** Which of the steps comes next, repeats included; each comes once at the least, at the end. */
  readonly order: readonly number[];
  readonly reply: 'filled' | 'pending' | 'none';
  readonly restartAt: number | undefined;
}

const stories: fc.Arbitrary<Story> = fc.record({
  cumulative: fc
    .uniqueArray(fc.integer({ min: 1, max: whole - 1 }), { maxLength: 4 })
    .map((parts) => [...parts.sort((a, b) => a - b), whole]),
  hasExecIds: fc.boolean(),
  order: fc.array(fc.nat(20), { maxLength: 12 }),
  reply: fc.constantFrom('filled', 'pending', 'none'),
  restartAt: fc.option(fc.nat(12), { nil: undefined }),
});

function quantityOf(hundredths: number): string {
  return text(decimal(hundredths).div(whole));
}

/** The price of each execution is its own, so that a wrong booking shows in the balance. */
function priceOf(cumulative: readonly number[], upTo: number): string {
  let worth = decimal(0);
  let before = 0;
  cumulative.slice(0, upTo + 1).forEach((cum, i) => {
    worth = worth.plus(decimal(cum - before).times(100 - i));
    before = cum;
  });
  return text(worth.div(before));
}

function stepsOf(story: Story, orderId: string): Step[] {
  const { cumulative, hasExecIds, order, reply, restartAt } = story;
  const reports = cumulative.map((cum, i): Step => {
    const isLast = i === cumulative.length - 1;
    const report = {
      order_id: orderId,
      ord_status: isLast ? 'EXECUTED' : 'PARTIALLY_FILLED',
      avgpx: priceOf(cumulative, i),
      cumqty: quantityOf(cum),
      ...(hasExecIds ? { exec_id: `E${i}` } : {}),
    };
    return { kind: 'report', report };
  });
  const steps: Step[] = reply === 'none' ? reports : [...reports, { kind: 'reply' }];
  const shuffled = order.map((at) => steps[at % steps.length] as Step);
  const all = [...shuffled, ...steps];
  if (restartAt !== undefined) all.splice(restartAt, 0, { kind: 'restart' });
  return all;
}

test('each unit is booked once', async () => {
  await fc.assert(
    fc.asyncProperty(stories, async (story) => {
      let reply: (value: unknown) => void = () => {};
      const w = await LiveWorld.start();
      w.provider.close = async (order) => {
        w.provider.received.push(order);
        w.provider.held.clear();
        return (await new Promise<unknown>((resolve) => (reply = resolve))) as never;
      };
      const price = priceOf(story.cumulative, story.cumulative.length - 1);
      const filled = { status: 'filled', filledQuantity: '1', price };
      // Asked about it, the provider says what it knows at the end.
      w.provider.query = async () => await Promise.resolve(filled as never);
      await w.open('p', { quantity: '1' });
      void w.ask('a.position.close', { positionId: 'p', reason: 'risk' });
      await w.run(20);
      const [order] = w.provider.received;
      for (const step of stepsOf(story, order?.clientOrderId ?? '')) {
        if (step.kind === 'report') w.harness.engine.live.reports.take('demo', step.report);
        else if (step.kind === 'reply')
          reply(story.reply === 'filled' ? filled : { status: 'pending' });
        else {
          await w.kill();
          await w.restart();
        }
        await w.run(20);
      }
      expect(w.stateOf('p')).toBe('closed');
      const pnl = decimal(price).minus(100);
      expect(w.balance()).toBe(text(decimal(1000).plus(pnl)));
      expect(await drifts(w)).toEqual([]);
      expect(w.sent()).toEqual(['1:1']);
      const rows = await w.rows();
      const booked = rows
        .filter(({ eventType }) => /^position_(partially_)?closed$/.test(eventType))
        .reduce((sum, row) => sum.plus(row.metaData['quantity'] as string), decimal(0));
      expect(text(booked)).toBe('1');
      await w.kill();
    }),
    { numRuns: runs },
  );
});
