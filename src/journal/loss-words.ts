/**
 * The log line of messages that nobody will get any more (`onLoss`), at level `error`: the same words in every program.
 *
 * Called by src/app/sensor-worker-thread.ts and src/poller/profile-session.ts, which put their prefix in front.
 */

import type { LogFields } from '../core/ports.ts';
import type { Loss } from './options.ts';

/** `1234 alerts for mgr (5.2 MiB), accepted 2026-11-12T08:00:00Z to 2026-11-13T09:30:00Z, are dropped: …` */
export function lossText({ reason, consumer, messages, bytes, from, to }: Loss): string {
  const what = `${messages} ${messages === 1 ? 'alert' : 'alerts'} for ${consumer} (${(bytes / 2 ** 20).toFixed(1)} MiB)`;
  return `${what}, accepted ${stamp(from)} to ${stamp(to)}, dropped: ${why[reason]}`;
}

export function lossFields({ reason, consumer, messages, bytes, from, to }: Loss): LogFields {
  const span = { from: stamp(from), to: stamp(to) };
  return { event: 'alerts-dropped', consumer, reason, count: messages, bytes, ...span };
}

const why: Readonly<Record<Loss['reason'], string>> = {
  retention: 'older or more than --retention-age and --retention-bytes keep',
  lapsed: 'it stayed away longer or is owed more than --consumer-max-age and --consumer-max-bytes allow',
};

function stamp(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
