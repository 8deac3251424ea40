// The token bucket: how many calls in which time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from '#actors/token-bucket';

const limit = { ratePerSecond: 100, burst: 3 };

function takeAll(bucket: TokenBucket, now: number, given = limit): number {
  let taken = 0;
  while (bucket.take(now, given)) taken++;
  return taken;
}

test('a new bucket is full, and says when the next token is there', () => {
  const bucket = new TokenBucket();
  expect(bucket.readyTs(5000, limit)).toBe(5000);
  expect(takeAll(bucket, 5000)).toBe(3);
  expect(bucket.readyTs(5000, limit)).toBe(5010);
  expect(takeAll(bucket, 5009)).toBe(0);
  expect(bucket.readyTs(5009, limit)).toBe(5010);
  expect(takeAll(bucket, 5010)).toBe(1);
});

test.each([
  ['a pause gives what has run in', 20, 2],
  ['and never more than the burst', 60_000, 3],
])('%s', (_, pauseMs, taken) => {
  const bucket = new TokenBucket();
  takeAll(bucket, 1000);
  expect(takeAll(bucket, 1000 + pauseMs)).toBe(taken);
});

test('what has begun to run in is not lost by asking', () => {
  const bucket = new TokenBucket();
  const slow = { ratePerSecond: 0.3, burst: 1 };
  expect(takeAll(bucket, 0, slow)).toBe(1);
  const asked = Array.from({ length: 3333 }, (_, ms) => takeAll(bucket, ms + 1, slow));
  expect(asked.every((taken) => taken === 0)).toBe(true);
  expect(takeAll(bucket, 3334, slow)).toBe(1);
});

test('a changed limit holds from the next question on', () => {
  const bucket = new TokenBucket();
  expect(takeAll(bucket, 1000, { ratePerSecond: 1, burst: 5 })).toBe(5);
  expect(bucket.readyTs(1000, { ratePerSecond: 1, burst: 5 })).toBe(2000);
  expect(bucket.readyTs(1000, { ratePerSecond: 500, burst: 5 })).toBe(1002);
  expect(takeAll(bucket, 2000, { ratePerSecond: 500, burst: 2 })).toBe(2);
});

test('a clock that is set back adds nothing, and the bucket goes on from there', () => {
  const bucket = new TokenBucket();
  expect(takeAll(bucket, 1_000_000)).toBe(3);
  expect(takeAll(bucket, 0)).toBe(0);
  expect(bucket.readyTs(0, limit)).toBe(10);
  expect(takeAll(bucket, 10)).toBe(1);
});

test('in any window at most burst + rate · t are taken, and each as soon as may be', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 200 });
  const limits = fc.record({
    ratePerSecond: fc.integer({ min: 1, max: 300 }),
    burst: fc.integer({ min: 1, max: 10 }),
  });
  fc.assert(
    fc.property(limits, steps, (given, waits) => {
      const bucket = new TokenBucket();
      const takenAt: number[] = [];
      let now = 0;
      for (const wait of waits) {
        now += wait;
        const ready = bucket.readyTs(now, given);
        expect(ready > now && bucket.take(ready - 1, given)).toBe(false);
        expect(bucket.take(ready, given)).toBe(true);
        takenAt.push(ready);
        now = ready;
      }
      for (const [i, from] of takenAt.entries()) {
        for (const [k, to] of takenAt.slice(i).entries()) {
          const most = given.burst + (given.ratePerSecond * (to - from)) / 1000;
          expect(k + 1).toBeLessThanOrEqual(most);
        }
      }
    }),
  );
});
