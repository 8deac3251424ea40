// What we do not do: a row and a transaction of its own for each close, through the ORM.
import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql';
import { createDatabase } from '../test/support/servers/databases.ts';

/** So slow that fewer closes have to do. */
export const naiveCloses = 2_000;

const NaiveClose = defineEntity({
  name: 'NaiveClose',
  tableName: 'naive_closes',
  properties: {
    id: p.integer().primary(),
    closeId: p.text().index(),
    userId: p.text().index(),
    eventType: p.text(),
    description: p.text(),
    metaData: p.json<object>(),
    status: p.smallint(),
    createdAt: p.datetime(3),
  },
});

/** Closes a second, of each run. */
export async function benchNaive(serverUrl: string, runs: number): Promise<number[]> {
  const url = await createDatabase(serverUrl, `closeout_bench_${process.pid}_naive`);
  const orm = new MikroORM({
    entities: [NaiveClose],
    dbName: new URL(url).pathname.slice(1),
    driverOptions: { connectionString: url },
    logger: () => {},
  });
  const rates: number[] = [];
  try {
    await orm.schema.create();
    // The first run warms up.
    for (let run = 0; run <= runs; run++) {
      const rate = await naiveRun(orm, run);
      if (run > 0) rates.push(rate);
    }
  } finally {
    await orm.close(true);
  }
  return rates;
}

async function naiveRun(orm: MikroORM, run: number): Promise<number> {
  const startedMs = performance.now();
  for (let i = 0; i < naiveCloses; i++) {
    const id = run * naiveCloses + i;
    await orm.em.fork().transactional((em) => {
      em.persist(em.create(NaiveClose, closeRow(id)));
    });
  }
  return (naiveCloses * 1000) / (performance.now() - startedMs);
}

function closeRow(id: number) {
  const closeId = `close_${String(id).padStart(12, '0')}`;
  return {
    id,
    closeId,
    userId: `a${id % 100}`,
    eventType: 'position_closed',
    description: `Position p${id} closed: stop_loss`,
    metaData: {
      closeId,
      positionId: `p${id}`,
      quantity: '1',
      closedPrice: '800',
      triggerPrice: '990',
      pnl: '-200',
      closeReason: 'stop_loss',
      reasons: ['stop_loss'],
      attempts: 1,
      clientOrderId: `co_${id}_1`,
    },
    status: 0,
    createdAt: new Date(),
  };
}
