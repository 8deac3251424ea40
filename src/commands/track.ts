// What it takes to track a position: the record, and why it may be refused.
import type { PositionSpec, PositionTrack } from '#src/contracts/position';
import { conversionBetween } from '#src/domain/conversion';
import { exitsOf } from '#src/domain/exits';
import { decimal, text } from '#src/domain/money';
import type { PositionRecord } from '#src/domain/records';
import { refuse, type Refused } from '#src/domain/refusals';
import { linkIdsOf, type State } from '#src/domain/state';

type Trackable = Omit<PositionTrack & PositionSpec, 'openAt' | 'openedAt'> & { openedAt: number };

export function positionRecordOf(given: Trackable): PositionRecord {
  return {
    positionId: given.positionId,
    accountId: given.accountId,
    ...(given.ticket === undefined ? {} : { ticket: given.ticket }),
    symbol: given.symbol,
    side: given.side,
    quantity: text(decimal(given.quantity)),
    entryPrice: text(decimal(given.entryPrice)),
    openedAt: given.openedAt,
    exits: exitsOf(given.exits),
    ...(given.stopLossId === undefined ? {} : { stopLossId: given.stopLossId }),
    ...(given.takeProfitId === undefined ? {} : { takeProfitId: given.takeProfitId }),
    ...(given.closeOrderId === undefined ? {} : { closeOrderId: given.closeOrderId }),
  };
}

/**
 * Why the position cannot be tracked; undefined where it can. A halted account is no reason:
 * tracking reports what exists.
 */
export function trackFault(state: State, position: PositionRecord): Refused | undefined {
  const { accountId, positionId, symbol, ticket } = position;
  const account = state.accounts.get(accountId);
  if (account === undefined) return refuse('unknown_account', `no account ${accountId} is known`);
  const instrument = state.instruments.get(symbol);
  if (instrument === undefined) {
    return refuse('unknown_symbol', `${symbol} is no instrument: put it with instrument.put first`);
  }
  const { quoteCurrency } = instrument;
  if (conversionBetween(quoteCurrency, account.currency, state.instruments) === undefined) {
    const pair = `${quoteCurrency}${account.currency}`;
    return refuse(
      'missing_conversion',
      `symbol: no instrument converts ${quoteCurrency} to ${account.currency}, expected ${pair}`,
      {
        issues: [
          { path: 'symbol', message: `expected the conversion pair ${pair} to be an instrument` },
        ],
      },
    );
  }
  if (state.usedPositionIds.has(positionId)) {
    return refuse('position_exists', `position ${positionId} exists already, or did`);
  }
  const holder = ticket === undefined ? undefined : account.tickets.get(ticket);
  if (holder !== undefined) {
    return refuse('ticket_exists', `ticket ${ticket} is that of position ${holder}`);
  }
  return linkFault(state, position);
}

function linkFault(state: State, position: PositionRecord): Refused | undefined {
  const ids = linkIdsOf(position);
  for (const id of ids) {
    const other = state.orderLinks.get(id);
    if (other !== undefined) {
      return refuse('order_link_exists', `order ${id} is that of position ${other}`);
    }
  }
  if (new Set(ids).size === ids.length) return undefined;
  return refuse(
    'order_link_exists',
    'expected stopLossId, takeProfitId and closeOrderId to differ',
  );
}
