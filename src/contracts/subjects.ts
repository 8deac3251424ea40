// The subjects of contract section 8: what they name, and how a symbol stands in one.
import { z } from 'zod';
import { SymbolName } from './primitives.ts';

/** `prices.<symbol>` and `prices.<feed>.<symbol>`. */
export const priceSubjects = ['prices.*', 'prices.*.*'] as const;

const commandPrefix = 'closeout.v1.cmd';
const eventPrefix = 'closeout.v1.evt';

/** Every command, and everything that is none under the same prefix. */
export const commandSubjects = `${commandPrefix}.>`;

/** What separates or matches tokens, or would read as an escape. */
const reserved = /[.*>/%]/g;

/** The one token that stands for a symbol: `.` `*` `>` `/` `%` are percent-encoded. */
export function encodeSymbol(symbol: string): string {
  return symbol.replace(reserved, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * The symbol of a token; undefined for what is none, such as a malformed escape. Any character may
 * be escaped, so that a publisher's own URL encoding does.
 */
export function decodeSymbol(token: string): string | undefined {
  const symbol = token.replace(/%([\dA-Fa-f]{2})?/g, (_, hex: string | undefined) =>
    // A space is in no symbol, so that a lone % makes the whole token none.
    hex === undefined ? ' ' : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return SymbolName.safeParse(symbol).success ? symbol : undefined;
}

export function priceSubject(symbol: string, feed?: string): string {
  const token = encodeSymbol(symbol);
  return feed === undefined ? `prices.${token}` : `prices.${feed}.${token}`;
}

/** The token of a price subject that stands for its symbol. */
export function symbolToken(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

/** The token of a price subject that names its feed; undefined for one without. */
export function feedToken(subject: string): string | undefined {
  const [, feed, symbol] = subject.split('.');
  return symbol === undefined ? undefined : feed;
}

export interface CommandPlace {
  /** Who asks, as the server's permissions pin it. */
  readonly client: string;
  /** `_` for commands of no account. */
  readonly accountId: string;
  readonly resource: string;
  readonly action: string;
}

export function commandSubject({ client, accountId, resource, action }: CommandPlace): string {
  return [commandPrefix, client, accountId, resource, action].join('.');
}

/** What a subject under the prefix addresses; undefined where it has not its four tokens. */
export function commandPlace(subject: string): CommandPlace | undefined {
  if (!subject.startsWith(`${commandPrefix}.`)) return undefined;
  const tokens = subject.slice(commandPrefix.length + 1).split('.');
  if (tokens.length !== 4 || tokens.includes('')) return undefined;
  const [client = '', accountId = '', resource = '', action = ''] = tokens;
  return { client, accountId, resource, action };
}

/** `accountId` is `_` for events of no account. */
export function eventSubject(accountId: string, event: string): string {
  return `${eventPrefix}.${accountId}.${event}`;
}

/** Where notifications go; `{account}` and `{event}` are put in. */
export const notifySubjectDefault = 'closeout.v1.notify.{account}.{event}';

const placeholders = /\{(account|event)\}/g;
const subjectCharsMax = 200;
/** What the other subjects of the contract, the server's own and its replies begin with, or may. */
const taken = /^(\$|\{|_INBOX|prices\.|broker\.|closeout\.(?!v1\.notify\.))/i;

/** A subject that may be published on, once account and event are put in. */
export const NotifySubject = z
  .string({ error: 'expected a subject' })
  .max(subjectCharsMax, { error: `expected at most ${subjectCharsMax} characters` })
  .refine((text) => isPlainSubject(text.replace(placeholders, 'x')), {
    error: 'expected a subject of tokens between dots, with no placeholder but {account}, {event}',
  })
  .refine((text) => !taken.test(text), {
    error: 'expected a first word of its own, not prices, broker, closeout, _INBOX, $ or {',
  });

function isPlainSubject(text: string): boolean {
  return /^[^\s.*>{}\p{Cc}]+(\.[^\s.*>{}\p{Cc}]+)*$/u.test(text);
}

/** The subject of one notification; `accountId` is `_` for events of no account. */
export function notifySubject(subject: string, accountId: string, event: string): string {
  return subject.replace(placeholders, (_, name) => (name === 'account' ? accountId : event));
}
