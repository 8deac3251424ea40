// The way of a command, from its message to its answer: who may, what is asked, do it, say so.
import { asObject, parseObject } from '#src/contracts/json';
import { parse, refuseIssues, withFaults } from '#src/contracts/parse';
import { idPattern } from '#src/contracts/primitives';
import type { CloseRequest } from '#machines/position-closer.machine';
import { canonical, sha256 } from '#src/domain/chain';
import { messageOf } from '#src/domain/errors';
import { noAccount } from '#src/domain/ids';
import type { ClosingMemo, Draft, StoredReply } from '#src/domain/records';
import { isCloseOpen } from '#src/domain/part-closes';
import { isRefused, refuse, type Issue, type Refused } from '#src/domain/refusals';
import { replyKey, storedRepliesMax, storedReplyMs } from '#src/domain/state';
import type { CommandMessage } from '#src/ports/bus';
import type { Cancel } from '#src/ports/clock';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import { bulkView } from './bulk-close.ts';
import type { Closing, Command, CommandContext, Outcome } from './command.ts';
import { findCommand } from './index.ts';
import { closeViewOf, isDropped } from './views.ts';

/** How long the answer of a close waits for its outcome. */
export const closeAnswerMs = 2000;
/** Commands under way at the most; beyond it only closes and halts are taken. */
export const commandsInFlightMax = 10_000;
const messageIdPattern = /^[\x21-\x7e]{1,128}$/;

/** What the desk needs of the core and of the host that makes it durable. */
export interface DeskHost {
  readonly context: CommandContext;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Why no command is taken now; undefined where the runtime is ready. */
  unready(): string | undefined;
  turn<T>(work: () => T): T;
  commit(draft: Draft): void;
  requestClose(request: CloseRequest): void;
  onOutcome(positionId: string, act: () => void): Cancel;
  /** Calls `act` when all that was committed so far is durable, or with the failure. */
  whenDurable(act: (failure?: Refused) => void): void;
}

interface InFlight {
  readonly requestHash: string;
  readonly answer: Promise<object>;
}

export class CommandDesk {
  private readonly host: DeskHost;
  private readonly inFlight = new Map<string, InFlight>();
  private underWay = 0;

  constructor(host: DeskHost) {
    this.host = host;
  }

  /** Answers with the reply or with a refusal; never rejects. `replyBytesMax` is for the wire. */
  async handle(message: CommandMessage, replyBytesMax = Infinity): Promise<object> {
    this.underWay++;
    try {
      const reply = await this.once(message, replyBytesMax);
      if (isRefused(reply)) this.host.metrics.count(`commands_refused_${reply.error.code}`);
      else this.host.metrics.count('commands_answered');
      return reply;
    } catch (error) {
      this.host.metrics.count('commands_refused_500');
      this.host.logger.error({ ...subjectOf(message), error: messageOf(error) }, 'command failed');
      return refuse('internal_error', 'the command failed inside; see the log');
    } finally {
      this.underWay--;
    }
  }

  /** A repeat with the same message id gets the stored reply, or that of the first still running. */
  private async once(message: CommandMessage, replyBytesMax: number): Promise<object> {
    const unready = this.host.unready();
    if (unready !== undefined) return refuse('not_ready', `the runtime is ${unready}`);
    const unusable = addressFault(message);
    if (unusable !== undefined) return unusable;
    const { messageId, client } = message;
    const given = bodyOf(message);
    if (messageId === undefined) return await this.run(message, given, replyBytesMax, undefined);
    if (typeof messageId !== 'string' || !messageIdPattern.test(messageId)) {
      return refuse('unusable_header', 'Nats-Msg-Id: expected 1 to 128 printable characters');
    }
    // What has no JSON form cannot be told from another request, so nothing is stored for it.
    if (isRefused(given) && 'value' in message.body) return given;
    const key = replyKey(client, messageId);
    const requestHash = hashOf(message, given);
    const running = this.inFlight.get(key);
    if (running !== undefined) {
      return running.requestHash === requestHash ? await running.answer : reused(messageId);
    }
    const { state, clock } = this.host.context;
    const stored = state.replies.get(key);
    if (stored !== undefined && stored.expiresTs > clock.now()) {
      return stored.requestHash === requestHash
        ? await this.repeat(stored, replyBytesMax)
        : reused(messageId);
    }
    const store = { client, messageId, requestHash };
    const answer = this.run(message, given, replyBytesMax, store);
    this.inFlight.set(key, { requestHash, answer });
    try {
      return await answer;
    } finally {
      this.inFlight.delete(key);
    }
  }

  private async repeat({ reply, pending }: StoredReply, replyBytesMax: number): Promise<object> {
    const { context } = this.host;
    if (pending === undefined) return reply as object;
    const now = pendingView(context, pending, replyBytesMax);
    return await this.durable(now);
  }

