// Whether a position can be tracked: its account, symbol, conversion, and ids that are its own.
import { conversionBetween } from './conversion.ts';
import type { PositionRecord } from './records.ts';
import { refuse, type Refused } from './refusals.ts';
import { isOpen, linkIdsOf, linkKey, type State } from './state.ts';

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
    const { currency } = account;
    const pair = `${quoteCurrency}${currency} or ${currency}${quoteCurrency}`;
    return refuse(
      'missing_conversion',
      `symbol: no instrument converts ${quoteCurrency} to ${currency}, expected ${pair}`,
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

/** Ids of provider orders name one position: one is neither another's, nor a position's own id. */
function linkFault(state: State, position: PositionRecord): Refused | undefined {
  const ids = linkIdsOf(position);
  const route = state.accounts.get(position.accountId)?.route;
  for (const id of [position.positionId, ...ids]) {
    const other = holderOf(state, route, id);
    if (other !== undefined) {
      return refuse('order_link_exists', `order ${id} is that of position ${other}`);
    }
  }
  if (new Set([position.positionId, ...ids]).size === ids.length + 1) return undefined;
  return refuse(
    'order_link_exists',
    'expected positionId, stopLossId, takeProfitId and closeOrderId to differ',
  );
}

/** The open position of the route that an id names; undefined where there is none. */
function holderOf(state: State, route: string | undefined, id: string): string | undefined {
  const named = [state.orderLinks.get(linkKey(route, id)), state.clientOrders.get(id), id];
  return named.find((positionId) => {
    const position = positionId === undefined ? undefined : state.positions.get(positionId);
    if (position === undefined || !isOpen(position)) return false;
    return state.accounts.get(position.accountId)?.route === route;
  });
}
