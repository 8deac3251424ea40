// Tells what happens, a line each: what the market does, closes, breaches, halts.
import type { RuntimeEvent } from '#src/domain/events';
import { closeReasonOf, conditions } from '#src/domain/market-conditions';
import { conditionWords, heldWords, type Held } from '../market-words.ts';
import type { Screen, Style } from './screen.ts';
import type { Phase } from './synthetic-market.ts';
import { roundsPerSecond } from './synthetic-market.ts';
import type { ClosedSeen, Tally } from './tally.ts';
import {
  lots,
  money,
  percent,
  priceOf,
  reasonWord,
  rounded,
  signedMoney,
  timeOf,
} from './words.ts';

const labelWidth = 13;
const priceWidth = 9;
const amountWidth = 10;

const reasonStyles: Record<string, Style> = {
  stop_loss: 'yellow',
  take_profit: 'green',
  trailing_stop: 'green',
  break_even: 'yellow',
  drawdown_critical: 'red',
  ...Object.fromEntries(conditions.map((one) => [closeReasonOf(one), 'magenta' as const])),
};

export class Narrator {
  private readonly screen: Screen;
  private readonly tally: Tally;
  private readonly currencyOf: (accountId: string) => string;

  constructor(screen: Screen, tally: Tally, currencyOf: (accountId: string) => string) {
    this.screen = screen;
    this.tally = tally;
    this.currencyOf = currencyOf;
  }

  /** What the market is about to do. */
  phase({ kind, symbol = '', size, rounds }: Phase, ts: number): void {
    const seconds = rounds / roundsPerSecond;
    const way = size > 0 ? 'up' : 'down';
    const texts: Record<Phase['kind'], string> = {
      ordinary: '',
      move: `${symbol} goes ${way} ${percent(size)} within ${seconds} s`,
      wide: `the spread of ${symbol} is ${percent(size)} for ${seconds} s`,
      gap: `${symbol} gaps ${way} ${percent(Math.expm1(size))} in one quote`,
      quiet: `quiet for ${seconds} s`,
    };
    if (texts[kind] !== '') this.say(ts, 'market', texts[kind], 'cyan');
  }

  event(event: RuntimeEvent): void {
    const { accountId, ts } = event;
    switch (event.event) {
      case 'position.tracked':
        this.tally.tracked(event);
        break;
      case 'position.closed':
        this.close(this.tally.closedBy(event), ts);
        break;
      case 'position.close-failed':
        this.say(
          ts,
          'NOT CLOSED',
          `${field(event, 'positionId')}: ${field(event, 'errorMessage')}`,
          'red',
        );
        break;
      case 'guard.warning':
        this.say(ts, 'warning', `${accountId}: ${this.ruleText(event, 'nears')}`, 'yellow');
        break;
      case 'guard.breached':
        this.say(ts, 'BREACH', `${accountId}: ${this.ruleText(event, 'is at or below')}`, 'red');
        break;
      case 'account.halted':
        this.say(
          ts,
          'HALTED',
          `${accountId}: every position is closed, entries are refused`,
          'red',
        );
        break;
      case 'account.adjusted':
        this.say(
          ts,
          'operator',
          `${accountId}: deposit of ${this.amount(event, 'amount')}`,
          'cyan',
        );
        break;
      case 'account.resumed':
        this.say(ts, 'operator', `${accountId}: resumed, entries are allowed again`, 'cyan');
        break;
      case 'market.warning':
      case 'market.critical':
        this.say(ts, 'market guard', this.guardText(event), 'magenta');
        break;
      case 'market.cleared':
        this.say(ts, 'market guard', `${symbolAnd(event)} is over`, 'magenta');
        break;
      default:
        break;
    }
  }

  private close(closed: ClosedSeen, ts: number): void {
    const { positionId, accountId, side, symbol, reason, triggerPrice, price, pnl } = closed;
    const { screen } = this;
    const label = reasonWord(reason).padEnd(labelWidth);
    const style = reasonStyles[reason];
    const trigger = triggerPrice === undefined ? '' : priceOf(symbol, triggerPrice);
    const amount = pnl === undefined ? '' : signedMoney(pnl).padStart(amountWidth);
    const what = [
      positionId,
      accountId.padEnd(6),
      side.padEnd(5),
      lots(closed.quantity).padStart(6),
      symbol.padEnd(6),
      trigger.padStart(priceWidth),
      trigger === '' ? ' ' : '→',
      (price === undefined ? '' : priceOf(symbol, price)).padStart(priceWidth),
      screen.style(amount.includes('-') ? 'red' : 'green', amount),
      this.currencyOf(accountId),
    ].join(' ');
    screen.line(
      `${timeOf(ts)}  ${style === undefined ? label : screen.style(style, label)} ${what}`,
    );
  }

  private say(ts: number, label: string, text: string, style: Style): void {
    const { screen } = this;
    screen.line(`${timeOf(ts)}  ${screen.style(style, label.padEnd(labelWidth))} ${text}`);
  }

  private ruleText(event: RuntimeEvent, relation: string): string {
    const observed = this.amount(event, 'observed');
    return `equity ${observed} ${relation} the floor ${this.amount(event, 'floor')} of rule ${field(event, 'ruleId')}`;
  }

  private guardText(event: RuntimeEvent): string {
    const level = event.event.slice('market.'.length);
    const [condition, limit] = [field(event, 'condition'), field(event, 'limit')];
    const held = { condition, level, limit, measured: event['measured'], side: event['side'] };
    return `${field(event, 'symbol')} ${heldWords(held as Held, rounded)}: ${level}`;
  }

  private amount(event: RuntimeEvent, key: string): string {
    return `${money(field(event, key))} ${this.currencyOf(event.accountId)}`;
  }
}

function field(event: RuntimeEvent, key: string): string {
  const value = event[key];
  return typeof value === 'string' ? value : '';
}

function symbolAnd(event: RuntimeEvent): string {
  const of = { condition: field(event, 'condition'), side: event['side'] };
  return `${field(event, 'symbol')} ${conditionWords(of as Pick<Held, 'condition' | 'side'>)}`;
}
