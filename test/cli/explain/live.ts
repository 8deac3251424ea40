// Runtimes whose ledgers `closeout explain` tells of, as a process of its own.
import { expect } from 'vitest';
import type { Story } from '#src/cli/explain/story';
import { isRefused } from '#src/index';
import { finished } from '../../e2e/world.ts';
import { startLive, type Live, type LiveOptions } from '../../runtime/live.ts';
import { freshDatabase } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

export type Environment = Readonly<Record<string, string>>;
type Row = { readonly closeId?: string; readonly eventType: string };

const waitMsMax = 10_000;
export const lot = { symbol: 'EURUSD', side: 'long', quantity: '1', entryPrice: '1.1' } as const;

export async function explained(args: readonly string[], environment: Environment) {
  return await finished(['explain', ...args], environment);
}

export async function storyIn(environment: Environment, closeId: string): Promise<Story> {
  const { status, stdout, stderr } = await explained(['--close', closeId, '--json'], environment);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Story;
}

/** Types of the lines, in order. */
export const eventsOf = ({ lines }: Story): string[] => lines.map(({ event }) => event);

export async function rowsOf({ runtime }: Live, accountId: string, filter: object): Promise<Row[]> {
  const page = await runtime.commands.ledger.list(accountId, filter);
  if (isRefused(page)) throw new Error(JSON.stringify(page));
  return (page as { items: Row[] }).items;
}

export async function track({ runtime }: Live, accountId: string, position: object): Promise<void> {
  const reply = await runtime.commands.position.track(accountId, { ...lot, ...position });
  if (isRefused(reply)) throw new Error(JSON.stringify(reply));
}

/** The id of the position's close, once it is closed. */
export async function closeIdOf(
  live: Live,
  accountId: string,
  positionId: string,
): Promise<string> {
  let closeId: string | undefined;
  await until(
    async () => {
      const rows = await rowsOf(live, accountId, { positionId, eventType: 'position_closed' });
      closeId = rows[0]?.closeId;
      return closeId !== undefined;
    },
    waitMsMax,
    `${positionId} closed`,
  );
  return String(closeId);
}

export async function startOnPostgres(options: LiveOptions = {}): Promise<[Live, Environment]> {
  const CLOSEOUT_DATABASE_URL = await freshDatabase();
  const settings = { ...options.settings, CLOSEOUT_DATABASE_URL };
  const live = await startLive({ ...options, settings });
  return [live, { CLOSEOUT_DATA_DIR: live.directory, CLOSEOUT_DATABASE_URL }];
}
