// What a failing database is reported as: where it is, what it said, and what to do.
import { CloseoutError, InvariantError, messageOf } from '#src/domain/errors';

/** Where the records go: a Postgres server, or PGlite in a directory. */
export type LedgerTarget = { readonly url: string } | { readonly pgliteDirectory: string };

/** Most characters of the database's own words: some errors have the whole statement in them. */
const saidCharsMax = 300;

/** Host, port and database, never user or password. */
export function whereOf(target: LedgerTarget): string {
  if ('pgliteDirectory' in target) return `the database in ${target.pgliteDirectory}`;
  const url = parsedUrl(target.url);
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  return `the database ${databaseOf(url)} at ${host || 'localhost'}:${url.port || '5432'}`;
}

export function databaseOf(url: URL): string {
  return decodeURIComponent(url.pathname.slice(1)) || 'postgres';
}

/** Throws `CloseoutError` `ledger_unavailable`, without the text: a password may stand in it. */
export function parsedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') return url;
  throw new CloseoutError(
    'ledger_unavailable',
    'the database URL is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  );
}

/** The error that says what happened, where one stands for several attempts. */
function firstOf(error: unknown): unknown {
  const { errors } = Object(error) as { errors?: unknown };
  return Array.isArray(errors) && errors.length > 0 ? errors[0] : error;
}

function codeOf(error: unknown): string {
  const { code } = Object(firstOf(error)) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

const advice: Readonly<Record<string, string>> = {
  '28000': 'check the user in its URL and the pg_hba.conf of the server',
  '28P01': 'check user and password in its URL',
  '3D000': 'create the database, or correct its URL',
  '42501': 'grant its user the right to create tables (GRANT CREATE ON SCHEMA public)',
  '53100': 'its disk is full',
  '53300': 'it has no connection left for us: raise max_connections',
  ENOTFOUND: 'check the host in its URL',
};

function adviceFor(target: LedgerTarget, code: string): string {
  if ('pgliteDirectory' in target) return 'check that the directory is whole and can be written to';
  return advice[code] ?? 'check that the server runs and that its URL is right';
}

/** A broken invariant stays what it is; anything else that fails is the database's doing. */
export function unavailable(target: LedgerTarget, error: unknown): Error {
  if (error instanceof CloseoutError || error instanceof InvariantError) return error;
  const code = codeOf(error);
  const said = (messageOf(firstOf(error)) || code).slice(0, saidCharsMax);
  return new CloseoutError(
    'ledger_unavailable',
    `${whereOf(target)} does not take the ledger (${said}): ${adviceFor(target, code)}`,
    { cause: error, retryable: true },
  );
}
