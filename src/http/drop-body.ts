/**
 * The rest of a body that is refused: read and dropped, so that a sender who reads only when it has sent everything gets the
 * answer instead of a reset. Called by the dispatcher's HTTP listeners before such an answer.
 *
 * Within httpsLimits.droppedBytes and droppedMs; beyond them the answer is the last of its connection. Who waits for `100 Continue` is
 * answered at once (RFC 9110 §10.1.1).
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { connectionLimits, httpsLimits } from '../core/limits.ts';
import { contentLength, refuseBody } from './unwanted-body.ts';

export async function dropBody(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunked = request.headers['transfer-encoding'] !== undefined;
  // Node's parser skips these by itself.
  const short = !chunked && contentLength(request) <= connectionLimits.unwantedBodyBytes;
  if (!short && request.headers.expect === undefined && contentLength(request) <= httpsLimits.droppedBytes) {
    await dropped(request);
  }
  if (!request.complete) refuseBody(request, response);
}

async function dropped(request: IncomingMessage): Promise<void> {
  let size = 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, httpsLimits.droppedMs);
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size > httpsLimits.droppedBytes) finish();
    });
    request.once('end', finish);
    request.once('close', finish);
    request.once('error', finish);
    request.resume();
  });
}
