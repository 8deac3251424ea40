// How fast closes are: many at once and one at a time, with a real journal and a real Postgres,
// beside a bare durable record and beside a transaction of its own for each close.
import { startPostgresServer } from '../test/support/servers/postgres-server.ts';
import { benchMass } from './closes-mass.ts';
import { benchNaive, naiveCloses } from './closes-naive.ts';
import { benchReports } from './closes-reports.ts';
import { benchSingle } from './closes-single.ts';
import { median, type Row } from './report.ts';

const runs = 5;

export async function benchCloses(): Promise<Row[]> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined) return await measured(given);
  const server = await startPostgresServer();
  try {
    return await measured(server.url);
  } finally {
    await server.stop();
  }
}

async function measured(url: string): Promise<Row[]> {
  const paper = await benchMass(url, 'PAPER', runs);
  const naive = await benchNaive(url, runs);
  const live = await benchMass(url, 'LIVE', runs);
  const single = await benchSingle(url, runs);
  const reports = await benchReports(url, runs);
  const batched = median(paper.closesPerSecond);
  return [
    ...paper.rows,
    { measure: 'the same, until in the ledger', unit: 'closes/s', value: batched },
    {
      measure: `one row, one transaction a close through the ORM, ${naiveCloses} closes`,
      unit: 'closes/s',
      value: median(naive),
      versus: 'ours on paper',
      ratio: median(naive) / batched,
    },
    ...live.rows,
    ...single,
    ...reports,
  ];
}
