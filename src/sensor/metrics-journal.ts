/**
 * The journal's numbers as metric families: the terms of the law of conservation (ARCHITECTURE.md: Invariants), of
 * messages, per consumer, and of spool files. Pure. Called by metrics.ts.
 *
 * They are the journal's own counters, so they survive a restart and begin anew only with a new journal. `found` takes
 * back what was undecided when a process ended; so it is no counter to Prometheus, and its parts are.
 */

import type { ConsumerStats, JournalStats } from '../journal/journal.ts';
import type { MetricFamily, MetricSample } from '../log/exposition.ts';
import { counter, gauge } from './metric-family.ts';

export function journalFamilies(stats: JournalStats, now: number): MetricFamily[] {
  return [
    gauge('journal_info', 'Id of the journal in use; it changes when a damaged one is replaced.', [
      { labels: { journal: stats.id }, value: 1 },
    ]),
    counter('messages_offered', 'Messages offered to the journal.', stats.offered),
    counter('messages_accepted', 'Messages the journal accepted.', stats.accepted),
    counter('messages_duplicate', 'Messages that were in the journal already.', stats.duplicate),
    counter('messages_conflict', 'Accepted messages that bear the number of another one.', stats.conflict),
    counter('messages_quarantined', 'Messages set aside, by reason.', byReason(stats.quarantined)),
    ...fileFamilies(stats.files),
    ...consumerFamilies(stats.consumers, now),
    gauge('journal_bytes', 'Bytes of the journal in use.', stats.usedBytes),
    gauge(
      'journal_limit_bytes',
      'Bytes at which nothing more is taken in (--max-journal-bytes).',
      stats.maxBytes === undefined ? [] : stats.maxBytes,
    ),
  ];
}

function fileFamilies(files: JournalStats['files']): MetricFamily[] {
  const refused = Object.entries(files).flatMap(([name, value]) =>
    name.startsWith('refused:') ? [{ labels: { reason: name.slice('refused:'.length) }, value }] : [],
  );
  return [
    gauge('files_found', 'Spool files seen: taken + known + waiting + refused.', files['found'] ?? 0),
    counter('files_taken', 'Spool files whose messages are in the journal.', files['taken'] ?? 0),
    counter('files_known', 'Spool files recognised as taken before a restart.', files['known'] ?? 0),
    counter('files_refused', 'Spool entries nothing was taken from, by reason.', refused),
    gauge('files_waiting', 'Spool files not yet decided.', files['waiting'] ?? 0),
  ];
}

function consumerFamilies(consumers: readonly ConsumerStats[], now: number): MetricFamily[] {
  const each = (value: (one: ConsumerStats) => number): MetricSample[] =>
    consumers.map((one) => ({ labels: { consumer: one.name }, value: value(one) }));
  const dropped = consumers.flatMap(({ name, dropped: reasons }) =>
    Object.entries(reasons).map(([reason, value]) => ({ labels: { consumer: name, reason }, value })),
  );
  const age = ({ oldestAt }: ConsumerStats): number =>
    oldestAt === undefined ? 0 : Math.max(0, (now - oldestAt) / 1000);
  return [
    counter(
      'consumer_accepted',
      'Messages owed to the consumer, ever.',
      each((one) => one.accepted),
    ),
    counter(
      'consumer_settled',
      'Messages the consumer has got.',
      each((one) => one.settled),
    ),
    counter('consumer_dropped', 'Messages the consumer will not get, by reason.', dropped),
    gauge(
      'consumer_dead',
      'Messages the consumer refuses for good.',
      each((one) => one.dead),
    ),
    gauge(
      'consumer_pending',
      'Messages that wait for the consumer.',
      each((one) => one.pending),
    ),
    gauge(
      'consumer_pending_bytes',
      'Bytes of what the consumer has not got.',
      each((one) => one.pendingBytes),
    ),
    gauge(
      'consumer_leased',
      'Messages under way to the consumer.',
      each((one) => one.leased),
    ),
    gauge(
      'consumer_held',
      'Messages of a consumer that is no longer configured.',
      each((one) => one.held),
    ),
    gauge(
      'consumer_active',
      'Whether the consumer is configured.',
      each((one) => (one.active ? 1 : 0)),
    ),
    gauge('consumer_oldest_age_seconds', 'Age of the oldest message the consumer has not got.', each(age)),
  ];
}

function byReason(reasons: Readonly<Record<string, number>>): MetricSample[] {
  return Object.entries(reasons).map(([reason, value]) => ({ labels: { reason }, value }));
}
