// JSON from outside, limited in size and depth before it is parsed.
import { refuse, type Refused } from '#src/domain/refusals';

/** Most bytes of a request. */
export const requestBytesMax = 256 * 1024;
/** Most levels of nesting of a request. */
export const requestDepthMax = 32;
/** Most bytes of a reply that leaves the process. */
export const replyBytesMax = 768 * 1024;

const quote = 0x22;
const backslash = 0x5c;
const decoder = new TextDecoder('utf-8', { fatal: true });

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
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    return refuse('invalid_request', 'the request is not JSON', {
      issues: [{ path: '', message: 'expected a JSON object' }],
    });
  }
  return asObject(value);
}

/** A value of the same process: any depth that JSON from outside could have. */
export function asObject(value: unknown): { value: object } | Refused {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value };
  return refuse('invalid_request', 'the request is no JSON object', {
    issues: [{ path: '', message: 'expected a JSON object' }],
  });
}

export function tooDeep(depth: number): Refused {
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
