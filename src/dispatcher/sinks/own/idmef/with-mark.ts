/**
 * A message with the mark of this dispatcher (model/delivery-mark.ts): one more AdditionalData, which is what the RFC's content model
 * ends with for Alert and Heartbeat alike, in the prefix of the element itself. Everything else stays byte by byte.
 *
 * Called for the idmef sink. A message that bears a mark of ours already is left as it is.
 */

import { DELIVERY_MARK } from '../../../model/delivery-mark.ts';
import type { SendMessage } from '../../../model/sink.ts';

export function withMark(message: SendMessage, mark: string): SendMessage {
  const { body } = message;
  // The element's own end tag: the last thing of a self-contained element.
  const end = body.lastIndexOf('</');
  const prefix = /^<\/([^\s>:]+:)?(?:Alert|Heartbeat)\s*>\s*$/.exec(body.toString('utf8', end));
  if (end < 0 || prefix === null || !/^[0-9A-Za-z_.-]+$/.test(mark)) return message;
  const p = prefix[1] ?? '';
  const datum = `<${p}AdditionalData type="string" meaning="${DELIVERY_MARK}"><${p}string>${mark}</${p}string></${p}AdditionalData>`;
  if (body.includes(datum)) return message;
  return { ...message, body: Buffer.concat([body.subarray(0, end), Buffer.from(datum), body.subarray(end)]) };
}
