// The one connection to NATS: how it is made, and what it says when it cannot be.
import { readFileSync } from 'node:fs';
import {
  AuthorizationError,
  connect,
  credsAuthenticator,
  type ConnectionOptions,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { CloseoutError, messageOf } from '#src/domain/errors';
import { within } from './within.ts';

export interface NatsTarget {
  /** `nats://` or `tls://`; may hold `user:password@`, or `token@`. */
  readonly url: string;
  /** Certificate of the authority that the server's own must come from; demands TLS. */
  readonly caFile?: string | undefined;
  readonly credsFile?: string | undefined;
}

/** How long a server may take to answer before it counts as not there. */
const connectMs = 5000;
/** Pause between two attempts to come back to a lost server. */
const reconnectWaitMs = 250;
/** A server that answers none of two pings in a row is lost: after 20 to 30 s. */
const pingIntervalMs = 10_000;
/** Replies of providers come under it; fixed, so that the server's permissions can name it. */
export const inboxPrefix = '_INBOX_closeout';

/** The server's address as it may be shown and logged: without user and password. */
export function shownUrl(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/**
 * Connects, and comes back for ever once it was connected. Throws `CloseoutError`
 * `nats_unavailable` (retryable) where no server answers, `nats_refused` where the server does not
 * let us in or the credentials are of no use.
 */
export async function connectNats(target: NatsTarget, name: string): Promise<NatsConnection> {
  const options = optionsOf(target, name);
  const connecting = connect(options);
  try {
    return await within(2 * connectMs, connecting, 'connecting');
  } catch (error) {
    // One that comes after all must not stay open behind our back.
    connecting.then((late) => late.close()).catch(() => {});
    throw asCloseoutError(error, target);
  }
}

function optionsOf({ url, caFile, credsFile }: NatsTarget, name: string): NodeConnectionOptions {
  const { protocol, host, username, password } = new URL(url);
  const isTls = protocol === 'tls:' || caFile !== undefined;
  return {
    servers: host,
    name,
    timeout: connectMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    // A password that is being changed, or a server without its users yet, is no reason to give up.
    ignoreAuthErrorAbort: true,
    pingInterval: pingIntervalMs,
    inboxPrefix,
    ...(isTls ? { tls: caFile === undefined ? {} : { caFile } } : {}),
    ...loginOf(decodeURIComponent(username), decodeURIComponent(password)),
    ...(credsFile === undefined ? {} : { authenticator: credsAuthenticator(readCreds(credsFile)) }),
  };
}

function loginOf(user: string, pass: string): Pick<ConnectionOptions, 'user' | 'pass' | 'token'> {
  if (user === '') return {};
  return pass === '' ? { token: user } : { user, pass };
}

function readCreds(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const message = `NATS: the credentials file is not readable: ${messageOf(cause)}`;
    throw new CloseoutError('nats_refused', message, { cause });
  }
}

function asCloseoutError(cause: unknown, { url, credsFile }: NatsTarget): CloseoutError {
  const at = shownUrl(url);
  const why = messageOf(cause);
  if (cause instanceof AuthorizationError || why.includes('unable to parse credentials')) {
    const check =
      credsFile === undefined
        ? 'check the user and password in CLOSEOUT_NATS_URL (nats://USER:PASSWORD@HOST:PORT)'
        : `check the credentials in ${credsFile} (CLOSEOUT_NATS_CREDS)`;
    return new CloseoutError('nats_refused', `NATS at ${at} lets nobody in: ${why}; ${check}`, {
      cause,
    });
  }
  return new CloseoutError(
    'nats_unavailable',
    `NATS does not answer at ${at}: ${why}; start a server there (docker compose up -d nats), ` +
      'or set CLOSEOUT_NATS_URL to where one is, or unset it to do without',
    { cause, retryable: true },
  );
}
