// Whether NATS answers, and lets us in.
import { connectNats, type NatsTarget } from './connection.ts';

/** Throws `CloseoutError` as a bus does that cannot start. */
export async function probeNats(target: NatsTarget): Promise<void> {
  const connection = await connectNats(target, 'closeout-doctor');
  try {
    await connection.flush();
  } finally {
    await connection.close();
  }
}
