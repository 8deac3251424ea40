// Hash chains: SHA-256 over the RFC 8785 form of what is chained, each link naming the one before.
import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** `prevHash` of the first link of a chain. */
export const chainStart = '0'.repeat(64);

/** RFC 8785 (JSON Canonicalization Scheme) text of a JSON value. */
export function canonical(value: unknown): string {
  const form = canonicalize(value);
  if (form === undefined) throw new TypeError('the value has no JSON form');
  return form;
}

export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** Hash of a link: of the object as it is, `prevHash` included and `hash` not. */
export function hashOf(link: object): string {
  return sha256(canonical(link));
}
