// instrument.put|list
import { InstrumentBody } from '#src/contracts/instrument';
import { InstrumentList } from '#src/contracts/lists';
import { noAccount } from '#src/domain/ids';
import { hasSameTerms, instrumentOf, type InstrumentSpec } from '#src/domain/instrument';
import { refuse, type Refused } from '#src/domain/refusals';
import type { Markets } from '#src/prices/market';
import type { State } from '#src/domain/state';
import { answer, command, page, type Outcome } from './command.ts';

/** P&L of open positions must not change under them. */
function instrumentFault(
  state: State,
  markets: Markets,
  spec: InstrumentSpec,
): Refused | undefined {
  const { symbol } = spec;
  const old = state.instruments.get(symbol);
  if (old === undefined || hasSameTerms(old, instrumentOf(spec))) return undefined;
  const openPositions = markets.find(symbol)?.positions.size ?? 0;
  if (openPositions === 0) return undefined;
  return refuse(
    'instrument_in_use',
    `${symbol} has open positions: its contractSize, quoteCurrency and commissionRate must stay`,
    { limit: 0, actual: openPositions },
  );
}

const put = command({
  schema: InstrumentBody,
  scope: 'none',
  run: ({ state, markets }, { body }): Outcome => {
    const fault = instrumentFault(state, markets, body);
    if (fault !== undefined) return fault;
    const instrument = instrumentOf(body).spec;
    return {
      kind: 'change',
      drafts: [{ type: 'instrument.put', accountId: noAccount, body: { instrument } }],
      reply: () => instrument,
    };
  },
});

const list = command({
  schema: InstrumentList,
  scope: 'none',
  run: ({ state }, request): Outcome => {
    const numbered = [...state.instruments.values()].map((instrument, i) => ({ instrument, i }));
    return answer(
      page(
        numbered,
        ({ i }) => i,
        request,
        ({ instrument }) => instrument.spec,
      ),
    );
  },
});

export const instrumentCommands = { put, list };