  private async run(
    message: CommandMessage,
    given: Given,
    replyBytesMax: number,
    store: Omit<StoredReply, 'expiresTs'> | undefined,
  ): Promise<object> {
    const { host } = this;
    const prepared = this.prepare(message, given, store !== undefined);
    const run = (): Outcome =>
      isRefused(prepared)
        ? prepared
        : prepared.command.run(host.context, { ...prepared.request, replyBytesMax });
    const started = host.turn(() => {
      const outcome = run();
      const done = this.carryOut(outcome);
      if (store !== undefined) {
        // Which closes are pending is on record before they are, so that no repeat begins new ones.
        if (done !== undefined) this.store(store, done);
        else if ('kind' in outcome && outcome.kind === 'closing')
          this.store(store, {}, this.asked(outcome.memo));
      }
      return { outcome, done };
    });
    if (started.done !== undefined) return await this.durable(started.done);
    const { outcome } = started;
    if ('kind' in outcome && outcome.kind === 'closing') {
      return await this.awaitClosing(outcome, store);
    }
    const later = 'kind' in outcome && outcome.kind === 'later' ? await outcome.reply : outcome;
    if (store !== undefined) host.turn(() => this.store(store, later));
    return await this.durable(later);
  }

  /** Everything that is looked at before the command itself. */
  private prepare(
    message: CommandMessage,
    given: Given,
    isStored: boolean,
  ): Refused | { command: Command; request: { client: string; accountId: string; body: unknown } } {
    const { client, accountId, resource, action } = message;
    const { clock, state } = this.host.context;
    const late = deadlineFault(message.deadline, clock.now());
    if (late !== undefined) return late;
    const command = findCommand(resource, action);
    if (command === undefined) {
      return refuse('unknown_subject', `there is no command ${resource}.${action}`);
    }
    const isFull = isStored && !hasRoomForReply(state, clock.now());
    if (!command.isUrgent && (this.underWay > commandsInFlightMax || isFull)) {
      const limit = isFull ? storedRepliesMax : commandsInFlightMax;
      const actual = isFull ? state.replies.size : this.underWay;
      return refuse('overloaded', 'too many commands at once', { limit, actual });
    }
    const misplaced = scopeFault(command, message);
    if (misplaced !== undefined) return misplaced;
    if (isRefused(given)) return given;
    const body = ownBody(given.value, accountId);
    if (isRefused(body)) return body;
    const parsed = parse(command.schema, body);
    const misfits = command.misfits?.(this.host.context, accountId, { ...body }) ?? [];
    const issues = withFaults(parsed.ok ? [] : parsed.issues, misfits);
    if (!parsed.ok || issues.length > 0) return refuseIssues(`${resource}.${action}`, issues);
    return { command, request: { client, accountId, body: parsed.value } };
  }

  /** The reply, where it is known at once. */
  private carryOut(outcome: Outcome): object | undefined {
    const { host } = this;
    if (isRefused(outcome)) return outcome;
    switch (outcome.kind) {
      case 'answer':
        return outcome.reply;
      case 'change':
        for (const draft of outcome.drafts) host.commit(draft);
        outcome.act?.();
        return outcome.reply();
      case 'closing':
        for (const draft of outcome.drafts ?? []) host.commit(draft);
        for (const request of outcome.requests) host.requestClose(request);
        return this.pendingOf(outcome).length === 0 ? outcome.reply() : undefined;
      case 'later':
        return undefined;
    }
  }

  /** With how the close stands that was asked for: later ones of the position are not it. */
  private asked(memo: ClosingMemo): ClosingMemo {
    const [positionId = ''] = memo.positionIds;
    const position = this.host.context.state.positions.get(positionId);
    const asked = position === undefined ? undefined : closeViewOf(position, memo.closeId);
    if (memo.bulkId !== undefined || asked === undefined) return memo;
    return { ...memo, asked, closeId: asked.closeId };
  }

  private pendingOf(closing: Closing): string[] {
    const { positions } = this.host.context.state;
    const { closeId } = closing.memo;
    return closing.positionIds.filter((id) => {
      const position = positions.get(id);
      if (position === undefined) return false;
      if (closeId === undefined) return position.state === 'closing';
      return isCloseOpen(position, closeId) || isDropped(position, closeId);
    });
  }

  /** Answers when every outcome is known, or after a while with what is known by then. */
  private async awaitClosing(
    closing: Closing,
    store: Omit<StoredReply, 'expiresTs'> | undefined,
  ): Promise<object> {
    const { host } = this;
    const open = new Set(this.pendingOf(closing));
    await new Promise<void>((resolve) => {
      const cancels: Cancel[] = [];
      const finish = (): void => {
        for (const cancel of cancels) cancel();
        resolve();
      };
      const { clock } = host.context;
      cancels.push(clock.at(clock.now() + closeAnswerMs, finish));
      const wait = (positionId: string): void => {
        const act = (): void => {
          // What had an outcome may be another close of the same position.
          if (this.pendingOf(closing).includes(positionId)) {
            wait(positionId);
            return;
          }
          open.delete(positionId);
          if (open.size === 0) finish();
        };
        cancels.push(host.onOutcome(positionId, act));
      };
      for (const positionId of open) wait(positionId);
    });
    const reply = host.turn(() => {
      const now = closing.reply();
      // While some are pending, what was stored before they were says so already.
      if (store !== undefined && open.size === 0) this.store(store, now);
      return now;
    });
    return await this.durable(reply);
  }

