// Parsing at the edge: an unknown value → the typed one, or every fault with its path.
import { z } from 'zod';
import { refuse, type Issue, type Refused } from '#src/domain/refusals';

/** Characters of an offending value that an issue shows. */
const shownCharsMax = 60;

/** Most issues that one answer lists. */
export const issuesMax = 50;

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: Issue[] };

/** Parses; `at` is what the paths begin with (empty for a body). */
export function parse<T>(schema: z.ZodType<T>, input: unknown, at = ''): Parsed<T> {
  const result = schema.safeParse(input);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, issues: issuesOf(result.error.issues, input, at) };
}

/** Faults of the shape, and beside them faults of how it fits together that are elsewhere. */
export function withFaults(shape: readonly Issue[], together: readonly Issue[]): Issue[] {
  const named = new Set(shape.map((issue) => issue.path));
  return [...shape, ...together.filter((issue) => !named.has(issue.path))];
}

export function refuseIssues(what: string, issues: readonly Issue[]): Refused {
  const first = issues[0];
  const detail =
    first === undefined ? '' : `: ${first.path === '' ? '' : `${first.path}: `}${first.message}`;
  return refuse('invalid_request', `${what} is not valid${detail}`, { issues });
}

function issuesOf(found: readonly z.core.$ZodIssue[], input: unknown, at: string): Issue[] {
  const issues: Issue[] = [];
  for (const issue of found) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        issues.push({ path: pathText(at, [...issue.path, key]), message: unknownKey(key) });
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
      issues.push({ path, message: `${issue.message}, was ${shown(valueAt(input, issue.path))}` });
    }
    if (issues.length >= issuesMax) break;
  }
  return issues.slice(0, issuesMax);
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

const comesLater = new Set([
  'liquidity',
  'stale',
  'volatility',
  'haltEntriesOn',
  'confirmQuotes',
  'confirmMs',
  'clearAfterMs',
  'CLOSEOUT_OBSERVE_ONLY',
]);

function unknownKey(key: string): string {
  return comesLater.has(key) ? 'is not supported by this version' : 'is not a known key';
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
