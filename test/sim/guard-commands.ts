// What the gateway of a simulated world asks of accounts and their rules. Answers that must not be
// given are looked for here; what a command does to an account its records say.
import { isRefused } from '#src/domain/refusals';
import type { CommandKind, SimCommand } from './client.ts';
import { changedRules, lastResetOf, madeRules, rewordedRules } from './made-rules.ts';
import { startTs } from './sim-settings.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

const dayMs = 24 * 60 * 60_000;

export const guardCommandKinds: readonly CommandKind[] = [
  { name: 'account.resume', perHour: 40, make: (world) => resume(world) },
  { name: 'account.rules', perHour: 10, make: (world) => replaceRules(world) },
  {
    name: 'account.adjust',
    perHour: 12,
    make: (world) => adjust(world, world.anyAccount()),
  },
  {
    name: 'account.get',
    perHour: 12,
    make: (world) => {
      const accountId = world.anyAccount();
      const onAnswer = (): void => world.guards.checkPeak(accountId);
      return { ...of(accountId, 'get'), body: {}, onAnswer };
    },
  },
  {
    name: 'account.halt',
    perHour: 2,
    make: (world) => {
      const accountId = world.anyAccount();
      const onAnswer = (): void => {
        world.client.send({ ...of(accountId, 'resume'), body: { reason: 'again' } });
      };
      return { ...of(accountId, 'halt'), body: { reason: 'a look' }, onAnswer };
    },
  },
];

function of(accountId: string, action: string): Omit<SimCommand, 'body'> {
  return { accountId, resource: 'account', action };
}

/** A deposit, or a withdrawal. */
function adjust(world: World, accountId: string): SimCommand {
  const { random } = world;
  const amount = String(random.int(-20_000, 50_000) / 100 || 1);
  const onAnswer = (reply: object): void => {
    if (!isRefused(reply)) world.book.deposited(accountId, amount);
  };
  return { ...of(accountId, 'adjust'), body: { amount, reason: 'moved' }, onAnswer };
}

/** After a breach the breach must be named: sometimes another one is, or none. */
function resume(world: World): SimCommand | undefined {
  const { random } = world;
  const halted = [...world.guards.facts.accounts.values()].filter(({ halt }) => halt !== undefined);
  if (halted.length === 0) return undefined;
  const { accountId, halt } = random.pick(halted);
  const wrong = random.chance(0.5) ? undefined : 'breach_0';
  const acknowledge = random.chance(0.2) ? wrong : halt?.breachId;
  const onAnswer = (reply: Record<string, unknown>): void => {
    const what = isRefused(reply) ? 'resume refused' : 'resume';
    world.tally.guards[what] = (world.tally.guards[what] ?? 0) + 1;
    if (isRefused(reply) ? reply.error.code === 409 : acknowledge !== 'breach_0') return;
    const detail = `${accountId}, ${halt?.breachId} by ${acknowledge}: ${JSON.stringify(reply)}`;
    world.fail(new Violation(world.seed, 'a breach is acknowledged by its name', [detail]));
  };
  const body = { reason: 'looked at', ...(acknowledge !== undefined && { acknowledge }) };
  return { ...of(accountId, 'resume'), body, onAnswer };
}

function replaceRules(world: World): SimCommand | undefined {
  const { random } = world;
  const account = world.guards.facts.accounts.get(world.anyAccount());
  if (account === undefined) return undefined;
  const { accountId, rules } = account;
  const isSame = random.chance(0.4);
  const isPreset = !isSame && random.chance(0.1);
  const preset = random.pick(['default', 'ftmo-2step', 'topstep', 'apex']);
  const next = isSame
    ? rewordedRules(random, rules)
    : rules.length < 2
      ? madeRules(random)
      : changedRules(random, rules);
  const onAnswer = (reply: Record<string, unknown>): void => {
    // A preset knows some initial balances only.
    if (!isRefused(reply) || (isPreset && reply.error.code === 400)) return;
    const detail = `${accountId}: ${reply.error.message}; ${JSON.stringify(next)}`;
    world.fail(new Violation(world.seed, 'rules are replaced', [detail]));
  };
  return { ...of(accountId, 'rules'), body: isPreset ? { preset } : { rules: next }, onAnswer };
}

/** At the very time at which a day begins something else comes first: a deposit, or quotes. */
export function disturbResets(world: World): void {
  const { random, clock, market } = world;
  for (const [accountId, rules] of world.rules) {
    for (const rule of rules) {
      const reset = lastResetOf(rule, startTs + dayMs - 1);
      if (reset === undefined || random.chance(0.4)) continue;
      const disturb = random.chance(0.5)
        ? () => world.command(adjust(world, accountId))
        : () => {
            for (const symbol of market.symbols) world.quoteOf(symbol);
          };
      clock.at(reset, disturb);
    }
  }
}
