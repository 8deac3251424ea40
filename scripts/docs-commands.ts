// Every command: what it does, what it answers with, and which refusals are its own. The compiler says
// which command or refusal is missing here; fields and places come from the command itself.
import { commands } from '#src/commands/index';
import type { Command } from '#src/commands/command';
import { accountRecordOf } from '#src/commands/account';
import { refusalCodes, type RefusalName } from '#src/domain/refusals';
import { code, fieldsOf, fieldTable, table, type Field } from './docs-fields.ts';
import { linkTo } from './docs-shapes.ts';

interface CommandText {
  readonly what: string;
  readonly answers: string;
  readonly refuses?: readonly RefusalName[];
}

type CommandTexts = {
  readonly [R in keyof typeof commands]: {
    readonly [A in keyof (typeof commands)[R]]: CommandText;
  };
};

const account = linkTo('Account', 'the account');
const closeResult = linkTo('Close result');
const position = linkTo('Position', 'the position');
const letter = linkTo('Dead letter', 'the dead letter');
const status = linkTo('Runtime status', 'the status');
const pageOf = (items: string): string => `\`{items, nextCursor?}\`: ${items}`;
const ofOneAccount = ['unknown_account'] as const;
const ofOnePosition = ['unknown_position', 'foreign_account'] as const;

export const texts: CommandTexts = {
  account: {
    create: {
      what: 'Opens an account. With neither `rules` nor `preset` nothing guards it.',
      answers: account,
      refuses: ['account_exists', 'unreachable_route'],
    },
    get: {
      what: 'How an account stands.',
      answers: account,
      refuses: [...ofOneAccount, 'unknown_symbol'],
    },
    list: {
      what: 'Accounts.',
      answers: pageOf(linkTo('Account', 'accounts')),
      refuses: ofOneAccount,
    },
    adjust: {
      what:
        'Books a deposit or withdrawal: balance, peak, initial balance and day anchors move by it, ' +
        '`fixed` floors stay.',
      answers: account,
      refuses: ['unknown_account', 'balance_too_low'],
    },
    halt: {
      what: 'Entries are not allowed until `account.resume`; positions stay guarded, rules go on.',
      answers: account,
      refuses: ofOneAccount,
    },
    resume: {
      what: 'Ends a halt: peak and day anchors begin anew at equity and balance of now.',
      answers: account,
      refuses: [
        'unknown_account',
        'account_not_halted',
        'account_closing',
        'acknowledge_required',
        'would_breach',
      ],
    },
    rules: {
      what:
        'Replaces the rules, at once: a rule that is breached already acts on the next quote. `{}` ' +
        'leaves none. A rule that is given again unchanged keeps its anchors.',
      answers: account,
      refuses: ofOneAccount,
    },
    'close-all': {
      what: 'Closes all open positions, or those that are named, each with its own outcome.',
      answers: linkTo('Bulk close result'),
      refuses: ofOneAccount,
    },
  },
  position: {
    track: {
      what: 'Guards a position that exists; a halt is no reason to refuse it.',
      answers: position,
      refuses: [
        'unknown_account',
        'unknown_symbol',
        'missing_conversion',
        'position_exists',
        'ticket_exists',
        'order_link_exists',
      ],
    },
    amend: {
      what: 'Replaces its exits as a whole; one that is given again unchanged keeps its state.',
      answers: position,
      refuses: [...ofOnePosition, 'position_not_open'],
    },
    close: {
      what: 'Closes it, or a part; answers after 2 s with `pending` where the outcome is not known.',
      answers: closeResult,
      refuses: [...ofOnePosition, 'not_on_paper', 'quantity_too_large', 'closes_queued'],
    },
    'close-if-triggered': {
      what: 'Closes it for a trigger that the caller has seen.',
      answers: `${closeResult}; of a position that is not open \`success: false\``,
      refuses: ['foreign_account'],
    },
    untrack: {
      what: 'Ends guarding; no order is sent.',
      answers: `${position} as it was`,
      refuses: [...ofOnePosition, 'position_not_open'],
    },
    get: { what: 'How a position stands.', answers: position, refuses: ofOnePosition },
    list: {
      what: 'Positions; `open` are the closing ones too.',
      answers: pageOf(linkTo('Position', 'positions')),
      refuses: ofOneAccount,
    },
  },
  instrument: {
    put: {
      what: 'Adds or replaces an instrument; contract size, currency and commission stay while positions are open.',
      answers: 'the instrument',
      refuses: ['instrument_in_use'],
    },
    list: { what: 'Instruments.', answers: pageOf('instruments') },
  },
  guard: {
    put: {
      what: 'Gives a symbol a market guard, in place of the one it has; parts that are given again unchanged stay as they stand. A symbol that has none is not guarded.',
      answers: 'the guard, defaults filled in',
      refuses: ['unknown_symbol'],
    },
    remove: {
      what: 'Takes the market guard away.',
      answers: '`{symbol}`',
      refuses: ['unknown_guard'],
    },
    status: {
      what: 'Under an account how its rules stand; under `_` the market guards.',
      answers: `${linkTo('Guard status of an account')}; \`{guards, nextCursor?}\`: ${linkTo('Market guard', 'market guards')}`,
      refuses: [...ofOneAccount, 'unknown_symbol'],
    },
  },
  route: {
    put: {
      what: 'Says how a provider is called and what it can do.',
      answers: 'the route, defaults filled in',
    },
    list: { what: 'Routes that were put or that accounts name.', answers: pageOf('routes') },
  },
  ledger: {
    list: {
      what: 'Rows of the ReconciliationLog, once it has what is durable now.',
      answers: pageOf(linkTo('Ledger row', 'rows')),
      refuses: ['unknown_account', 'ledger_unavailable'],
    },
  },
  deadletter: {
    list: {
      what: 'Closes that failed three times.',
      answers: pageOf(linkTo('Dead letter', 'dead letters')),
      refuses: ofOneAccount,
    },
    retry: {
      what: 'Tries it once more, now, even where that may close twice: look at the provider first.',
      answers: letter,
      refuses: ['unknown_deadletter', 'foreign_account', 'unknown_position'],
    },
    discard: {
      what: 'Gives it up: the position is guarded again.',
      answers: letter,
      refuses: ['unknown_deadletter', 'foreign_account', 'unknown_position'],
    },
  },
  reconciliation: {
    status: {
      what: 'What the last comparison with the provider came to.',
      answers: `\`{accounts}\`: ${linkTo('Reconciliation', 'one each')}`,
      refuses: ofOneAccount,
    },
    run: {
      what: 'Compares now.',
      answers: `\`{accounts}\`: ${linkTo('Reconciliation', 'one each')}`,
      refuses: ofOneAccount,
    },
  },
  runtime: {
    status: { what: 'How the runtime is.', answers: status },
    pause: {
      what: 'Entries are not allowed in any account; guards and closes go on.',
      answers: status,
    },
    resume: { what: 'Ends the pause.', answers: status },
    'emergency-stop': {
      what: 'Halts every account and closes everything, the worst first.',
      answers: `${linkTo('Bulk close result')} and \`accounts\`, how many there are`,
    },
    drain: {
      what: 'Takes no more commands, finishes what is in flight, exits with 0.',
      answers: '`{state, closesInFlight}`',
    },
  },
};

