// How differences are told apart.
import { expect, test } from 'vitest';
import { driftKey, isIncident, type Drift, type DriftKind } from '#src/domain/drift';

test('a difference is named by its kind and what it is of, not by its values', () => {
  const drift: Drift = { kind: 'quantity', positionId: 'p', ticket: 1 };
  const same = { ...drift, symbol: 'S', ours: '1', theirs: '2' };
  expect(driftKey(same)).toBe(driftKey({ ...drift, theirs: '3' }));
});

test('a difference of our own position is the same whether its ticket is known or not', () => {
  const drift: Drift = { kind: 'quantity', positionId: 'p' };
  expect(driftKey({ ...drift, ticket: 1 })).toBe(driftKey(drift));
});

test('no two of these are the same', () => {
  const drifts: Drift[] = [
    { kind: 'balance' },
    { kind: 'currency' },
    { kind: 'quantity', positionId: 'p' },
    { kind: 'side', positionId: 'p' },
    { kind: 'quantity', positionId: 'q' },
    { kind: 'unknown_here', positionId: 'p' },
    { kind: 'unknown_here', positionId: 'p', ticket: 1 },
    { kind: 'unknown_here', positionId: 'p', ticket: '1' },
    { kind: 'unknown_here', ticket: 1 },
    { kind: 'unknown_here', ticket: '1' },
    { kind: 'unknown_here', ticket: 'p' },
    { kind: 'unknown_here', ticket: '","p' },
    { kind: 'unknown_here', positionId: 'p', ticket: '"' },
  ];
  expect(new Set(drifts.map(driftKey)).size).toBe(drifts.length);
});

const incidents: Record<DriftKind, boolean> = {
  unknown_there: false,
  unknown_here: false,
  symbol: false,
  quantity: false,
  side: false,
  price: false,
  stop: false,
  target: false,
  balance: false,
  currency: false,
  overfill: true,
  fill_of_closed: true,
  unexpected_fill: true,
};

test.each(Object.entries(incidents) as [DriftKind, boolean][])(
  '%s happened once, rather than stands: %j',
  (kind, expected) => {
    expect(isIncident({ kind })).toBe(expected);
  },
);
