// position.track|amend|close|close-if-triggered|untrack|get|list
import { Exits, exitsMisfits, type LaterThan } from '#src/contracts/exits';
import { PositionList } from '#src/contracts/lists';
import {
  PositionAmend,
  PositionClose,
  PositionCloseIfTriggered,
  PositionGet,
  PositionTrack,
  PositionUntrack,
} from '#src/contracts/position';
import { notFoundResult, type CloseResult } from '#src/domain/closing';
import { exitsOf } from '#src/domain/exits';
import { closeIdOf } from '#src/domain/ids';
import { decimal, text, type Numeric } from '#src/domain/money';
import { queuedClosesMax, unclaimedOf, wholeOf } from '#src/domain/part-closes';
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
import { closeViewOf, positionView } from './views.ts';

const track = command({
  schema: PositionTrack,
  scope: 'account',
  misfits: (context, _accountId, given) => exitsMisfits(given, laterThanNow(context)),
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
  misfits: (context, accountId, { positionId, exits }) => {
    const position = context.state.positions.get(String(positionId));
    if (position?.accountId !== accountId) return [];
    const { side, entryPrice } = position;
    // An end that is given again unchanged may be past: its close may be under way.
    const isSameEnd = Exits.safeParse(exits).data?.expiresAt === position.exits.expiresAt;
    const given = { side, entryPrice: text(entryPrice), exits };
    return exitsMisfits(given, isSameEnd ? undefined : laterThanNow(context));
  },
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
    const fault = body.quantity === undefined ? undefined : partFault(position, body.quantity);
    return fault ?? closingOf(position, body.reason ?? manualReason, body.price, body.quantity);
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
    return isRefused(own) ? own : closingOf(own, reason);
  },
});

const untrack = command({
  schema: PositionUntrack,
  scope: 'account',
  run: (context, { accountId, client, body }): Outcome => {
    const position = openPosition(context, accountId, body.positionId);
    if (isRefused(position)) return position;
    if (position.state === 'closing' || position.intent !== undefined) {
      const what = position.state === 'closing' ? 'is closing' : 'has a close of a part under way';
      return refuse('position_not_open', `position ${position.positionId} ${what}`);
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
  price?: Numeric,
  quantity?: Numeric,
): Closing {
  const { positionId } = position;
  const request = {
    ...{ positionIds: [positionId], cause: { reason } },
    ...(price === undefined ? {} : { at: text(decimal(price)) }),
    ...(quantity === undefined ? {} : { quantity: text(decimal(quantity)) }),
  };
  const closeId = closeIdFor(position, request);
  return {
    kind: 'closing',
    requests: isOpen(position) ? [request] : [],
    positionIds: [positionId],
    reply: () => pendingUntilKnown(position, closeId) as object,
    memo: { reason, positionIds: [positionId], totalPositions: 1, ...(closeId && { closeId }) },
  };
}

/** Why so much of a position cannot be closed; undefined where it can. */
function partFault(position: Position, quantity: Numeric): Refused | undefined {
  const { positionId, remainingQuantity, queued, state } = position;
  const left = state === 'guarded' ? unclaimedOf(position) : remainingQuantity;
  const [limit, actual] = [text(left), text(decimal(quantity))];
  if (left.lt(actual)) {
    const message = `${limit} of position ${positionId} is left to be closed, asked was ${actual}`;
    return refuse('quantity_too_large', message, { limit, actual });
  }
  if (queued.length < queuedClosesMax) return undefined;
  const message = `${queued.length} closes of position ${positionId} wait, the most is ${queuedClosesMax}`;
  return refuse('closes_queued', message, { limit: queuedClosesMax, actual: queued.length });
}

/** Which close a request begins or joins. */
function closeIdFor(
  position: Position,
  { at, quantity }: { readonly at?: string; readonly quantity?: string },
): string | undefined {
  const { accountId, positionId, generation, state, remainingQuantity, result } = position;
  if (!isOpen(position)) return result?.closeId;
  const hasHappened = at !== undefined && quantity !== undefined && remainingQuantity.gt(quantity);
  const whole = wholeOf(position);
  if (state === 'closing' && whole !== undefined && !hasHappened) return whole.closeId;
  return closeIdOf(accountId, positionId, generation + 1);
}

/** An answer that could not wait for the outcome says `pending`, whatever it hangs on. */
function pendingUntilKnown(
  position: Position,
  closeId: string | undefined,
): CloseResult | undefined {
  const view = closeViewOf(position, closeId);
  return view?.outcome === 'unknown' ? { ...view, outcome: 'pending' } : view;
}

function laterThanNow({ clock }: CommandContext): LaterThan {
  return { ms: clock.now(), expected: 'expected a time in the future' };
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
