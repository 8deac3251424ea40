// A reduction takes what is closed off its sums. Held against one that adds up everything anew before
// each close: the same positions in the same order, with the same numbers, and the same end.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CoreContext } from '#actors/core-context';
import { isOnItsWay, reduceMargin } from '#actors/margin-reduction';
import { decimal, text, zero, type Decimal } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import { isAboveFloor, levelsOf, shownObserved } from '#src/domain/rule-levels';
import type { RuleRecord } from '#src/domain/rules';
import type { Position } from '#src/domain/state';
import { observe } from '#src/prices/equity-watch';
import { unrealisedPnl, usedMarginOf } from '#src/prices/exposure';
import type { QuoteBook } from '#src/prices/quote-book';
import { intended, letterAdded, partlyFilled, routed } from '../domain/close-drafts.ts';
import { closeFailed, closeFilled } from '../domain/story.ts';
import { anyCurrency, anyHolding, anyQuote, World, type Holding } from '../prices/world.ts';

/** What becomes of a close at once. */
type Outcome = 'filled' | 'sent' | 'failed' | 'a part filled, the rest sent' | 'a part first';
/** How a position is when the reduction begins. */
type Before = 'guarded' | 'on its way' | 'a dead letter';

interface Made {
  readonly holding: Holding;
  readonly outcome: Outcome;
  readonly before: Before;
}

interface Case {
  readonly currency: string;
  readonly balance: number;
  readonly limitPct: number;
  readonly made: readonly Made[];
  readonly quotes: readonly Parameters<World['take']>[0][];
}

const breach = { ruleId: 'm', breachId: 'b', reason: 'margin_stop_out', action: 'reduce' as const };

/** One world, what was asked of it, and what was recorded. */
class Reduction {
  readonly world: World;
  readonly story: string[] = [];
  private readonly made = new Map<string, Made>();

  constructor({ currency, balance, limitPct, made, quotes }: Case) {
    const rules: RuleRecord[] = [
      { id: 'm', anchor: 'marginLevel', limitPct: text(decimal(limitPct)), action: 'reduce' },
    ];
    this.world = new World({ currency, balance: String(balance), rules });
    for (const quote of quotes) this.world.take(quote);
    const seen = { observed: '0', floor: '0', anchorValue: '0' };
    this.tell({ type: 'rule.breached', accountId: 'a', body: { ...breach, ...seen } });
    for (const one of made) {
      const { positionId } = this.world.track(one.holding);
      this.made.set(positionId, one);
      if (one.before === 'guarded') continue;
      const intent = routed(this.world.story.intent(positionId));
      this.tell(intended(intent));
      if (one.before === 'a dead letter') this.tell(letterAdded(intent.closeId, positionId));
    }
  }

  get finding() {
    const { account } = this.world;
    const [rule] = account.rules;
    if (rule === undefined) throw new Error('there is a rule');
    return { rule, levels: levelsOf(rule, account) };
  }

  context(): CoreContext {
    const { world } = this;
    const context: Pick<CoreContext, 'markets' | 'requestClose' | 'commit'> = {
      markets: world.markets,
      requestClose: ({ positionIds, cause }) => {
        for (const id of positionIds) this.close(id, cause.observed);
      },
      commit: (draft) => this.restored(draft),
    };
    return context as CoreContext;
  }

  close(positionId: string, observed: string | undefined): void {
    this.story.push(`${positionId} at ${observed}`);
    const { outcome } = this.made.get(positionId) as Made;
    const position = this.world.story.position(positionId);
    const intent = this.world.story.intent(positionId);
    const isHalved = outcome.startsWith('a part');
    if (isHalved) {
      const half = text(position.remainingQuantity.dividedBy(2));
      const part = routed({ ...intent, quantity: half, isPart: true });
      const worth = text(this.pnlOf(position).dividedBy(2).toDecimalPlaces(10));
      const mark = { orderKey: intent.clientOrderId, filled: half };
      this.tell(intended(part), partlyFilled(part, half, mark, [worth, '0']));
    }
    if (outcome === 'filled' || outcome === 'a part first') {
      this.tell(closeFilled(intent, text(this.pnlOf(position))));
    } else if (outcome === 'failed') this.tell(closeFailed(intent, 'no'));
    else this.tell(intended(routed(this.world.story.intent(positionId))));
  }

  pnlOf(position: Position): Decimal {
    return unrealisedPnl(position, this.world.markets.bookOf) ?? zero;
  }

  restored(draft: Draft): void {
    this.story.push(`${draft.type} ${JSON.stringify(draft.body)}`);
    this.tell(draft);
  }

  private tell(...drafts: Draft[]): void {
    this.world.story.tell(...drafts);
  }
}

