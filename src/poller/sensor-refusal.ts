/**
 * Puts a sensor's refusal (any status but 200 and the empty 404) into one line with the remedy.
 *
 * Called by sensor-client.ts. Reads at most answerBytes of it for the sentence of a problem+json (RFC 9457).
 * 429 and 503 pass by themselves, so they count as "unreachable now"; the rest is the protocol's fault.
 */

import { RelayError } from '../core/errors.ts';
import { jsonObject, textOf } from '../core/json-object.ts';
import { pollerLimits } from '../core/limits.ts';
import type { HttpsAnswer } from '../http/https-client.ts';
import type { Peer } from '../http/peer.ts';

export async function refusedAnswer(answer: HttpsAnswer, peer: Peer): Promise<RelayError> {
  const { status } = answer;
  if (status >= 300 && status < 400) {
    answer.hangUp();
    const location = answer.headers.location ?? 'nowhere';
    return new RelayError(
      'SENSOR_PROTOCOL',
      `${peer.label} redirects (${status}) to ${location}, which is never followed`,
      { hint: 'check --sensor: a sensor does not redirect' },
    );
  }
  const said = await problemText(answer);
  const text = `${peer.label} answers ${status}${said === '' ? '' : `: ${said}`}`;
  switch (status) {
    case 401:
    case 403:
      return new RelayError('SENSOR_PROTOCOL', text, {
        hint: 'its --allow-poller must name our certificate',
      });
    case 429:
    case 503:
      return new RelayError('SENSOR_UNREACHABLE', text, { hint: 'it passes; the alerts wait there' });
    default:
      return new RelayError('SENSOR_PROTOCOL', text, {
        hint: status >= 500 ? "the sensor's own log says why" : 'check --sensor: is it a reverse-server',
      });
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
