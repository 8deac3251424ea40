// Markets that open and close by a calendar: entries, staleness, gaps over a break, quotes outside.
import { Temporal } from 'temporal-polyfill';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SessionCalendar } from '#src/domain/sessions';
import { silentLogger, type Logger } from '#src/ports/logger';
import { startTs } from '../support/core-harness.ts';
import { enter, startAgain, trackLots, world, type Body } from './acting.ts';
import { forgetNews, guard, guardStatus, news, expectTold } from './market-worlds.ts';
import { accounts } from './world.ts';

const hourMs = 3_600_000;

let warned: string[] = [];
let errors: Body[] = [];
const logger: Logger = {
  ...silentLogger,
  warn: (_of: object, message?: string) => void warned.push(message ?? ''),
  error: (of: object, message?: string) => void errors.push({ ...of, message }),
};

/** On Mondays and Tuesdays from 8 to 17, in London, which is UTC then; the clock begins at midnight. */
const sessions = {
  timezone: 'Europe/London',
  weekly: [{ days: ['mon', 'tue'], from: '08:00', to: '17:00' }],
};

async function put(more: Body): Promise<void> {
  const euro = { symbol: 'EURUSD', quoteCurrency: 'USD', contractSize: 100_000 };
  const reply = await world.ask('op._.instrument.put', { ...euro, ...more });
  expect(reply['error']).toBeUndefined();
  // What is due at once is so in the turn that follows.
  world.clock.advance(0);
}

beforeEach(async () => {
  forgetNews();
  warned = [];
  errors = [];
  await enter({ logger });
});

afterEach(() => {
  vi.restoreAllMocks();
});

const closed = 'halted closed';

describe('entries', () => {
  test('are halted outside the sessions, without any guard', async () => {
    await put({ sessions });
    expect(news()).toEqual([closed]);
    await expectTold(
      [`+${8 * hourMs - 1}`],
      ['+1', 'resumed'],
      [`+${9 * hourMs - 1}`],
      ['+1', closed],
      [`+${15 * hourMs}`, 'resumed'],
      // Until Monday.
      [`+${9 * hourMs}`, closed],
      [`+${(6 * 24 - 9) * hourMs - 1}`],
      ['+1', 'resumed'],
    );
    expect(world.events.at(-1)).toMatchObject({
      event: 'entries.resumed',
      ts: startTs + (7 * 24 + 8) * hourMs,
    });
  });

  test('are halted on holidays, and after an early close', async () => {
    const holidays = [
      { date: '2026-01-05', closed: true },
      { date: '2026-01-06', from: '09:30', to: '12:00' },
    ];
    await put({ sessions: { ...sessions, holidays } });
    expect(news()).toEqual([closed]);
    await expectTold([`+${33.5 * hourMs - 1}`], ['+1', 'resumed'], [`+${2.5 * hourMs}`, closed]);
  });

  test('are allowed where nothing says when the market is open, and again when it is taken back', async () => {
    await put({ sessions });
    expect(news()).toEqual([closed]);
    await put({});
    expect(news()).toEqual(['resumed']);
    await expectTold([`+${100 * hourMs}`]);
    expect(world.core.deadlines.size).toBe(0);
  });

  test('go by other sessions at once', async () => {
    await put({ sessions });
    await expectTold([`+${8 * hourMs}`, closed, 'resumed']);
    await put({ sessions: { ...sessions, timezone: 'America/New_York' } });
    expect(news()).toEqual([closed]);
    await expectTold([`+${5 * hourMs}`, 'resumed']);
  });

  describe.each(['restart', 'kill'])('after a %s', (stop) => {
    /** Declared in the settings, which are read at each start. */
    beforeEach(async () => {
      const euro = { symbol: 'EURUSD', quoteCurrency: 'USD', contractSize: 100_000, sessions };
      await enter({ logger, settings: { instruments: [euro], accounts } });
    });

    test('are as they were, and told no second time', async () => {
      await expectTold(
        ['+0', closed],
        [stop],
        [`+${8 * hourMs - 1}`],
        ['+1', 'resumed'],
        [stop],
        [`+${9 * hourMs}`, closed],
      );
    });

    test('are as the calendar says by then', async () => {
      await expectTold(['+0', closed]);
      const { clock } = world;
      await (stop === 'kill' ? world.kill() : world.stop());
      clock.advance(9 * hourMs);
      await startAgain();
      await expectTold(['+0', 'resumed']);
      await world.kill();
      clock.advance(9 * hourMs);
      await startAgain();
      await expectTold(['+0', closed]);
    });
  });

  test('stay halted by a condition when the market opens', async () => {
    await put({ sessions });
    await guard({ stale: { limit: 3600 }, spread: { clearAfterMs: 2 * hourMs } });
    expect(news()).toEqual([closed]);
    await expectTold(
      [`+${7 * hourMs}`],
      ['1 1.006', 'warning spread', 'halted closed, spread'],
      [`+${hourMs}`, 'halted spread'],
    );
    expect(await guardStatus()).toMatchObject({
      entries: { allowed: false, reasons: ['spread is at its limit'] },
    });
  });
});

