// The stub provider, a process of its own, which survives the kills of the runtime: a few routes on
// NATS, each with its books. Started with its options as JSON; `stub.ts` is how a test speaks to it.
import process from 'node:process';
import { connect, type Msg } from '@nats-io/transport-node';
import { Random } from '../support/random.ts';
import { StubBook, type Answer } from './stub-book.ts';
import {
  closeSubject,
  controlSubject,
  type Body,
  type Control,
  type StubOptions,
} from './stub-types.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as StubOptions;
const nats = await connect({
  servers: options.natsUrl,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 50,
});
const later = (afterMs: number, act: () => void): void => {
  if (afterMs === 0) act();
  else setTimeout(act, afterMs);
};

const books = new Map<string, StubBook>();
for (const [i, route] of options.routes.entries()) {
  const report = (body: Body): void =>
    nats.publish(`broker.${route.route}.report`, JSON.stringify({ ...body, ts: Date.now() }));
  const book = new StubBook({ ...options, ...route }, new Random(options.seed + i), {
    later,
    report,
  });
  books.set(route.route, book);
  const calls: Record<string, (body: Body) => Answer> = {
    close: (body) => {
      nats.publish(closeSubject);
      return book.close(body);
    },
    query: (body) => book.query(body),
    positions: (body) => book.listed(body),
    orders: () => ({ body: { status: 'unsupported' }, afterMs: 0 }),
    account: (body) => book.accountView(body),
  };
  for (const [action, call] of Object.entries(calls)) {
    subscribe(`broker.${route.route}.${action}`, (message) => {
      const { body, afterMs } = call(message.json<Body>());
      if (body !== undefined) later(afterMs, () => void message.respond(JSON.stringify(body)));
    });
  }
}

subscribe('prices.*', (message) => {
  const symbol = message.subject.slice('prices.'.length);
  const { bid, ask } = message.json<{ bid: number; ask: number }>();
  for (const book of books.values()) book.price(symbol, String(bid), String(ask));
});

subscribe(controlSubject, (message) => {
  message.respond(JSON.stringify(obey(message.json<Control>()) ?? {}));
});

function obey(control: Control): object | undefined {
  if (control.ask === 'heal') {
    for (const one of books.values()) one.heal();
    return undefined;
  }
  const book = books.get(control.route);
  if (book === undefined) throw new Error(`no route ${control.route}`);
  switch (control.ask) {
    case 'open':
      return { ticket: book.open(control.position) };
    case 'account':
      book.account(control.accountId, control.balance);
      return undefined;
    case 'deposit':
      book.deposit(control.id, control.accountId, control.amount);
      return undefined;
    case 'dump':
      return book.dump();
  }
}

/** A fault of the stub itself ends it: a test that goes on without would prove nothing. */
function subscribe(subject: string, take: (message: Msg) => void): void {
  nats.subscribe(subject, {
    callback: (error, message) => {
      if (error !== null) throw error;
      take(message);
    },
  });
}

await nats.flush();
console.log('listening');
