// What records of accounts and of their rules change: balance, anchors, warnings, breaches, halts.
import { accountOf, type AccountRecordType, type Appliers } from './apply-types.ts';
import { decimal, Decimal, zero } from './money.ts';
import { anchorsAnew, isSameRule, needsPeak, ruleOf, warnsByBreach, type Rule } from './rules.ts';
import type { Account, AnchorValue, Moved } from './state.ts';

export const accountAppliers: Pick<Appliers, AccountRecordType> = {
  'account.created': (state, { account }, { ts, n }) => {
    const balance = decimal(account.balance);
    const moved: Moved = { what: 'created', ts };
    const rules = account.rules.map(ruleOf);
    state.accounts.set(account.accountId, {
      accountId: account.accountId,
      currency: account.currency,
      mode: account.mode,
      route: account.route,
      preset: account.preset,
      rules,
      order: state.accountsCreated++,
      balance,
      untoldPnl: zero,
      initialBalance: balance,
      initialMoved: moved,
      peak: balance,
      peakMoved: moved,
      changedN: n,
      anchors: movedAnchors(rules, balance, balance, moved),
      state: 'normal',
      halt: undefined,
      warned: new Set(),
      breaches: new Map(),
      positions: new Map(),
      tickets: new Map(),
      closingCount: 0,
      drifts: new Map(),
    });
  },
  'account.adjusted': (state, { amount }, { accountId, ts }) => {
    const account = accountOf(state, accountId);
    const by = decimal(amount);
    const moved: Moved = { what: 'adjusted', ts };
    account.balance = account.balance.plus(by);
    account.initialBalance = account.initialBalance.plus(by);
    account.peak = account.peak.plus(by);
    account.initialMoved = account.peakMoved = moved;
    for (const [ruleId, { value, since }] of account.anchors) {
      account.anchors.set(ruleId, { value: value.plus(by), moved, since });
    }
  },
  'account.halted': (state, { reason }, { accountId }) => {
    const account = accountOf(state, accountId);
    account.state = 'halted';
    account.halt = { by: 'operator', reason };
  },
  'account.resumed': (state, body, { accountId, ts }) => {
    const account = accountOf(state, accountId);
    const equity = decimal(body.equity);
    const moved: Moved = { what: 'resumed', ts };
    account.state = 'normal';
    account.halt = undefined;
    account.warned.clear();
    account.breaches.clear();
    account.peak = equity;
    account.peakMoved = moved;
    const before = account.anchors;
    account.anchors = movedAnchors(account.rules, account.balance, equity, moved);
    for (const [ruleId, anchor] of account.anchors) {
      // Its day may have begun on a quote that was ahead of the clock.
      const since = Math.max(before.get(ruleId)?.since ?? ts, ts);
      account.anchors.set(ruleId, { ...anchor, since });
    }
  },
  'account.settled': (state, _body, { accountId }) => {
    accountOf(state, accountId).state = 'halted';
  },
  'rules.replaced': (state, body, { accountId, ts }) => {
    const account = accountOf(state, accountId);
    const equity = decimal(body.equity);
    const moved: Moved = { what: 'rules', ts };
    const before = new Map(account.rules.map((rule) => [rule.id, rule]));
    const wasFollowed = needsPeak(account.rules);
    account.rules = body.rules.map(ruleOf);
    account.preset = body.preset;
    const anchors = movedAnchors(account.rules, account.balance, equity, moved);
    const kept = new Set<string>();
    for (const rule of account.rules) {
      const known = before.get(rule.id);
      if (known === undefined || !isSameRule(known, rule)) continue;
      kept.add(rule.id);
      const anchor = account.anchors.get(rule.id);
      if (anchor !== undefined) anchors.set(rule.id, anchor);
    }
    account.anchors = anchors;
    for (const told of [account.warned, account.breaches]) {
      for (const ruleId of told.keys()) if (!kept.has(ruleId)) told.delete(ruleId);
    }
    calm(account);
    // Nobody followed the peak of an account whose rules did not ask for it.
    if (wasFollowed || equity.lte(account.peak)) return;
    account.peak = equity;
    account.peakMoved = moved;
  },
  'day.rolled': (state, { at, anchors }, { accountId }) => {
    const account = accountOf(state, accountId);
    for (const [ruleId, value] of Object.entries(anchors)) {
      account.anchors.set(ruleId, {
        value: decimal(value),
        moved: { what: 'rollover', ts: at },
        since: at,
      });
    }
  },
  'rule.warned': (state, { ruleId }, { accountId }) => {
    const account = accountOf(state, accountId);
    account.warned.add(ruleId);
    if (account.state === 'normal') account.state = 'warning';
  },
  'rule.recovered': (state, { ruleIds }, { accountId }) => {
    const account = accountOf(state, accountId);
    for (const id of ruleIds) {
      account.warned.delete(id);
      if (account.breaches.get(id)?.action === 'warn') account.breaches.delete(id);
    }
    calm(account);
  },
  'rule.breached': (state, body, { accountId, ts }) => {
    const { breachId, ruleId, observed, floor, reason, action = 'close', graceUntil } = body;
    const account = accountOf(state, accountId);
    if (action === 'close') {
      account.state = graceUntil === undefined ? 'closing' : 'grace';
      const grace = graceUntil === undefined ? {} : { graceUntil };
      account.halt = { by: 'breach', reason, breachId, ruleId, observed, floor, ...grace };
      return;
    }
    for (const id of [ruleId, ...(body.also ?? [])]) {
      const rule = account.rules.find((one) => one.id === id);
      if (rule === undefined) continue;
      account.breaches.set(id, { breachId, action: rule.action, since: ts });
      if (!warnsByBreach(rule)) continue;
      account.warned.add(id);
      if (account.state === 'normal') account.state = 'warning';
    }
  },
  'rule.restored': (state, { ruleIds }, { accountId }) => {
    const account = accountOf(state, accountId);
    for (const id of ruleIds) account.breaches.delete(id);
  },
  'grace.ended': (state, _body, { accountId }) => {
    accountOf(state, accountId).state = 'closing';
  },
};

/** No warning is left. */
function calm(account: Account): void {
  if (account.state === 'warning' && account.warned.size === 0) account.state = 'normal';
}

function movedAnchors(
  rules: readonly Rule[],
  balance: Decimal,
  equity: Decimal,
  moved: Moved,
): Map<string, AnchorValue> {
  const values = anchorsAnew(rules, { balance, equity });
  return new Map(
    [...values].map(([ruleId, { value }]) => [ruleId, { value, moved, since: moved.ts }]),
  );
}
