/**
 * What a receiver behind an https destination answers: ours, a gateway that takes single messages, or something
 * that takes none. Called by check-profile.ts once the handshake is good, over the same pool that delivers.
 *
 * Asked is `OPTIONS` with the Content-Type of a delivery and no content: no alert is sent, none invented. A gateway
 * that minds the type (SECEF answers 415 to all but text/xml) shows it.
 */

import { RelayError, messageOf } from '../../core/errors.ts';
import { pollerLimits } from '../../core/limits.ts';
import { answerOutcome, isWebPage } from '../../destinations/answer-outcome.ts';
import { receiverKind } from '../../destinations/receiver-verdict.ts';
import { createGatewayPool, type PoolAnswer } from '../../http/gateway-pool.ts';
import { checkClock } from './check-clock.ts';
import type { DiagnosisName } from './diagnoses.ts';
import type { Examination } from './examination.ts';
import { tooLong, type FarSide } from './far-side.ts';
import { deadline } from './within.ts';

export async function checkGateway(exam: Examination, side: FarSide, proxy: URL | undefined): Promise<void> {
  const { peer, tls, stepMs } = side;
  const options = { connections: 1, idleMs: stepMs, answerBytes: pollerLimits.answerBytes };
  const pool = createGatewayPool(peer, tls, proxy === undefined ? options : { ...options, proxy });
  try {
    const answer = await pool.send({
      method: 'OPTIONS',
      headers: { 'content-type': 'text/xml' },
      signal: deadline(stepMs * 2, tooLong(side)),
    });
    await judge(exam, side, answer);
  } catch (error) {
    const fault =
      error instanceof RelayError
        ? error
        : new RelayError('DESTINATION_UNREACHABLE', `${peer.label}: ${messageOf(error)}`, { cause: error });
    await exam.error('http', fault, 'connection-failed');
  } finally {
    await pool.close();
  }
}

async function judge(exam: Examination, side: FarSide, answer: PoolAnswer): Promise<void> {
  const { peer, now } = side;
  const via = textOf(answer, 'via');
  if (via !== undefined) await exam.find('http', 'behind-proxy', { peer: peer.label, via });
  const name = faultOf(answer);
  if (name !== undefined) {
    const outcome = answerOutcome(answer, now());
    const said = outcome.kind === 'ok' ? `answers ${answer.status}` : outcome.reason;
    const allow = textOf(answer, 'allow');
    const status = `${answer.status}${allow === undefined ? '' : `, Allow: ${allow}`}`;
    await exam.find('http', name, { peer: peer.label, path: peer.url.pathname, said, status });
    return;
  }
  const batches = receiverKind(answer) === 'batches';
  const what = batches
    ? 'a receiver of ours: takes batches, whole or not at all'
    : `an IDMEF gateway as far as can be seen (${answer.status} to OPTIONS): gets one message a request`;
  await exam.ok('http', what);
  await checkClock(exam, side, textOf(answer, 'date'));
}

function faultOf(answer: PoolAnswer): DiagnosisName | undefined {
  const { status } = answer;
  const methods = textOf(answer, 'allow')?.split(/\s*,\s*/);
  const posts = methods === undefined || methods.includes('POST');
  const sensor = textOf(answer, 'idmef-relay') !== undefined && receiverKind(answer) !== 'batches';
  if (sensor && !posts) return 'destination-is-sensor';
  if (status >= 300 && status < 400) return 'destination-redirect';
  switch (status) {
    case 401:
    case 403:
      return 'destination-forbidden';
    case 407:
      return 'proxy-authentication';
    case 404:
    case 410:
      return 'destination-no-post';
    case 415:
      return 'destination-content-type';
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return 'destination-error';
    default:
      // 500 and 501 say a SECEF gateway and an old server to any OPTIONS, 405 whoever knows POST only.
      if (status < 300 && isWebPage(answer)) return 'destination-web-page';
      return posts ? undefined : 'destination-no-post';
  }
}

function textOf(answer: PoolAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
