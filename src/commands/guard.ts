// guard.put|remove|status
import { GuardPut, GuardRemove, GuardStatus } from '#src/contracts/guard';
import { refuseIssues } from '#src/contracts/parse';
import { noAccount } from '#src/domain/ids';
import { conditions, guardOf } from '#src/domain/market-conditions';
import { isRefused, refuse } from '#src/domain/refusals';
import type { Draft } from '#src/domain/records';
import type { MarketGuard } from '#src/domain/state';
import { accountIn, answer, command, type Outcome } from './command.ts';
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
        ...clearing(state.guards.get(body.symbol)),
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

/** Conditions that hold are over with the guard that found them, and that is told. */
function clearing(guard: MarketGuard | undefined): Draft[] {
  if (guard === undefined) return [];
  const { symbol } = guard.record;
  return [...guard.active.keys()].map((condition): Draft => {
    const config = guard.record[condition];
    const limit = config === false ? '' : config.limit;
    const body = { symbol, condition, level: 'clear', limit } as const;
    return { type: 'market.changed', accountId: noAccount, body };
  });
}

/** Under an account its rules; under `_` the market guards. */
const status = command({
  schema: GuardStatus,
  scope: 'either',
  run: (context, { accountId, body }): Outcome => {
    if (accountId === noAccount) {
      const all = [...context.state.guards.values()];
      const wanted = all.filter(
        (g) => body.symbol === undefined || g.record.symbol === body.symbol,
      );
      return answer({ guards: wanted.map(guardView) });
    }
    if (body.symbol !== undefined) {
      const issues = [{ path: 'symbol', message: 'expected no symbol under an account' }];
      return refuseIssues('guard.status', issues);
    }
    const account = accountIn(context, accountId);
    if (isRefused(account)) return account;
    return answer(guardStatusOf(context, account));
  },
});

function guardView({ record, active }: MarketGuard): object {
  const shown = conditions.map((condition) => {
    const config = record[condition];
    const now = active.get(condition);
    if (config === false) return [condition, false];
    return [
      condition,
      { ...config, state: now?.level ?? 'normal', since: now?.since, measured: now?.measured },
    ];
  });
  return { symbol: record.symbol, ...Object.fromEntries(shown) };
}

export const guardCommands = { put, remove, status };
