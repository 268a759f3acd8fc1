/**
 * What a message belongs to: the key of its incident, and of its threshold's counter.
 *
 * An incident is made of what has the same values at the same group_by paths, whichever routes brought it there: it does not
 * fall in two when its severity rises. A route that groups by nothing has one incident for all it takes. ntopng's alerts say
 * themselves what they belong to; such keys hold for one sender, so that nobody closes another's incident.
 */

import { hash } from 'node:crypto';

import { routeLimits } from '../../core/limits.ts';
import type { Path } from '../../idmef/criteria/paths.ts';
import type { Subject } from '../../idmef/criteria/subject.ts';
import type { Lifecycle, MessageOrigin } from '../model/message.ts';
import { senderOf } from '../model/sender.ts';
import type { CompiledNode } from './tree.ts';

/** Hex digits of a key. */
const DIGITS = 32;

function keyOf(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts)).slice(0, DIGITS);
}

function valuesAt(subject: Subject, paths: readonly Path[]): (readonly string[])[] {
  return paths.map((path) => subject.values(path).slice(0, routeLimits.groupValues));
}

export function incidentKey({ node, groupPaths }: CompiledNode, subject: Subject): string {
  if (groupPaths.length === 0) return keyOf(['route', node.path]);
  return keyOf(['group', groupPaths.map(({ text }) => text), valuesAt(subject, groupPaths)]);
}

export function lifecycleKey({ key }: Lifecycle, origin: MessageOrigin): string {
  return keyOf(['lifecycle', senderOf(origin), key]);
}

/** Counters of one route's values; the store keeps one for each recipient. */
export function thresholdKey({ node, thresholdPaths }: CompiledNode, subject: Subject): string {
  return keyOf(['threshold', node.path, valuesAt(subject, thresholdPaths)]);
}
