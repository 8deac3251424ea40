// Every way in which a provider can be able, and can answer, after a close whose outcome is unknown.
import { decimal, text } from '#src/domain/money';
import type { BrokerCapabilities } from '#src/ports/broker';
import type { Behaviour } from '../support/fake-provider.ts';
import { answers, LiveWorld, lost, says, unreachable } from './live-world.ts';

export type Able = Pick<
  BrokerCapabilities,
  'idempotentByClientId' | 'queryByClientId' | 'closeByTicket' | 'reduceOnly'
>;

const bools = [true, false];

export function ables(idempotentByClientId: boolean): Able[] {
  return bools.flatMap((queryByClientId) =>
    bools.flatMap((closeByTicket) =>
      bools.map((reduceOnly) => ({
        ...{ idempotentByClientId, queryByClientId, closeByTicket, reduceOnly },
      })),
    ),
  );
}

/** What became of the close that was not answered. */
const firsts = {
  executed: { kind: 'silent' },
  half: { kind: 'silent', share: 0.5 },
  lost,
} satisfies Record<string, Behaviour>;

const fails: Behaviour = { kind: 'fail', executes: false };
const unsupported = says({ status: 'unsupported' });

/** `truth` is what the provider knows. */
const queries = { truth: answers, unsupported, unreachable, fails };

const position = {
  ...{ ticket: 'p', positionId: 'p', symbol: 'X', quantity: '2', entryPrice: '100' },
};

const lists: Readonly<Record<string, Behaviour>> = {
  truth: answers,
  'truth, after somebody else closed a part': answers,
  'truth, after somebody else closed it': answers,
  'the other side': says({ complete: true, positions: [{ ...position, side: 'short' }] }),
  'nothing, incomplete': says({ complete: false, positions: [] }),
  unsupported,
  unreachable,
  fails,
};

/** Faults that the simplest of providers has are not healed. */
const stays = (behaviour: Behaviour): boolean => behaviour === unsupported;

export interface Way {
  readonly able: Able;
  readonly first: keyof typeof firsts;
  readonly query: keyof typeof queries;
  readonly positions: string;
}

export function* waysOf(able: Able): Generator<Way> {
  const asked = able.queryByClientId ? Object.keys(queries) : ['unsupported'];
  for (const first of Object.keys(firsts)) {
    for (const query of asked) {
      for (const positions of Object.keys(lists)) {
        yield {
          able,
          first: first as Way['first'],
          query: query as Way['query'],
          positions,
        };
      }
    }
  }
}

/** What went wrong on this way; empty where nothing did. */
export async function faultsOf({ able, first, query, positions }: Way): Promise<string[]> {
  const isNetting = !able.closeByTicket && !able.reduceOnly;
  const w = await LiveWorld.start({ provider: { capabilities: able, isNetting } });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  const list = lists[positions] ?? answers;
  w.play({ close: [firsts[first], answers], query: [queries[query]], positions: [list] });
  w.quote(99);
  await w.run(1500, 500);
  const { provider } = w;
  if (positions.includes('a part') && first === 'lost') provider.closeByItself('p', '1');
  if (positions.includes('closed it')) provider.closeByItself('p');
  await w.run(15_000, 500);
  const faults = faultsNow(w);
  w.play({
    query: [stays(queries[query]) ? unsupported : answers],
    positions: [stays(list) ? unsupported : answers],
  });
  await w.run(60_000, 3000);
  faults.push(...faultsNow(w));
  // Whoever lists less is not asked for more.
  const isListed = list === answers && queries[query] !== unreachable;
  if (first === 'lost' && isListed && provider.asksBeyond > 0) faults.push('more than is listed');
  const isDone = w.stateOf('p') === 'closed';
  if (!isDone && w.deadLetters().length === 0) faults.push(`${w.stateOf('p')}, and not alarmed`);
  await w.kill();
  return [...new Set(faults)];
}

/** What is believed here against what is there. */
function faultsNow(w: LiveWorld): string[] {
  const faults = w.excess();
  const held = w.provider.held.get('p');
  const ours = w.harness.core.state.positions.get('p');
  if (ours?.state === 'closed' && held !== undefined) {
    faults.push(`closed here, and ${held.quantity} open there`);
  }
  if (ours?.state === 'guarded') faults.push('given up');
  const left = decimal(held?.quantity ?? '0');
  if (ours?.state === 'closing' && ours.remainingQuantity.lt(left)) {
    faults.push(`${text(ours.remainingQuantity)} left here, and ${text(left)} there`);
  }
  const ids = w.sent().map((one) => one.split(':')[0]);
  const { idempotentByClientId: isIdempotent, closeByTicket, reduceOnly } = w.provider.capabilities;
  const isSafe = isIdempotent || closeByTicket || reduceOnly || w.provider.calls.includes('query');
  if (!isSafe && new Set(ids).size !== ids.length) faults.push(`sent blindly: ${ids.join(' ')}`);
  return faults;
}

export function nameOf({ first, query, positions }: Way): string {
  return `${first}; query: ${query}; positions: ${positions}`;
}
