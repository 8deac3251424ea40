// Parsing at the edge: an unknown value → the typed one, or every fault with its path.
import { z } from 'zod';
import { refuse, type Issue, type Refused } from '#src/domain/refusals';
import { nearestKey } from './spelling.ts';

/** Characters of an offending value that an issue shows. */
const shownCharsMax = 60;

/** Most issues that one answer lists. */
export const issuesMax = 50;

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: Issue[] };

/** Parses; `at` is what the paths begin with (empty for a body). */
export function parse<T>(schema: z.ZodType<T>, input: unknown, at = ''): Parsed<T> {
  const result = schema.safeParse(input, { error: ownWords });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, issues: issuesOf(result.error.issues, input, at) };
}

/** Faults of the shape, and beside them faults of how it fits together that are elsewhere. */
export function withFaults(shape: readonly Issue[], together: readonly Issue[]): Issue[] {
  const named = new Set(shape.map((issue) => issue.path));
  return [...shape, ...together.filter((issue) => !named.has(issue.path))];
}

/**
 * The message has one fault, and says how many more there are: of a key that is none, which may be why
 * others are missing, before the others.
 */
export function refuseIssues(what: string, issues: readonly Issue[]): Refused {
  const told = issues.find(({ message }) => message.startsWith(noKey)) ?? issues[0];
  if (told === undefined) return refuse('invalid_request', `${what} is not valid`, { issues });
  const detail = `${told.path === '' ? '' : `${told.path}: `}${told.message}`;
  const more = issues.length - 1;
  const rest = more === 0 ? '' : `; ${more} more ${more === 1 ? 'fault' : 'faults'} in issues`;
  return refuse('invalid_request', `${what} is not valid: ${detail}${rest}`, { issues });
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/**
 * What is said where the schema says nothing of its own. Of keys that are not known it is the known
 * ones, from which `unknownKey` makes the words.
 */
const ownWords: z.core.$ZodErrorMap = (issue) => {
  const { code, inst } = issue;
  if (code === 'unrecognized_keys' && inst instanceof z.ZodObject) {
    return Object.keys(inst.shape).join(knownSeparator);
  }
  if (code === 'invalid_type') return `expected ${kinds[issue.expected] ?? issue.expected}`;
  if (code === 'too_big') return `expected at most ${issue.maximum} ${unitOf(issue.origin)}`.trim();
  return undefined;
};

const knownSeparator = ', ';

function unitOf(origin: string): string {
  return { string: 'characters', array: 'items' }[origin] ?? '';
}

function issuesOf(found: readonly z.core.$ZodIssue[], input: unknown, at: string): Issue[] {
  const issues: Issue[] = [];
  for (const issue of found) {
    if (issue.code === 'unrecognized_keys') {
      const known = issue.message === '' ? [] : issue.message.split(knownSeparator);
      for (const key of issue.keys) {
        issues.push({ path: pathText(at, [...issue.path, key]), message: unknownKey(key, known) });
        if (issues.length >= issuesMax) break;
      }
    } else if (issue.code === 'invalid_union' && depthOf(deepest(issue)) > 0) {
      const nested = deepest(issue).map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
      issues.push(...issuesOf(nested, input, at));
    } else if (issue.code === 'invalid_key') {
      const message = issue.issues[0]?.message ?? issue.message;
      issues.push({
        path: pathText(at, issue.path),
        message: `${message}, was ${shown(issue.path.at(-1))}`,
      });
    } else {
      const path = pathText(at, issue.path);
      const was = saysAll(issue) ? '' : `, was ${shownAt(input, issue.path)}`;
      issues.push({ path, message: `${issue.message}${was}` });
    }
    if (issues.length >= issuesMax) break;
  }
  return issues.slice(0, issuesMax);
}

/** Of an issue that is not about the one value at its path: nothing more is said of that. */
export const withoutValue = { params: { withoutValue: true } } as const;

function saysAll(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'custom' && issue.params?.['withoutValue'] === true;
}

type Branch = readonly z.core.$ZodIssue[];

/** Of a union's branches, the faults of the one that the value came furthest into. */
function deepest(issue: z.core.$ZodIssueInvalidUnion): Branch {
  let best: Branch = [];
  for (const branch of issue.errors) if (depthOf(branch) > depthOf(best)) best = branch;
  return best;
}

/** 0 where the value as a whole is no value of the branch: then the union says what it expects. */
function depthOf(branch: Branch): number {
  return Math.max(0, ...branch.map((one) => one.path.length));
}

const comesLater = new Set(['CLOSEOUT_OBSERVE_ONLY']);

const noKey = 'is not a known key';

/** Of a key that is none of the known ones: the one that was meant, as far as can be told, or all. */
export function unknownKey(key: string, known: readonly string[]): string {
  if (comesLater.has(key)) return 'is not supported by this version';
  const meant = nearestKey(key, known);
  if (meant !== undefined) return `${noKey}, did you mean ${meant}?`;
  return known.length === 0 ? noKey : `${noKey}; known are ${known.join(knownSeparator)}`;
}

/** `accounts[1].rules[0].id`. */
export function pathText(at: string, path: readonly PropertyKey[]): string {
  let out = at;
  for (const part of path) {
    if (typeof part === 'number') out += `[${part}]`;
    else out += out === '' ? String(part) : `.${String(part)}`;
  }
  return out;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** User and password of a URL: a fault must not tell them to a log. */
const userInfo = /\/\/[^\s/"]*@/g;
function shownAt(input: unknown, path: readonly PropertyKey[]): string {
  const value = valueAt(input, path);
  return shown(path.at(-1) === 'url' && typeof value === 'string' ? withoutPath(value) : value);
}

/** Of the address of a webhook, path and query may be secrets too. */
function withoutPath(url: string): string {
  const slashes = url.indexOf('//');
  const host = slashes === -1 ? 0 : slashes + 2;
  const length = url.slice(host).search(/[/?#]./s);
  return length === -1 ? url : `${url.slice(0, host + length)}/…`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const json = (jsonOf(value) ?? typeof value).replace(userInfo, '//***@');
  if (json.length <= shownCharsMax) return json;
  // The cut may have split a character in two.
  return `${json.slice(0, shownCharsMax).toWellFormed()}…`;
}

/** A value of the same process need not have a JSON form. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
