// What goes wrong in a simulated world. To add a fault, add a row: its name, how often it strikes in
// an hour, and how long it lasts or what it does; `heal` ends everything.
import { decimal, text } from '#src/domain/money';
import type { Behaviour, Call } from '../support/fake-provider.ts';
import { fallbackFeed, primaryFeed } from './made-markets.ts';
import { behind, late, silent, thin, wide } from './quote-source.ts';
import type { Route } from './routes.ts';
import type { World } from './world.ts';

const msPerS = 1000;

export type Fault = { readonly name: string; readonly perHour: number } & (
  | { readonly strike: (world: World) => void }
  /** Seconds for which it is the matter: any from the first to the second, or always as many. */
  | { readonly lastsS: readonly [number, number] | number }
);

export const faults: readonly Fault[] = [
  { name: 'crash', perHour: 6, strike: (world) => world.crashSoon() },
  {
    name: 'crash in the next crossing',
    perHour: 4,
    strike: (world) => world.crashInCrossing(),
  },
  {
    name: 'gap',
    perHour: 8,
    strike: ({ market, random }) => market.gap(random.pick(market.symbols)),
  },
  { name: 'bad print', perHour: 12, strike: (world) => badPrint(world) },
  {
    name: 'spread wide',
    perHour: 8,
    strike: (world) => duringOf(world, wide, world.market.symbols, 40),
  },
  {
    name: 'book thin',
    perHour: 8,
    strike: (world) => duringOf(world, thin, world.market.symbols, 40),
  },
  {
    name: 'feed silent',
    perHour: 6,
    strike: (world) => duringOf(world, silent, [primaryFeed, fallbackFeed], 150),
  },
  {
    name: 'feed late',
    perHour: 4,
    strike: (world) => duringOf(world, late, [primaryFeed, fallbackFeed], 60),
  },
  {
    name: 'feed behind',
    perHour: 4,
    strike: (world) => duringOf(world, behind, [primaryFeed, fallbackFeed], 150),
  },
  { name: 'disk slow', perHour: 4, lastsS: [1, 20] },
  { name: 'disk full', perHour: 0.5, lastsS: [1, 30] },
  { name: 'database away', perHour: 2, lastsS: [1, 300] },
  { name: 'commit without an answer', perHour: 4, lastsS: [1, 5] },
  { name: 'bus away', perHour: 2, lastsS: [1, 60] },
  { name: 'feed away', perHour: 2, lastsS: [5, 120] },
  { name: 'provider away', perHour: 3, lastsS: [1, 120] },
  { name: 'provider mute', perHour: 2, lastsS: [1, 60] },
  {
    name: 'provider forgets',
    perHour: 2,
    strike: (world) => {
      for (const { provider } of world.routes) provider.forget();
    },
  },
  { name: 'stop at the provider', perHour: 8, strike: (world) => world.executeAtProvider() },
  { name: 'reports twice', perHour: 3, lastsS: 120 },
  { name: 'reports lost', perHour: 1, lastsS: 60 },
  { name: 'reports late', perHour: 2, lastsS: 60 },
];

/** Begins it. */
export function strike(fault: Fault, world: World): void {
  if ('strike' in fault) {
    fault.strike(world);
    return;
  }
  const { name, lastsS } = fault;
  const seconds = typeof lastsS === 'number' ? lastsS : world.random.int(...lastsS);
  world.during(name, seconds * msPerS);
}

/** What a provider does with one call while things go wrong; undefined where it behaves. */
export function misbehaviour(world: World, route: Route, call: Call): Behaviour | undefined {
  const { random } = world;
  if (world.is('provider away')) return { kind: 'unreachable' };
  if (world.is('provider mute')) return { kind: random.chance(0.5) ? 'silent' : 'lost' };
  if (!random.chance(call === 'close' ? 0.3 : 0.1)) return undefined;
  const all: Behaviour[] = [
    { kind: 'silent' },
    { kind: 'lost' },
    { kind: 'late', ms: random.int(1, 5000), executes: random.pick(['first', 'last'] as const) },
    { kind: 'throttled', retryAfterMs: random.int(10, 5000) },
    { kind: 'unreachable' },
    { kind: 'garbage', executes: random.chance(0.5) },
    { kind: 'reject', code: 'busy' },
    { kind: 'partial', share: random.pick([0.25, 0.5, 0.75]) },
    { kind: 'pending', ms: random.int(10, 3000), parts: random.int(1, 3) },
  ];
  const chosen = random.pick(call === 'close' ? all : all.slice(0, 6));
  // Executing later what was not known when it was asked about is what no one can guard against
  // without ids that are executed once. Who can only list what is open, and closes by ticket, may:
  // that a part is still open there does not mean that it was not asked for.
  const { closeByTicket, queryByClientId } = route.can;
  const isLateSafe = route.isIdempotent || (closeByTicket && !queryByClientId);
  if (chosen.kind === 'late' && !isLateSafe) return { ...chosen, executes: 'first' };
  return chosen;
}

/** A quote that is of no market: the next one is as before it. */
function badPrint(world: World): void {
  const { feedRandom: random, market } = world;
  const symbol = random.pick(market.symbols);
  const off = decimal(market.stepOf(symbol)).times(random.pick([-1, 1]) * random.int(5, 60));
  const { bid, ask } = market.quote(symbol);
  if (!world.is('feed away')) world.tell(symbol, text(off.plus(bid)), text(off.plus(ask)));
}

/** Something is the matter with one of them for some seconds. */
function duringOf(
  world: World,
  name: (of: string) => string,
  all: readonly string[],
  secondsMax: number,
): void {
  const { feedRandom: random } = world;
  world.during(name(random.pick(all)), random.int(1, secondsMax) * msPerS);
}
