// What docs/presets.md says of payouts and deposits is so, and its rules are rules.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Rules } from '#src/contracts/rules';
import { CoreHarness } from '../support/core-harness.ts';

const page = readFileSync('docs/presets.md', 'utf8');
const written = [...page.matchAll(/```json\n(.*?)```/gs)].map(
  ([, json = '']) => JSON.parse(json) as { id: string }[],
);

/** The floors of an account of 100,000 with these rules, before and after 5,000 are paid out. */
async function floors(rules: object): Promise<{ world: CoreHarness; floors: unknown[] }> {
  const world = await CoreHarness.start();
  await world.ask('op.a.account.create', { currency: 'USD', balance: 100_000, ...rules });
  const shown = async (): Promise<unknown> => {
    const account = await world.ask('op.a.account.get');
    return (account['rules'] as { floor: string }[]).map(({ floor }) => floor);
  };
  const before = await shown();
  await world.ask('op.a.account.adjust', { amount: -5000, reason: 'payout' });
  return { world, floors: [before, await shown()] };
}

test('a payout lowers the floors of a preset, and makes the account another size', async () => {
  const { world, floors: both } = await floors({ preset: 'ftmo-2step' });
  expect(both).toEqual([
    ['95000', '90000'],
    ['90250', '85500'],
  ]);
  for (const figure of ['95,000', '85,500', '4,750']) expect(page).toContain(figure);
  const again = await world.ask('op.a.account.rules', { preset: 'ftmo-2step' });
  expect(again).toMatchObject({ error: { code: 400, issues: [{ path: 'preset' }] } });
});

test('written out, the lowest equity stays, and the limit of a day', async () => {
  const rules = written.find((one) => one.some(({ id }) => id === 'max-loss'));
  const { floors: both } = await floors({ rules });
  expect(both).toEqual([
    ['95000', '90000'],
    ['90000', '90000'],
  ]);
});

test('every list of rules on the page is one', () => {
  expect(written.length).toBeGreaterThanOrEqual(4);
  for (const rules of written) expect(Rules.safeParse(rules)).toMatchObject({ success: true });
});
