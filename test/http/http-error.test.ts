// Which faults of a request its sender is told of.
import { errorCodes } from 'fastify';
import { expect, test } from 'vitest';
import { clientFault } from '#src/http/http-error';

test.each([
  [new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE(), 413],
  [new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE('a/b'), 415],
  [new errorCodes.FST_ERR_CTP_INVALID_JSON_BODY(), 400],
  // Faults of ours, which are for the log.
  [new errorCodes.FST_ERR_REP_INVALID_PAYLOAD_TYPE('symbol'), undefined],
  [Object.assign(new Error('a secret'), { statusCode: 404 }), undefined],
  [Object.assign(new Error('a secret'), { code: 'ENOENT' }), undefined],
  ['a secret', undefined],
  [undefined, undefined],
])('%s is the client’s fault with the status %s', (error, code) => {
  const fault = clientFault(error)?.error;
  expect(fault?.code).toBe(code);
  expect(fault?.message).toBe(code === undefined ? undefined : (error as Error).message);
});
