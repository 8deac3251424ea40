// Where the recorded quotes are: beside the checkout, or made up where they are not.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { syntheticRecording, type SyntheticSpec } from './synthetic.ts';

const folder = join(import.meta.dirname, '../../../../shared/data');

type RecordedSymbol = 'XAUUSD' | 'EURUSD';

const recorded: Readonly<Record<RecordedSymbol, { file: string; likeness: SyntheticSpec }>> = {
  XAUUSD: {
    file: 'XAUUSD-2014-05-02.csv.gz',
    likeness: {
      seed: 20_140_502,
      rows: 265_015,
      startTs: Date.UTC(2014, 4, 2),
      endTs: Date.UTC(2014, 4, 2, 21),
      price: 1284,
      step: 0.15,
      spread: 0.4,
      crossed: 0,
      decimals: 3,
    },
  },
  EURUSD: {
    file: 'EURUSD-2014-05-08.csv.gz',
    likeness: {
      seed: 20_140_508,
      rows: 167_466,
      startTs: Date.UTC(2014, 4, 8),
      endTs: Date.UTC(2014, 4, 8, 24),
      price: 1.39147,
      step: 0.00002,
      spread: 0.00002,
      crossed: 0.11,
      decimals: 5,
    },
  },
};

const symbols = Object.keys(recorded) as RecordedSymbol[];

function fileOf(symbol: RecordedSymbol, from = folder): string {
  return join(from, recorded[symbol].file);
}

/** The symbols whose recording is not beside the checkout. */
export function missingRecordings(from = folder): RecordedSymbol[] {
  return symbols.filter((symbol) => !existsSync(fileOf(symbol, from)));
}

export interface Recordings {
  readonly files: Record<RecordedSymbol, string>;
  remove(): void;
}

/** Paths of the recordings; what is missing is made up in a temporary folder. */
export function findOrMakeRecordings(from = folder): Recordings {
  const files = { XAUUSD: fileOf('XAUUSD', from), EURUSD: fileOf('EURUSD', from) };
  const missing = missingRecordings(from);
  if (missing.length === 0) return { files, remove: () => {} };
  const made = mkdtempSync(join(tmpdir(), 'closeout-recordings-'));
  const remove = () => rmSync(made, { recursive: true, force: true });
  process.once('exit', remove);
  for (const symbol of missing) {
    files[symbol] = fileOf(symbol, made);
    writeFileSync(files[symbol], syntheticRecording(recorded[symbol].likeness));
  }
  return { files, remove };
}
