// The publisher of bench/nats.ts, in a process of its own: a line "COUNT SUBJECT" in, the last quote
// published, a line out.
import { createInterface } from 'node:readline';
import { connect } from '@nats-io/transport-node';

/** Bytes of quotes are handed to the server in pieces, so that it sends while we make the next. */
const quotesPerPiece = 2_000;

const nats = await connect({ servers: process.argv[2] ?? '' });
const encoder = new TextEncoder();
let ts = Date.now() - 86_400_000;

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [count = '0', subject = ''] = line.split(' ');
  for (let i = 0; i < Number(count); i++) {
    const bid = (1290 + (i % 1000) / 1000).toFixed(3);
    const ask = (1290.3 + (i % 1000) / 1000).toFixed(3);
    nats.publish(subject, encoder.encode(`{"bid":${bid},"ask":${ask},"ts":${ts++}}`));
    if (i % quotesPerPiece === quotesPerPiece - 1) await nats.flush();
  }
  await nats.flush();
  process.stdout.write('done\n');
}
await nats.close();
