/**
 * What a sensor answers: is it one, may our certificate fetch, what does it say of itself. Called by
 * check-profile.ts once the handshake is good, with the poller's own client.
 *
 * Nothing is consumed: HEAD, `Prefer: peek` and the acknowledgement of a lease nobody has given (403 for who may
 * not fetch, 410 for who may). An old server knows none of these and is asked for its head only.
 */

import { messageOf, RelayError } from '../../core/errors.ts';
import { pollerLimits } from '../../core/limits.ts';
import { createHttpsClient, headerOf, type HttpsAnswer, type HttpsClient } from '../../http/https-client.ts';
import { refusedAnswer } from '../../poller/sensor-refusal.ts';
import { checkClock } from './check-clock.ts';
import { checkSensorStatus } from './check-sensor-status.ts';
import type { Examination } from './examination.ts';
import { tooLong, type FarSide } from './far-side.ts';
import { deadline } from './within.ts';

/** No token the sensor gives is so short. */
const NO_TOKEN = 'idmef-doctor';

export async function checkSensor(exam: Examination, side: FarSide): Promise<void> {
  const client = createHttpsClient(side.peer, side.tls, side.stepMs);
  try {
    await examine(exam, side, client);
  } catch (error) {
    const fault =
      error instanceof RelayError
        ? error
        : new RelayError('SENSOR_PROTOCOL', `${side.peer.label}: ${messageOf(error)}`, { cause: error });
    await exam.error('http', fault, 'connection-failed');
  } finally {
    client.close();
  }
}

async function examine(exam: Examination, side: FarSide, client: HttpsClient): Promise<void> {
  const { peer } = side;
  const path = `${peer.url.pathname}${peer.url.search}`;
  const ask = async (
    method: 'GET' | 'HEAD' | 'DELETE',
    where: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<HttpsAnswer> => {
    const signal = deadline(side.stepMs * 2, tooLong(side));
    return await client.send({ method, path: where, headers, idleMs: side.stepMs, signal });
  };
  const head = await ask('HEAD', path, { accept: 'text/xml' });
  await head.bytes(0);
  const relay = head.headers['idmef-relay'] !== undefined;
  const via = headerOf(head.headers, 'via');
  if (via !== undefined) await exam.find('http', 'behind-proxy', { peer: peer.label, via });
  if (!relay) {
    await checkStranger(exam, side, head);
    return;
  }
  if (head.status === 404 && head.headers['idmef-pending'] === undefined) {
    const { pathname, origin } = peer.url;
    await exam.find('http', 'wrong-path', { peer: peer.label, path: pathname, origin });
    return;
  }
  if (head.status !== 200 && head.status !== 404) {
    // The head has no words; those come with a GET that consumes nothing.
    const refusal = await ask('GET', path, { accept: 'text/xml', prefer: 'peek, batch=1' });
    await exam.error('http', await refusedAnswer(refusal, peer), 'not-a-sensor');
    return;
  }
  const lease = await ask('DELETE', `/leases/${NO_TOKEN}`);
  await lease.bytes(pollerLimits.answerBytes);
  if (lease.status === 403) {
    await exam.find('http', 'monitor-only', { peer: peer.label });
    return;
  }
  await exam.ok('http', 'a reverse-server that lets us fetch');
  await checkClock(exam, side, head.headers.date);
  await checkSensorStatus(exam, peer.label, headerOf(head.headers, 'idmef-status'));
}

/** No reverse-server of ours: the Python one, or something else. */
async function checkStranger(exam: Examination, side: FarSide, head: HttpsAnswer): Promise<void> {
  const { peer } = side;
  // What the Python one says to HEAD, without the Allow that everything else adds.
  const old = head.status === 405 && head.headers.allow === undefined;
  if (!old) {
    await exam.error('http', await strangerFault(head, side), 'not-a-sensor');
    return;
  }
  if (peer.url.pathname !== '/') {
    const { pathname, origin } = peer.url;
    await exam.find('http', 'wrong-path', { peer: peer.label, path: pathname, origin });
    return;
  }
  await exam.ok(
    'http',
    'an old reverse gateway (Python): it consumes what it shows, so it is not asked more',
  );
  await checkClock(exam, side, head.headers.date);
}

async function strangerFault(head: HttpsAnswer, { peer }: FarSide): Promise<RelayError> {
  const { status, headers } = head;
  if (status >= 300 && ![404, 405].includes(status)) return await refusedAnswer(head, peer);
  const name = headerOf(headers, 'server') ?? '';
  const server = name === '' ? '' : `, Server: ${name}`;
  const type = headers['content-type'] === undefined ? '' : `, ${headers['content-type']}`;
  return new RelayError(
    'SENSOR_PROTOCOL',
    `${peer.label} is no sensor: it answers ${status}${type}${server}`,
    {
      fault: 'not-a-sensor',
      hint: 'another service, a portal or a proxy answers there: check host, port and path of --sensor',
    },
  );
}
