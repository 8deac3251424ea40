// Lists of an account that is not known.
import { expect, test } from 'vitest';
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
