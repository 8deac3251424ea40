// Instruments: defaults, canonical numbers, and when two give the same P&L.
import { expect, test } from 'vitest';
import { hasSameTerms, instrumentOf, type InstrumentSpec } from '#src/domain/instrument';

const euro: InstrumentSpec = { symbol: 'EURUSD', quoteCurrency: 'USD' };

test('contract size is 1 and commission rate 0 where they are not given', () => {
  const instrument = instrumentOf(euro);
  expect(instrument.contractSize.toNumber()).toBe(1);
  expect(instrument.commissionRate.toNumber()).toBe(0);
  expect(instrument.spec).toEqual({ ...euro, contractSize: '1', commissionRate: '0' });
});

test('every field is kept, numbers as canonical text', () => {
  const sessions = {
    timezone: 'UTC',
    weekly: [{ days: ['mon' as const], from: '00:00', to: '24:00' }],
  };
  const { spec } = instrumentOf({
    ...euro,
    contractSize: 100000,
    tickSize: '0.000010',
    lotStep: 0.01,
    minQuantity: '+0.01',
    marginRate: '0.0333',
    commissionRate: 1e-7,
    sessions,
  });
  expect(spec).toEqual({
    ...euro,
    contractSize: '100000',
    tickSize: '0.00001',
    lotStep: '0.01',
    minQuantity: '0.01',
    marginRate: '0.0333',
    commissionRate: '0.0000001',
    sessions,
  });
});

test('what was stored reads back as what it was', () => {
  const { spec } = instrumentOf({ ...euro, contractSize: 100, marginRate: '0.05' });
  expect(instrumentOf(spec).spec).toEqual(spec);
});

test.each<[string, Partial<InstrumentSpec>, boolean]>([
  ['nothing', {}, true],
  ['how a number is written', { contractSize: '100.0' }, true],
  ['the tick size', { tickSize: '0.01' }, true],
  ['the margin rate', { marginRate: '0.01' }, true],
  ['the contract size', { contractSize: '10' }, false],
  ['the commission rate', { commissionRate: '0.0001' }, false],
  ['the quote currency', { quoteCurrency: 'EUR' }, false],
])('after a change of %s the terms are the same: %3$j', (_, change, expected) => {
  const before = { ...euro, contractSize: 100, commissionRate: '0.001' };
  expect(hasSameTerms(instrumentOf(before), instrumentOf({ ...before, ...change }))).toBe(expected);
});
