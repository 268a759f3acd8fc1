/**
 * A message of the journal as it goes to a prelude-manager: what Prelude can hold of it, our Analyzer in front, in
 * the protocol's bytes.
 *
 * Used by the two ways of delivery. The manager drops what it cannot read and says nothing, so whatever does not fit is
 * found here and never sent. A message whose echo is awaited must be told from others: one without a usable id gets
 * `idmef-relay:JOURNAL:SEQUENCE`, the same each time it is sent. RFC 4765 §4.2.2: "0" is no id.
 */

import { messageOf } from '../../core/errors.ts';
import { preludeLimits } from '../../core/limits.ts';
import type { Change, Outcome } from '../../core/outcome.ts';
import { carry } from '../../idmef/prelude/carry.ts';
import { encodeMessage, priorityOf } from '../../idmef/prelude/encode.ts';
import type { PreludeObject } from '../../idmef/prelude/model.ts';
import { cannotHold } from '../destination.ts';
import type { Priority } from './frames.ts';
import { withEcho, withOwnAnalyzer, type OwnAnalyzer } from './own-analyzer.ts';

export interface Outgoing {
  readonly kind: 'outgoing';
  readonly payload: Buffer;
  readonly priority: Priority;
  readonly changes: readonly Change[];
}

/** `id`: `journal:sequence` of a message whose echo is awaited; undefined when none is. */
export function outgoing(
  bytes: Uint8Array,
  own: OwnAnalyzer,
  id: string | undefined,
  limitBytes: number = preludeLimits.messageBytes,
): Outgoing | Extract<Outcome, { kind: 'refused' }> {
  const carried = carry(bytes);
  if (!carried.ok) return cannotHold(carried.reasons);
  const changes = [...carried.changes];
  let message = withOwnAnalyzer(carried.message, own);
  if (id !== undefined) message = withEcho(message, own, changes);
  if (id !== undefined && !isUsable(message.fields['messageid'])) {
    const messageid = `idmef-relay:${id}`;
    message = { class: message.class, fields: { ...message.fields, messageid } };
    const path = '@messageid';
    changes.push({ rule: 'messageid-given', path, text: `it has none, and is sent as ${messageid}` });
  }
  let payload: Buffer;
  try {
    payload = encodeMessage(message);
  } catch (error) {
    return cannotHold([{ rule: 'not-encodable', path: '.', text: messageOf(error) }]);
  }
  if (payload.length >= limitBytes) {
    const text = `it takes ${payload.length} bytes there, and a message must stay below ${limitBytes}`;
    return cannotHold([{ rule: 'too-large', path: '.', text }]);
  }
  return { kind: 'outgoing', payload, priority: priorityOf(message), changes };
}

function isUsable(messageid: PreludeObject['fields'][string]): boolean {
  return typeof messageid === 'string' && messageid !== '' && messageid !== '0';
}
