// The session of one route: when its provider is called, and what became of each call.
import { createActor, type ActorRefFrom, type AnyActorRef } from 'xstate';
import { brokerSessionMachine } from '#machines/broker-session.machine';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { RouteRecord } from '#src/domain/route';
import type { Chance } from '#src/ports/chance';
import type { Cancel, Clock } from '#src/ports/clock';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import { deadlineOf, type BrokerCall, type CallGroup, type CallOutcome } from './broker-call.ts';
import { CallQueue, type QueuedCall } from './call-queue.ts';
import { Throttles, throttleMsOf } from './throttles.ts';
import { TokenBucket } from './token-bucket.ts';

export type { BrokerCall, CallKind, CallOutcome, Lane } from './broker-call.ts';

/**
 * Reads that wait; one more is dropped. All other calls wait without a limit: a close is never
 * shed, and there are never more of them than positions.
 */
export const waitingReadsMax = 10_000;

/** Pause before a provider that does not answer is tried; doubled each time, up to the most. */
const pauseMsMin = 500;
const pauseMsMax = 5000;

/** Longest wait for a token before the limits, which may have changed, are looked at again. */
const tokenWaitMsMax = 1000;

export interface BrokerSessionOptions {
  /** The route as it is now; it may change at any time. */
  readonly route: () => RouteRecord;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where its actor belongs; without it, the actor is a system of its own. */
  readonly place: { id: string; systemId: string; parent: AnyActorRef } | undefined;
}

export interface BrokerSessionStatus {
  readonly state: 'passing' | 'interrupted' | 'probing';
  /** When that began. */
  readonly since: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly lastError?: string;
  readonly throttledUntil?: number;
}

/** A call that was sent and has not been told its outcome. */
interface Flight {
  readonly queued: QueuedCall;
  readonly isProbe: boolean;
  isOverdue: boolean;
  cancelTimeout: Cancel | undefined;
}

/** What reads may use of a route, so that they never starve closes: half of it, and at least one. */
function readShare({ ratePerSecond, burst, maxInFlight }: RouteRecord) {
  return {
    ratePerSecond: ratePerSecond / 2,
    burst: Math.max(1, Math.floor(burst / 2)),
    maxInFlight: Math.max(1, Math.floor(maxInFlight / 2)),
  };
}

/** The text of whatever a call rejects with; there are values that have none. */
function textOf(error: unknown): string {
  try {
    return messageOf(error);
  } catch {
    return 'an error without a text';
  }
}

export class BrokerSession {
  private readonly options: BrokerSessionOptions;
  private actor: ActorRefFrom<typeof brokerSessionMachine>;
  private readonly queue = new CallQueue();
  private readonly flights = new Set<Flight>();
  private readsInFlight = 0;
  private readonly allTokens = new TokenBucket();
  private readonly readTokens = new TokenBucket();
  private isPumping = false;
  private isStopped = false;
  private changedAt = 0;
  private lastError: string | undefined;
  private readonly throttles: Throttles;
  private cancelPause: Cancel | undefined;
  /** When the next token is there that somebody waits for. */
  private tokenTs: number | undefined;
  private cancelTokenWait: Cancel | undefined;

  constructor(options: BrokerSessionOptions) {
    this.options = options;
    this.throttles = new Throttles(options.clock, () => this.pump());
    this.actor = this.newActor();
  }

  /** Makes its actor anew after it has failed; the calls are kept, and the provider is trusted. */
  restart(): void {
    if (this.isStopped) return;
    this.cancelPause?.();
    this.actor = this.newActor();
    this.pump();
  }

  /** Sends the call in this turn where nothing stands in the way; else it waits in its lane. */
  submit<T>(call: BrokerCall<T>): void {
    // What `run` resolves to goes to this call's own `done` and `late`, and nowhere else.
    const kept = call as BrokerCall<unknown>;
    if (this.isStopped) {
      this.tell(kept, { kind: 'dropped', why: 'stopped' });
      return;
    }
    const queued = this.queue.append(kept);
    this.pump();
    if (!queued.isWaiting) return;
    if (this.queue.reads > waitingReadsMax && queued.isRead) this.drop(queued, 'deadline');
    else this.armDeadline(queued);
  }

  status(): BrokerSessionStatus {
    const snapshot = this.actor.getSnapshot();
    const { lastError } = this;
    const throttledUntil = this.throttles.until;
    const isProbing = snapshot.matches('probing');
    return {
      state: snapshot.matches('passing') ? 'passing' : isProbing ? 'probing' : 'interrupted',
      since: this.changedAt,
      waiting: this.queue.size,
      inFlight: this.flights.size,
      ...(lastError !== undefined && { lastError }),
      ...(throttledUntil !== undefined && { throttledUntil }),
    };
  }

