// Operational failures and broken invariants. What a caller did wrong is a refusal instead.

/** Thrown when something outside fails: a server, a file, a disk. */
export class CloseoutError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  /** When to try again, where the other side has said so; milliseconds from now. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; retryable?: boolean; retryAfterMs?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'CloseoutError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Thrown when what must hold does not: it stops the actor that it happens in, never the process. */
export class InvariantError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvariantError';
  }
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
