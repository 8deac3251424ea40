// route.put|list
import { RouteList } from '#src/contracts/lists';
import { RouteBody } from '#src/contracts/route';
import { noAccount } from '#src/domain/ids';
import { routeOf, type RouteRecord } from '#src/domain/route';
import { routeIn, type State } from '#src/domain/state';
import { answer, command, page, type Outcome } from './command.ts';

const put = command({
  schema: RouteBody,
  scope: 'none',
  run: (_context, { body }): Outcome => {
    const route = routeOf(body);
    return {
      kind: 'change',
      drafts: [{ type: 'route.put', accountId: noAccount, body: { route } }],
      reply: () => route,
    };
  },
});

const list = command({
  schema: RouteList,
  scope: 'none',
  run: ({ state }, request): Outcome => {
    const numbered = routesOf(state).map((route, i) => ({ route, i }));
    return answer(
      page(
        numbered,
        ({ i }) => i,
        request,
        ({ route }) => route,
      ),
    );
  },
});

/** Those that were put, then those that accounts name and that have the defaults. */
function routesOf(state: State): RouteRecord[] {
  const named = new Set(state.routes.keys());
  for (const { route } of state.accounts.values()) if (route !== undefined) named.add(route);
  return [...named].map((route) => routeIn(state, route));
}

export const routeCommands = { put, list };
