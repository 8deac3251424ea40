// Which row of a provider's list is which position of ours, as the drifts show it.
import { expect, test } from 'vitest';
import type { BrokerPosition } from '#src/domain/provider';
import type { PositionRecord } from '#src/domain/records';
import { accountWith, driftsIn, listed, p, q, row, settled, type Short } from './provider-view.ts';

/** Which row is which position: equal quantities tell nothing, so a wrong match shows. */
test.each<[what: string, Partial<PositionRecord>[], BrokerPosition[], Short[]]>([
  ['nothing on either side', [], [], []],
  ['ours only', [p(1)], [], [['unknown_there', 'p 1', '1', undefined]]],
  ['ours only, without ticket', [p()], [], [['unknown_there', 'p', '1', undefined]]],
  ['theirs only', [], [row({ ticket: 7 })], [['unknown_here', '- 7', undefined, '1']]],
  [
    'theirs only, with an id that is not ours',
    [],
    [row({ ticket: 'x', positionId: 'z' })],
    [['unknown_here', 'z "x"', undefined, '1']],
  ],
  ['by id, whatever the ticket', [p(1)], [row({ positionId: 'p', ticket: 9 })], []],
  [
    'by id before ticket',
    [p(1), q(2, { quantity: '2' })],
    [row({ positionId: 'q', ticket: 1, quantity: '2' }), row({ positionId: 'p', ticket: 2 })],
    [],
  ],
  [
    'by id and ticket before id alone',
    [p(1)],
    [row({ positionId: 'p', ticket: 2, quantity: '3' }), row({ positionId: 'p', ticket: 1 })],
    [['unknown_here', 'p 2', undefined, '3']],
  ],
  ['by ticket, with an id that is not ours', [p(1)], [row({ positionId: 'z' })], []],
  [
    'by ticket in its own type',
    [p(1), q('1', { quantity: '2' })],
    [row({ ticket: '1', quantity: '2' }), row({ ticket: 1 })],
    [],
  ],
  ['text for our number', [p(1)], [row({ ticket: '1' })], []],
  ['a number for our text', [p('1')], [row({ ticket: 1 })], []],
  [
    'text that is another way to write our number',
    [p(1)],
    [row({ ticket: '01' })],
    [
      ['unknown_there', 'p 1', '1', undefined],
      ['unknown_here', '- "01"', undefined, '1'],
    ],
  ],
  [
    'text for our number, which is there as well',
    [p(1)],
    [row({ ticket: '1' }), row({ ticket: 1 })],
    [['unknown_here', '- "1"', undefined, '1']],
  ],
  [
    'text for our number, where the text is ours too and both are told as text',
    [p(1), q('1')],
    [row({ ticket: '1' }), row({ ticket: '1' })],
    [['unknown_there', 'p 1', '1', undefined]],
  ],
  ['by terms, where ours has no ticket', [p()], [row({ ticket: 7, quantity: '1.0' })], []],
  [
    'not by terms, where ours has one',
    [p(1)],
    [row({ ticket: 7 })],
    [
      ['unknown_there', 'p 1', '1', undefined],
      ['unknown_here', '- 7', undefined, '1'],
    ],
  ],
  ...(
    [
      ['symbol', { symbol: 'XAGUSD' }],
      ['side', { side: 'short' }],
      ['entry', { entryPrice: '2000.01' }],
    ] as const
  ).map(([what, given]): [string, Partial<PositionRecord>[], BrokerPosition[], Short[]] => [
    `not by terms with another ${what}`,
    [p()],
    [row({ ticket: 7, ...given })],
    [
      ['unknown_there', 'p', '1', undefined],
      ['unknown_here', '- 7', undefined, '1'],
    ],
  ]),
  [
    'not by terms with another quantity',
    [p()],
    [row({ ticket: 7, quantity: '2' })],
    [
      ['unknown_there', 'p', '1', undefined],
      ['unknown_here', '- 7', undefined, '2'],
    ],
  ],
  [
    'by terms last: the row of the ticket is taken',
    [p(), q(7)],
    [row({ ticket: 7 })],
    [['unknown_there', 'p', '1', undefined]],
  ],
  ['alike, as many on both sides', [p(), q()], [row({ ticket: 7 }), row({ ticket: 8 })], []],
  [
    'alike, more of ours: as many as are missing',
    [p(), q()],
    [row({ ticket: 7 })],
    [['unknown_there', 'q', '1', undefined]],
  ],
  [
    'alike, more of theirs: as many as are left',
    [p()],
    [row({ ticket: 7 }), row({ ticket: 8 })],
    [['unknown_here', '- 8', undefined, '1']],
  ],
  ['the same row twice', [p(1)], [row(), row({ entryPrice: '2000.0' })], []],
  [
    'the same ticket with other terms',
    [p(1)],
    [row(), row({ quantity: '5' }), row({ quantity: '6' })],
    [['unknown_here', 'p 1', undefined, '5']],
  ],
  [
    'the ticket of a row that was matched by id, with other terms',
    [p()],
    [row({ positionId: 'p', ticket: 7 }), row({ ticket: 7, quantity: '5' })],
    [['unknown_here', 'p 7', undefined, '5']],
  ],
  [
    'the ticket of a row that was matched by terms, with other terms',
    [p()],
    [row({ ticket: 7 }), row({ ticket: 7, quantity: '5' })],
    [['unknown_here', 'p 7', undefined, '5']],
  ],
  [
    'an unknown ticket twice',
    [],
    [row({ ticket: 7 }), row({ ticket: 7, quantity: '5' })],
    [['unknown_here', '- 7', undefined, '1']],
  ],
  [
    'ours in tracking order, then theirs in their order',
    [q(2), p(1, { quantity: '3' }), { positionId: 'a', ticket: 3 }],
    [row({ ticket: 9 }), row({ ticket: 1 }), row({ ticket: 8 })],
    [
      ['unknown_there', 'q 2', '1', undefined],
      ['quantity', 'p 1', '3', '1'],
      ['unknown_there', 'a 3', '1', undefined],
      ['unknown_here', '- 9', undefined, '1'],
      ['unknown_here', '- 8', undefined, '1'],
    ],
  ],
])('matching: %s', (_, ours, theirs, drifts) => {
  expect(driftsIn(accountWith(...ours), listed(...theirs))).toEqual(drifts);
});

