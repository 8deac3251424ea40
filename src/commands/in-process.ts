// The commands as functions of this process: same names, same validation, same answers as on NATS.
import type { Refused } from '#src/domain/refusals';
import { noAccount } from '#src/domain/ids';
import type { CommandMessage } from '#src/ports/bus';
import { commands } from './index.ts';

export interface CommandOptions {
  /** Who asks; it stands in the ledger. `in-process` by default. */
  readonly client?: string;
  /** As the header `Nats-Msg-Id`: a repeat with the same id gets the stored reply. */
  readonly messageId?: string;
  /** As the header `Closeout-Deadline`: milliseconds since the epoch. */
  readonly deadlineTs?: number;
}

/**
 * `accountId` is `_` for commands of no account. Resolves to the reply, or to a refusal as
 * `{error}`: it never throws and never rejects.
 */
export type InProcessCommand = (
  accountId: string,
  body?: object,
  options?: CommandOptions,
) => Promise<Record<string, unknown> | Refused>;

type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

type Actions<A> = Readonly<
  Record<(keyof A & string) | CamelCase<keyof A & string>, InProcessCommand>
>;

/** By resource and action; `close-all` is `closeAll` too. */
export type InProcessCommands = {
  readonly [R in keyof typeof commands]: Actions<(typeof commands)[R]>;
};

export function inProcessCommands(
  handle: (message: CommandMessage) => Promise<object>,
): InProcessCommands {
  const made: Record<string, Record<string, InProcessCommand>> = {};
  for (const [resource, actions] of Object.entries(commands)) {
    const own: Record<string, InProcessCommand> = {};
    for (const action of Object.keys(actions)) {
      const run: InProcessCommand = async (accountId, body = {}, options = {}) =>
        (await handle({
          client: options.client ?? 'in-process',
          accountId: accountId ?? noAccount,
          resource,
          action,
          body: { value: body },
          messageId: options.messageId,
          deadline: options.deadlineTs === undefined ? undefined : String(options.deadlineTs),
        })) as Record<string, unknown> | Refused;
      own[action] = run;
      own[action.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())] = run;
    }
    made[resource] = own;
  }
  return made as unknown as InProcessCommands;
}
