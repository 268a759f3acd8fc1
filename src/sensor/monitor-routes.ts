/**
 * `GET /metrics` and `GET /healthz`, for role monitor (ARCHITECTURE.md: The wire). Called by router.ts. Neither asks the
 * journal for anything it could be waiting for: a failing one is what they are there to tell.
 */

import { exposition, expositionType } from '../log/exposition.ts';
import type { Exchange, SensorContext } from './context.ts';
import { healthProblems } from './health.ts';
import { sensorFamilies } from './metrics.ts';
import { sendProblem } from '../http/problem.ts';

export async function answerMetrics(context: SensorContext, { response }: Exchange): Promise<void> {
  const { counts, monitor } = context;
  const snapshot = await monitor.snapshot();
  const text = await exposition([...sensorFamilies(snapshot), ...counts.families(), ...monitor.gauges()]);
  send(response, expositionType, text);
}

export async function answerHealth(context: SensorContext, { response }: Exchange): Promise<void> {
  const problems = healthProblems(await context.monitor.snapshot());
  if (problems.length === 0) {
    send(response, 'text/plain; charset=utf-8', 'ok\n');
    return;
  }
  sendProblem(response, { code: 'UNAVAILABLE', message: problems.join('; ') });
}

function send(response: Exchange['response'], type: string, text: string): void {
  if (response.headersSent) return;
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