/** Positions `p` and `q` of which `p` is unsettled. */
test.each<[what: string, Partial<PositionRecord>[], BrokerPosition[], Short[]]>([
  ['it is not there', [p(1)], [], []],
  ['it differs', [p(1)], [row({ side: 'short' })], []],
  ['its ticket is there twice', [p(1)], [row(), row({ quantity: '2' })], []],
  ['it has no ticket, and is there as before a fill', [p()], [row({ quantity: '3' })], []],
  [
    'it has no ticket, and what is there is of another entry',
    [p()],
    [row({ entryPrice: '1999' })],
    [['unknown_here', '- 1', undefined, '1']],
  ],
  ['the settled one that is like it keeps its row', [p(), q()], [row()], []],
  [
    'the settled one differs',
    [p(1), q(2)],
    [row({ ticket: 2, quantity: '2' })],
    [['quantity', 'q 2', '1', '2']],
  ],
  ['the settled one is gone', [p(1), q(2)], [], [['unknown_there', 'q 2', '1', undefined]]],
])('a position that is unsettled is not judged: %s', (_, ours, theirs, drifts) => {
  const isUnsettled = ({ positionId }: { positionId: string }): boolean => positionId === 'p';
  expect(driftsIn(accountWith(...ours), listed(...theirs), isUnsettled)).toEqual(drifts);
});

test('a row of a position that was closed a moment ago is not unknown here', () => {
  const isRecentlyClosed = ({ ticket }: BrokerPosition): boolean => ticket === 8;
  const view = listed(row({ ticket: 8 }), row({ ticket: 9 }));
  expect(driftsIn(accountWith(), view, settled, isRecentlyClosed)).toEqual([
    ['unknown_here', '- 9', undefined, '1'],
  ]);
  // Nor does it take the place of one of ours that is like it.
  expect(driftsIn(accountWith(p(), q()), view, settled, isRecentlyClosed)).toEqual([
    ['unknown_there', 'q', '1', undefined],
  ]);
});
