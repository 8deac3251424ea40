// A feed that goes no faster than the runtime follows, so that nothing conflates.
import type { Quote } from '#src/domain/quote';
import { quotesWaitingPerSymbolMax } from '#src/prices/quote-inbox';
import { until } from '../support/until.ts';
import type { Operator } from './world.ts';

/** Quotes on their way at the most: even if all wait and are of one symbol, none is dropped. */
const onTheirWayMax = quotesWaitingPerSymbolMax - 96;
const burst = onTheirWayMax / 4;
const followMsMax = 20_000;

const subjects = new Map<string, string>();

export class Publisher {
  private readonly operator: Operator;
  /** Quotes that this runtime process was sent, and has followed, refused ones included. */
  private sent = 0;
  private followed = 0;

  constructor(operator: Operator) {
    this.operator = operator;
  }

  /** A new runtime process counts from 0. */
  begin(): void {
    this.sent = 0;
    this.followed = 0;
  }

  /** Sends all of them; the last ones are still on their way when it resolves. */
  async send(quotes: readonly Quote[]): Promise<void> {
    for (let at = 0; at < quotes.length; at += burst) {
      const part = quotes.slice(at, at + burst);
      await this.follow(onTheirWayMax - part.length);
      this.sendAtOnce(part);
    }
  }

  /** Sends without looking whether the runtime follows, or is there. */
  sendAtOnce(quotes: readonly Quote[]): void {
    const { nats } = this.operator;
    for (const { symbol, bid, ask, ts } of quotes) {
      let subject = subjects.get(symbol);
      if (subject === undefined) subjects.set(symbol, (subject = `prices.${symbol}`));
      nats.publish(subject, `{"bid":${bid},"ask":${ask},"ts":${ts}}`);
    }
    this.sent += quotes.length;
  }

  /** Resolves when the runtime has followed but for so many quotes. */
  async follow(behindMax = 0): Promise<void> {
    const isNear = (): boolean => this.sent - this.followed <= behindMax;
    if (isNear()) return;
    const what = `${this.sent} quotes followed`;
    const look = async (): Promise<boolean> => {
      const { counters } = await this.operator.status();
      this.followed = (counters['quotes_accepted'] ?? 0) + (counters['quotes_refused'] ?? 0);
      return isNear();
    };
    await until(look, followMsMax, what);
  }
}
