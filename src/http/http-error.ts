// What HTTP answers where it does not answer what was asked for.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** The error form of the contract; `code` is the status. */
export interface HttpError {
  readonly error: { readonly code: number; readonly message: string };
}

export function httpError(code: number, message: string): HttpError {
  return { error: { code, message } };
}

/** A fault that Fastify finds in a request, with the status that says so; undefined for others. */
export function clientFault(error: unknown): HttpError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, statusCode = 500 } = error as Error & { code?: unknown; statusCode?: number };
  const isOfRequest = String(code).startsWith('FST_') && statusCode >= 400 && statusCode < 500;
  return isOfRequest ? httpError(statusCode, error.message) : undefined;
}

const brokenRequests: Readonly<Record<string, HttpError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: httpError(408, 'the request took too long to come'),
  HPE_HEADER_OVERFLOW: httpError(431, 'the URL and the headers are too large'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: httpError(413, 'the extensions of a chunk are too large'),
};

/** Answers what is no HTTP request, or not one in time, and ends its connection. */
export function endBroken(socket: Socket, reason: string | undefined): void {
  if (socket.destroyed) return;
  const body = brokenRequests[reason ?? ''] ?? httpError(400, 'this is no HTTP request');
  const text = JSON.stringify(body);
  const { code } = body.error;
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${code} ${STATUS_CODES[code]}\r\nConnection: close\r\n` +
        `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
  }
  socket.destroy();
}
