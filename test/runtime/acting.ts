// What the tests of commands do over and over, in few words, in a world that is new for each test.
import { beforeEach, expect } from 'vitest';
import type { BulkCloseResult, CloseResult } from '#src/domain/closing';
import type { CoreHarness, HarnessOptions } from '../support/core-harness.ts';
import { refusalOf } from './refusals.ts';
import { long, startWorld } from './world.ts';

export type Body = Record<string, unknown>;

/** The world of the test that runs. */
export let world: CoreHarness;

export function newWorldForEachTest(): void {
  beforeEach(() => enter());
}

export async function enter(options?: HarnessOptions): Promise<void> {
  world = await startWorld(options);
}

/** Stops, and starts again on the same journal and ledger. */
export async function restart(): Promise<void> {
  await world.stop();
  world = await world.restart();
}

export async function killAndRestart(): Promise<void> {
  await world.kill();
  await startAgain();
}

/** After a kill. */
export async function startAgain(): Promise<void> {
  world = await world.restart();
}

/** Tracks positions like `long`, but for what is given. */
export async function track(accountId: string, ...positions: Body[]): Promise<void> {
  for (const position of positions) {
    const reply = await world.ask(`gw.${accountId}.position.track`, { ...long, ...position });
    expect(refusalOf(reply)).toBe('ok');
  }
}

/** Of a whole lot of euro at 1.1, a cent is 1,000 USD. */
export async function trackLots(accountId: string, ...positions: Body[]): Promise<void> {
  await track(accountId, ...positions.map((position) => ({ quantity: 1, ...position })));
}

/** Quotes the euro so that one lot, bought at 1.1, has lost this much. */
export function lose(amount: number): void {
  const bid = ((110_000 - amount) / 100_000).toFixed(5);
  world.quote('EURUSD', bid, bid);
}

/** Breaches the rule `peak` of acc1, and says under which id. */
export async function breach(): Promise<string> {
  await trackLots('acc1', { positionId: 'p1' });
  lose(2000);
  return String((await account())['breachId']);
}

export async function account(accountId = 'acc1'): Promise<Body> {
  return await world.ask(`gw.${accountId}.account.get`);
}

/** Of acc1. */
export async function close(positionId: string, more: Body = {}): Promise<CloseResult> {
  const reply = await world.ask('gw.acc1.position.close', { positionId, ...more });
  return reply as unknown as CloseResult;
}

/** Of acc1. */
export async function closeAll(body: Body): Promise<BulkCloseResult> {
  const reply = await world.ask('gw.acc1.account.close-all', { reason: 'x', ...body });
  expect(refusalOf(reply)).toBe('ok');
  return reply as unknown as BulkCloseResult;
}

export function told(...names: string[]): Body[] {
  return world.events.filter((event) => names.includes(event.event));
}

/** Which positions were closed, in order. */
export function closedIds(): string {
  return told('position.closed')
    .map((event) => String(event['positionId']))
    .join(' ');
}

/** Position, reason and rule of each close, in order. */
export async function closes(): Promise<unknown[][]> {
  const rows = (await world.rows()).filter((row) => row.eventType === 'position_closed');
  return rows.map(({ metaData: m }) => [m['positionId'], m['closeReason'], m['ruleId']]);
}

/** Lets everything happen that needs no clock. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
