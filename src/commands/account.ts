// account.create|get|list|adjust|halt|resume|rules|close-all
import {
  AccountAdjust,
  AccountCloseAll,
  AccountCreate,
  AccountGet,
  AccountHalt,
  AccountResume,
  AccountRules,
  presetFaults,
  type AccountSpec,
  type RulesGiven,
} from '#src/contracts/account';
import { AccountList } from '#src/contracts/lists';
import { noAccount } from '#src/domain/ids';
import { Decimal, decimal, text } from '#src/domain/money';
import type { AccountRecord } from '#src/domain/records';
import { isRefused, refuse, type Refused } from '#src/domain/refusals';
import { presetRules } from '#src/domain/presets';
import { firstBreached, shownObserved } from '#src/domain/rule-levels';
import { anchorsAnew, needsPeak, ruleOf, type RuleRecord } from '#src/domain/rules';
import type { Account, State } from '#src/domain/state';
import { observe } from '#src/prices/equity-watch';
import { equityOf } from '#src/prices/exposure';
import { bulkClosing } from './bulk-close.ts';
import {
  type CommandContext,
  type Outcome,
  accountIn,
  answer,
  command,
  listedAccount,
  page,
} from './command.ts';
import { accountView } from './views.ts';

export function accountRecordOf(spec: AccountSpec): AccountRecord {
  return {
    accountId: spec.accountId,
    currency: spec.currency,
    mode: spec.mode ?? 'PAPER',
    ...(spec.route === undefined ? {} : { route: spec.route }),
    balance: text(decimal(spec.balance)),
    ...(spec.preset === undefined ? {} : { preset: spec.preset }),
    rules: ruleRecordsOf(spec, decimal(spec.balance)),
  };
}

/** The rules that are given, or those of the preset for an account of that size. */
function ruleRecordsOf({ rules, preset }: RulesGiven, initialBalance: Decimal): RuleRecord[] {
  const specs = preset === undefined ? rules : presetRules(preset, initialBalance);
  return (specs ?? []).map((rule) => ruleOf(rule).record);
}

/** Why the account cannot be created; undefined where it can. */
function accountFault(state: State, accountId: string): Refused | undefined {
  if (!state.accounts.has(accountId)) return undefined;
  return refuse('account_exists', `account ${accountId} exists already`);
}

const create = command({
  schema: AccountCreate,
  scope: 'either',
  run: (context, { accountId: addressed, body }): Outcome => {
    const accountId = addressed === noAccount ? body.accountId : addressed;
    if (accountId === undefined || accountId === noAccount) {
      const issues = [{ path: 'accountId', message: 'expected an id, in the body or the subject' }];
      return refuse('invalid_request', 'accountId: expected an id', { issues });
    }
    const fault = accountFault(context.state, accountId);
    if (fault !== undefined) return fault;
    const account = accountRecordOf({ ...body, accountId });
    const { route = '' } = account;
    if (account.mode === 'LIVE' && !context.operations.hasProvider(route)) {
      const message = `expected a route that a broker or NATS serves, was ${route}`;
      const issues = [{ path: 'route', message }];
      return refuse('unreachable_route', `route: ${message}`, { issues });
    }
    return {
      kind: 'change',
      drafts: [{ type: 'account.created', accountId, body: { account } }],
      reply: () => shown(context, accountId),
    };
  },
});

const get = command({
  schema: AccountGet,
  scope: 'account',
  run: (context, { accountId, body: { symbol } }): Outcome => {
    if (symbol !== undefined && !context.state.instruments.has(symbol)) {
      return refuse('unknown_symbol', `${symbol} is no instrument`);
    }
    return answer(shown(context, accountId, symbol));
  },
});

const list = command({
  schema: AccountList,
  scope: 'either',
  run: (context, request): Outcome => {
    const account = listedAccount(context, request.accountId);
    if (isRefused(account)) return account;
    const accounts = account === undefined ? context.state.accounts.values() : [account];
    const shownPage = page(
      accounts,
      (a) => a.order,
      request,
      (a) => accountView(context, a),
    );
    return answer(shownPage);
  },
});

const adjust = command({
  schema: AccountAdjust,
  scope: 'account',
  run: (context, { accountId, client, body }): Outcome => {
    const account = accountIn(context, accountId);
    if (isRefused(account)) return account;
    const amount = decimal(body.amount);
    if (amount.isNegative()) {
      context.settlePeak(accountId);
      const fault = withdrawalFault(account, amount.negated());
      if (fault !== undefined) return fault;
    }
    const record = { amount: text(amount), reason: body.reason, by: client };
    return changeOf(context, account, { type: 'account.adjusted', accountId, body: record });
  },
});

