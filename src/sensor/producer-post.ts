/**
 * POST of `/` by role producer (ARCHITECTURE.md: The wire): an IDMEF document straight into the journal. Called by router.ts.
 *
 * 201 only after the messages are durable, all of them or none. The sensor judges well-formedness, limits and
 * the root, as for spool files; validity against RFC 4765 is judged on the manager, where somebody looks.
 */

import { producerLimits } from '../core/limits.ts';
import type { DocumentVerdict } from '../idmef/verdict.ts';
import type { Exchange, SensorContext } from './context.ts';
import { sendProblem } from '../http/problem.ts';
import type { Problem } from '../http/problem.ts';
import { refuseBody } from '../http/unwanted-body.ts';
import { readBody } from './request-body.ts';
import { setStatusHeaders } from './status-headers.ts';

export const ACCEPT_POST = 'text/xml, application/xml';

export async function answerPost(context: SensorContext, exchange: Exchange): Promise<void> {
  const { request, response, connection } = exchange;
  const mismatch = wrongMediaType(request.headers['content-type'], request.headers['content-encoding']);
  if (mismatch !== undefined) {
    refuseBody(request, response);
    await refuse(context, exchange, mismatch);
    return;
  }
  const disk = await context.disk();
  if (disk?.ok === false) {
    refuseBody(request, response);
    await refuse(context, exchange, { code: 'DISK_RESERVE', message: disk.reason });
    return;
  }
  const body = await readBody(request, response, context.bodyBudget);
  switch (body.kind) {
    case 'broken':
      response.destroy();
      return;
    case 'too-large':
      response.shouldKeepAlive = false;
      await refuse(context, exchange, {
        code: 'TOO_LARGE',
        message: `a document may have ${producerLimits.bodyBytes} bytes`,
      });
      return;
    case 'busy':
      response.shouldKeepAlive = false;
      await refuse(context, exchange, {
        code: 'UNAVAILABLE',
        message: 'too much is being sent at this moment',
        headers: { 'Retry-After': '1' },
      });
      return;
    case 'whole':
      break;
  }
  const verdict = context.readDocument(body.bytes);
  const problem = problemOf(verdict);
  if (problem !== undefined || !verdict.readable) {
    await refuse(
      context,
      exchange,
      problem ?? { code: 'INVALID_IDMEF', message: 'the document cannot be read' },
    );
    return;
  }
  const { messages } = verdict;
  const result = await context.journal.append(
    messages.map(({ bytes, severity }) => ({ body: bytes, severity })),
  );
  context.ahead.appended();
  context.logger.info(
    `${connection.peer.name}: posted ${messages.length} messages (${context.journal.id} ${result.first}-${result.last})`,
    {
      event: 'posted',
      peer: connection.peer.name,
      serial: connection.peer.serial,
      messages: messages.length,
    },
  );
  await setStatusHeaders(context, response, connection.consumer, { pending: true });
  response.writeHead(201, { 'Content-Length': 0 });
  response.end();
}

async function refuse(
  context: SensorContext,
  { response, connection }: Exchange,
  problem: Problem,
): Promise<void> {
  context.logger.warning(`${connection.peer.name}: document refused: ${problem.message}`, {
    event: 'post-refused',
    peer: connection.peer.name,
    serial: connection.peer.serial,
    code: problem.code,
  });
  await setStatusHeaders(context, response, connection.consumer, { pending: true });
  sendProblem(response, problem);
}

function wrongMediaType(type: string | undefined, encoding: string | undefined): Problem | undefined {
  const essence = (type ?? '').split(';')[0]?.trim().toLowerCase();
  if (essence !== 'text/xml' && essence !== 'application/xml') {
    return {
      code: 'UNSUPPORTED_MEDIA_TYPE',
      message: `a document is posted as text/xml or application/xml, not as ${type ?? 'nothing'}`,
      headers: { 'Accept-Post': ACCEPT_POST },
    };
  }
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    return {
      code: 'UNSUPPORTED_MEDIA_TYPE',
      message: `a document is posted without Content-Encoding, not as ${encoding}`,
      headers: { 'Accept-Encoding': 'identity' },
    };
  }
  return undefined;
}

function problemOf(verdict: DocumentVerdict): Problem | undefined {
  if (!verdict.readable) {
    const { rule, text, line, column, path } = verdict.problem;
    return { code: 'INVALID_IDMEF', message: `line ${line}: ${text}`, extra: { rule, line, column, path } };
  }
  if (verdict.messages.length === 0) {
    return {
      code: 'INVALID_IDMEF',
      message: 'the document holds no Alert and no Heartbeat',
      extra: { rule: 'empty' },
    };
  }
  return undefined;
}