  /** In the same turn as the effect, so that both are durable or neither is. */
  private store(store: Omit<StoredReply, 'expiresTs'>, reply: object, pending?: ClosingMemo): void {
    if (isRefused(reply) && [408, 429, 503].includes(reply.error.code)) return;
    // An answer that was waited for may come when nothing is recorded any more.
    if (this.host.unready() !== undefined) return;
    const expiresTs = this.host.context.clock.now() + storedReplyMs;
    const kept = pending === undefined ? { reply } : { pending };
    const body = { ...store, ...kept, expiresTs };
    this.host.commit({ type: 'command.answered', accountId: noAccount, body });
  }

  private async durable(reply: object): Promise<object> {
    return await new Promise((resolve) => {
      this.host.whenDurable((failure) => resolve(failure ?? reply));
    });
  }
}

function pendingView(context: CommandContext, memo: ClosingMemo, replyBytesMax: number): object {
  if (memo.bulkId !== undefined) return bulkView(context, memo, replyBytesMax);
  const [positionId = ''] = memo.positionIds;
  const position = context.state.positions.get(positionId);
  const view =
    position === undefined
      ? undefined
      : closeViewOf(position, memo.closeId ?? memo.asked?.closeId, memo.asked);
  return view ?? refuse('unknown_position', `no position ${positionId} is known any more`);
}

type Given = { readonly value: object } | Refused;

/** The body as an object, wherever it came from. */
function bodyOf({ body }: CommandMessage): Given {
  return 'value' in body ? asObject(body.value) : parseObject(body);
}

/** Of what the request says, however it is written; of its bytes where they say nothing. */
function hashOf({ accountId, resource, action, body }: CommandMessage, given: Given): string {
  const says = isRefused(given)
    ? Buffer.from(body as Uint8Array).toString('latin1')
    : canonical(JSON.parse(JSON.stringify(given.value, spelled)));
  return sha256(`${accountId}.${resource}.${action}\n${says}`);
}

/** A value of the same process that JSON has no form for, as text. */
function spelled(_key: string, value: unknown): unknown {
  const hasForm = typeof value === 'number' ? Number.isFinite(value) : !formless.has(typeof value);
  return hasForm ? value : String(value);
}

const formless = new Set(['bigint', 'function', 'symbol']);

/** The oldest reply expires first, and makes room for the next one. */
function hasRoomForReply({ replies }: CommandContext['state'], now: number): boolean {
  if (replies.size < storedRepliesMax) return true;
  const [oldest] = replies.values();
  return oldest !== undefined && oldest.expiresTs <= now;
}

function reused(messageId: string): Refused {
  return refuse('message_id_reused', `message id ${messageId} was used for another request`);
}

function deadlineFault(deadline: string | undefined, now: number): Refused | undefined {
  if (deadline === undefined) return undefined;
  if (!/^\d{1,15}$/.test(deadline)) {
    return refuse('unusable_header', 'Closeout-Deadline: expected milliseconds since the epoch');
  }
  if (now <= Number(deadline)) return undefined;
  return refuse('deadline_passed', 'the command arrived after its deadline', {
    limit: Number(deadline),
    actual: now,
  });
}

/** What is addressed by no ids is not even stored. */
function addressFault({ client, accountId }: CommandMessage): Refused | undefined {
  const issues: Issue[] = [];
  for (const [path, id] of Object.entries({ client, account: accountId })) {
    if (typeof id === 'string' && idPattern.test(id)) continue;
    issues.push({ path, message: 'expected 1 to 64 of A-Z a-z 0-9 _ -' });
  }
  if (issues.length === 0) return undefined;
  const what = issues.map((issue) => issue.path).join(' and ');
  return refuse('invalid_request', `expected ids: ${what}`, { issues });
}

function scopeFault(
  command: Command,
  { accountId, resource, action }: CommandMessage,
): Refused | undefined {
  const name = `${resource}.${action}`;
  if (command.scope === 'none' && accountId !== noAccount) {
    return refuse('not_permitted', `${name} is of no account: address it to ${noAccount}`);
  }
  if (command.scope === 'account' && accountId === noAccount) {
    return refuse('not_permitted', `${name} is an account's: address it to that account`);
  }
  return undefined;
}

/** The body without the account that the subject names already. */
function ownBody(body: object, accountId: string): object | Refused {
  if (!('accountId' in body) || accountId === noAccount) return body;
  const { accountId: named, ...rest } = body;
  if (named === accountId) return rest;
  if (typeof named !== 'string') return body;
  return refuse('foreign_account', `the body names account ${named}, the subject ${accountId}`);
}

function subjectOf({ client, accountId, resource, action }: CommandMessage): object {
  return { client, accountId, command: `${resource}.${action}` };
}
