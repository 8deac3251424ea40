// Recorded quotes from CSV files, plain or gzipped: streamed, parsed from bytes, never held whole.
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { pipeline, type Readable, type TransformOptions } from 'node:stream';
import { createGunzip, type ZlibOptions } from 'node:zlib';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { Quote } from '#src/domain/quote';
import { plainHeader, plainQuote, quoteOfText, sizedHeader } from './csv-row.ts';

/** Longest line that is a row, its line end not counted; a longer one is malformed. */
export const lineBytesMax = 4096;

/** What is read, and what is gunzipped, at once; a reader holds a few of these at most. */
export const chunkBytes = 262_144;

/** Bytes that are unpacked ahead, on another thread, while this one takes the quotes before them. */
const aheadBytesMax = 4 * chunkBytes;

/** Integers of so many digits are exact doubles, and so is a division by a power of ten up to it. */
const fastDigitsMax = 15;
const powersOfTen = Float64Array.from({ length: fastDigitsMax + 1 }, (_, i) => 10 ** i);

const newline = 10;
const carriageReturn = 13;
const comma = 44;
const minus = 45;
const point = 46;
const digit0 = 48;
const digit9 = 57;

/** Told of each row that is refused: its line in the file, the header being line 1, and why. */
export type OnMalformed = (line: number, why: string) => void;

export interface QuoteFile {
  readonly symbol: string;
  readonly path: string;
  readonly onMalformed?: OnMalformed | undefined;
}

/** Quotes in the order of a file; `next` is synchronous, so that a loop awaits once a chunk. */
export interface QuoteReader {
  /** The next row; undefined when `refill` has to be awaited first, or the file is at its end. */
  next(): Quote | undefined;
  /**
   * Reads on; false at the end of the file. Rejects with `CloseoutError` `quotes_unusable` where
   * the file cannot be read to its end, as where its gzip data is broken.
   */
  refill(): Promise<boolean>;
  /** Rows that were refused so far. */
  readonly malformed: number;
  close(): void;
}

/**
 * Opens a file of quotes and reads its header, `ts,bid,ask` or `ts,bid,ask,bidSize,askSize`.
 *
 * A file is gzipped if its name ends in `.gz` or it begins as gzip does. Lines end in LF or CRLF,
 * the last one in either or neither; a byte order mark is skipped. Rows: see `csv-row.ts`; any
 * field that is empty, a size too, is no number and makes the row malformed. Empty lines at the end
 * of the file are ignored; followed by a row they are malformed.
 *
 * Throws `CloseoutError` `quotes_unusable` where the file cannot be read or has another header.
 */
export async function openQuotes(file: QuoteFile): Promise<QuoteReader> {
  const source = await streamOf(file);
  const reader = new CsvReader(file, source);
  try {
    await reader.readHeader();
  } catch (error) {
    reader.close();
    throw error;
  }
  return reader;
}

function unusable(file: QuoteFile, why: string, cause?: unknown): CloseoutError {
  const message = `the quotes of ${file.symbol} in ${file.path} cannot be used: ${why}`;
  return new CloseoutError('quotes_unusable', message, { cause });
}

async function streamOf(file: QuoteFile): Promise<Readable> {
  const source = createReadStream(file.path, { highWaterMark: chunkBytes });
  try {
    await once(source, 'readable');
  } catch (error) {
    throw unusable(file, messageOf(error), error);
  }
  const head = source.read() as Buffer | null;
  if (head !== null) source.unshift(head);
  const isGzip = head !== null && head[0] === 0x1f && head[1] === 0x8b;
  if (!isGzip && !file.path.endsWith('.gz')) return source;
  const options: ZlibOptions & TransformOptions = {
    chunkSize: chunkBytes,
    readableHighWaterMark: aheadBytesMax,
  };
  const gunzip = createGunzip(options);
  // Whatever fails reaches the one who reads from gunzip, so nothing is left to do here.
  pipeline(source, gunzip, () => {});
  return gunzip;
}

/** The byte at `at`: only called where there is one, a line end at the latest. */
function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

