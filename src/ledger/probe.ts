// Whether the ledger's database answers, without touching what is in it.
import { Connection } from './connection.ts';

/** Resolves where Postgres answers; throws `CloseoutError` `ledger_unavailable` as the ledger does. */
export async function probeDatabase(url: string): Promise<void> {
  const connection = new Connection({ url }, {});
  try {
    await connection.use(async (em) => {
      await em.getConnection().execute('select 1');
    });
  } finally {
    await connection.close();
  }
}
