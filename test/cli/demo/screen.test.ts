// Lines and the summary line, on a terminal and elsewhere.
import { expect, test } from 'vitest';
import { Screen } from '#src/cli/demo/screen';

function shown(
  terminal: { isTTY?: boolean; columns?: number },
  env: Record<string, string>,
  use: (screen: Screen) => void,
): string {
  let text = '';
  const output = { ...terminal, write: (more: string) => (text += more) };
  use(new Screen(output, env));
  return text;
}

function typical(screen: Screen): void {
  screen.line(screen.style('red', 'one'));
  screen.summary('the summary');
  screen.line('two');
  screen.endSummary();
  screen.line('end');
}

const clear = '\r\u001b[K';

test('where there is no terminal there are plain lines, the summary among them', () => {
  expect(shown({}, {}, typical)).toBe('one\nthe summary\ntwo\nend\n');
});

test('on a terminal the summary stays at the bottom, and goes at the end', () => {
  const bold = '\u001b[1mthe summary\u001b[22m';
  const red = '\u001b[31mone\u001b[39m';
  expect(shown({ isTTY: true, columns: 40 }, {}, typical)).toBe(
    `${clear}${red}\n${clear}${bold}${clear}two\n${bold}${clear}${clear}end\n`,
  );
});

test('NO_COLOR takes the colors and leaves the summary at the bottom', () => {
  expect(shown({ isTTY: true, columns: 40 }, { NO_COLOR: '1' }, typical)).toBe(
    `${clear}one\n${clear}the summary${clear}two\nthe summary${clear}${clear}end\n`,
  );
});

test('an empty NO_COLOR takes nothing', () => {
  const text = shown({ isTTY: true }, { NO_COLOR: '' }, (s) => s.line(s.style('red', 'one')));
  expect(text).toContain('\u001b[31m');
});

test('a dumb terminal is taken for none', () => {
  expect(shown({ isTTY: true }, { TERM: 'dumb' }, typical)).toBe('one\nthe summary\ntwo\nend\n');
});

test('the summary is cut to the width of the terminal', () => {
  const text = shown({ isTTY: true, columns: 8 }, { NO_COLOR: '1' }, (s) =>
    s.summary('0123456789'),
  );
  expect(text).toBe(`${clear}0123456`);
});

test('on a terminal the summary is renewed often, elsewhere once in a while', () => {
  const everyMs = (isTTY: boolean) => new Screen({ isTTY, write: () => true }, {}).summaryEveryMs;
  expect(everyMs(true)).toBeLessThan(500);
  expect(everyMs(false)).toBeGreaterThanOrEqual(1000);
});