/** As plainly as it can be said. */
function reduceNaively(one: Reduction): void {
  const { account, markets } = one.world;
  const { rule, levels } = one.finding;
  const candidates = [...account.positions.values()]
    .filter(({ state, symbol }) => state === 'guarded' && markets.bookOf(symbol).hasQuote)
    .map((position) => ({ position, pnl: one.pnlOf(position) }))
    .sort((a, b) => a.pnl.comparedTo(b.pnl) || a.position.order - b.position.order);
  for (const { position } of candidates) {
    const observation = observe(account, markets.bookOf);
    let usedMargin: Decimal = zero;
    for (const each of account.positions.values()) {
      const isCounted = each.state === 'guarded' || each.deadLetter !== undefined;
      if (isCounted) usedMargin = usedMargin.plus(usedMarginOf(each, markets.bookOf));
    }
    const kept = { ...observation, usedMargin };
    if (isAboveFloor(rule, levels, kept)) break;
    one.close(position.positionId, text(shownObserved(rule, kept) ?? zero));
  }
  const all = observe(account, markets.bookOf);
  if (!isAboveFloor(rule, levels, all)) return;
  const observed = shownObserved(rule, all);
  const body = { ruleIds: ['m'], ...(observed === undefined ? {} : { observed: text(observed) }) };
  one.restored({ type: 'rule.restored', accountId: 'a', body });
}

const outcomes: readonly Outcome[] = [
  ...(['filled', 'sent', 'failed'] as const),
  ...(['a part filled, the rest sent', 'a part first'] as const),
];

const anyMade: fc.Arbitrary<Made> = fc.record({
  holding: anyHolding,
  outcome: fc.constantFrom<Outcome>('filled', ...outcomes),
  before: fc.constantFrom<Before>('guarded', 'guarded', 'guarded', 'on its way', 'a dead letter'),
});

const anyCase: fc.Arbitrary<Case> = fc.record({
  currency: anyCurrency,
  balance: fc.integer({ min: 1, max: 400_000 }),
  limitPct: fc.constantFrom(1, 20, 50, 100, 150, 300),
  // Some twice, so that there are ties.
  made: fc
    .array(fc.tuple(anyMade, fc.boolean()), { minLength: 1, maxLength: 9 })
    .map((pairs) => pairs.flatMap(([one, isTwice]) => (isTwice ? [one, one] : [one]))),
  quotes: fc.array(anyQuote, { minLength: 3, maxLength: 12 }),
});

test('the same positions are closed in the same order, at the same levels', () => {
  const seen = new Map<string, number>();
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(anyCase, (made) => {
      const [one, naive] = [new Reduction(made), new Reduction(made)];
      reduceMargin(one.context(), one.world.account, one.finding);
      reduceNaively(naive);
      expect(one.story).toEqual(naive.story);
      expect(text(one.world.account.balance)).toBe(text(naive.world.account.balance));
      const closes = one.story.filter((line) => line.startsWith('p')).length;
      const isRestored = one.story.some((line) => line.startsWith('rule.restored'));
      const isLeft = [...one.world.account.positions.values()].some((p) => p.state === 'guarded');
      if (closes > 1 && isLeft) count('some of several are closed');
      if (closes > 1 && isRestored) count('restored after several');
      if (closes > 0 && !isRestored) count('not restored at once');
      if (closes === 0) count('nothing to close');
    }),
    { numRuns: 1500 },
  );
  for (const what of [
    ...['some of several are closed', 'restored after several'],
    ...['not restored at once', 'nothing to close'],
  ]) {
    expect([what, (seen.get(what) ?? 0) > 40]).toEqual([what, true]);
  }
});

test('a close is on its way until it ends, or is a dead letter', () => {
  const cases: [Before, boolean][] = [
    ['guarded', false],
    ['on its way', true],
    ['a dead letter', false],
  ];
  const holding: Holding = { symbol: 'XAUUSD', side: 'long', quantity: '1', entryPrice: '2000' };
  const made = cases.map(([before]) => ({ holding, outcome: 'sent' as const, before }));
  const common = { currency: 'USD', balance: 1, limitPct: 1, quotes: [] };
  const { account } = new Reduction({ ...common, made }).world;
  const found = [...account.positions.values()].map(isOnItsWay);
  expect(found).toEqual(cases.map(([, isIt]) => isIt));
});

test('P&L and margin of every position are computed once, and of one that is closed once more', () => {
  const holding: Holding = { symbol: 'XAUUSD', side: 'long', quantity: '1', entryPrice: '2000' };
  const count = 60;
  const made = Array.from({ length: count }, () => ({
    ...{ holding, outcome: 'sent' as const, before: 'guarded' as const },
  }));
  const common = { currency: 'USD', balance: 100, limitPct: 100 };
  const one = new Reduction({ ...common, made, quotes: [] });
  one.world.take({ symbol: 'XAUUSD', bid: 2000, ask: 2000, ts: 1 });
  let looks = 0;
  const context = one.context();
  const bookOf = (symbol: string): QuoteBook => {
    looks++;
    return context.markets.bookOf(symbol);
  };
  const markets = { bookOf } as CoreContext['markets'];
  reduceMargin({ ...context, markets }, one.world.account, one.finding);
  expect(one.story).toHaveLength(count);
  // A handful each; it was more than one for every pair of them.
  expect(looks).toBeLessThan(count * 8);
});
