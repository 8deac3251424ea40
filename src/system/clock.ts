// The system's clock. Timers further away than a timer can be are set in stages.
import type { Clock } from '#src/ports/clock';

const timerMsMax = 2 ** 31 - 1;

export function systemClock(): Clock {
  const at: Clock['at'] = (ts, act) => {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const wait = Math.max(0, ts - Date.now());
      timer = setTimeout(() => (wait > timerMsMax ? arm() : act()), Math.min(wait, timerMsMax));
    };
    arm();
    return () => clearTimeout(timer);
  };
  return { now: () => Date.now(), at, soon: (act) => void setImmediate(act) };
}
