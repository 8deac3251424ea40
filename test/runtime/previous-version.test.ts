// A data directory that the version before this one wrote: it opens, and says what it said there.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { verified } from '../cli/audited.ts';
import said from '../fixtures/data-directory-v1/answers.json' with { type: 'json' };
import { TurningClock } from '../fixtures/data-directory-v1/turning-clock.ts';
import { startLive, temporaryDirectory, type Live } from './live.ts';

type Reply = Record<string, unknown>;

interface Asked {
  readonly command: string;
  readonly accountId: string;
  readonly body: object;
  readonly messageId?: string;
  readonly reply: Reply;
}

const stored = said.stored as readonly Asked[];
const answers = said.answers as readonly Asked[];
const waited = 'w-gold';
const nameOf = ({ command, accountId }: Asked): string => `${command} of ${accountId}`;

describe('a data directory of 2d1b44d', () => {
  const clock = new TurningClock(said.now);
  let live: Live;
  beforeAll(async () => {
    const directory = await temporaryDirectory();
    const fixture = join(import.meta.dirname, '../fixtures/data-directory-v1/journal.sqlite');
    copyFileSync(fixture, join(directory, 'journal.sqlite'));
    live = await startLive({ directory, clock, settings: { instruments: [], accounts: [] } });
  });

  async function ask(
    { command, accountId, body }: Omit<Asked, 'reply'>,
    options: { messageId?: string } = {},
  ): Promise<Reply> {
    const [resource = '', action = ''] = command.split('.');
    const all = live.runtime.commands as unknown as Record<string, Record<string, Ask>>;
    const run = all[resource]?.[action] as Ask;
    return await clock.through(run(accountId, body, options));
  }
  type Ask = (accountId: string, body: object, options: object) => Promise<Reply>;

  test('the fixture has what it is for', () => {
    const states = answers.filter(({ command }) => command === 'account.get');
    expect(states.map(({ reply }) => reply['state'])).toEqual(['halted', 'warning', 'normal']);
    const positions = answers.find(({ command }) => command === 'position.list')?.reply['items'];
    for (const [positionId, state] of [
      ['w-open', 'guarded'],
      ['w-stop', 'closed'],
      [waited, 'closing'],
    ]) {
      expect(positions).toContainEqual(expect.objectContaining({ positionId, state }));
    }
  });

  test.each(answers.map((asked) => [nameOf(asked), asked] as const))(
    '%s is answered as that version did',
    async (_name, asked) => {
      // A later version may say more of a thing; of a row it may not, since that has its hash.
      expect(await ask(asked)).toMatchObject(asked.reply);
    },
  );

  test.each(stored.map((asked) => [`${asked.messageId} ${nameOf(asked)}`, asked] as const))(
    '%s again is answered with its stored reply',
    async (_name, asked) => {
      const { messageId = '' } = asked;
      expect(await ask(asked, { messageId })).toEqual(asked.reply);
    },
  );

  test('the close that waited is filled by the first quote, and all holds', async () => {
    const closing = stored.find(
      ({ command, body }) =>
        command === 'position.close' && 'positionId' in body && body.positionId === waited,
    ) as Asked;
    expect(closing.reply).toMatchObject({ outcome: 'pending' });
    live.quote('XAUUSD', '2010', '2010.5');
    const { closeId, clientOrderId } = closing.reply;
    expect(await ask(closing, { messageId: closing.messageId as string })).toMatchObject({
      ...{ closeId, clientOrderId, outcome: 'closed', success: true, closedPrice: '2010' },
      pnl: '400',
    });
    const list = { command: 'ledger.list', accountId: 'warned', body: { closeId } };
    const { items } = await ask(list);
    expect((items as Reply[]).map(({ eventType }) => eventType)).toEqual([
      'position_close_pending',
      'position_closed',
    ]);
    await clock.through(live.runtime.stop());
    expect(await verified({ CLOSEOUT_DATA_DIR: live.directory })).toEqual({
      status: 0,
      journal: expect.stringMatching(/^ok \d+ records of 4 partitions hold/),
      ledger: expect.stringMatching(/^ok \d+ rows of 3 partitions hold/),
      against: expect.stringMatching(/^ok \d+ rows are what their records make$/),
    });
  });
});