/** When each is answered. */
const refusals: Readonly<Record<RefusalName, string>> = {
  invalid_request: 'the body is not valid; `issues` names every fault',
  missing_conversion: 'no instrument converts the quote currency to that of the account',
  unreachable_route: 'nothing serves the route',
  not_on_paper: '`price` was given for a LIVE account',
  unusable_header: '`Nats-Msg-Id` or `Closeout-Deadline` is none',
  foreign_account: 'it is of another account than the subject names',
  not_permitted: 'under `_` what is of an account, or the other way round',
  unknown_subject: 'no such command',
  unknown_account: 'no such account',
  unknown_position: 'no such position',
  unknown_symbol: 'no instrument has the symbol',
  unknown_guard: 'the symbol has no market guard',
  unknown_deadletter: 'no open dead letter has the id',
  deadline_passed: 'it came after its `Closeout-Deadline`',
  account_exists: 'the id is taken',
  position_exists: 'the id is taken, or was ever',
  ticket_exists: 'an open position of the account has the ticket',
  order_link_exists: 'an order id names another position of the route, or two things of this one',
  position_not_open: 'it is closed or closing',
  quantity_too_large: 'more than is left; `limit` and `actual`',
  closes_queued: 'too many closes of the position wait',
  account_not_halted: 'there is no halt to end',
  account_closing: 'closes of the breach have no outcome yet, or its grace runs',
  account_halted: 'an entry of a halted account; this version has no command that enters',
  acknowledge_required:
    '`acknowledge` is not the `breachId` of the halt, or is one where there is none',
  would_breach: 'a rule would breach at once; `limit` and `actual`',
  balance_too_low: 'the withdrawal would leave what it moves at or below 0; `limit` and `actual`',
  instrument_in_use: 'open positions hang on what would change',
  message_id_reused: 'the `Nats-Msg-Id` was used for another request',
  request_too_large: 'more than 256 KiB',
  request_too_deep: 'more than 32 levels',
  reply_too_large: 'the reply does not fit on NATS',
  overloaded: 'too many commands at once; closes and halts are never refused for it',
  not_ready: 'the runtime is not ready, or takes no more',
  ledger_unavailable: 'the ledger does not answer; nothing is lost',
  internal_error: 'a fault of the runtime; see its log',
};

