// What the end-to-end tests stand on: `closeout` as a process, an operator who sends it commands, and
// a record of its events.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { connect, headers, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import type { RuntimeEvent } from '#src/domain/events';
import type { Scenario, ScenarioPosition } from '../support/scenario.ts';
import { until } from '../support/until.ts';

const root = join(import.meta.dirname, '../..');
const entry = join(root, 'bin/closeout.js');
/** Two cores, on which other tests start servers at the same time. */
const startMsMax = 60_000;
const answerMsMax = 10_000;

export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'closeout-e2e-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export type Environment = Readonly<Record<string, string>>;

export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the exit status, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

/** Runs the binary with these settings and no others; it is killed with the test. */
function run(args: readonly string[], environment: Environment = {}): Running {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('CLOSEOUT_'));
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: root,
    env: { ...Object.fromEntries(own), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (printed[name] += text));
  }
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve(status ?? signal));
  });
  return { child, stdout: () => printed.stdout, stderr: () => printed.stderr, ended };
}

export interface Finished {
  readonly status: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the binary to its end. */
export async function finished(
  args: readonly string[],
  environment: Environment = {},
): Promise<Finished> {
  const { ended, stdout, stderr } = run(args, environment);
  return { status: await ended, stdout: stdout(), stderr: stderr() };
}

/** `closeout start`, which is not ready yet. */
export function launchRuntime(environment: Environment): Running {
  // A free port: others would share the default one.
  const own = { CLOSEOUT_LOG_LEVEL: 'info', CLOSEOUT_HTTP_PORT: '0' };
  return run(['start'], { ...own, ...environment });
}

/** `closeout start`, ready. Throws, with what it printed, where it ends instead. */
export async function startRuntime(environment: Environment): Promise<Running> {
  const running = launchRuntime(environment);
  const isDecided = (): boolean =>
    running.child.exitCode !== null || running.stderr().includes('"msg":"ready"');
  await until(isDecided, startMsMax, 'the runtime ready or gone');
  if (running.child.exitCode !== null) throw new Error(`it did not start: ${running.stderr()}`);
  return running;
}

/** Kills it as a crash would, and waits until it is gone. */
export async function kill({ child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

export type Reply = Record<string, unknown> & {
  readonly error?: { readonly code: number; readonly message: string };
};

export interface Status {
  readonly uptimeMs: number;
  readonly components: Readonly<Record<string, { isHealthy: boolean; detail?: string }>>;
  readonly counters: Readonly<Record<string, number>>;
}

/** A program beside the runtime, on a connection of its own; closed with the test. */
export class Operator {
  readonly nats: NatsConnection;

  constructor(nats: NatsConnection) {
    this.nats = nats;
  }

  static async at(url: string): Promise<Operator> {
    const nats = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    onTestFinished(() => nats.close());
    return new Operator(nats);
  }

  /** The reply of `<account>.<resource>.<action>`, whatever it is. */
  async ask(place: string, body: object = {}, messageId?: string): Promise<Reply> {
    const more = headers();
    if (messageId !== undefined) more.set('Nats-Msg-Id', messageId);
    const subject = `closeout.v1.cmd.test.${place}`;
    const options = { timeout: answerMsMax, headers: more };
    return (await this.nats.request(subject, JSON.stringify(body), options)).json<Reply>();
  }

  /** The reply of a command that has to be done. */
  async do(place: string, body: object = {}, messageId?: string): Promise<Reply> {
    const reply = await this.ask(place, body, messageId);
    if (reply.error === undefined) return reply;
    throw new Error(`${place} was refused: ${JSON.stringify(reply.error)}`);
  }

  async status(): Promise<Status> {
    return (await this.do('_.runtime.status')) as unknown as Status;
  }

  /** All items of a list, page after page. */
  async list<T>(place: string, filter: object = {}): Promise<T[]> {
    const items: T[] = [];
    let cursor: unknown;
    do {
      const more = cursor === undefined ? {} : { cursor };
      const page = await this.do(place, { ...filter, ...more, limit: 1000 });
      items.push(...(page['items'] as T[]));
      cursor = page['nextCursor'];
    } while (cursor !== undefined);
    return items;
  }

  /** Instruments, guards and accounts of a scenario, each with a message id of its own. */
  async setUp({ instruments, accounts, marketGuards = {} }: Scenario): Promise<Map<string, Reply>> {
    const replies = new Map<string, Reply>();
    const act = async (place: string, body: object, id: string): Promise<void> => {
      replies.set(id, await this.do(place, body, id));
    };
    for (const one of instruments) await act('_.instrument.put', one, `put-${one.symbol}`);
    for (const [symbol, conditions] of Object.entries(marketGuards)) {
      await act('_.guard.put', { symbol, ...conditions }, `guard-${symbol}`);
    }
    for (const { accountId, ...account } of accounts) {
      await act(`${accountId}.account.create`, account, `create-${accountId}`);
    }
    return replies;
  }

  async track(given: ScenarioPosition): Promise<Reply> {
    const { accountId, openAt: _openAt, ...position } = given;
    return await this.do(`${accountId}.position.track`, position, `track-${given.positionId}`);
  }
}

/** Every event since it began to listen, in the order in which they came. */
export class Heard {
  readonly events: RuntimeEvent[] = [];
  private readonly subscription: Subscription;

  private constructor(nats: NatsConnection) {
    this.subscription = nats.subscribe('closeout.v1.evt.>', {
      callback: (_error, message) => void this.events.push(message.json<RuntimeEvent>()),
    });
    onTestFinished(() => this.subscription.unsubscribe());
  }

  static async by({ nats }: Operator): Promise<Heard> {
    const heard = new Heard(nats);
    await nats.flush();
    return heard;
  }

  /** Those of one kind, each id once, in the order of their first coming. */
  once(event: RuntimeEvent['event']): RuntimeEvent[] {
    const byId = new Map<string, RuntimeEvent>();
    for (const one of this.events) {
      if (one.event === event && !byId.has(one.id)) byId.set(one.id, one);
    }
    return [...byId.values()];
  }
}
