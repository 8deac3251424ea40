// What the demo tells of market guards.
import { expect, test } from 'vitest';
import { Narrator } from '#src/cli/demo/narrator';
import { Screen } from '#src/cli/demo/screen';
import { Tally } from '#src/cli/demo/tally';
import type { RuntimeEvent } from '#src/domain/events';

test.each<[string, object, string]>([
  [
    'market.warning',
    { condition: 'spread', measured: '0.60123', limit: '0.5' },
    'EURUSD spread 0.6 % is above its limit of 0.5 %: warning',
  ],
  [
    'market.critical',
    { condition: 'gap', measured: '12', limit: '5', before: '1.1' },
    'EURUSD gap 12 % is above twice its limit of 5 %: critical',
  ],
  [
    'market.warning',
    { condition: 'liquidity', side: 'long', measured: '9', limit: '10' },
    'EURUSD liquidity for longs 9 lots is below its limit of 10 lots: warning',
  ],
  [
    'market.critical',
    { condition: 'volatility', measured: '16.5', limit: '8' },
    'EURUSD volatility 16.5 standard deviations is above twice its limit of 8 standard deviations: critical',
  ],
  [
    'market.warning',
    { condition: 'stale', measured: '60', limit: '60' },
    'EURUSD stale 60 s without a quote is at its limit of 60 s: warning',
  ],
  [
    'market.warning',
    { condition: 'spread', limit: '0.5' },
    'EURUSD spread is at its limit of 0.5 %: warning',
  ],
  [
    'market.cleared',
    { condition: 'liquidity', side: 'short', limit: '10' },
    'EURUSD liquidity for shorts is over',
  ],
])('%s %j', (event, fields, words) => {
  const written: unknown[] = [];
  const screen = new Screen({ write: (text) => written.push(text) }, {});
  const inUsd = (): string => 'USD';
  const narrator = new Narrator(screen, new Tally(inUsd), inUsd);
  const of = { id: 'e', seq: 1, accountId: '_', ts: 0, symbol: 'EURUSD' };
  narrator.event({ ...of, event, ...fields } as RuntimeEvent);
  expect(written.join('')).toBe(`00:00:00.000  market guard  ${words}\n`);
});
