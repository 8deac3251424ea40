// The notifiers of a runtime: those that its settings declare and those that it was given.
import {
  attemptsDefault,
  EventPatterns,
  eventsDefault,
  eventsNamed,
} from '#src/contracts/notifier';
import type { NotifierSpec, WebhookSpec } from '#src/contracts/notifier';
import { parse, unknownKey } from '#src/contracts/parse';
import { Id } from '#src/contracts/primitives';
import { nearestKey } from '#src/contracts/spelling';
import type { NotificationTarget } from '#actors/notification-lane';
import { CloseoutError } from '#src/domain/errors';
import type { Issue } from '#src/domain/refusals';
import type { Notifier } from '#src/ports/notifier';

type Given = Readonly<Record<string, Notifier>>;

/** How what the settings declare is made. */
export interface NotifierMakers {
  readonly webhook: (spec: WebhookSpec) => Notifier;
  readonly nats: (subject: string) => Notifier;
}

/**
 * Throws `CloseoutError` `settings_invalid`, naming every fault of the notifiers that are given beside
 * the settings.
 */
export function checkNotifiers(given: Given, declared: readonly NotifierSpec[]): void {
  const issues = Object.entries(given).flatMap(([name, notifier]) => faultsOf(name, notifier));
  for (const { name } of declared) {
    if (!Object.hasOwn(given, name)) continue;
    issues.push({
      path: `notifiers.${name}`,
      message: 'expected a name that the settings do not have',
    });
  }
  if (issues.length === 0) return;
  const lines = issues.map(({ path, message }) => `  ${path}: ${message}`);
  throw new CloseoutError('settings_invalid', `the notifiers are not valid:\n${lines.join('\n')}`);
}

function faultsOf(name: string, notifier: unknown): Issue[] {
  const path = `notifiers.${name}`;
  const named = parse(Id, name, path);
  const shape = (notifier ?? {}) as Partial<Notifier>;
  const issues = named.ok ? [] : [...named.issues];
  if (typeof shape.notify !== 'function') {
    issues.push({ path: `${path}.notify`, message: 'expected a function' });
  }
  const typo = typoOfEvents(shape);
  if (typo !== undefined) {
    issues.push({ path: `${path}.${typo}`, message: unknownKey(typo, ['events']) });
  }
  const wanted = parse(EventPatterns.optional(), shape.events, `${path}.events`);
  return wanted.ok ? issues : [...issues, ...wanted.issues];
}

/**
 * A key by which `events` was meant: it would be told of what it did not ask for. Other keys are a
 * notifier's own.
 */
function typoOfEvents(notifier: object): string | undefined {
  if ('events' in notifier) return undefined;
  return Object.keys(notifier).find((key) => nearestKey(key, ['events']) !== undefined);
}

/** Whom to tell of what. Throws what the makers throw. */
export function targetsOf(
  given: Given,
  declared: readonly NotifierSpec[],
  make: NotifierMakers,
): NotificationTarget[] {
  return [
    ...declared.map((spec) => ({
      name: spec.name,
      notifier: spec.type === 'webhook' ? make.webhook(spec) : make.nats(spec.subject),
      ...toldOf(spec.events),
      accounts: spec.accounts && new Set(spec.accounts),
      attempts: spec.type === 'webhook' ? spec.attempts : attemptsDefault,
    })),
    ...Object.entries(given).map(([name, notifier]) => ({
      ...{ name, notifier, attempts: attemptsDefault },
      ...toldOf(notifier.events),
    })),
  ];
}

function toldOf(
  events: readonly string[] | undefined,
): Pick<NotificationTarget, 'events' | 'hasQuietHours'> {
  const hasQuietHours = events === undefined;
  return { events: eventsNamed(events ?? eventsDefault), hasQuietHours };
}
