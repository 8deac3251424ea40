// npm run bench [-- NAME] [--json FILE]: what is claimed about speed, measured on this machine.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchAccounts } from './accounts.ts';
import { benchCloses } from './closes.ts';
import { benchGuards } from './guards.ts';
import { benchNats } from './nats.ts';
import { benchQuotes } from './quotes.ts';
import { printed, reportOf, type Row } from './report.ts';

const benches: Record<string, () => Promise<Row[]>> = {
  quotes: benchQuotes,
  accounts: benchAccounts,
  guards: benchGuards,
  nats: benchNats,
  closes: benchCloses,
};

const { values, positionals } = parseArgs({
  options: { json: { type: 'string' } },
  allowPositionals: true,
});
const name = positionals[0];
if (positionals.length > 1 || (name !== undefined && !Object.hasOwn(benches, name))) {
  console.error(`usage: npm run bench [-- ${Object.keys(benches).join('|')}] [--json FILE]`);
  process.exit(2);
}

const rows: Row[] = [];
for (const [bench, run] of Object.entries(benches)) {
  if (name !== undefined && name !== bench) continue;
  const measured = await run();
  rows.push(...measured);
  console.log(printed(reportOf(bench, measured)));
}
const report = reportOf(name ?? 'all', rows);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
process.exit(0);
