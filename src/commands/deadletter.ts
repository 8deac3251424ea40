// deadletter.list|retry|discard
import { DeadLetterList } from '#src/contracts/lists';
import { DeadLetterDiscard, DeadLetterRetry } from '#src/contracts/operations';
import { noAccount } from '#src/domain/ids';
import { isRefused, refuse, type Refused } from '#src/domain/refusals';
import type { DeadLetter, Position, State } from '#src/domain/state';
import {
  command,
  answer,
  listedAccount,
  page,
  type CommandContext,
  type Outcome,
} from './command.ts';

const list = command({
  schema: DeadLetterList,
  scope: 'either',
  run: (context, request): Outcome => {
    const account = listedAccount(context, request.accountId);
    if (isRefused(account)) return account;
    const { deadLetters, closedLetters } = context.state;
    const { state } = request.body;
    const chosen = [
      ...(state === 'closed' ? [] : deadLetters.values()),
      ...(state === 'open' ? [] : closedLetters.values()),
    ].filter((letter) => account === undefined || letter.accountId === account.accountId);
    // Letters end between two pages, so a place in the list is no cursor.
    const inOrder = chosen.sort((a, b) => a.order - b.order);
    return answer(
      page(
        inOrder,
        (letter) => letter.order,
        request,
        (letter) => letterView(context, letter),
      ),
    );
  },
});

const retry = command({
  schema: DeadLetterRetry,
  scope: 'either',
  isUrgent: true,
  run: (context, { accountId, client, body }): Outcome => {
    const found = openLetter(context.state, accountId, body.closeId);
    if (isRefused(found)) return found;
    const { letter, position } = found;
    const { closeId, positionId } = letter;
    const record = { closeId, positionId, reason: body.reason, by: client };
    return {
      kind: 'change',
      drafts: [{ type: 'deadletter.retried', accountId: letter.accountId, body: record }],
      act: () => context.operations.retryClose(letter, position),
      reply: () => letterView(context, letter),
    };
  },
});

const discard = command({
  schema: DeadLetterDiscard,
  scope: 'either',
  run: (context, { accountId, client, body }): Outcome => {
    const found = openLetter(context.state, accountId, body.closeId);
    if (isRefused(found)) return found;
    const { letter, position } = found;
    const { closeId, positionId } = letter;
    const how = { how: 'discarded', reason: body.reason, by: client } as const;
    const record = { closeId, positionId, ...how };
    return {
      kind: 'change',
      drafts: [{ type: 'deadletter.cleared', accountId: letter.accountId, body: record }],
      act: () => {
        const why = `discarded by ${client}: ${body.reason}`;
        context.operations.giveUpClose(letter, position, why);
      },
      reply: () => letterView(context, letter),
    };
  },
});

function openLetter(
  state: State,
  accountId: string,
  closeId: string,
): { letter: DeadLetter; position: Position } | Refused {
  const letter = state.deadLetters.get(closeId);
  if (letter === undefined) {
    return refuse('unknown_deadletter', `no open dead letter has the close id ${closeId}`);
  }
  if (accountId !== noAccount && accountId !== letter.accountId) {
    return refuse('foreign_account', `dead letter ${closeId} is not of account ${accountId}`);
  }
  const position = state.positions.get(letter.positionId);
  if (position === undefined) {
    return refuse('unknown_position', `no position ${letter.positionId} is known any more`);
  }
  return { letter, position };
}

function letterView({ operations }: CommandContext, letter: DeadLetter): object {
  const { end, order: _order, ...shown } = letter;
  const nextAttemptAt = operations.nextAttemptAt(letter.positionId);
  return {
    ...shown,
    ...(nextAttemptAt === undefined || end !== undefined ? {} : { nextAttemptAt }),
    ...(end === undefined ? {} : { endedAt: end.ts, how: end.how }),
  };
}

export const deadletterCommands = { list, retry, discard };
