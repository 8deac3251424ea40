// runtime.status|pause|resume|emergency-stop|drain
import { NoBody } from '#src/contracts/lists';
import {
  RuntimeDrain,
  RuntimeEmergencyStop,
  RuntimePause,
  RuntimeResume,
} from '#src/contracts/operations';
import { noAccount } from '#src/domain/ids';
import type { ClosingMemo, Draft } from '#src/domain/records';
import { bulkView, worstFirst } from './bulk-close.ts';
import { answer, command, type CommandContext, type Outcome } from './command.ts';

/** Reason of the closes of an emergency stop. */
const emergencyReason = 'emergency_stop';

const status = command({
  schema: NoBody,
  scope: 'none',
  run: (context): Outcome => answer(statusOf(context)),
});

/** With why and by whom the runtime is paused, while it is. */
function statusOf({ state: { pause: paused }, operations }: CommandContext): object {
  return { ...operations.status(), ...(paused === undefined ? {} : { paused }) };
}

/** Entries are refused; guards and closes go on. */
const pause = command({
  schema: RuntimePause,
  scope: 'none',
  isUrgent: true,
  run: (context, { client, body: { reason = 'paused' } }): Outcome => {
    if (context.state.pause !== undefined) return answer(statusOf(context));
    return {
      kind: 'change',
      drafts: [{ type: 'runtime.paused', accountId: noAccount, body: { reason, by: client } }],
      reply: () => statusOf(context),
    };
  },
});

const resume = command({
  schema: RuntimeResume,
  scope: 'none',
  run: (context, { client, body: { reason = 'resumed' } }): Outcome => {
    if (context.state.pause === undefined) return answer(statusOf(context));
    return {
      kind: 'change',
      drafts: [{ type: 'runtime.resumed', accountId: noAccount, body: { reason, by: client } }],
      reply: () => statusOf(context),
    };
  },
});

/** Halts every account and closes everything, worst P&L first. */
const emergencyStop = command({
  schema: RuntimeEmergencyStop,
  scope: 'none',
  isUrgent: true,
  run: (context, { client, body, replyBytesMax }): Outcome => {
    const { state, ids } = context;
    const halts: Draft[] = [];
    for (const { accountId, halt } of state.accounts.values()) {
      if (halt !== undefined) continue;
      const record = { reason: body.reason, by: client };
      halts.push({ type: 'account.halted', accountId, body: record });
    }
    const open = [...state.accounts.values()].flatMap((account) => [...account.positions.values()]);
    const positionIds = worstFirst(context, open).map(({ positionId }) => positionId);
    const memo: ClosingMemo = {
      bulkId: ids.next('bulk'),
      reason: emergencyReason,
      positionIds,
      totalPositions: positionIds.length,
    };
    const cause = { reason: emergencyReason, bulkId: memo.bulkId ?? '' };
    return {
      kind: 'closing',
      drafts: halts,
      requests: positionIds.length === 0 ? [] : [{ positionIds, cause }],
      positionIds,
      reply: () => ({ accounts: state.accounts.size, ...bulkView(context, memo, replyBytesMax) }),
      memo,
    };
  },
});

/** Answers, then takes no more commands, waits for the closes in flight, and ends. */
const drain = command({
  schema: RuntimeDrain,
  scope: 'none',
  run: ({ operations }): Outcome =>
    answer({ state: 'draining', closesInFlight: operations.drain() }),
});

export const runtimeCommands = { status, pause, resume, 'emergency-stop': emergencyStop, drain };
