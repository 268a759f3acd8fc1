/**
 * A test of a recipient as an IDMEF alert, for sinks that carry nothing else: valid, of severity info, marked by its
 * classification and `test` in its additional data. Also what a digest becomes where a machine's recipient was declared to be people.
 */

import { composeAlert } from '../../../../idmef/compose.ts';
import { DELIVERY_MARK } from '../../../model/delivery-mark.ts';
import type { Notification, SinkDeps } from '../../../model/sink.ts';
import { plainLine } from '../../format/line.ts';

/** One self-contained Alert element. */
export async function wordsAlert(
  notification: Notification,
  { hostname, version, mark }: Pick<SinkDeps, 'hostname' | 'version' | 'mark'>,
): Promise<Buffer> {
  const { form, idempotencyKey, at, recipient } = notification;
  const test = form === 'test';
  return await composeAlert({
    messageid: idempotencyKey,
    analyzer: {
      analyzerid: `alert-dispatcher-${hostname}`,
      name: 'alert-dispatcher',
      manufacturer: 'idmef-relay',
      version,
      node: hostname,
    },
    createTime: at,
    classification: test ? `test of recipient ${recipient.name}` : `notification for ${recipient.name}`,
    severity: 'info',
    impact: plainLine(notification),
    data: [
      { meaning: form, type: 'boolean', value: 'true' },
      ...(mark === undefined ? [] : [{ meaning: DELIVERY_MARK, type: 'string' as const, value: mark() }]),
    ],
  });
}