/** All that a withdrawal moves stays above 0: below it, a floor in percent lies above its anchor. */
function withdrawalFault(account: Account, amount: Decimal): Refused | undefined {
  const { balance, initialBalance, peak, anchors } = account;
  const moved = [{ what: 'balance', value: balance }];
  moved.push({ what: 'initialBalance', value: initialBalance });
  if (needsPeak(account.rules)) moved.push({ what: 'peakEquity', value: peak });
  for (const [ruleId, { value }] of anchors) {
    moved.push({ what: `the anchor of rule ${ruleId}`, value });
  }
  const { what, value } = moved.reduce((least, one) => (one.value.lt(least.value) ? one : least));
  const left = value.minus(amount);
  if (left.gt(0)) return undefined;
  const actual = text(amount);
  const message = `a withdrawal of ${actual} would leave ${what} at ${text(left)}, expected above 0`;
  return refuse('balance_too_low', message, { limit: text(value), actual });
}

const halt = command({
  schema: AccountHalt,
  scope: 'account',
  isUrgent: true,
  run: (context, { accountId, client, body }): Outcome => {
    const account = accountIn(context, accountId);
    if (isRefused(account)) return account;
    // Halted is halted: asking again, or after a breach, changes nothing.
    if (account.halt !== undefined) return answer(accountView(context, account));
    const record = { reason: body.reason, by: client };
    return changeOf(context, account, { type: 'account.halted', accountId, body: record });
  },
});

const resume = command({
  schema: AccountResume,
  scope: 'account',
  run: (context, { accountId, client, body }): Outcome => {
    const account = accountIn(context, accountId);
    if (isRefused(account)) return account;
    const fault = resumeFault(context, account, body.acknowledge);
    if (fault !== undefined) return fault;
    const record = {
      reason: body.reason,
      by: client,
      ...(body.acknowledge === undefined ? {} : { acknowledge: body.acknowledge }),
      equity: text(equityOf(account, context.markets.bookOf)),
    };
    return changeOf(context, account, { type: 'account.resumed', accountId, body: record });
  },
});

function resumeFault(
  context: CommandContext,
  account: Account,
  acknowledge: string | undefined,
): Refused | undefined {
  const { accountId, halt: halted } = account;
  if (halted === undefined)
    return refuse('account_not_halted', `account ${accountId} is not halted`);
  if (account.state === 'closing' || account.state === 'grace') {
    return refuse('account_closing', `account ${accountId} still has closes without an outcome`);
  }
  if (halted.breachId !== acknowledge) {
    const expected = halted.breachId === undefined ? 'none' : halted.breachId;
    return refuse('acknowledge_required', `acknowledge must name the breach: ${expected}`);
  }
  const observation = observe(account, context.markets.bookOf);
  const { equity } = observation;
  const anchors = anchorsAnew(account.rules, observation);
  const standing = { peak: equity, initialBalance: account.initialBalance, anchors };
  const found = firstBreached(account.rules, standing, observation);
  if (found === undefined) return undefined;
  const { rule, levels } = found;
  return refuse('would_breach', `rule ${rule.id} would be breached at once`, {
    limit: text(levels.floor),
    actual: text(shownObserved(rule, observation) ?? equity),
  });
}

const rules = command({
  schema: AccountRules,
  scope: 'account',
  misfits: ({ state }, accountId, given) => {
    const initialBalance = state.accounts.get(accountId)?.initialBalance;
    return initialBalance === undefined ? [] : presetFaults(given, initialBalance);
  },
  run: (context, { accountId, client, body }): Outcome => {
    const account = accountIn(context, accountId);
    if (isRefused(account)) return account;
    const record = {
      rules: ruleRecordsOf(body, account.initialBalance),
      ...(body.preset === undefined ? {} : { preset: body.preset }),
      by: client,
      equity: text(equityOf(account, context.markets.bookOf)),
    };
    return changeOf(context, account, { type: 'rules.replaced', accountId, body: record });
  },
});

const closeAll = command({
  schema: AccountCloseAll,
  scope: 'account',
  isUrgent: true,
  run: (context, { accountId, body, replyBytesMax }): Outcome => {
    const account = accountIn(context, accountId);
    if (isRefused(account)) return account;
    return bulkClosing(context, account, body, replyBytesMax);
  },
});

function changeOf(
  context: CommandContext,
  account: Account,
  draft: Extract<Outcome, { kind: 'change' }>['drafts'][number],
): Outcome {
  return { kind: 'change', drafts: [draft], reply: () => shown(context, account.accountId) };
}

function shown(context: CommandContext, accountId: string, symbol?: string): object {
  const account = accountIn(context, accountId);
  return isRefused(account) ? account : accountView(context, account, symbol);
}

export const accountCommands = {
  ...{ create, get, list, adjust, halt, resume, rules },
  'close-all': closeAll,
};
