/**
 * A snapshot of the sensor as metric families, all named `idmef_relay_…`. Pure. Called by monitor-routes.ts, which adds
 * what was counted (counts.ts) and what others know (certificates).
 */

import type { MetricFamily } from '../log/exposition.ts';
import { counter, gauge } from './metric-family.ts';
import { journalFamilies } from './metrics-journal.ts';
import type { SensorSnapshot } from './snapshot.ts';

export function sensorFamilies(snapshot: SensorSnapshot): MetricFamily[] {
  const { journal, disk, status, connections, loopDelay } = snapshot;
  return [
    gauge('build_info', 'The program and its Node.', [
      { labels: { version: snapshot.version, node: snapshot.node }, value: 1 },
    ]),
    gauge('uptime_seconds', 'Since the process started.', snapshot.uptimeSeconds),
    gauge('resident_memory_bytes', 'Memory of the process.', snapshot.residentBytes),
    gauge('event_loop_delay_seconds', 'Delay of the serving thread since the last look.', delays(loopDelay)),
    counter('log_lines_lost', 'Log lines nobody read in time.', snapshot.logLinesLost),

    gauge('journal_up', 'Whether the journal answers.', typeof journal === 'string' ? 0 : 1),
    gauge('journal_answer_seconds', 'How long it took to answer this.', snapshot.journalAnswerSeconds),
    ...(typeof journal === 'string' ? [] : journalFamilies(journal, snapshot.now)),

    gauge('spool_stuck', 'Spool files that cannot be read, moved or removed.', status.stuck),
    gauge('spool_corrupt', 'Spool files set aside in corrupt/.', status.corrupt),
    gauge('intake_paused', 'Whether nothing is taken from the spool.', status.paused === undefined ? 0 : 1),
    counter('movedir_removed', 'Old files removed from --movedir.', status.removed ?? 0),

    gauge('connections_open', 'Connections, handshaking ones included.', connections.open),
    gauge('connections_handshaking', 'Connections without a finished handshake.', connections.handshaking),
    gauge('connections_limit', 'Connections beyond which further ones are refused.', connections.limit),
    gauge('requests_waiting', 'Requests that hold on for a message.', connections.waiting),
    gauge('leases_open', 'Batches handed out and not yet acknowledged.', snapshot.leasesOpen),

    ...(disk === undefined || typeof disk === 'string'
      ? []
      : [
          gauge('disk_free_bytes', 'Free space of the filesystem of the journal.', disk.freeBytes),
          gauge('disk_reserve_bytes', 'What must stay free there (--min-free).', disk.needed),
        ]),
  ];
}

function delays(loop: SensorSnapshot['loopDelay']): MetricFamily['samples'] {
  if (loop === undefined) return [];
  return [
    { labels: { quantile: '0.5' }, value: loop.median },
    { labels: { quantile: '0.99' }, value: loop.p99 },
    { labels: { quantile: '1' }, value: loop.max },
  ];
}
