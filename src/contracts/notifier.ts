// Notifiers as the settings declare them (contract section 10), and which events a notifier is told of.
import { z } from 'zod';
import type { EventName } from '#src/domain/events';
import { Id } from './primitives.ts';
import { notifySubjectDefault, NotifySubject } from './subjects.ts';

/** Longest wait for a webhook's answer. */
const timeoutMsMax = 30_000;
/** Most attempts to deliver one event: with more, those behind it would wait for an hour. */
const attemptsMax = 20;
/** How often an event is tried, unless the settings say otherwise. */
export const attemptsDefault = 5;

/** Every event; the compiler says when one is missing. */
const known: Readonly<Record<EventName, true>> = {
  'position.tracked': true,
  'position.amended': true,
  'position.exits-moved': true,
  'position.closed': true,
  'position.partially-closed': true,
  'position.close-amended': true,
  'position.close-failed': true,
  'position.untracked': true,
  'guard.warning': true,
  'guard.breached': true,
  'guard.restored': true,
  'account.halted': true,
  'account.resumed': true,
  'account.adjusted': true,
  'account.rules-replaced': true,
  'entries.halted': true,
  'entries.resumed': true,
  'market.warning': true,
  'market.critical': true,
  'market.cleared': true,
  'feed.switched': true,
  'bulk.progressed': true,
  'deadletter.added': true,
  'deadletter.cleared': true,
  'deadletter.alarm': true,
  'drift.detected': true,
};
const names = Object.keys(known) as EventName[];

/**
 * What a notifier is told of that does not say what it wants: what a person may have to act on; of
 * `entries.*` nothing that is of the hours of a market alone.
 */
export const eventsDefault: readonly EventName[] = [
  'guard.warning',
  'guard.breached',
  'guard.restored',
  'account.halted',
  'account.resumed',
  'entries.halted',
  'entries.resumed',
  'market.critical',
  'feed.switched',
  'position.closed',
  'position.close-failed',
  'deadletter.added',
  'deadletter.alarm',
];

/** The events that a name, `*` or a pattern such as `guard.*` stands for; none where it is no such. */
function eventsNamedBy(pattern: string): EventName[] {
  if (pattern === '*') return names;
  if (!pattern.endsWith('.*')) return names.filter((name) => name === pattern);
  return names.filter((name) => name.startsWith(pattern.slice(0, -1)));
}

/** The events that names and patterns stand for together. */
export function eventsNamed(patterns: readonly string[]): ReadonlySet<string> {
  return new Set(patterns.flatMap(eventsNamedBy));
}

const patternError = 'expected the name of an event, or a pattern such as guard.* or *';

/** Names and patterns of events; each must stand for one at least. */
export const EventPatterns = z
  .array(
    z
      .string({ error: patternError })
      .refine((pattern) => eventsNamedBy(pattern).length > 0, { error: patternError }),
    { error: 'expected a list of events' },
  )
  .min(1, { error: 'expected at least one event' });

const webSchemes = new Set(['http:', 'https:']);
const urlError = { error: 'expected a URL beginning with https:// or http://' };

const WebUrl = z.string(urlError).refine(isWebUrl, urlError);

function isWebUrl(value: string): boolean {
  return /^https?:\/\//i.test(value) && webSchemes.has(URL.parse(value)?.protocol ?? '');
}

function wholeUpTo(max: number): z.ZodNumber {
  const error = `expected a whole number from 1 to ${max}`;
  return z.number({ error }).int({ error }).min(1, { error }).max(max, { error });
}

const common = {
  name: Id,
  /** `eventsDefault` where absent. */
  events: EventPatterns.optional(),
  /** `_` stands for what is of no account; all where absent. */
  accounts: z
    .array(Id, { error: 'expected a list of accounts' })
    .min(1, { error: 'expected at least one account' })
    .optional(),
};

const pathError = { error: 'expected a path' };

const WebhookSpec = z.strictObject({
  ...common,
  type: z.literal('webhook'),
  url: WebUrl,
  secretFile: z.string(pathError).min(1, pathError).optional(),
  timeoutMs: wholeUpTo(timeoutMsMax).default(5000),
  attempts: wholeUpTo(attemptsMax).default(attemptsDefault),
});
export type WebhookSpec = z.output<typeof WebhookSpec>;

const NatsSpec = z.strictObject({
  ...common,
  type: z.literal('nats'),
  subject: NotifySubject.default(notifySubjectDefault),
});

export const NotifierSpec = z.discriminatedUnion('type', [WebhookSpec, NatsSpec], {
  error: (issue) =>
    issue.code === 'invalid_union' ? 'expected webhook or nats' : 'expected an object',
});
export type NotifierSpec = z.output<typeof NotifierSpec>;
