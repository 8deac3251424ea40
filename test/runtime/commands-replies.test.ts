// What commands answer: the shapes of the contract, decimals as text, counts and times as numbers.
import { beforeAll, describe, expect, test } from 'vitest';
import { decimal } from '#src/domain/money';
import { startTs, type CoreHarness } from '../support/core-harness.ts';
import { refusalOf } from './refusals.ts';
import { instruments, long, startPopulated, startWorld } from './world.ts';

type Body = Record<string, unknown>;

/** Where numbers are numbers: everything else that is one must be decimal text. */
const plainNumbers = new Set(['ts', 'seq', 'attempts', 'status', 'openedAt', 'closeTimestamp']);
const counts = ['totalPositions', 'successfulCloses', 'failedCloses', 'openPositions', 'ticket'];
for (const name of counts) plainNumbers.add(name);

/** Names of fields that hold a JSON number though they are no count and no time. */
function strayNumbers(value: unknown, name = ''): string[] {
  if (typeof value === 'number') return plainNumbers.has(name) ? [] : [name];
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).map(([key, child]) =>
    strayNumbers(child, Array.isArray(value) ? name : key),
  );
  return inside.flat();
}

describe('accounts', () => {
  let world: CoreHarness;
  beforeAll(async () => {
    world = await startWorld();
  });

  const rules = [
    { id: 'a', anchor: 'peakEquity', limitPct: 10 },
    { id: 'b', anchor: 'peakEquity', limitAmount: '250.50', warningPct: '1' },
    { id: 'c', anchor: 'fixed', floor: '0500.0', warningPct: 10 },
  ];

  test('account.create answers with the account, numbers as plain decimal text', async () => {
    const reply = await world.ask('op.new.account.create', {
      accountId: 'new',
      currency: 'USD',
      balance: 1000.5,
      mode: 'PAPER',
      rules,
    });
    expect(reply).toEqual({
      accountId: 'new',
      currency: 'USD',
      mode: 'PAPER',
      balance: '1000.5',
      equity: '1000.5',
      peakEquity: '1000.5',
      state: 'normal',
      entries: { allowed: true, reasons: [] },
      rules: [
        {
          ...{ id: 'a', anchor: 'peakEquity', anchorValue: '1000.5', floor: '900.45' },
          ...{ observed: '1000.5', distance: '100.05', state: 'normal' },
        },
        {
          ...{ id: 'b', anchor: 'peakEquity', anchorValue: '1000.5', floor: '750' },
          ...{ observed: '1000.5', distance: '250.5', state: 'normal' },
        },
        {
          ...{ id: 'c', anchor: 'fixed', anchorValue: '500', floor: '500' },
          ...{ observed: '1000.5', distance: '500.5', state: 'normal' },
        },
      ],
      openPositions: 0,
    });
    expect(await world.ask('op.new.account.get')).toEqual(reply);
    expect(await world.ask('op.new.account.list')).toEqual({ items: [reply] });
  });

  test('the id comes from the subject, or from the body where the subject has none', async () => {
    const body = { currency: 'USDT', balance: '0.00000001' };
    const fromSubject = await world.ask('op.s1.account.create', body);
    expect(fromSubject).toMatchObject({ accountId: 's1', balance: '0.00000001', rules: [] });
    expect(fromSubject).not.toHaveProperty('peakEquity');
    const fromBody = await world.ask('op._.account.create', { accountId: 'b1', ...body });
    expect(fromBody).toMatchObject({ accountId: 'b1' });
  });

  test('positions that are worth nothing yet are told by the symbol whose quote is missing', async () => {
    const other = await startWorld();
    const track = (positionId: string, symbol: string, side: string): Promise<Body> =>
      other.ask('op.eur1.position.track', { ...long, positionId, symbol, side });
    await track('p1', 'USDJPY', 'long');
    await track('p2', 'USDJPY', 'short');
    await track('p3', 'EURUSD', 'long');
    const unpriced = async (command: string): Promise<unknown> =>
      (await other.ask(`op.eur1.${command}`))['unpriced'];
    const both = [
      { symbol: 'USDJPY', positions: 2 },
      { symbol: 'EURUSD', positions: 1 },
    ];
    expect([await unpriced('account.get'), await unpriced('guard.status')]).toEqual([both, both]);
    other.quote('USDJPY', '150', '150.1');
    expect(await unpriced('account.get')).toEqual([{ symbol: 'EURUSD', positions: 3 }]);
    other.quote('EURUSD', '1.1', '1.1001');
    expect(await other.ask('op.eur1.account.get')).not.toHaveProperty('unpriced');
    await other.stop();
  });

  test('the preset is a list of rules', async () => {
    const reply = await world.ask('op.acc1.account.get');
    expect(reply['rules']).toMatchObject([
      { id: 'peak', anchor: 'peakEquity', floor: '8000' },
      { id: 'minimum', anchor: 'fixed', floor: '100' },
    ]);
  });

  test('account.adjust moves balance, peak and initial balance, and fixed floors stay', async () => {
    const reply = await world.ask('op.new.account.adjust', { amount: '-100.5', reason: 'out' });
    expect(reply).toMatchObject({ balance: '900', equity: '900', peakEquity: '900' });
    expect(reply['rules']).toMatchObject([{ floor: '810' }, { floor: '649.5' }, { floor: '500' }]);
    expect(world.core.state.accounts.get('new')?.initialBalance.toFixed()).toBe('900');
    const back = await world.ask('op.new.account.adjust', { amount: 100.5, reason: 'in' });
    expect(back).toMatchObject({ balance: '1000.5', peakEquity: '1000.5' });
  });

  test('account.halt and account.resume answer with the account as it is then', async () => {
    const halted = await world.ask('op.acc2.account.halt', { reason: 'audit' });
    expect(halted).toMatchObject({
      state: 'halted',
      entries: { allowed: false, reasons: ['halted by an operator: audit'] },
    });
    expect(await world.ask('op.acc2.account.halt', { reason: 'again' })).toEqual(halted);
    expect(await world.ask('op.acc2.account.resume', { reason: 'done' })).toMatchObject({
      state: 'normal',
      entries: { allowed: true, reasons: [] },
    });
  });

  test('account.list goes on behind its cursor, in the order of creation', async () => {
    const pages: string[][] = [];
    let cursor: unknown;
    do {
      const body = cursor === undefined ? { limit: 2 } : { limit: 2, cursor };
      const reply = await world.ask('op._.account.list', body);
      const items = reply['items'] as Body[];
      pages.push(items.map((item) => String(item['accountId'])));
      cursor = reply['nextCursor'];
    } while (cursor !== undefined);
    expect(pages).toEqual([
      ['acc1', 'acc2'],
      ['eur1', 'new'],
      ['s1', 'b1'],
    ]);
  });
});

