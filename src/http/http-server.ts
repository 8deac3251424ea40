// The HTTP server: on loopback only, bounded in everything, the same authority as the commands.
import type { AddressInfo } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { Logger } from '#src/ports/logger';
import { addHealthRoutes, type HealthSource } from './health-routes.ts';
import { clientFault, endBroken, httpError } from './http-error.ts';
import { httpLimits, type HttpLimits } from './limits.ts';

export interface HttpOptions extends HealthSource {
  /** 0 for a free one. */
  readonly port: number;
  readonly host?: '127.0.0.1';
  readonly logger: Logger;
  /** Those of `httpLimits` that are to differ. */
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpServer {
  /** On which it listens. */
  readonly port: number;
  /** Listens no more, and cuts the connections that are open. */
  close(): Promise<void>;
}

/**
 * Names of this machine as seen from itself. A page elsewhere whose name was made to lead here (DNS
 * rebinding) still sends its own name as `Host`, and is refused.
 */
const localHost = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * Serves HTTP on loopback. Rejects with `CloseoutError` `http_unavailable` where it cannot listen;
 * retryable where the port is taken, since it may become free.
 */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { port, host = '127.0.0.1', logger } = options;
  const limits = { ...httpLimits, ...options.limits };
  const server = instanceWith(limits, logger);
  refuseStrangers(server);
  answerErrors(server, logger);
  addHealthRoutes(server, options);
  try {
    await server.listen({ port, host });
  } catch (cause) {
    await server.close();
    throw unavailable(port, cause);
  }
  // Without a listener, a connection that cannot be accepted would end the process.
  server.server.on('error', (error) => {
    logger.error({ error: messageOf(error) }, 'HTTP: a connection was not accepted');
  });
  const { port: boundPort } = server.server.address() as AddressInfo;
  return { port: boundPort, close: () => server.close() };
}

function instanceWith(limits: HttpLimits, logger: Logger): FastifyInstance {
  const server = fastify({
    logger: false,
    http: {
      maxHeaderSize: limits.headBytesMax,
      headersTimeout: limits.headTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
      // One without is refused here as one of another host is, in our form.
      requireHostHeader: false,
    },
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.silenceTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    maxRequestsPerSocket: limits.connectionRequestsMax,
    bodyLimit: limits.bodyBytesMax,
    forceCloseConnections: true,
    // Its 503 has another form; what is still being closed may as well be answered.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => {
      logger.debug({ reason: error.code, error: error.message }, 'HTTP: a broken request');
      endBroken(socket, error.code);
    },
    frameworkErrors: (error, _request: FastifyRequest, reply: FastifyReply) => {
      void reply.code(400).send(clientFault(error) ?? httpError(400, 'the URL is none'));
    },
  });
  server.server.maxConnections = limits.connectionsMax;
  // Node only asks the client to close it, and goes on refusing.
  server.server.on('dropRequest', (_request, socket) => void socket.destroy());
  return server;
}

/** Refuses what is not for us before anything of its body is read. */
function refuseStrangers(server: FastifyInstance): void {
  const methodsOf = new Map<string, string[]>();
  server.addHook('onRoute', ({ url, method }) => {
    methodsOf.set(url, [...(methodsOf.get(url) ?? []), method].flat());
  });
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    const { host } = request.headers;
    if (host === undefined || !localHost.test(host)) {
      const message = 'the host is not this machine: ask localhost or 127.0.0.1';
      void reply.code(403).send(httpError(403, message));
      return;
    }
    if (!request.is404) {
      done();
      return;
    }
    const path = pathOf(request);
    const allowed = methodsOf.get(path)?.join(', ');
    if (allowed === undefined) {
      void reply.code(404).send(httpError(404, `there is nothing at ${path}`));
    } else {
      const message = `${path} takes ${allowed}, not ${request.method}`;
      void reply.code(405).header('allow', allowed).send(httpError(405, message));
    }
  });
}

function answerErrors(server: FastifyInstance, logger: Logger): void {
  server.setErrorHandler((error, request, reply) => {
    const fault = clientFault(error);
    if (fault !== undefined) {
      void reply.code(fault.error.code).send(fault);
      return;
    }
    const fields = { method: request.method, path: pathOf(request), error: messageOf(error) };
    logger.error(fields, 'HTTP: a request failed inside');
    void reply.code(500).send(httpError(500, 'the request failed inside; see the log'));
  });
}

/** Without the query, which may hold what is not for the log. */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

function unavailable(port: number, cause: unknown): CloseoutError {
  const isTaken = (cause as { code?: unknown }).code === 'EADDRINUSE';
  const what = isTaken ? 'the port is taken' : messageOf(cause);
  const message = `HTTP cannot listen on 127.0.0.1:${port}: ${what}; CLOSEOUT_HTTP_PORT changes the port`;
  return new CloseoutError('http_unavailable', message, { cause, retryable: isTaken });
}