describe('staleness', () => {
  test('counts inside sessions only', async () => {
    await put({ sessions });
    await guard({ stale: { limit: 600 } });
    await expectTold(
      [`+${8 * hourMs}`, closed, 'resumed'],
      ['1'],
      ['+600000', 'warning stale', 'halted stale'],
      ['1'],
      ['+5000', 'cleared stale', 'resumed'],
      [`+${9 * hourMs - 605_000 - 300_000}`, 'warning stale', 'halted stale', 'critical stale'],
      ['1'],
      ['+5000', 'cleared stale', 'resumed'],
      // 295 s before the close, the rest of ten minutes after the next opening.
      [`+${295_000 + 15 * hourMs}`, closed, 'resumed'],
      ['+299999'],
      ['+1', 'warning stale', 'halted stale'],
      ['+599999'],
      ['+1', 'critical stale'],
    );
  });

  test('goes by sessions that the instrument has had since', async () => {
    await guard({ stale: { limit: 60 } });
    await expectTold(['1'], ['+30000']);
    await put({ sessions });
    expect(news()).toEqual([closed]);
    await expectTold(
      [`+${8 * hourMs - 30_000}`, 'resumed'],
      ['+59999'],
      ['+1', 'warning stale', 'halted stale'],
    );
  });
});

test('the first quote of a session is a gap from the last of the one before', async () => {
  await put({ sessions });
  await guard({ gap: {} });
  await expectTold(
    ['long a', closed],
    [`+${16 * hourMs}`, 'resumed'],
    ['1'],
    [`+${16 * hourMs}`, closed, 'resumed'],
    ['1.06', 'warning gap', 'halted gap', 'a market_gap 1.06'],
  );
});

test('a quote outside its session counts, and is warned of once until the market has opened', async () => {
  await put({ sessions });
  await guard({ spread: {} });
  expect(news()).toEqual([closed]);
  await trackLots('acc2', { positionId: 'p', exits: { stopLoss: '0.9' } });
  await expectTold(
    ['1'],
    ['1 1.2', 'critical spread', 'halted closed, spread', 'p market_spread 1'],
    ['1'],
  );
  expect(world.counter('quotes_outside_session')).toBe(3);
  const told = 'a quote came while the market is closed by its calendar';
  expect(warned.filter((message) => message === told)).toHaveLength(1);
  await expectTold([`+${8 * hourMs}`, ...['cleared spread', closed, 'resumed']], ['1']);
  expect(world.counter('quotes_outside_session')).toBe(3);
  await expectTold([`+${9 * hourMs}`, closed], ['1'], ['1']);
  expect(world.counter('quotes_outside_session')).toBe(5);
  expect(warned.filter((message) => message === told)).toHaveLength(2);
});

test('exits go by no calendar', async () => {
  await put({ sessions });
  expect(news()).toEqual([closed]);
  await trackLots('acc2', { positionId: 'p', exits: { stopLoss: '0.9' } });
  await expectTold(['0.89', 'p stop_loss 0.89']);
  expect(world.counter('quotes_outside_session')).toBe(1);
});

describe('a calendar that fails', () => {
  const failing = (method: 'spanAt' | 'openAfter'): void => {
    vi.spyOn(SessionCalendar.prototype, method).mockImplementation(() => {
      throw new RangeError('no such time');
    });
  };
  const loud = { symbol: 'EURUSD', error: 'no such time' };
  const message = 'the session calendar has failed: the market counts as open';

  test('closes no market, is told loudly, and is asked again after an hour', async () => {
    failing('spanAt');
    await put({ sessions });
    expect(news()).toEqual([]);
    expect(errors).toEqual([{ ...loud, message }]);
    expect(world.counter('session_calendar_errors')).toBe(1);
    await expectTold([`+${hourMs - 1}`]);
    expect(errors).toHaveLength(1);
    await expectTold(['+1']);
    expect(errors).toHaveLength(2);
    vi.restoreAllMocks();
    // Two hours after midnight it is asked again, and answers.
    await expectTold([`+${hourMs - 1}`], ['+1', closed], [`+${6 * hourMs}`, 'resumed']);
    expect(errors).toHaveLength(2);
  });

  test('opens a market that was closed: entries are allowed', async () => {
    await put({ sessions });
    expect(news()).toEqual([closed]);
    failing('spanAt');
    await expectTold([`+${8 * hourMs}`, 'resumed'], [`+${30 * hourMs}`]);
    expect(errors.length).toBeGreaterThan(20);
  });

  test('lets a market be stale as one without sessions is, and exits act', async () => {
    await put({ sessions });
    failing('openAfter');
    await guard({ stale: { limit: 60 } });
    await trackLots('acc2', { positionId: 'p', exits: { stopLoss: '0.9' } });
    await expectTold(
      ['1', closed],
      ['+60000', 'warning stale', 'halted closed, stale'],
      ['0.89', 'p stop_loss 0.89'],
    );
    expect(errors[0]).toEqual({ ...loud, message });
  });

  test('that cannot even be made, its time zone being known no more, leaves the market open', async () => {
    await enter({ logger, settings: { instruments: [], accounts: [] } });
    await put({ sessions });
    await guard({ stale: { limit: 60 } });
    expect(news()).toEqual([closed]);
    await world.kill();
    vi.spyOn(Temporal, 'ZonedDateTime').mockImplementation(function unknown() {
      throw new RangeError('no such zone');
    });
    await startAgain();
    const fault = { symbol: 'EURUSD', error: 'no time zone Europe/London', message };
    expect(errors).toEqual([fault]);
    await expectTold(['+0', 'resumed'], ['1'], ['+60000', 'warning stale', 'halted stale']);
    await expectTold(['+60000', 'critical stale'], [`+${hourMs - 120_001}`]);
    expect(errors).toEqual([fault]);
    await expectTold(['+1']);
    expect(errors).toEqual([fault, fault]);
    vi.restoreAllMocks();
    // Two hours after midnight it is made, and answers.
    await expectTold([`+${hourMs - 1}`], ['+1', 'halted closed, stale'], ['1']);
    await expectTold(['+5000', 'cleared stale', closed], [`+${6 * hourMs - 5000}`, 'resumed']);
    expect(errors).toHaveLength(2);
  });
});
