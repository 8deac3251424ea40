// A provider on NATS: it holds the positions of some accounts, and closes them when closeout asks.
// It does all that closeout relies on (contract section 8), but with everything in memory: a real one
// keeps what became of each order where a crash does not lose it.
//
//   npx node examples/provider.ts --route demo --nats nats://provider1:PASSWORD@127.0.0.1:4222 \
//     --positions positions.json --price EURUSD=1.0949/1.0950
//
// The file: {"contractSizes": {"EURUSD": 100000}, "accounts": [{"accountId": "acc1", "currency":
// "USD", "balance": "10000", "positions": [{"ticket": 7001, "symbol": "EURUSD", "side": "long",
// "quantity": "0.5", "entryPrice": "1.1"}], "orders": [{"orderId": "sl-1", "symbol": "EURUSD"}]}]}.
// Without --price it hears prices.* and needs a NATS user that may. A close in a symbol that has no
// price yet is pending until one comes; then it is reported.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { connect, headers, type Msg, type Subscription } from '@nats-io/transport-node';
import { Book, type Body, type Books } from './provider-book.ts';

const { values } = parseArgs({
  options: {
    route: { type: 'string', default: process.env['PROVIDER_ROUTE'] ?? 'demo' },
    nats: { type: 'string', default: process.env['PROVIDER_NATS_URL'] ?? 'nats://127.0.0.1:4222' },
    positions: { type: 'string' },
    price: { type: 'string', multiple: true, default: [] },
  },
});
const { route, positions: file, price: prices } = values;
const books = file === undefined ? {} : (JSON.parse(readFileSync(file, 'utf8')) as Books);
const { host, username, password } = new URL(values.nats);
const nats = await connect({
  servers: host,
  maxReconnectAttempts: -1,
  ...(username === '' ? {} : { user: username, pass: decodeURIComponent(password) }),
});

const book = new Book(books, (report) => {
  const body = JSON.stringify({ ...report, ts: Date.now() });
  nats.publish(`broker.${route}.report`, body);
});

/** A call that is not in here has no responder, and its caller learns that at once. */
const calls: Readonly<Record<string, (body: Body) => Body>> = {
  close: (body) => book.close(body),
  query: (body) => book.query(body),
  positions: (body) => book.positions(body),
  orders: (body) => book.orders(body),
  account: (body) => book.account(body),
  place: (body) => book.place(body),
  cancel: (body) => book.cancel(body),
};

function answer(message: Msg, call: (body: Body) => Body): void {
  // Where nobody waits for it, as with the cancel of a counterpart, `respond` does nothing.
  try {
    message.respond(JSON.stringify(call(message.json<Body>())));
  } catch (error) {
    const failure = headers();
    failure.set('Nats-Service-Error-Code', '400');
    failure.set('Nats-Service-Error', String(error));
    message.respond('', { headers: failure });
  }
}

function takePrice(message: Msg): void {
  const symbol = decodeURIComponent(message.subject.slice(message.subject.lastIndexOf('.') + 1));
  const { bid, ask } = message.json<{ bid?: unknown; ask?: unknown }>();
  if (Number(bid) > 0 && Number(ask) >= Number(bid)) book.price(symbol, String(bid), String(ask));
}

function subscribe(subject: string, take: (message: Msg) => void): Subscription {
  return nats.subscribe(subject, {
    callback: (error, message) => {
      try {
        if (error !== null) throw error;
        take(message);
      } catch (cause) {
        console.error(`${subject}: ${String(cause)}`);
      }
    },
  });
}

for (const text of prices) {
  const at = text.lastIndexOf('=');
  const [bid = '', ask = bid] = text.slice(at + 1).split('/');
  book.price(text.slice(0, at), bid, ask);
}
const priceSubjects = prices.length > 0 ? [] : ['prices.*', 'prices.*.*'];
const subscriptions = [
  ...priceSubjects.map((subject) => subscribe(subject, takePrice)),
  ...Object.entries(calls).map(([action, call]) =>
    subscribe(`broker.${route}.${action}`, (message) => answer(message, call)),
  ),
];
await nats.flush();
const refused = subscriptions.filter((subscription) => subscription.isClosed());
if (refused.length > 0) process.exit(1);
console.log(`provider of the route ${route}: listening`);

// What has arrived is still answered; a close that is not stays unknown, and is asked about.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void nats.drain());
