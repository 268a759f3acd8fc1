/**
 * That we are alive, as a prelude-manager's frontends expect of every sender: a Heartbeat each ten minutes.
 *
 * Sent by link.ts when heartbeat-due.ts says so. Its only Analyzer is ours: the manager echoes it to others, not to us.
 */

import { preludeSessionLimits } from '../../core/limits.ts';
import type { Random } from '../../core/ports.ts';
import { encodeMessage } from '../../idmef/prelude/encode.ts';
import type { PreludeTime } from '../../idmef/prelude/model.ts';
import type { OwnAnalyzer } from './own-analyzer.ts';

/** Its payload. */
export function heartbeat(own: OwnAnalyzer, now: number, random: Random): Buffer {
  const at = timeOf(now);
  return encodeMessage({
    class: 'heartbeat',
    fields: {
      messageid: Buffer.from(random.bytes(16)).toString('hex'),
      analyzer: [own.analyzer],
      create_time: at,
      analyzer_time: at,
      heartbeat_interval: preludeSessionLimits.heartbeatMs / 1000,
      additional_data: [
        {
          class: 'additional_data',
          fields: { meaning: 'Analyzer status', type: 'string', data: 'running' },
        },
      ],
    },
  });
}

function timeOf(now: number): PreludeTime {
  const seconds = Math.floor(now / 1000);
  return { seconds, microseconds: Math.floor((now - seconds * 1000) * 1000), offsetSeconds: 0 };
}
