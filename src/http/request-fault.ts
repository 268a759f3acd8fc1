/**
 * What is wrong with the head of a request that Node's parser lets through (RFC 9112 §3.2, RFC 9110 §10.1.1). Called by
 * HTTPS servers before anything else: such a request is answered, taken for nothing, and the last on its connection.
 */

import type { IncomingMessage } from 'node:http';
import type { Problem } from './problem.ts';

export function requestFault({ httpVersion, rawHeaders, headers }: IncomingMessage): Problem | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    return { code: 'BAD_REQUEST', message: `HTTP/${httpVersion} is not spoken here` };
  }
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
  // Two are how a request gets different meanings on its way.
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
    return { code: 'BAD_REQUEST', message: `a request has one Host line, this one has ${hosts}` };
  }
  const { expect } = headers;
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    return { code: 'EXPECTATION_FAILED', message: `this server cannot meet the expectation ${expect}` };
  }
  return undefined;
}