describe('instruments, guards, ledger, status', () => {
  let world: CoreHarness;
  beforeAll(async () => {
    world = await startPopulated();
  });

  const sessions = {
    timezone: 'America/New_York',
    weekly: [{ days: ['sun', 'mon'], from: '18:00', to: '24:00' }],
    holidays: [
      { date: '2026-12-25', closed: true },
      { date: '2026-12-24', from: '18:00', to: '23:00' },
    ],
  };

  test('instrument.put answers with the instrument, defaults filled in', async () => {
    const plain = await world.ask('op._.instrument.put', { symbol: 'ES', quoteCurrency: 'USD' });
    expect(plain).toEqual({
      ...{ symbol: 'ES', quoteCurrency: 'USD', contractSize: '1', commissionRate: '0' },
    });
    const full = await world.ask('op._.instrument.put', {
      ...{ symbol: 'NQ.x/1%', quoteCurrency: 'USD', contractSize: 20, tickSize: 0.25 },
      ...{ lotStep: '1.0', minQuantity: 1, marginRate: 0.05, commissionRate: '0.00002', sessions },
    });
    expect(full).toEqual({
      ...{ symbol: 'NQ.x/1%', quoteCurrency: 'USD', contractSize: '20', tickSize: '0.25' },
      ...{
        lotStep: '1',
        minQuantity: '1',
        marginRate: '0.05',
        commissionRate: '0.00002',
        sessions,
      },
    });
    const { items } = (await world.ask('op._.instrument.list')) as { items: Body[] };
    expect(items.map((item) => item['symbol'])).toEqual([
      ...instruments.map(({ symbol }) => symbol),
      'ES',
      'NQ.x/1%',
    ]);
    expect(items.slice(-2)).toEqual([plain, full]);
  });

  test('an instrument with open positions takes what does not change their P&L', async () => {
    const given = { ...instruments[0], tickSize: '0.00001' };
    expect(refusalOf(await world.ask('op._.instrument.put', given))).toBe('ok');
  });

  test('guard.put fills in the defaults, guard.status tells how it stands', async () => {
    const off = { liquidity: false, stale: false, volatility: false };
    const more = { haltEntriesOn: 'warning', confirmQuotes: 1, confirmMs: 0, clearAfterMs: 5000 };
    const gap = { limit: '5', closeOn: 'warning', ...more };
    const spread = { limit: '0.5', closeOn: 'warning', ...more };
    const stale = { limit: '60', closeOn: 'never', ...more };
    const put = { symbol: 'XAUUSD', liquidity: false };
    expect(await world.ask('op._.guard.put', put)).toEqual({
      ...{ symbol: 'XAUUSD', ...off, gap, spread, stale },
    });
    const custom = { gap: false, spread: { limit: '1.50', closeOn: 'never' }, ...off };
    const wide = { ...spread, limit: '1.5', closeOn: 'never' };
    expect(await world.ask('op._.guard.put', { symbol: 'USDJPY', ...custom })).toEqual({
      ...{ symbol: 'USDJPY', ...custom, spread: wide },
    });
    world.quote('USDJPY', 100, 102);
    const yen = {
      ...{ symbol: 'USDJPY', ...custom },
      spread: { ...wide, state: 'warning', since: startTs, measured: '2' },
      quotes: { lastTs: startTs },
      entries: { allowed: false, reasons: ['spread is at its limit'] },
    };
    const calm = { state: 'normal' };
    const gold = {
      ...{ symbol: 'XAUUSD', ...off, gap: { ...gap, ...calm }, spread: { ...spread, ...calm } },
      ...{ stale: { ...stale, ...calm }, quotes: {}, entries: { allowed: true, reasons: [] } },
    };
    expect(await world.ask('op._.guard.status')).toEqual({ guards: [gold, yen] });
    expect(await world.ask('op._.guard.status', { symbol: 'USDJPY' })).toEqual({ guards: [yen] });
    expect(await world.ask('op._.guard.status', { symbol: 'EURUSD' })).toEqual({ guards: [] });
    expect(await world.ask('op._.guard.remove', { symbol: 'USDJPY' })).toEqual({
      symbol: 'USDJPY',
    });
    expect(await world.ask('op._.guard.status')).toEqual({ guards: [gold] });
  });

  test('guard.status under an account tells its rules', async () => {
    const { rules } = await world.ask('op.acc1.account.get');
    const moved = { anchorMovedBy: 'created', anchorMovedAt: startTs };
    const [peak, minimum] = rules as Body[];
    expect(await world.ask('op.acc1.guard.status')).toEqual({
      ...{ accountId: 'acc1', state: 'normal' },
      ...{ balance: '10000', equity: '10000', initialBalance: '10000' },
      entries: { allowed: true, reasons: [] },
      rules: [
        {
          ...{ ...peak, ...moved, action: 'close', observes: 'equity' },
          ...{ warnAt: '8500', distancePct: '20' },
        },
        // A floor that is given was moved by nothing, and warns of nothing.
        { ...minimum, action: 'close', observes: 'equity', distancePct: '99' },
      ],
    });
  });

  test('ledger.list filters, and goes on behind its cursor', async () => {
    await world.ask('op.acc1.account.adjust', { amount: 1, reason: 'x' });
    await world.ask('op.acc2.account.halt', { reason: 'x' });
    const types = async (subject: string, body: object): Promise<unknown[]> => {
      const { items } = (await world.ask(`op.${subject}.ledger.list`, body)) as { items: Body[] };
      return items.map((item) => item['eventType']);
    };
    expect(await types('_', {})).toEqual([
      ...['position_closed', 'market_warning', 'market_cleared'],
      ...['account_adjusted', 'account_halted'],
    ]);
    expect(await types('_', { eventType: 'market_warning' })).toEqual(['market_warning']);
    expect(await types('acc1', {})).toEqual(['position_closed', 'account_adjusted']);
    expect(await types('acc1', { positionId: 'c1' })).toEqual(['position_closed']);
    expect(await types('acc1', { positionId: 'p1' })).toEqual([]);
    expect(await types('_', { eventType: 'account_halted' })).toEqual(['account_halted']);
    const first = await world.ask('op._.ledger.list', { limit: 1 });
    expect(await types('_', { limit: 1, cursor: first['nextCursor'] })).toEqual(['market_warning']);
  });

  test('a row of the ledger has its fields and its place in the chain', async () => {
    const { items } = (await world.ask('op.acc1.ledger.list', { limit: 1 })) as { items: Body[] };
    expect(items[0]).toEqual({
      id: expect.stringMatching(/^rlog_\d+_1$/),
      closeId: expect.stringMatching(/^close_[0-9a-f]{12,}$/),
      userId: 'acc1',
      eventType: 'position_closed',
      description: 'Position c1 closed: manual',
      metaData: {
        closeId: expect.any(String),
        positionId: 'c1',
        quantity: '0.1',
        closedPrice: '1.1',
        pnl: '0',
        closeReason: 'manual',
        reasons: ['manual'],
        attempts: 1,
        clientOrderId: expect.stringMatching(/_1$/),
        quote: { bid: '1.1', ask: '1.1001', ts: startTs },
      },
      status: 0,
      createdAt: new Date(startTs).toISOString(),
      partition: expect.any(Number),
      seq: 1,
      prevHash: '0'.repeat(64),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test.each([
    ['gw.acc1.position.list', { state: 'all' }],
    ['op._.account.list', {}],
    ['op._.instrument.list', {}],
    ['op.acc1.account.get', {}],
    ['op.acc1.account.close-all', { reason: 'x' }],
  ])('%s answers every price, quantity and amount as text', async (subject, body) => {
    const reply = await world.ask(subject, body);
    expect(strayNumbers(reply)).toEqual([]);
    const texts = JSON.stringify(reply).match(/"-?\d+(\.\d+)?"/g) ?? [];
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) {
      const plain = JSON.parse(text) as string;
      expect(decimal(plain).toFixed()).toBe(plain);
    }
  });

  test('numbers with many digits come back as they were, without exponent', async () => {
    const quantity = '0.00000000000000000000000000001';
    const entryPrice = '123456789012345678901.123456789';
    const body = { ...long, symbol: 'ES', quantity, entryPrice };
    const reply = await world.ask('gw.acc2.position.track', body);
    expect(reply).toMatchObject({ quantity, entryPrice });
    const tiny = await world.ask('gw.acc2.position.track', { ...body, quantity: 1e-7 });
    expect(tiny).toMatchObject({ quantity: '0.0000001' });
  });
});
