// An account `a` with rules of its own in the world of `acting.ts`, and what is asked of it.
import { expect } from 'vitest';
import type { JournalRecord, RecordType } from '#src/domain/records';
import { account, told, world, type Body } from './acting.ts';
import { refusalOf } from './refusals.ts';

type RecordOf<T extends RecordType> = Extract<JournalRecord, { type: T }>;

/** Creates `a` with 10,000 USD, unless given otherwise. */
export async function createGuarded(rules: readonly Body[], more: Body = {}): Promise<void> {
  const body = { currency: 'USD', balance: 10_000, rules, ...more };
  expect(refusalOf(await world.ask('op.a.account.create', body))).toBe('ok');
}

/** The reply of a command of `a`. */
export async function ask(command: string, body: Body = {}): Promise<Body> {
  return await world.ask(`op.a.${command}`, body);
}

/** What a command of `a` was answered with, in one line. */
export async function answer(command: string, body: Body = {}): Promise<string> {
  return refusalOf(await ask(command, body));
}

export async function stateOfA(): Promise<unknown> {
  return (await account('a'))['state'];
}

export async function breachIdOfA(): Promise<string> {
  return String((await account('a'))['breachId']);
}

/** `guard.status` of one rule of `a`. */
export async function standingOf(ruleId: string): Promise<Body | undefined> {
  const { rules } = (await ask('guard.status')) as { rules: Body[] };
  return rules.find(({ id }) => id === ruleId);
}

/** Each time that entries were halted or resumed: the event, and the reasons. */
export function entriesTold(): unknown[] {
  const own = told('entries.halted', 'entries.resumed').filter((e) => e['accountId'] === 'a');
  return own.map(({ event, reasons }) => [String(event).split('.')[1], ...(reasons as string[])]);
}

export async function recordsOf<T extends RecordType>(type: T): Promise<RecordOf<T>[]> {
  const entries = await world.world.journal.read(0, 100_000);
  const records = entries.map(({ record }) => record);
  return records.filter((record): record is RecordOf<T> => record.type === type);
}
