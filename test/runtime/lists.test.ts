// Lists of an account that is not known; market guards, page after page.
import { beforeEach, describe, expect, test } from 'vitest';
import { newWorldForEachTest, world } from './acting.ts';

newWorldForEachTest();

test.each(['account.list', 'position.list', 'ledger.list'])(
  '%s under an account that is not known is 404',
  async (command) => {
    expect(await world.ask(`gw.nobody.${command}`)).toMatchObject({
      error: { code: 404, name: 'unknown_account' },
    });
    expect(await world.ask(`op._.${command}`)).toMatchObject({ items: expect.any(Array) });
  },
);

describe('guard.status under `_`', () => {
  const symbols = ['S1', 'S2', 'S3', 'S4', 'S5'];
  beforeEach(async () => {
    for (const symbol of symbols) {
      await world.ask('op._.instrument.put', { symbol, quoteCurrency: 'USD' });
      await world.ask('op._.guard.put', { symbol });
    }
  });

  const walk = async (body: object): Promise<string[][]> => {
    const pages: string[][] = [];
    for (let cursor: unknown; pages.length === 0 || cursor !== undefined;) {
      const from = cursor === undefined ? {} : { cursor };
      const { guards, nextCursor } = await world.ask('op._.guard.status', { ...body, ...from });
      pages.push((guards as { symbol: string }[]).map(({ symbol }) => symbol));
      cursor = nextCursor;
    }
    return pages;
  };

  test('comes in pages, in the order in which the symbols were guarded', async () => {
    expect(await walk({})).toEqual([symbols]);
    expect(await walk({ limit: 2 })).toEqual([['S1', 'S2'], ['S3', 'S4'], ['S5']]);
    expect(await walk({ limit: 5 })).toEqual([symbols]);
    await world.ask('op._.guard.remove', { symbol: 'S2' });
    await world.ask('op._.guard.put', { symbol: 'S4', gap: false });
    await world.ask('op._.guard.put', { symbol: 'S2' });
    expect(await walk({ limit: 3 })).toEqual([
      ['S1', 'S3', 'S4'],
      ['S5', 'S2'],
    ]);
  });

  test('of one symbol: its guard, or none', async () => {
    expect(await walk({ symbol: 'S3' })).toEqual([['S3']]);
    await world.ask('op._.guard.remove', { symbol: 'S3' });
    expect(await walk({ symbol: 'S3' })).toEqual([[]]);
  });

  test('says how many windows volatility knows of those that it takes', async () => {
    const volatility = { limit: 8, windowMs: 1000 };
    await world.ask('op._.guard.put', { symbol: 'S1', volatility });
    const windows = async (): Promise<unknown> => {
      const { guards } = await world.ask('op._.guard.status', { symbol: 'S1' });
      return (guards as { volatility: { windows: unknown } }[])[0]?.volatility.windows;
    };
    expect(await windows()).toEqual({ known: 0, needed: 100 });
    for (let i = 0; i < 4; i++) {
      world.quote('S1', 100 + i / 1000, 100.01);
      world.clock.advance(1000);
    }
    expect(await windows()).toEqual({ known: 3, needed: 100 });
  });
});
