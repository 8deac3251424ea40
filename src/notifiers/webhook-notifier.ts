// A webhook: an event is POSTed as JSON, signed where there is a secret.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { unescape } from 'node:querystring';
import type { WebhookSpec } from '#src/contracts/notifier';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Notifier } from '#src/ports/notifier';

export interface WebhookOptions extends Pick<
  WebhookSpec,
  'name' | 'url' | 'secretFile' | 'timeoutMs'
> {
  /** Of this program, for the user agent. */
  readonly version: string;
  /** Milliseconds since the epoch; the system's time unless a test has its own. */
  readonly now?: () => number;
}

/** Answers of a server that may take it later: it took too long, has too much to do. */
const passing: ReadonlySet<number> = new Set([408, 429]);

/** The address as it may be shown and logged: user, password, path and query may be secrets. */
export function shownWebhook(url: string): string {
  return new URL(url).origin;
}

/**
 * Reads the secret file, once. Throws `CloseoutError` `settings_invalid` where that cannot be read or
 * holds nothing.
 *
 * Rejects with `CloseoutError` `notification_failed`: `retryable` where no answer came in time or at
 * all, and for 408, 429 and 5xx, with the seconds of `Retry-After`; not for any other answer but 2xx,
 * redirects included, which are not followed.
 */
export function webhookNotifier(options: WebhookOptions): Notifier {
  const { url, timeoutMs, version, now = Date.now } = options;
  const { target, authorization } = targetOf(url);
  const secret = readSecret(options);
  const closing = new AbortController();
  const post = async (event: RuntimeEvent): Promise<Response> => {
    const body = JSON.stringify(event);
    return await fetch(target, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
      headers: {
        'content-type': 'application/json',
        'user-agent': `closeout/${version}`,
        'closeout-event-id': event.id,
        ...(authorization === undefined ? {} : { authorization }),
        ...(secret === undefined ? {} : { 'closeout-signature': signatureOf(secret, now(), body) }),
      },
    });
  };
  return {
    async notify(event) {
      let response: Response;
      try {
        response = await post(event);
      } catch (cause) {
        const message = `${shownWebhook(url)} did not answer: ${reasonOf(cause)}`;
        throw new CloseoutError('notification_failed', message, { cause, retryable: true });
      }
      // What else it has to say is not read: it may be endless.
      await response.body?.cancel().catch(() => {});
      if (!response.ok) throw answered(url, response);
    },
    close: () => closing.abort(),
  };
}

/** The login goes into a header: `fetch` takes no URL that has one. */
function targetOf(url: string): { target: URL; authorization: string | undefined } {
  const target = new URL(url);
  const { username, password } = target;
  if (username === '' && password === '') return { target, authorization: undefined };
  target.username = '';
  target.password = '';
  const login = `${unescape(username)}:${unescape(password)}`;
  return { target, authorization: `Basic ${Buffer.from(login).toString('base64')}` };
}

function readSecret({ name, secretFile }: WebhookOptions): string | undefined {
  if (secretFile === undefined) return undefined;
  const path = `notifiers.${name}.secretFile`;
  let secret: string;
  try {
    secret = readFileSync(secretFile, 'utf8').trim();
  } catch (cause) {
    const message = `${path}: expected a readable file: ${messageOf(cause)}`;
    throw new CloseoutError('settings_invalid', message, { cause });
  }
  if (secret !== '') return secret;
  throw new CloseoutError('settings_invalid', `${path}: expected a secret in ${secretFile}`);
}

/** As of this attempt: a receiver may refuse what was signed long ago. */
function signatureOf(secret: string, nowMs: number, body: string): string {
  const seconds = Math.floor(nowMs / 1000);
  const hmac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${hmac}`;
}

function answered(url: string, { status, headers }: Response): CloseoutError {
  const isRedirect = status >= 300 && status < 400;
  const more = isRedirect ? ': redirects are not followed' : '';
  const retryable = status >= 500 || passing.has(status);
  const retryAfterMs = retryable ? retryAfterIn(headers) : undefined;
  const message = `${shownWebhook(url)} answered ${status}${more}`;
  return new CloseoutError('notification_failed', message, {
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** In whole seconds; a date is not looked at, since clocks differ. */
function retryAfterIn(headers: Headers): number | undefined {
  const seconds = headers.get('retry-after')?.trim() ?? '';
  return /^\d+$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

/** What `fetch` has to say of a failure is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return messageOf(error);
  // Where several addresses were tried there is a code alone.
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
}
