/**
 * The messageid of a message as it is written, for a log line: looked up in its start tag alone, without reading the
 * message. Entities stay as they are. Called by src/poller/deliver-lease.ts for the few messages that are named.
 */

/** A start tag is looked at so far. */
const TAG_BYTES = 2048;

/** Undefined when the start tag has none, or it stands too far behind. */
export function writtenMessageId(message: Uint8Array): string | undefined {
  const tag = Buffer.from(message.subarray(0, TAG_BYTES)).toString('utf8');
  // Values are passed over whole: a `>` or a name inside one counts for nothing.
  return /^<[^\s>/]+(?:\s+(?!messageid[\s=])[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s+messageid\s*=\s*(["'])(.*?)\1/s.exec(
    tag,
  )?.[2];
}
