// JSON from outside, limited in size and depth before it is parsed.
import { refuse, type Issue, type Refused } from '#src/domain/refusals';
import { issuesMax, pathText } from './parse.ts';

/** Most bytes of a request. */
export const requestBytesMax = 256 * 1024;
/** Most levels of nesting of a request. */
export const requestDepthMax = 32;
/** Most bytes of a reply that leaves the process. */
export const replyBytesMax = 768 * 1024;

const quote = 0x22;
const backslash = 0x5c;
const notWellFormed = 'expected well-formed Unicode';
const decoder = new TextDecoder('utf-8', { fatal: true });
const surrogateEscape = /\\u[dD]/;

/** The object that the bytes are; none at all is an empty one. */
export function parseObject(bytes: Uint8Array): { value: object } | Refused {
  if (bytes.length > requestBytesMax) {
    return refuse('request_too_large', `the request is larger than ${requestBytesMax} bytes`, {
      limit: requestBytesMax,
      actual: bytes.length,
    });
  }
  if (bytes.length === 0) return { value: {} };
  const depth = depthOf(bytes);
  if (depth > requestDepthMax) return tooDeep(depth);
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return unusable([{ path: '', message: 'expected a JSON object' }]);
  }
  // Only an escape can make text that has no UTF-8 form.
  return surrogateEscape.test(text) ? asObject(value) : object(value);
}

/** A value of the same process: an object that could have come as JSON from outside. */
export function asObject(value: unknown): { value: object } | Refused {
  const issues: Issue[] = [];
  const depth = inspect(value, { path: [], around: [], issues, looked: 0 });
  if (depth > requestDepthMax) return tooDeep(depth);
  return issues.length > 0 ? unusable(issues) : object(value);
}

function object(value: unknown): { value: object } | Refused {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value };
  return unusable([{ path: '', message: 'expected a JSON object' }]);
}

function unusable(issues: readonly Issue[]): Refused {
  const at = issues[0]?.path ?? '';
  const what = `${at === '' ? '' : `${at}: `}${issues[0]?.message ?? ''}`;
  return refuse('invalid_request', `the request is no JSON object: ${what}`, { issues });
}

interface Inspection {
  /** Where the value is, and the objects that it is in. */
  readonly path: PropertyKey[];
  readonly around: object[];
  readonly issues: Issue[];
  /** Objects and lists so far. */
  looked: number;
}

/** Most objects and lists of one value: shared ones count as often as they are met. */
const valuesMax = 1_000_000;

/**
 * The depth of the value, one more than is allowed at the most. Notes what has no form in RFC 8785,
 * circles and lone surrogates; what a schema refuses anyhow, such as a function, is left to it.
 */
function inspect(value: unknown, inspection: Inspection): number {
  const { path, around, issues } = inspection;
  const note = (message: string): void => {
    if (issues.length < issuesMax) issues.push({ path: pathText('', path), message });
  };
  if (typeof value === 'string' && !value.isWellFormed()) note(notWellFormed);
  if (typeof value !== 'object' || value === null) return 0;
  if (around.includes(value)) {
    note('expected no circle');
    return 0;
  }
  if (around.length === requestDepthMax) return 1;
  if (++inspection.looked > valuesMax) {
    if (inspection.looked === valuesMax + 1)
      note(`expected at most ${valuesMax} objects and lists`);
    return 0;
  }
  let deepest = 0;
  around.push(value);
  for (const [key, child] of Object.entries(value)) {
    path.push(Array.isArray(value) ? Number(key) : key.toWellFormed());
    if (!key.isWellFormed()) note(notWellFormed);
    deepest = Math.max(deepest, inspect(child, inspection));
    path.pop();
  }
  around.pop();
  return deepest + 1;
}

function tooDeep(depth: number): Refused {
  return refuse('request_too_deep', `the request is nested deeper than ${requestDepthMax} levels`, {
    limit: requestDepthMax,
    actual: depth,
  });
}

/** Levels of nesting, without parsing: brackets outside of strings. */
export function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (isInString) {
      if (byte === backslash) i++;
      else if (byte === quote) isInString = false;
    } else if (byte === quote) {
      isInString = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
    }
  }
  return deepest;
}
