// How a bench reports: a table for people, JSON for programs.
import { availableParallelism } from 'node:os';

export interface Row {
  measure: string;
  unit: string;
  value: number;
  /** What the value is compared with in the same run, and the quotient. */
  versus?: string;
  ratio?: number;
}

export interface Report {
  bench: string;
  node: string;
  cores: number;
  rows: Row[];
}

export function reportOf(bench: string, rows: Row[]): Report {
  return { bench, node: process.version, cores: availableParallelism(), rows };
}

export function printed({ bench, node, cores, rows }: Report): string {
  const lines = rows.map(({ measure, unit, value, versus, ratio }) => {
    const figure = figureOf(value).padStart(14);
    const against = versus === undefined ? '' : `  ${ratio?.toFixed(2) ?? ''} of ${versus}`;
    return `${figure} ${unit.padEnd(10)} ${measure}${against}`;
  });
  return [`${bench}: Node ${node}, ${cores} cores`, ...lines, ''].join('\n');
}

/** Small figures keep a digit behind the point; what could not be measured is a dash. */
function figureOf(value: number): string {
  if (Number.isNaN(value)) return '–';
  const digits = Math.abs(value) < 10 ? 1 : 0;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
