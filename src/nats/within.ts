// Waiting for a server, but not for ever.
import { CloseoutError } from '#src/domain/errors';

/** The work's result. Rejects with a retryable `nats_unavailable` once `ms` have passed. */
export async function within<T>(ms: number, work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new CloseoutError('nats_unavailable', `NATS: ${what} took more than ${ms} ms`, {
      retryable: true,
    });
    timer = setTimeout(() => reject(error), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
