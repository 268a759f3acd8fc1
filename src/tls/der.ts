/**
 * Just enough DER (X.690) to look into certificates and revocation lists where node:crypto has no accessor:
 * walk tag-length-value triples. Called by crl.ts and certificate-facts.ts on files the operator named; it
 * never decides about trust, OpenSSL does that.
 */

interface DerNode {
  readonly tag: number;
  /** Contents without tag and length. */
  readonly value: Buffer;
  /** The whole triple. */
  readonly raw: Buffer;
}

/** The nodes that stand one after the other in `bytes`, or undefined when it is not DER. */
export function readDer(bytes: Buffer): readonly DerNode[] | undefined {
  const nodes: DerNode[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? -1;
    let start = at + 2;
    if (length > 0x84) {
      return undefined;
    }
    if (length >= 0x80) {
      const size = length - 0x80;
      if (size === 0 || start + size > bytes.length) {
        return undefined;
      }
      length = bytes.readUIntBE(start, size);
      start += size;
    }
    if (length < 0 || start + length > bytes.length) {
      return undefined;
    }
    nodes.push({
      tag,
      value: bytes.subarray(start, start + length),
      raw: bytes.subarray(at, start + length),
    });
    at = start + length;
  }
  return nodes;
}

/** UTCTime or GeneralizedTime in the forms RFC 5280 §4.1.2.5 allows, as milliseconds; undefined otherwise. */
export function readTime(node: DerNode | undefined): number | undefined {
  if (node === undefined || (node.tag !== 0x17 && node.tag !== 0x18)) {
    return undefined;
  }
  let text = node.value.toString('latin1');
  if (node.tag === 0x17) {
    text = (Number(text.slice(0, 2)) < 50 ? '20' : '19') + text;
  }
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}
