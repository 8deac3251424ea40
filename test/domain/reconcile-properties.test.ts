// Reconciliation against comparing everything with everything, and how long it takes.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { driftKey } from '#src/domain/drift';
import { text } from '#src/domain/money';
import type { BrokerOrder, BrokerPosition } from '#src/domain/provider';
import { driftsOf, type ProviderView } from '#src/domain/reconcile';
import { driftsByBruteForce } from '../support/brute-force/reconcile.ts';
import { accountWith, driftsIn, listed, p, row, settled } from './provider-view.ts';

// Few values, so that everything collides with everything.

const tickets = [1, '1', 2, '2', 'x'] as const;
const ticket = fc.constantFrom(...tickets);
const terms = fc.record({
  symbol: fc.constantFrom('XAUUSD', 'XAUUSD', 'XAGUSD'),
  side: fc.constantFrom('long', 'long', 'short'),
  quantity: fc.constantFrom('1', '1', '2'),
  entryPrice: fc.constantFrom('2000', '2000', '2002', '2002.1'),
});
const level = fc.constantFrom('1900', '1900', '2100');

const anAccount = fc
  .tuple(
    fc.shuffledSubarray([...tickets]),
    fc.array(
      fc.record({
        terms,
        hasTicket: fc.boolean(),
        stopLoss: fc.option(level),
        hasStop: fc.boolean(),
      }),
      { maxLength: 5 },
    ),
  )
  .map(([own, positions]) =>
    accountWith(
      ...positions.map((each, i) => ({
        positionId: `p${i}`,
        ...each.terms,
        ...(each.hasTicket && own[i] !== undefined && { ticket: own[i] }),
        ...(each.hasStop && { stopLossId: `sl${i}`, takeProfitId: `tp${i}` }),
        ...(each.stopLoss !== null && {
          exits: { stopLoss: each.stopLoss, takeProfit: each.stopLoss },
        }),
      })),
    ),
  );

const aRow: fc.Arbitrary<BrokerPosition> = fc
  .tuple(terms, ticket, fc.option(fc.constantFrom('p0', 'p1', 'p2', 'z'), { freq: 2 }))
  .map(([each, own, positionId]) => ({
    ...each,
    ticket: own,
    ...(positionId !== null && { positionId }),
  }));

const anOrder: fc.Arbitrary<BrokerOrder> = fc
  .record({
    orderId: fc.constantFrom('sl0', 'sl1', 'tp0', 'tp1', 'other'),
    price: fc.option(level),
    triggerPrice: fc.option(level),
  })
  .map(({ orderId, price, triggerPrice }) => ({
    orderId,
    ...(price !== null && { price }),
    ...(triggerPrice !== null && { triggerPrice }),
  }));

const aView: fc.Arbitrary<ProviderView> = fc
  .record({
    positions: fc.option(
      fc.record({ complete: fc.boolean(), positions: fc.array(aRow, { maxLength: 6 }) }),
    ),
    orders: fc.option(
      fc.record({ complete: fc.boolean(), orders: fc.array(anOrder, { maxLength: 5 }) }),
    ),
    account: fc.option(
      fc.record({
        currency: fc.constantFrom('USD', 'USD', 'EUR'),
        balance: fc.constantFrom('10000', '10000.009', '9999.99'),
      }),
    ),
  })
  .map(({ positions, orders, account }) => ({
    ...(positions && { positions }),
    ...(orders && { orders }),
    ...(account && { account }),
  }));

const someIds = fc.subarray(['p0', 'p1', 'p2', 'p3']);
const someTickets = fc.subarray([...tickets]);
const runs = { numRuns: 2_000 };

test('the drifts are those of comparing every row with every position', () => {
  fc.assert(
    fc.property(anAccount, aView, someIds, someTickets, (account, view, unsettled, closed) => {
      const isUnsettled = (position: { positionId: string }): boolean =>
        unsettled.includes(position.positionId);
      const isRecentlyClosed = (theirs: BrokerPosition): boolean =>
        closed.some((each) => each === theirs.ticket);
      const findings = driftsOf(account, view, isUnsettled, isRecentlyClosed);
      const drifts = findings.map(({ drift }) => drift);
      expect(drifts).toEqual(driftsByBruteForce(account, view, isUnsettled, isRecentlyClosed));
      // What is told is told by its key, so no two of a run may share one.
      expect(new Set(drifts.map(driftKey)).size).toBe(drifts.length);
    }),
    runs,
  );
});

test('as many are unknown there and here as the two sides differ by', () => {
  const rows = fc.uniqueArray(aRow, { selector: (each) => each.ticket, maxLength: 5 });
  fc.assert(
    fc.property(anAccount, rows, (account, theirs) => {
      const anonymous = theirs.map(({ ticket: own, symbol, side, quantity, entryPrice }) =>
        row({ ticket: own, symbol, side, quantity, entryPrice }),
      );
      const kinds = driftsIn(account, listed(...anonymous)).map(([kind]) => kind);
      const there = kinds.filter((kind) => kind === 'unknown_there').length;
      const here = kinds.filter((kind) => kind === 'unknown_here').length;
      expect(account.positions.size - there).toBe(anonymous.length - here);
    }),
    runs,
  );
});

test('a provider that is in step has no drift, however it orders, repeats and writes', () => {
  const order = fc.infiniteStream(fc.integer());
  fc.assert(
    fc.property(anAccount, fc.boolean(), order, (account, isRepeating, keys) => {
      const rows = [...account.positions.values()].map((position, i) => ({
        ticket: position.ticket ?? `theirs-${i}`,
        symbol: position.symbol,
        side: position.side,
        quantity: position.remainingQuantity.toFixed(3),
        entryPrice: text(position.entryPrice),
      }));
      const all = isRepeating ? [...rows, ...rows] : rows;
      const shuffled = all
        .map((each) => ({ each, key: Number(keys.next().value) }))
        .sort((a, b) => a.key - b.key)
        .map(({ each }) => each);
      expect(driftsIn(account, listed(...shuffled))).toEqual([]);
    }),
  );
});

/** Far more than it takes, beside other work too; every row with every position takes minutes. */
const manyPositionsMsMax = 1000;
const manyPositions = 10_000;

test.each<[string, (i: number) => string | number | undefined, (i: number) => string | number]>([
  ['by ticket', (i) => i + 1, (i) => i + 1],
  ['by ticket in the other type', (i) => i + 1, (i) => String(i + 1)],
  ['all alike and without tickets', () => undefined, (i) => i + 1],
  ['all unknown to each other', (i) => i + 1, (i) => `x${i}`],
])(`${manyPositions} positions, %s, are compared at once`, (_, ours, theirs) => {
  const numbers = Array.from({ length: manyPositions }, (__, i) => i);
  const account = accountWith(...numbers.map((i) => ({ ...p(ours(i)), positionId: `p${i}` })));
  const view = listed(...numbers.map((i) => row({ ticket: theirs(i) })).toReversed());
  const elapsedMs = numbers.slice(0, 5).map(() => {
    const startedMs = performance.now();
    driftsOf(account, view, settled);
    return performance.now() - startedMs;
  });
  // The best of five: another process may have had the core during the others.
  expect(Math.min(...elapsedMs)).toBeLessThan(manyPositionsMsMax);
});
