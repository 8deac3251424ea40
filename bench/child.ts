// Measurements in processes of their own: their heap is nobody else's, and their flags fit them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const flags = ['--expose-gc', '--max-semi-space-size=64'];

export class BenchProcess {
  private readonly child: ChildProcess;
  private readonly lines: Interface;
  private readonly gone: Promise<never>;

  /** `file` is in this folder. */
  constructor(file: string, args: readonly string[], extraFlags: readonly string[] = []) {
    const path = fileURLToPath(import.meta.resolve(`./${file}`));
    this.child = spawn(process.execPath, [...flags, ...extraFlags, path, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (this.child.stdout === null) throw new Error('a bench process has an output');
    this.lines = createInterface(this.child.stdout);
    this.gone = once(this.child, 'exit').then(([code]): never => {
      throw new Error(`bench/${file} ended with ${String(code)}`);
    });
    this.gone.catch(() => {});
  }

  /** The next line that it writes. */
  async line(): Promise<string> {
    const [line] = (await Promise.race([once(this.lines, 'line'), this.gone])) as [string];
    return line;
  }

  /** Tells it to do its work once more; resolves with what it says. */
  async again(): Promise<string> {
    const line = this.line();
    this.child.stdin?.write('\n');
    return await line;
  }

  end(): void {
    this.child.stdin?.end();
  }
}

/** What a process writes as its one line, as JSON. */
export async function measuredBy<T>(
  file: string,
  args: readonly string[] = [],
  extraFlags: readonly string[] = [],
): Promise<T> {
  const child = new BenchProcess(file, args, extraFlags);
  const line = await child.line();
  child.end();
  return JSON.parse(line) as T;
}
