// What we do not do: one machine a position, which looks at every quote itself.
import { createActor, setup, type Actor } from 'xstate';
import type { Quote } from '#src/domain/quote';

/** So slow that few quotes have to do. */
const naiveQuotes = 200;

const logic = setup({
  types: {
    context: {} as { stop: number; target: number },
    events: {} as { type: 'quote'; bid: number },
  },
  guards: {
    isCrossed: ({ context, event }) => event.bid <= context.stop || event.bid >= context.target,
  },
}).createMachine({
  context: { stop: 1100, target: 1500 },
  initial: 'guarded',
  states: { guarded: { on: { quote: { guard: 'isCrossed', target: 'closing' } } }, closing: {} },
});

/** Quotes a second, each of them an event for each actor. */
export function naiveRate(quotes: readonly Quote[], positions: number): number {
  const actors: Actor<typeof logic>[] = [];
  for (let i = 0; i < positions; i++) actors.push(createActor(logic).start());
  const some = quotes.slice(0, naiveQuotes);
  const startedMs = performance.now();
  for (const { bid } of some) for (const actor of actors) actor.send({ type: 'quote', bid });
  return (some.length * 1000) / (performance.now() - startedMs);
}
