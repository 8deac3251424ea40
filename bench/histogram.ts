// Latencies as a picture: percentiles to the right, each nine as wide as the one before, and
// milliseconds upwards, each power of ten as high as the one below.
import type { CurvePoint } from './latency.ts';

export interface Series {
  readonly name: string;
  readonly curve: readonly CurvePoint[];
}

const width = 760;
const height = 440;
const margin = { left: 70, right: 20, top: 50, bottom: 50 };
const colours = ['#1668c7', '#c2410c', '#15803d', '#7e22ce'];
const percentiles = [0, 90, 99, 99.9, 99.99];
const ninesMax = percentiles.length - 1;
const msMin = 1e-3;
const msMax = 1e4;

export function histogramSvg(title: string, series: readonly Series[]): string {
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
      `width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    label(width / 2, 24, title, 'middle', '#111111', 15),
    ...percentiles.flatMap((percentile, nines) => {
      const at = x(nines);
      return [
        line(at, margin.top, at, height - margin.bottom),
        label(at, height - margin.bottom + 18, `${percentile} %`),
      ];
    }),
    ...powersOfTen().flatMap((ms) => [
      line(margin.left, y(ms), width - margin.right, y(ms)),
      label(margin.left - 8, y(ms) + 4, msText(ms), 'end'),
    ]),
    label(width / 2, height - 10, 'so many percent took at most so long'),
    ...series.flatMap(({ name, curve }, i) => drawn(name, curve, i)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function drawn(name: string, curve: readonly CurvePoint[], i: number): string[] {
  const colour = colours[i % colours.length] ?? '';
  const points = curve
    .map(({ percentile, ms }) => ({ nines: -Math.log10(1 - percentile / 100), ms }))
    .filter(({ nines }) => nines <= ninesMax)
    .map(({ nines, ms }) => `${x(nines).toFixed(1)},${y(ms).toFixed(1)}`);
  return [
    `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    label(margin.left + 12, margin.top + 18 * (i + 1), name, 'start', colour),
  ];
}

function x(nines: number): number {
  return margin.left + (nines / ninesMax) * (width - margin.left - margin.right);
}

function y(ms: number): number {
  const bounded = Math.min(msMax, Math.max(msMin, ms));
  const part = Math.log10(bounded / msMin) / Math.log10(msMax / msMin);
  return height - margin.bottom - part * (height - margin.top - margin.bottom);
}

function powersOfTen(): number[] {
  const powers: number[] = [];
  for (let at = Math.log10(msMin); at <= Math.log10(msMax); at++) powers.push(10 ** at);
  return powers;
}

function msText(ms: number): string {
  if (ms >= 1000) return `${ms / 1000} s`;
  return ms >= 1 ? `${ms} ms` : `${Math.round(ms * 1000)} µs`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  const at = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<line x1="${at[0]}" y1="${at[1]}" x2="${at[2]}" y2="${at[3]}" stroke="#dddddd"/>`;
}

function label(
  left: number,
  base: number,
  text: string,
  anchor = 'middle',
  colour = '#444444',
  size = 12,
): string {
  return (
    `<text x="${left.toFixed(1)}" y="${base.toFixed(1)}" text-anchor="${anchor}" ` +
    `fill="${colour}" font-size="${size}">${escaped(text)}</text>`
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
