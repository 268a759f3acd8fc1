/**
 * The paths of the listener, as data: which source each belongs to, and who answers. Used by http-app.ts.
 *
 * A path whose source is switched off does not exist. A trailing slash makes no difference (AlertGateway's sendMessage2all had one).
 */

import { answerSendMessage, answerSendToAll } from './alertgateway.ts';
import { answerAlertResponder } from './alertresponder.ts';
import type { Handler, HttpSource } from './context.ts';
import { answerIdmef, answerOptions } from './idmef-post.ts';
import { answerHealth, answerMetrics } from './monitor.ts';
import { answerNtopng } from './ntopng-post.ts';
import { answerAlerts, answerRestIdmef, answerStatus } from './rest-post.ts';

export interface Route {
  /** `:name` stands for one segment. The label of the metrics too. */
  readonly path: string;
  /** Undefined: not a source. */
  readonly source?: HttpSource;
  /** By method. */
  readonly handlers: Readonly<Partial<Record<string, Handler>>>;
}

export const routes: readonly Route[] = [
  { path: '/', source: 'idmef', handlers: { OPTIONS: answerOptions, POST: answerIdmef } },
  { path: '/api/v1/alerts', source: 'rest', handlers: { POST: answerAlerts } },
  { path: '/api/v1/idmef', source: 'rest', handlers: { POST: answerRestIdmef } },
  { path: '/api/v1/status', source: 'rest', handlers: { GET: answerStatus, HEAD: answerStatus } },
  { path: '/sender/sendMessage/:channel', source: 'alertgateway', handlers: { POST: answerSendMessage } },
  { path: '/sender/sendMessage2all', source: 'alertgateway', handlers: { POST: answerSendToAll } },
  { path: '/ntopng', source: 'ntopng', handlers: { POST: answerNtopng } },
  { path: '/alertresponder', source: 'alertresponder', handlers: { POST: answerAlertResponder } },
  { path: '/healthz', handlers: { GET: answerHealth, HEAD: answerHealth } },
  { path: '/metrics', handlers: { GET: answerMetrics, HEAD: answerMetrics } },
];
