/** The service as metric families `idmef_dispatcher_…`: the law of every queue, the door, the providers' answers, how long alerts wait. */

import type { MetricFamily } from '../../log/exposition.ts';
import { exposition } from '../../log/exposition.ts';
import type { StoreStats } from '../../dispatcher/model/store.ts';
import type { OutboxStatus } from '../../dispatcher/outbox/deps.ts';

export interface DispatcherSnapshot {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly residentBytes: number;
  readonly now: number;
  readonly stats: StoreStats;
  readonly outbox: OutboxStatus;
  /** Acceptance to the beginning of the first call, of the calls since the start. */
  readonly waits: { readonly count: number; readonly sumMs: number; readonly maxMs: number };
  readonly inFlight: { readonly messages: number; readonly bytes: number };
  /** Of the sources. */
  readonly more: readonly MetricFamily[];
}

export async function dispatcherMetrics(snapshot: DispatcherSnapshot): Promise<string> {
  return await exposition(families(snapshot));
}

type Samples = MetricFamily['samples'];

function family(
  name: string,
  kind: MetricFamily['kind'],
  help: string,
  samples: Samples | number,
): MetricFamily {
  return {
    name: `idmef_dispatcher_${name}${kind === 'counter' ? '_total' : ''}`,
    help,
    kind,
    samples: typeof samples === 'number' ? [{ value: samples }] : samples,
  };
}

function families(snapshot: DispatcherSnapshot): MetricFamily[] {
  const { stats, outbox, waits, inFlight, now } = snapshot;
  const of = (value: (queue: StoreStats['queues'][number]) => number): Samples =>
    stats.queues.map((queue) => ({ labels: { recipient: queue.recipient }, value: value(queue) }));
  const byReason = (
    counts: (queue: StoreStats['queues'][number]) => Readonly<Record<string, number>>,
  ): Samples =>
    stats.queues.flatMap((queue) =>
      Object.entries(counts(queue)).map(([reason, value]) => ({
        labels: { recipient: queue.recipient, reason },
        value,
      })),
    );
  return [
    family('build_info', 'gauge', 'The program and its Node.', [
      { labels: { version: snapshot.version, node: process.versions.node }, value: 1 },
    ]),
    family('uptime_seconds', 'gauge', 'Since the process started.', snapshot.uptimeSeconds),
    family('resident_memory_bytes', 'gauge', 'Memory of the process.', snapshot.residentBytes),
    family(
      'messages_offered',
      'counter',
      'Messages that came to the door: stored and duplicate.',
      stats.offered,
    ),
    family('messages_stored', 'counter', 'Messages stored.', stats.stored),
    family('messages_duplicate', 'counter', 'Messages that were there already.', stats.duplicate),
    family('messages_conflict', 'counter', 'Same id with other content: stored.', stats.conflict),
    family(
      'messages_refused',
      'counter',
      'What was refused at the door, by reason.',
      Object.entries(stats.refused).map(([reason, value]) => ({ labels: { reason }, value })),
    ),
    family('messages_retained', 'gauge', 'Messages kept.', stats.retained),
    family('messages_in_flight', 'gauge', 'Received and not yet committed.', inFlight.messages),
    family('store_bytes', 'gauge', 'Size of the store.', stats.bytes),
    family(
      'incidents',
      'gauge',
      'Incidents by state.',
      Object.entries(stats.incidents).map(([state, value]) => ({ labels: { state }, value })),
    ),
    family(
      'deliveries_planned',
      'counter',
      'Deliveries ever owed to the recipient.',
      of(({ planned }) => planned),
    ),
    family(
      'deliveries_sent',
      'counter',
      'Deliveries the provider has taken.',
      of(({ sent }) => sent),
    ),
    family(
      'deliveries_suppressed',
      'counter',
      'Deliveries not made, by reason.',
      byReason(({ suppressed }) => suppressed),
    ),
    family(
      'deliveries_dropped',
      'counter',
      'Deliveries lost to retention or damage.',
      byReason(({ dropped }) => dropped),
    ),
    family(
      'deliveries_pending',
      'gauge',
      'Due now or later.',
      of(({ pending }) => pending),
    ),
    family(
      'deliveries_leased',
      'gauge',
      'In a call under way.',
      of(({ leased }) => leased),
    ),
    family(
      'deliveries_held',
      'gauge',
      'Kept until an operator acts.',
      of(({ held }) => held),
    ),
    family(
      'deliveries_dead',
      'gauge',
      'Refused or given up.',
      of(({ dead }) => dead),
    ),
    family(
      'deliveries_law_broken',
      'gauge',
      'planned − (pending + leased + held + sent + dead + suppressed + dropped): always 0.',
      of((queue) => queue.planned - fates(queue)),
    ),
    family(
      'delivery_oldest_seconds',
      'gauge',
      'Age of the oldest delivery without a fate.',
      stats.queues.flatMap(({ recipient, oldestAt }) =>
        oldestAt === undefined ? [] : [{ labels: { recipient }, value: Math.max(0, now - oldestAt) / 1000 }],
      ),
    ),
    family(
      'calls',
      'counter',
      'Calls to providers by outcome, since the start.',
      outbox.lanes.flatMap(({ recipient, attempts }) =>
        Object.entries(attempts).map(([outcome, value]) => ({ labels: { recipient, outcome }, value })),
      ),
    ),
    family(
      'digests',
      'counter',
      'Digests instead of single messages.',
      outbox.lanes.map(({ recipient, digests: value }) => ({ labels: { recipient }, value })),
    ),
    family(
      'recipient_up',
      'gauge',
      'Whether the recipient takes messages.',
      outbox.lanes.map(({ recipient, state }) => ({
        labels: { recipient },
        value: state === 'failing' || state === 'held' ? 0 : 1,
      })),
    ),
    family('calls_under_way', 'gauge', 'Calls to providers under way.', outbox.callsUnderWay),
    family(
      'wait_seconds_sum',
      'gauge',
      'Acceptance to first call, summed over first calls.',
      waits.sumMs / 1000,
    ),
    family('wait_seconds_count', 'gauge', 'First calls.', waits.count),
    family('wait_seconds_max', 'gauge', 'The longest of them.', waits.maxMs / 1000),
    ...snapshot.more,
  ];
}

function fates(queue: StoreStats['queues'][number]): number {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  const { pending, leased, held, sent, dead, suppressed, dropped } = queue;
  return pending + leased + held + sent + dead + sum(suppressed) + sum(dropped);
}
