/**
 * Puts a sensor's refusal (any status but 200 and the empty 404) into one line with the remedy.
 *
 * Called by sensor-client.ts and by idmef doctor, which lists the table too. Reads at most answerBytes of it for the
 * sentence of a problem+json (RFC 9457). 429 and 503 pass by themselves, so they count as "unreachable now"; the
 * rest is the protocol's fault.
 */

import { RelayError } from '../core/errors.ts';
import { fillTemplate } from '../core/fill-template.ts';
import { jsonObject, textOf } from '../core/json-object.ts';
import { pollerLimits } from '../core/limits.ts';
import type { HttpsAnswer } from '../http/https-client.ts';
import type { Peer } from '../http/peer.ts';

type SensorFault = keyof typeof sensorFaults;

/** The text follows the peer's label. `{said}` begins with `: `, or is nothing. */
export const sensorFaults = {
  redirect: {
    text: 'redirects ({status}) to {location}, which is never followed',
    hint: 'check --sensor: a sensor does not redirect',
  },
  'may-not-poll': {
    text: 'answers {status}{said}',
    hint: 'its --allow-poller must name our certificate',
  },
  'not-a-consumer': {
    text: 'answers {status}{said}',
    hint: 'one of its --consumer must name our certificate: --consumer NAME=DNS:…',
  },
  'proxy-authentication': {
    text: 'is behind a proxy that asks for a login ({status}{said})',
    hint: 'let connections to the sensor pass the proxy unopened',
  },
  busy: { text: 'answers {status}{said}', hint: 'it passes; the alerts wait there' },
  'sensor-error': { text: 'answers {status}{said}', hint: "the sensor's own log says why" },
  'not-a-sensor': { text: 'answers {status}{said}', hint: 'check --sensor: is it a reverse-server' },
} as const satisfies Record<string, { readonly text: string; readonly hint: string }>;

export async function refusedAnswer(answer: HttpsAnswer, peer: Peer): Promise<RelayError> {
  const { status, headers } = answer;
  const redirects = status >= 300 && status < 400;
  if (redirects) answer.hangUp();
  const said = redirects ? '' : await problemText(answer);
  const fault = faultOf(status, said, headers['idmef-relay'] !== undefined);
  const { text, hint } = sensorFaults[fault];
  const values = { status, said: said === '' ? '' : `: ${said}`, location: headers.location ?? 'nowhere' };
  const code = fault === 'busy' ? 'SENSOR_UNREACHABLE' : 'SENSOR_PROTOCOL';
  return new RelayError(code, `${peer.label} ${fillTemplate(text, values)}`, { hint, fault });
}

/** `ours`: a reverse-server says it. */
function faultOf(status: number, said: string, ours: boolean): SensorFault {
  if (status >= 300 && status < 400) return 'redirect';
  switch (status) {
    case 401:
    case 403:
      if (!ours) return 'not-a-sensor';
      return said.includes('--consumer') ? 'not-a-consumer' : 'may-not-poll';
    case 407:
      return 'proxy-authentication';
    case 429:
    case 503:
      return 'busy';
    default:
      return status >= 500 ? 'sensor-error' : 'not-a-sensor';
  }
}

async function problemText(answer: HttpsAnswer): Promise<string> {
  try {
    const body = (await answer.bytes(pollerLimits.answerBytes)).toString('utf8');
    if (!(answer.headers['content-type'] ?? '').startsWith('application/problem+json')) return '';
    const problem = jsonObject(body);
    const said = textOf(problem?.['detail']) ?? textOf(problem?.['title']) ?? '';
    // A sentence; here it becomes part of a line that goes on.
    return said.slice(0, 300).replace(/[\s.;,]+$/, '');
  } catch {
    return '';
  }
}
