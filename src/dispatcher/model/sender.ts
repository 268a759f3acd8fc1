/**
 * Who a message comes from, as far as it was proven: what duplicates are recognised by, and whose incidents a `release` may
 * close. Never anything that stands in the IDMEF text.
 */

import type { MessageOrigin } from './message.ts';

/** Whether a message came by that sensor: the name in its certificate, or the profile it was fetched under. */
export function isOfSensor({ sensor, profile }: MessageOrigin, name: string): boolean {
  return sensor === name || profile === name;
}

/** `sensor:dmz1`, `peer:probe`, `owner:ana`, `source:syslog`: the best proof there is, and nothing a sender could choose. */
export function senderOf({ sensor, peer, owner, source }: MessageOrigin): string {
  if (sensor !== undefined) return `sensor:${sensor}`;
  if (peer !== undefined) return `peer:${peer}`;
  return owner === undefined ? `source:${source}` : `owner:${owner}`;
}
