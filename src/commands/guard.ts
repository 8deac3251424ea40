// guard.put|remove|status
import { GuardPut, GuardRemove, GuardStatus } from '#src/contracts/guard';
import { listLimitDefault } from '#src/contracts/lists';
import { refuseIssues } from '#src/contracts/parse';
import { symbolEntriesOf } from '#src/domain/entries';
import { noAccount } from '#src/domain/ids';
import {
  conditions,
  gaugeParts,
  gauges,
  guardOf,
  isKept,
  type GuardRecord,
} from '#src/domain/market-conditions';
import { isRefused, refuse } from '#src/domain/refusals';
import type { Draft } from '#src/domain/records';
import type { MarketGuard } from '#src/domain/state';
import type { Market } from '#src/prices/market';
import { accountIn, answer, command, page, type CommandContext, type Outcome } from './command.ts';
import { present } from './present.ts';
import { guardStatusOf } from './rule-views.ts';

const put = command({
  schema: GuardPut,
  scope: 'none',
  run: ({ state }, { body }): Outcome => {
    if (!state.instruments.has(body.symbol)) {
      return refuse(
        'unknown_symbol',
        `${body.symbol} is no instrument: put it with instrument.put first`,
      );
    }
    const guard = guardOf(body);
    return {
      kind: 'change',
      drafts: [
        ...clearing(state.guards.get(body.symbol), guard),
        { type: 'guard.put', accountId: noAccount, body: { guard } },
      ],
      reply: () => guard,
    };
  },
});

const remove = command({
  schema: GuardRemove,
  scope: 'none',
  run: ({ state }, { body: { symbol } }): Outcome => {
    const guard = state.guards.get(symbol);
    if (guard === undefined) return refuse('unknown_guard', `${symbol} has no market guard`);
    const removed: Draft = { type: 'guard.removed', accountId: noAccount, body: { symbol } };
    return {
      kind: 'change',
      drafts: [...clearing(guard), removed],
      reply: () => ({ symbol }),
    };
  },
});

/** Conditions that hold are over where the guard says something else of them now, and that is told. */
function clearing(guard: MarketGuard | undefined, next?: GuardRecord): Draft[] {
  if (guard === undefined) return [];
  const { symbol } = guard.record;
  const ending = [...guard.active.keys()].filter(
    (gauge) => next === undefined || !isKept(gaugeParts[gauge].condition, guard.record, next),
  );
  return ending.map((gauge): Draft => {
    const { condition } = gaugeParts[gauge];
    const config = guard.record[condition];
    const limit = config === false ? '' : config.limit;
    const body = { symbol, ...gaugeParts[gauge], level: 'clear', limit } as const;
    return { type: 'market.changed', accountId: noAccount, body };
  });
}

/** Under an account its rules; under `_` the market guards. */
const status = command({
  schema: GuardStatus,
  scope: 'either',
  run: (context, { accountId, body, replyBytesMax }): Outcome => {
    if (accountId === noAccount) return guardsPage(context, body, replyBytesMax);
    const [key] = Object.entries(body).find(([, value]) => value !== undefined) ?? [];
    if (key !== undefined) {
      const issues = [{ path: key, message: `expected no ${key} under an account` }];
      return refuseIssues('guard.status', issues);
    }
    const account = accountIn(context, accountId);
    if (isRefused(account)) return account;
    return answer(guardStatusOf(context, account));
  },
});

/** The guards in the order in which the symbols were first guarded, as the lists give their items. */
function guardsPage(
  context: CommandContext,
  { symbol, limit = listLimitDefault, cursor }: GuardStatus,
  replyBytesMax: number,
): Outcome {
  const { guards, instruments } = context.state;
  if (symbol !== undefined && !instruments.has(symbol)) {
    return refuse('unknown_symbol', `${symbol} is no instrument`);
  }
  const wanted = [...guards.values()].filter(
    ({ record }) => symbol === undefined || record.symbol === symbol,
  );
  const paged = { body: { limit, cursor }, replyBytesMax };
  const found = page(
    wanted,
    ({ order }) => order,
    paged,
    (guard) => guardView(context, guard),
  );
  if (isRefused(found)) return found;
  const { items, ...next } = found;
  return answer({ guards: items, ...next });
}

/**
 * A condition as it is configured, and how it stands; liquidity on each side. `entries` are those of the
 * symbol, whatever the account.
 */
function guardView(context: CommandContext, { record, active, feed }: MarketGuard): object {
  const { symbol, reject, feeds } = record;
  const market = context.markets.of(symbol);
  const shown = conditions.map((condition) => {
    const config = record[condition];
    if (config === false) return [condition, false];
    const stands = gauges
      .filter((gauge) => gaugeParts[gauge].condition === condition)
      .map((gauge) => {
        const { level, since, measured } = active.get(gauge) ?? {};
        const standing = present({ state: level ?? 'normal', since, measured });
        const { side } = gaugeParts[gauge];
        return side === undefined ? standing : { [side]: standing };
      });
    const windows = condition === 'volatility' ? market.meter?.volatility?.progress : undefined;
    return [condition, Object.assign({ ...config }, ...stands, present({ windows }))];
  });
  return present({
    symbol,
    ...Object.fromEntries(shown),
    reject,
    feeds: feeds && { ...feeds, active: feed },
    quotes: quotesView(market),
    entries: symbolEntriesOf(context.state, symbol),
  });
}

/** What is known of the symbol's quotes: the last one, those held, and by feed what was left out. */
function quotesView({ book, prints, sequences }: Market): object {
  const byFeed = [...sequences].map(([feed, { view }]) =>
    present({ feed: feed === '' ? undefined : feed, ...view }),
  );
  return present({
    lastTs: book.hasQuote ? book.ts : undefined,
    held: prints?.heldCount,
    sequences: byFeed.length > 0 ? byFeed : undefined,
  });
}

export const guardCommands = { put, remove, status };