/** Any command may be refused so. */
export const common: readonly RefusalName[] = [
  ...(['invalid_request', 'unusable_header', 'foreign_account', 'not_permitted'] as const),
  ...(['unknown_subject', 'deadline_passed', 'message_id_reused', 'request_too_large'] as const),
  ...(['request_too_deep', 'reply_too_large', 'overloaded', 'not_ready'] as const),
  'internal_error',
];

/** What has a table of its own, under the heading of its name. */
const links: Readonly<Record<string, string>> = {
  exits: '[exits](#exits)',
  rules: '[rules](#account-rules)',
};

/** Commands whose bodies have tables of their own, elsewhere on the page. */
const bodiesElsewhere: Readonly<Record<string, string>> = {
  'instrument.put': '[instrument](#instruments)',
  'guard.put': '[market guard](#market-guards)',
  'route.put': '[route](#routes)',
};

const pagingNames = new Set(['limit', 'cursor']);

export function accountTable(): string {
  const spec = { accountId: 'a', currency: 'USD', balance: 1 };
  const { mode } = accountRecordOf(spec);
  return fieldTable(fieldsOf(commands.account.create.schema, links), { mode });
}

export function positionTable(): string {
  return fieldTable(fieldsOf(commands.position.track.schema, links));
}

function bodyOf(name: string, fields: readonly Field[]): string {
  if (name === 'account.create') return 'Body: [account](#accounts).';
  if (name === 'position.track') return 'Body: [position](#positions).';
  const elsewhere = bodiesElsewhere[name];
  if (elsewhere !== undefined) return `Body: ${elsewhere}.`;
  const own = fields.filter(({ path }) => !pagingNames.has(path));
  const body = own.length === 0 ? 'Body: none' : `Body:\n\n${fieldTable(own)}`;
  if (own.length === fields.length) return own.length === 0 ? `${body}.` : body;
  return own.length === 0 ? 'Body: paging.' : `Body, beside paging:\n\n${fieldTable(own)}`;
}

const places: Readonly<Record<Command['scope'], string>> = {
  account: 'under an account',
  none: 'under `_`',
  either: 'under an account or `_`',
};

function commandSection(name: string, text: CommandText, definition: Command): string {
  const { what, answers, refuses = [] } = text;
  const urgent = definition.isUrgent === true ? '; never `overloaded`' : '';
  const own = refuses.length === 0 ? '' : ` Refused with: ${refuses.map(code).join(', ')}.`;
  return [
    `### ${name}`,
    `${what} (${places[definition.scope]}${urgent})`,
    bodyOf(name, fieldsOf(definition.schema, links)),
    `Answers with ${answers}.${own}`,
  ].join('\n\n');
}

export function commandSections(): string {
  return Object.entries(commands)
    .flatMap(([resource, actions]) =>
      Object.entries(actions as Record<string, Command>).map(([action, definition]) => {
        const own: Readonly<Record<string, CommandText>> = texts[resource as keyof typeof texts];
        return commandSection(`${resource}.${action}`, own[action] as CommandText, definition);
      }),
    )
    .join('\n\n');
}

/** Each with its code, when it is answered, and by which commands. */
export function refusalTable(): string {
  const rows = Object.entries(refusals).map(([name, when]) => {
    const by = Object.entries(texts).flatMap(([resource, actions]) =>
      Object.entries(actions as Record<string, CommandText>)
        .filter(([, { refuses = [] }]) => refuses.includes(name as RefusalName))
        .map(([action]) => code(`${resource}.${action}`)),
    );
    const all = common.includes(name as RefusalName) ? 'any' : by.join(', ');
    return [code(name), String(refusalCodes[name as RefusalName]), when, all];
  });
  return table(['name', 'code', 'when', 'command'], rows);
}
