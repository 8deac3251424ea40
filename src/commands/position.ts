// position.track|amend|close|close-if-triggered|untrack|get|list
import { PositionList } from '#src/contracts/lists';
import {
  PositionAmend,
  PositionClose,
  PositionCloseIfTriggered,
  PositionGet,
  PositionTrack,
  PositionUntrack,
} from '#src/contracts/position';
import { notFoundResult, pendingResult, type CloseResult } from '#src/domain/closing';
import { exitsOf } from '#src/domain/exits';
import { decimal, text } from '#src/domain/money';
import { isRefused, refuse, type Refused } from '#src/domain/refusals';
import { isLive, isOpen, manualReason, type Position } from '#src/domain/state';
import { trackFault } from '#src/domain/trackable';
import {
  type Closing,
  type CommandContext,
  type Outcome,
  answer,
  command,
  listedAccount,
  page,
  positionIn,
} from './command.ts';
import { positionRecordOf } from './track.ts';
import { closeView, positionView } from './views.ts';

const track = command({
  schema: PositionTrack,
  scope: 'account',
  run: (context, { accountId, body }): Outcome => {
    const positionId = body.positionId ?? context.ids.next('position');
    const openedAt = body.openedAt ?? context.clock.now();
    const position = positionRecordOf({ ...body, accountId, positionId, openedAt });
    const fault = trackFault(context.state, position);
    if (fault !== undefined) return fault;
    return {
      kind: 'change',
      drafts: [{ type: 'position.tracked', accountId, body: { position } }],
      reply: () => shown(context, accountId, positionId),
    };
  },
});

const amend = command({
  schema: PositionAmend,
  scope: 'account',
  run: (context, { accountId, body }): Outcome => {
    const position = openPosition(context, accountId, body.positionId);
    if (isRefused(position)) return position;
    const { positionId } = position;
    const exits = exitsOf(body.exits);
    return {
      kind: 'change',
      drafts: [
        { type: 'position.amended', accountId: position.accountId, body: { positionId, exits } },
      ],
      reply: () => shown(context, accountId, positionId),
    };
  },
});

const close = command({
  schema: PositionClose,
  scope: 'account',
  isUrgent: true,
  run: (context, { accountId, body }): Outcome => {
    const position = positionIn(context, accountId, body.positionId);
    if (isRefused(position)) return position;
    const account = context.state.accounts.get(position.accountId);
    if (body.price !== undefined && account !== undefined && isLive(account)) {
      const message = 'expected no price: only on paper can a close be recorded that happened';
      const issues = [{ path: 'price', message }];
      return refuse('not_on_paper', `price: ${message}`, { issues });
    }
    return closingOf(position, body.reason ?? manualReason, body.price);
  },
});

const closeIfTriggered = command({
  schema: PositionCloseIfTriggered,
  scope: 'account',
  isUrgent: true,
  run: (context, { accountId, body }): Outcome => {
    const reason = `${body.guardType}_${body.triggerReason}`;
    const position = context.state.positions.get(body.positionId);
    if (position === undefined || !isOpen(position)) {
      const now = context.clock.now();
      return answer(notFoundResult(accountId, body.positionId, reason, now));
    }
    const own = positionIn(context, accountId, body.positionId);
    return isRefused(own) ? own : closingOf(own, reason, undefined);
  },
});

const untrack = command({
  schema: PositionUntrack,
  scope: 'account',
  run: (context, { accountId, client, body }): Outcome => {
    const position = openPosition(context, accountId, body.positionId);
    if (isRefused(position)) return position;
    if (position.state === 'closing') {
      return refuse('position_not_open', `position ${position.positionId} is closing`);
    }
    const record = { positionId: position.positionId, reason: body.reason, by: client };
    // What is answered is the position as it was when guarding ended.
    const last = { ...positionView(context, position), state: 'untracked' };
    return {
      kind: 'change',
      drafts: [{ type: 'position.untracked', accountId: position.accountId, body: record }],
      reply: () => last,
    };
  },
});

const get = command({
  schema: PositionGet,
  scope: 'account',
  run: (context, { accountId, body }): Outcome =>
    answer(shown(context, accountId, body.positionId)),
});

const list = command({
  schema: PositionList,
  scope: 'either',
  run: (context, request): Outcome => {
    const { body } = request;
    const account = listedAccount(context, request.accountId);
    if (isRefused(account)) return account;
    const wanted = (position: Position): boolean =>
      (account === undefined || position.accountId === account.accountId) &&
      (body.symbol === undefined || position.symbol === body.symbol) &&
      (body.state === 'all' || isOpen(position) === (body.state === 'open'));
    const all =
      account !== undefined && body.state === 'open' ? account.positions : context.state.positions;
    const found = [...all.values()].filter(wanted);
    return answer(
      page(
        found,
        (p) => p.order,
        request,
        (p) => positionView(context, p),
      ),
    );
  },
});

function closingOf(
  position: Position,
  reason: string,
  price: string | number | undefined,
): Closing {
  const { positionId } = position;
  const at = price === undefined ? {} : { at: text(decimal(price)) };
  return {
    kind: 'closing',
    requests: isOpen(position) ? [{ positionIds: [positionId], cause: { reason }, ...at }] : [],
    positionIds: [positionId],
    reply: () => pendingUntilKnown(position) as object,
    memo: { reason, positionIds: [positionId], totalPositions: 1 },
  };
}

/** An answer that could not wait for the outcome says `pending`, whatever it hangs on. */
function pendingUntilKnown(position: Position): CloseResult | undefined {
  return position.intent === undefined ? closeView(position) : pendingResult(position.intent);
}

function openPosition(
  context: CommandContext,
  accountId: string,
  positionId: string,
): Position | Refused {
  const position = positionIn(context, accountId, positionId);
  if (isRefused(position) || isOpen(position)) return position;
  return refuse('position_not_open', `position ${positionId} is ${position.state}`);
}

function shown(context: CommandContext, accountId: string, positionId: string): object {
  const position = positionIn(context, accountId, positionId);
  return isRefused(position) ? position : positionView(context, position);
}

export const positionCommands = {
  track,
  amend,
  close,
  'close-if-triggered': closeIfTriggered,
  untrack,
  get,
  list,
};
