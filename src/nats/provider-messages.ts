// What goes to and comes from providers: its subjects, and its JSON.
import { asObject } from '#src/contracts/json';
import { Id } from '#src/contracts/primitives';
import { isRefused } from '#src/domain/refusals';

/** Execution reports of every route. */
export const reportSubjects = 'broker.*.report';

export function brokerSubject(route: string, action: string): string {
  return `broker.${route}.${action}`;
}

/** The route of a report's subject; undefined where its token is no route's name. */
export function reportRoute(subject: string): string | undefined {
  const route = subject.split('.')[1];
  return Id.safeParse(route).success ? route : undefined;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The JSON object that the bytes are; undefined for anything else, and what is too large or deep. */
export function objectIn(bytes: Uint8Array, bytesMax: number): object | undefined {
  if (bytes.length > bytesMax) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
  const checked = asObject(value);
  return isRefused(checked) ? undefined : checked.value;
}