class CsvReader implements QuoteReader {
  malformed = 0;
  readonly #file: QuoteFile;
  readonly #symbol: string;
  readonly #source: Readable;
  readonly #chunks: AsyncIterator<Buffer>;
  /** Bytes from `#at` to `#limit` are whole lines, those from there to `#filled` a begun one. */
  #bytes = Buffer.allocUnsafeSlow(chunkBytes + lineBytesMax);
  #at = 0;
  #limit = 0;
  #filled = 0;
  /** Where the number ended that `#fastNumber` read last. */
  #numberEnd = 0;
  #line = 0;
  /** Empty lines since the last row: at the end of the file they are nothing, else malformed. */
  #emptyLines = 0;
  #firstEmptyLine = 0;
  /** In the middle of a line that was found too long. */
  #isSkipping = false;
  #isEnded = false;
  #isSized = false;

  constructor(file: QuoteFile, source: Readable) {
    this.#file = file;
    this.#symbol = file.symbol;
    this.#source = source;
    this.#chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  next(): Quote | undefined {
    while (this.#at < this.#limit) {
      const quote = this.#fastRow() ?? this.#textRow();
      if (quote !== undefined) return quote;
    }
    return undefined;
  }

  async refill(): Promise<boolean> {
    while (this.#at === this.#limit) {
      if (this.#isEnded) return false;
      let chunk: Buffer | undefined;
      try {
        const result = await this.#chunks.next();
        chunk = result.done === true ? undefined : result.value;
      } catch (error) {
        throw unusable(this.#file, messageOf(error), error);
      }
      if (chunk === undefined) this.#end();
      else this.#take(chunk);
    }
    return true;
  }

  async readHeader(): Promise<void> {
    const hasLine = (await this.refill()) && this.#line === 0;
    const header = hasLine ? this.#takeLine().replace(/^\uFEFF/, '') : '';
    this.#isSized = header === sizedHeader;
    if (this.#isSized || header === plainHeader) return;
    const found = JSON.stringify(header.slice(0, 2 * sizedHeader.length));
    const expected = `${plainHeader} or ${sizedHeader}`;
    throw unusable(this.#file, `the first line has to be ${expected}, and is ${found}`);
  }

  close(): void {
    this.#isEnded = true;
    this.#at = this.#limit;
    this.#source.destroy();
  }

  #take(chunk: Buffer): void {
    let from = 0;
    if (this.#isSkipping) {
      from = chunk.indexOf(newline) + 1;
      if (from === 0) return;
      this.#isSkipping = false;
    }
    const begun = this.#keepBegun(chunk.length - from);
    chunk.copy(this.#bytes, begun, from);
    this.#filled = begun + chunk.length - from;
    const lastNewline = chunk.lastIndexOf(newline);
    this.#limit = lastNewline < from ? 0 : begun + lastNewline - from + 1;
    // One byte more than a line may have could be the CR of its line end.
    if (this.#limit === 0 && this.#filled > lineBytesMax + 1) {
      this.#filled = 0;
      this.#isSkipping = true;
      this.#line++;
      this.#refuse(tooLong);
    }
  }

  /** A last line without its line end is a line as well. */
  #end(): void {
    this.#isEnded = true;
    if (this.#filled === this.#limit) return;
    const begun = this.#keepBegun(1);
    this.#bytes[begun] = newline;
    this.#filled = begun + 1;
    this.#limit = this.#filled;
  }

  /** Moves the begun line to the front, with room for more bytes behind it; returns its length. */
  #keepBegun(moreBytes: number): number {
    const begun = this.#filled - this.#limit;
    const old = this.#bytes;
    if (begun + moreBytes > old.length) this.#bytes = Buffer.allocUnsafeSlow(begun + moreBytes);
    old.copy(this.#bytes, 0, this.#limit, this.#filled);
    this.#at = 0;
    this.#limit = 0;
    return begun;
  }

  /**
   * A row as nearly all are: integer milliseconds, plain decimals of few digits. Undefined, and
   * nothing taken, for all others. Exact: a decimal of up to 15 digits is what its double shows.
   */
  #fastRow(): Quote | undefined {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = byteAt(bytes, at);
    let ts = 0;
    while (byte >= digit0 && byte <= digit9) {
      ts = ts * 10 + (byte - digit0);
      byte = byteAt(bytes, ++at);
    }
    const digits = at - this.#at;
    if (byte !== comma || digits === 0 || digits > fastDigitsMax) return undefined;
    const bid = this.#fastNumber(at + 1);
    if (Number.isNaN(bid) || byteAt(bytes, this.#numberEnd) !== comma) return undefined;
    const ask = this.#fastNumber(this.#numberEnd + 1);
    if (Number.isNaN(ask)) return undefined;
    let bidSize = 0;
    let askSize = 0;
    if (this.#isSized) {
      if (byteAt(bytes, this.#numberEnd) !== comma) return undefined;
      bidSize = this.#fastNumber(this.#numberEnd + 1);
      if (Number.isNaN(bidSize) || byteAt(bytes, this.#numberEnd) !== comma) return undefined;
      askSize = this.#fastNumber(this.#numberEnd + 1);
      if (Number.isNaN(askSize)) return undefined;
    }
    at = this.#numberEnd;
    if (byteAt(bytes, at) === carriageReturn) at++;
    if (byteAt(bytes, at) !== newline) return undefined;
    if (this.#emptyLines > 0) this.#refuseEmptyLines();
    this.#at = at + 1;
    this.#line++;
    const symbol = this.#symbol;
    if (!this.#isSized) return plainQuote(symbol, bid, ask, ts, undefined, undefined);
    return {
      ...{ symbol, bid, ask, ts, bidExact: undefined, askExact: undefined },
      ...{ bidSize, askSize, bidSizeExact: undefined, askSizeExact: undefined },
    };
  }

  /** The plain decimal at `from`, its end in `#numberEnd`; NaN where it is not plain or too long. */
  #fastNumber(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    let byte = byteAt(bytes, at);
    const isNegative = byte === minus;
    if (isNegative) byte = byteAt(bytes, ++at);
    let mantissa = 0;
    let digits = -at;
    while (byte >= digit0 && byte <= digit9) {
      mantissa = mantissa * 10 + (byte - digit0);
      byte = byteAt(bytes, ++at);
    }
    digits += at;
    let decimals = 0;
    if (byte === point) {
      byte = byteAt(bytes, ++at);
      decimals = -at;
      while (byte >= digit0 && byte <= digit9) {
        mantissa = mantissa * 10 + (byte - digit0);
        byte = byteAt(bytes, ++at);
      }
      decimals += at;
      digits += decimals;
    }
    this.#numberEnd = at;
    if (digits === 0 || digits > fastDigitsMax) return NaN;
    const value = decimals === 0 ? mantissa : mantissa / (powersOfTen[decimals] as number);
    return isNegative ? -value : value;
  }

  /** Any row: the quote, or undefined where the line is empty or malformed, which is told. */
  #textRow(): Quote | undefined {
    const line = this.#takeLine();
    if (line === '') {
      if (this.#emptyLines++ === 0) this.#firstEmptyLine = this.#line;
      return undefined;
    }
    if (this.#emptyLines > 0) this.#refuseEmptyLines();
    // What is not ASCII, and so has more bytes than characters, is malformed in any case.
    const isTooLong = line.length > lineBytesMax;
    const quote = isTooLong ? tooLong : quoteOfText(line, this.#symbol, this.#isSized);
    if (typeof quote === 'object') return quote;
    this.#refuse(quote);
    return undefined;
  }

  /** The next line without its line end. */
  #takeLine(): string {
    const bytes = this.#bytes;
    const end = bytes.indexOf(newline, this.#at);
    const hasReturn = end > this.#at && byteAt(bytes, end - 1) === carriageReturn;
    const line = bytes.toString('utf8', this.#at, hasReturn ? end - 1 : end);
    this.#at = end + 1;
    this.#line++;
    return line;
  }

  #refuse(why: string): void {
    if (this.#emptyLines > 0) this.#refuseEmptyLines();
    this.malformed++;
    this.#file.onMalformed?.(this.#line, why);
  }

  /** The empty lines that a row follows after all. */
  #refuseEmptyLines(): void {
    const count = this.#emptyLines;
    this.#emptyLines = 0;
    this.malformed += count;
    for (let i = 0; i < count; i++) this.#file.onMalformed?.(this.#firstEmptyLine + i, 'is empty');
  }
}

const tooLong = `is longer than ${lineBytesMax} bytes`;
