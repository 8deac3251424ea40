// What the tests say of a refusal, in one line.
interface RefusalLike {
  readonly code: number;
  readonly name: string;
  readonly issues?: readonly { readonly path: string }[];
}

/** `400 invalid_request: a, b`: code, name and the paths of the issues; `ok` where it is none. */
export function refusalOf(reply: object): string {
  if (!('error' in reply)) return 'ok';
  const { code, name, issues } = reply.error as RefusalLike;
  const paths = issues?.map(({ path }) => path || '(body)').sort();
  return paths === undefined ? `${code} ${name}` : `${code} ${name}: ${paths.join(', ')}`;
}