  /** Drops the waiting calls, and forgets those in flight: their `done` is never called. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.throttles.stop();
    this.cancelPause?.();
    this.stopTokenWait();
    for (const flight of this.flights) flight.cancelTimeout?.();
    this.flights.clear();
    this.actor.send({ type: 'session.stopped' });
    for (let next = this.queue.next(true); next !== undefined; next = this.queue.next(true)) {
      this.drop(next, 'stopped');
    }
  }

  private newActor(): ActorRefFrom<typeof brokerSessionMachine> {
    const { clock, logger, metrics, place } = this.options;
    const logic = brokerSessionMachine.provide({
      actions: {
        noteChange: () => {
          this.changedAt = clock.now();
        },
        schedulePause: ({ context }) => this.schedulePause(context.pauses),
        cancelPause: () => this.cancelPause?.(),
        reportInterruption: ({ context: { failures } }) => {
          const { route } = this.options.route();
          metrics.count('broker_circuit_opened');
          logger.warn({ route, failures, error: this.lastError }, 'a provider does not answer');
        },
        reportRecovery: () => {
          logger.info({ route: this.options.route().route }, 'a provider answers again');
        },
      },
    });
    return createActor(logic, place).start();
  }

  /** Sends what may be sent. What is submitted meanwhile, by who is told, is taken along. */
  private pump(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    try {
      while (this.sendNext());
    } finally {
      this.isPumping = false;
    }
  }

  /** Takes one call from the queue; false where none may be sent now. */
  private sendNext(): boolean {
    const { queue, flights } = this;
    if (this.isStopped || queue.size === 0) {
      this.stopTokenWait();
      return false;
    }
    const circuit = this.actor.getSnapshot();
    const isProbe = circuit.matches({ probing: 'ready' });
    if (!isProbe && !circuit.matches('passing')) return false;
    const route = this.options.route();
    if (flights.size >= route.maxInFlight) return false;
    const isOpen = (group: CallGroup): boolean => this.throttles.isOpen(group);
    const first = queue.next(true, isOpen);
    if (first === undefined) {
      this.stopTokenWait();
      return false;
    }
    const firstOther = first.isRead ? queue.next(false, isOpen) : first;

    const now = this.options.clock.now();
    const share = readShare(route);
    const callTs = this.allTokens.readyTs(now, route);
    const readTs = Math.max(callTs, this.readTokens.readyTs(now, share));
    const hasRoomForRead = this.readsInFlight < share.maxInFlight;
    const turn = hasRoomForRead && readTs <= now ? first : firstOther;
    const next = callTs > now ? undefined : turn;
    if (next === undefined) {
      // Reads that wait for a place, rather than for a token, are looked at when one is free.
      if (firstOther !== undefined) this.waitForToken(callTs);
      else if (hasRoomForRead) this.waitForToken(readTs);
      return false;
    }

    if (this.takeOut(next, now)) {
      this.allTokens.take(now, route);
      if (next.isRead) this.readTokens.take(now, share);
      this.send(next, isProbe, route.timeoutMs);
    }
    return true;
  }

  /** Takes the call out of the queue; false where it is not to be sent any more, and told so. */
  private takeOut(queued: QueuedCall, now: number): boolean {
    const { call } = queued;
    if (now > (deadlineOf(call) ?? Infinity)) {
      this.drop(queued, 'deadline');
      return false;
    }
    this.queue.remove(queued);
    try {
      if (call.isWanted?.() ?? true) return true;
      this.tell(call, { kind: 'dropped', why: 'unwanted' });
    } catch (error) {
      // Whether it is wanted nobody knows, and so it is not sent: that much is certain.
      this.reportFault(error);
      this.tell(call, { kind: 'unreachable', error: textOf(error) });
    }
    return false;
  }

  private send(queued: QueuedCall, isProbe: boolean, timeoutMs: number): void {
    const { clock, metrics } = this.options;
    const timeoutTs = clock.now() + timeoutMs;
    const flight: Flight = { queued, isProbe, isOverdue: false, cancelTimeout: undefined };
    metrics.count('broker_calls');
    this.flights.add(flight);
    if (queued.isRead) this.readsInFlight++;
    if (isProbe) this.actor.send({ type: 'probe.sent' });
    try {
      const reply = Promise.resolve(queued.call.run());
      flight.cancelTimeout = clock.at(timeoutTs, () => this.timedOut(flight, timeoutMs));
      void reply.then(
        (value) => this.answered(flight, value),
        (error: unknown) => this.failed(flight, error),
      );
    } catch (error) {
      this.failed(flight, error);
    }
  }

