// The stub provider as a test sees it: started, told what it holds, asked what it did.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import type { Operator } from '../e2e/world.ts';
import { until } from '../support/until.ts';
import {
  closeSubject,
  controlSubject,
  type Control,
  type NewPosition,
  type RouteDump,
  type StubOptions,
} from './stub-types.ts';

const entry = join(import.meta.dirname, 'stub-provider.ts');
const startMsMax = 20_000;
const answerMsMax = 10_000;

export class Stub {
  private readonly operator: Operator;

  private constructor(operator: Operator) {
    this.operator = operator;
  }

  /** Starts the process, which ends with the test. */
  static async start(operator: Operator, options: StubOptions): Promise<Stub> {
    const child = spawn(process.execPath, [entry, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    }
    const isDecided = (): boolean => child.exitCode !== null || said.includes('listening');
    await until(isDecided, startMsMax, 'the stub provider listening or gone');
    if (child.exitCode !== null) throw new Error(`the stub provider did not start: ${said}`);
    return new Stub(operator);
  }

  async account(route: string, accountId: string, balance: string): Promise<void> {
    await this.tell({ ask: 'account', route, accountId, balance });
  }

  /** The ticket of the position. */
  async open(route: string, position: NewPosition): Promise<number> {
    return (await this.tell<{ ticket: number }>({ ask: 'open', route, position })).ticket;
  }

  /** The same id has an effect once. */
  async deposit(route: string, id: string, accountId: string, amount: string): Promise<void> {
    await this.tell({ ask: 'deposit', route, id, accountId, amount });
  }

  /** From now on nothing goes wrong there any more. */
  async heal(): Promise<void> {
    await this.tell({ ask: 'heal' });
  }

  async dump(route: string): Promise<RouteDump> {
    return await this.tell<RouteDump>({ ask: 'dump', route });
  }

  /** Resolves when it has had so many closes from now on. */
  async closes(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.operator.nats.subscribe(closeSubject, { max: count, callback: countdown });
      let left = count;
      function countdown(): void {
        if (--left === 0) resolve();
      }
    });
  }

  private async tell<Reply>(control: Control): Promise<Reply> {
    const options = { timeout: answerMsMax };
    const { nats } = this.operator;
    return (await nats.request(controlSubject, JSON.stringify(control), options)).json<Reply>();
  }
}
