/**
 * `GET /healthz` and `GET /metrics`, for certificates with role monitor, as the sensor has them. Handlers of routes.ts.
 */

import { expositionType } from '../../../log/exposition.ts';
import { problemAnswer, textAnswer, type Answer } from './answer.ts';
import type { Exchange, HttpContext } from './context.ts';

export async function answerMetrics(context: HttpContext, exchange: Exchange): Promise<Answer> {
  return (
    strangerAnswer(context, exchange) ?? { status: 200, type: expositionType, body: await context.metrics() }
  );
}

export async function answerHealth(context: HttpContext, exchange: Exchange): Promise<Answer> {
  const stranger = strangerAnswer(context, exchange);
  if (stranger !== undefined) return stranger;
  const problems = await context.health();
  if (problems.length === 0) return textAnswer(200, 'ok\n');
  return problemAnswer({ code: 'UNAVAILABLE', message: problems.join('; ') });
}

function strangerAnswer({ settings }: HttpContext, { connection }: Exchange): Answer | undefined {
  if (settings.roles(connection.identity).monitor) return undefined;
  return problemAnswer({
    code: 'FORBIDDEN',
    message: 'this is for certificates that sources.https.allow_monitor names',
  });
}
