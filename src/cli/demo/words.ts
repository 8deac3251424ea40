// How the demo puts things: money, prices, times, columns.
import { decimal, text, type Decimal, type Numeric } from '#src/domain/money';
import { instruments } from './synthetic-market.ts';

/** Decimals of money as people read it. */
const moneyDecimals = 2;
const lotDecimals = 2;
const measuredDecimals = 2;

/** Groups of three before the point. */
function grouped(plain: string): string {
  const [whole = '', fraction] = plain.split('.');
  const withCommas = whole.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === undefined ? withCommas : `${withCommas}.${fraction}`;
}

export function count(value: number): string {
  return grouped(String(Math.round(value)));
}

export function money(value: Numeric | Decimal): string {
  return grouped(decimal(value).toFixed(moneyDecimals));
}

/** With its sign, so that a gain is seen to be one. */
export function signedMoney(value: Numeric | Decimal): string {
  const shown = money(value);
  if (/^-?[0.]+$/.test(shown)) return shown.replace('-', '');
  return shown.startsWith('-') ? shown : `+${shown}`;
}

export function priceOf(symbol: string, value: string): string {
  const known = instruments.find(({ spec }) => spec.symbol === symbol);
  return grouped(known === undefined ? value : decimal(value).toFixed(known.decimals));
}

export function lots(value: string): string {
  return decimal(value).toFixed(lotDecimals);
}

/** What a market guard measured, to two decimals at the most. */
export function rounded(value: string): string {
  return text(decimal(value).toDecimalPlaces(measuredDecimals));
}

/** Percent, to one decimal. */
export function percent(fraction: number): string {
  return `${(Math.abs(fraction) * 100).toFixed(1)} %`;
}

/** `HH:MM:SS.mmm`, UTC. */
export function timeOf(ts: number): string {
  return new Date(ts).toISOString().slice(11, 23);
}

const reasonWords: Record<string, string> = { drawdown_critical: 'drawdown' };

export function reasonWord(reason: string): string {
  return reasonWords[reason] ?? reason.replaceAll('_', ' ');
}

/** Columns as wide as their widest cell; those of `right` have their cells at the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  return rows.map((row) => {
    const cells = row.map((cell, i) => {
      const width = widths[i] ?? 0;
      return right.includes(i) ? cell.padStart(width) : cell.padEnd(width);
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
}
