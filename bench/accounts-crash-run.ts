// A crash on the live engine: one quote that breaches a tenth of the accounts at once, all four positions
// of each to be closed. A line in, a crash, a line out: `AccountsCrash`. Each crash is of another symbol
// and breaches other accounts.
import { createInterface } from 'node:readline';
import { EngineWorld } from './engine-world.ts';
import { guardedAccounts, positionsPerAccount, recordedLap } from './accounts-world.ts';

export interface AccountsCrash {
  /** Accounts that were breached. */
  readonly breaches: number;
  /** Until the last close was requested. */
  readonly requestedMs: number;
  /** Until the crash quote's own turn was over. */
  readonly turnMs: number;
}

/** What is left of the price. */
const crashedTo = 0.1;
const [accountsCount = '0', leverage = '0'] = process.argv.slice(2);
const accounts = Number(accountsCount);
const { first } = await recordedLap();
const scenario = guardedAccounts(first, { accounts, leverage: Number(leverage) });
let requested = 0;
let requestedMs = 0;
const world = await EngineWorld.open(scenario, {
  onCloseRequested: () => {
    requested++;
    requestedMs = performance.now();
  },
});
for (const quote of first) world.quote({ ...quote, ts: Date.now() });
world.track(scenario.positions);
// At the first quote behind it each account is looked at for the first time.
for (const quote of first) world.quote({ ...quote, ts: Date.now() });
await world.settled();

async function crash(symbolAt: number): Promise<AccountsCrash> {
  const {
    symbol = '',
    bid = 0,
    ask = 0,
  } = first.find((it) => it.symbol === symbols[symbolAt]) ?? {};
  globalThis.gc?.();
  requested = 0;
  const breachesBefore = halted();
  const quotedMs = performance.now();
  world.quote({ symbol, bid: bid * crashedTo, ask: ask * crashedTo, ts: Date.now() });
  const turnMs = performance.now() - quotedMs;
  await world.settled();
  const breaches = halted() - breachesBefore;
  const expected = accounts / 10;
  if (breaches !== expected || requested !== expected * positionsPerAccount) {
    throw new Error(`${breaches} accounts were breached and ${requested} closes requested`);
  }
  return { breaches, requestedMs: requestedMs - quotedMs, turnMs };
}

function halted(): number {
  let count = 0;
  for (const { halt } of world.core.state.accounts.values()) if (halt !== undefined) count++;
  return count;
}

const symbols = scenario.instruments.map(({ symbol }) => symbol);
let crashes = 0;
console.log('ready');
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
while (!(await lines.next()).done) console.log(JSON.stringify(await crash(crashes++)));
process.exit(0);
