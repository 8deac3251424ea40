// Where the demo writes: on a terminal, lines above a summary line that stays at the bottom;
// anywhere else plain lines, with the summary among them once in a while.
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'magenta' | 'cyan';

/** As much of `process.stdout` as is needed. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** How often the summary is renewed. */
const terminalSummaryMs = 200;
const plainSummaryMs = 2000;
const columnsDefault = 80;

/** Back to the first column, and clear the line. */
const clearLine = '\r\u001b[K';

export class Screen {
  readonly summaryEveryMs: number;
  private readonly output: Output;
  private readonly isTerminal: boolean;
  private readonly hasColors: boolean;
  private summaryShown = '';

  /** `NO_COLOR`, not empty, takes the colors away; a terminal that is `dumb` is taken for none. */
  constructor(output: Output, env: Readonly<Record<string, string | undefined>>) {
    this.output = output;
    this.isTerminal = output.isTTY === true && env['TERM'] !== 'dumb';
    this.hasColors = this.isTerminal && (env['NO_COLOR'] ?? '') === '';
    this.summaryEveryMs = this.isTerminal ? terminalSummaryMs : plainSummaryMs;
  }

  style(style: Style, text: string): string {
    return this.hasColors ? styleText(style, text, { validateStream: false }) : text;
  }

  line(text = ''): void {
    if (this.isTerminal) this.output.write(`${clearLine}${text}\n${this.summaryShown}`);
    else this.output.write(`${text}\n`);
  }

  /** Cut to the width of the terminal: a line that wraps could not be written over. */
  summary(text: string): void {
    if (!this.isTerminal) {
      this.line(text);
      return;
    }
    const columns = this.output.columns ?? columnsDefault;
    this.summaryShown = this.style('bold', text.slice(0, Math.max(0, columns - 1)));
    this.output.write(`${clearLine}${this.summaryShown}`);
  }

  /** Takes the summary line away: what follows are lines only. */
  endSummary(): void {
    if (this.summaryShown !== '') this.output.write(clearLine);
    this.summaryShown = '';
  }
}