  private answered(flight: Flight, reply: unknown): void {
    const { call } = flight.queued;
    if (this.land(flight)) {
      this.actor.send({ type: flight.isProbe ? 'probe.answered' : 'call.answered' });
      this.tell(call, { kind: 'reply', reply });
      this.pump();
    } else if (flight.isOverdue && !this.isStopped) {
      // A slow provider is one that answers.
      this.actor.send({ type: flight.isProbe ? 'probe.answered' : 'call.answered' });
      this.guarded(() => call.late?.(reply));
      this.pump();
    }
  }

  private failed(flight: Flight, error: unknown): void {
    const code = error instanceof CloseoutError ? error.code : undefined;
    if (error instanceof CloseoutError && code === 'broker_throttled') {
      this.throttled(flight, error);
    } else if (this.land(flight)) {
      const kind = code === 'broker_unreachable' ? 'unreachable' : 'unknown';
      this.unanswered(flight, kind, textOf(error));
    }
  }

  private timedOut(flight: Flight, timeoutMs: number): void {
    if (!this.land(flight)) return;
    flight.isOverdue = true;
    this.unanswered(flight, 'unknown', `no reply within ${timeoutMs} ms`);
  }

  private unanswered(flight: Flight, kind: 'unknown' | 'unreachable', error: string): void {
    if (kind === 'unknown') this.options.metrics.count('broker_calls_unknown');
    this.lastError = error;
    // A list that does not come must not keep a close from going.
    if (flight.isProbe) this.actor.send({ type: 'probe.failed', error });
    else if (!flight.queued.isRead) this.actor.send({ type: 'call.failed', error });
    this.tell(flight.queued.call, { kind, error });
    this.pump();
  }

  /** Certainly not executed: the call goes back to where it stood, and its group waits a while. */
  private throttled(flight: Flight, error: CloseoutError): void {
    if (this.isStopped) return;
    this.options.metrics.count('broker_calls_throttled');
    this.lastError = textOf(error);
    this.throttles.begin(flight.queued.group, throttleMsOf(error));
    // A call that has timed out was told so; that the provider has had too much holds all the same.
    if (!this.land(flight)) return;
    this.queue.putBack(flight.queued);
    this.armDeadline(flight.queued);
    this.actor.send({ type: flight.isProbe ? 'probe.answered' : 'call.answered' });
    this.pump();
  }

  /** Frees the place of a flight; false where it has none any more. */
  private land(flight: Flight): boolean {
    if (!this.flights.delete(flight)) return false;
    flight.cancelTimeout?.();
    if (flight.queued.isRead) this.readsInFlight--;
    return true;
  }

  /** Between half and all of a pause that doubles, so that routes do not come back all at once. */
  private schedulePause(pauses: number): void {
    const { clock, chance } = this.options;
    const most = Math.min(pauseMsMin * 2 ** (pauses - 1), pauseMsMax);
    const ms = Math.ceil((most / 2) * (1 + chance.next()));
    this.cancelPause = clock.at(clock.now() + ms, () => {
      this.actor.send({ type: 'pause.ended' });
      this.pump();
    });
  }

  private waitForToken(readyTs: number): void {
    const { clock } = this.options;
    const ts = Math.min(readyTs, clock.now() + tokenWaitMsMax);
    if (this.tokenTs === ts) return;
    this.stopTokenWait();
    this.tokenTs = ts;
    this.cancelTokenWait = clock.at(ts, () => {
      this.tokenTs = undefined;
      this.pump();
    });
  }

  private stopTokenWait(): void {
    if (this.tokenTs === undefined) return;
    this.cancelTokenWait?.();
    this.tokenTs = undefined;
  }

  private armDeadline(queued: QueuedCall): void {
    const deadlineTs = deadlineOf(queued.call);
    if (deadlineTs === undefined) return;
    const { clock } = this.options;
    queued.cancelDeadline = clock.at(deadlineTs + 1, () => this.drop(queued, 'deadline'));
  }

  private drop(queued: QueuedCall, why: 'deadline' | 'stopped'): void {
    this.queue.remove(queued);
    this.tell(queued.call, { kind: 'dropped', why });
  }

  private tell(call: BrokerCall<unknown>, outcome: CallOutcome<unknown>): void {
    this.guarded(() => call.done(outcome));
  }

  /** What goes wrong with who is told is no reason to leave the other calls waiting. */
  private guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.reportFault(error);
    }
  }

  private reportFault(error: unknown): void {
    this.options.metrics.count('broker_session_errors');
    const fields = { route: this.options.route().route, error: textOf(error) };
    this.options.logger.error(fields, 'what became of a call could not be handled');
  }
}
