// What must hold of closes of parts when a simulated world is over. To add an invariant, add a row.
import { text, zero, type Decimal } from '#src/domain/money';
import type { Invariant } from './invariants.ts';

const closed = 'position_closed';
const partly = 'position_partially_closed';

export const exitInvariants: readonly Invariant[] = [
  {
    name: 'every quote is worked off',
    *faults({ world }) {
      world.exits.settleAll();
      for (const symbol of world.exits.unsettled) yield symbol;
    },
  },
  {
    name: 'a rung is closed once',
    *faults({ world, rows }) {
      const { rungCloses } = world.exits.facts;
      const sums = new Map<string, { sum: Decimal; most: Decimal }>();
      for (const { eventType, metaData, closeId = '' } of rows) {
        const close = rungCloses.get(closeId);
        if (close === undefined || (eventType !== closed && eventType !== partly)) continue;
        // What was found to be gone was not closed by the rung.
        if (metaData['closedPrice'] === undefined) continue;
        const { positionId, rungName, most } = close;
        const key = `${positionId}, rung ${rungName}`;
        const { sum } = sums.get(key) ?? { sum: zero };
        sums.set(key, { sum: sum.plus(String(metaData['quantity'])), most });
      }
      for (const [key, { sum, most }] of sums) {
        if (sum.gt(most)) yield `${key}: ${text(sum)} of ${text(most)} were closed`;
      }
    },
  },
  {
    name: 'the parts and the rest add up to the quantity',
    *faults({ state, rows, entries }) {
      // What a provider closed without saying so is known only by what is left.
      const corrected = new Set<string>();
      for (const { record } of entries) {
        if (record.type === 'position.corrected') corrected.add(record.body.positionId);
      }
      const sums = new Map<string, Decimal>();
      for (const { eventType, metaData } of rows) {
        if (eventType === 'drift_detected') corrected.add(String(metaData['positionId']));
        if (eventType !== closed && eventType !== partly) continue;
        const positionId = String(metaData['positionId']);
        const sum = sums.get(positionId) ?? zero;
        sums.set(positionId, sum.plus(String(metaData['quantity'])));
      }
      for (const { positionId, quantity, remainingQuantity } of state.positions.values()) {
        const sum = (sums.get(positionId) ?? zero).plus(remainingQuantity);
        if (sum.eq(quantity) || corrected.has(positionId)) continue;
        yield `${positionId}: ${text(sum)} of ${text(quantity)}`;
      }
    },
  },
  {
    name: 'a provider is asked for no more than is on record',
    *faults({ world }) {
      for (const { name, provider, isIdempotent } of world.routes) {
        for (const { clientOrderId, quantity, positionId } of provider.received) {
          const most = world.exits.asked.get(clientOrderId);
          if (most?.gte(quantity) === true) continue;
          // Where the journal has failed, it is asked all the same if it executes an id once.
          if (most === undefined && isIdempotent) continue;
          const known = most === undefined ? 'nothing' : text(most);
          yield `${name} was asked for ${quantity} of ${positionId}, on record is ${known}`;
        }
      }
    },
  },
];
