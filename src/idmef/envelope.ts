/**
 * The document around messages: one fixed root, so that serving a batch is concatenation.
 *
 * The journal keeps self-contained elements (verdict.ts); a document is head + elements + tail, each element
 * followed by nothing. Used by the sensor's answers and by destinations. RFC 4765 §3.1.1.1, §4.2.1; the seed
 * wrote the same prefix and namespace and no version, which is a #FIXED default.
 */

/** Namespace of RFC 4765 (§8). */
export const RFC_NAMESPACE = 'http://iana.org/idmef';

/** Namespace of the July 2004 draft, still written by libidmef and accepted by Prelude's gateway. */
export const DRAFT_2004_NAMESPACE = 'urn:iana:xml:ns:idmef';

export const envelopeHead: Uint8Array = Buffer.from(
  `<?xml version="1.0" encoding="UTF-8"?>\n<idmef:IDMEF-Message xmlns:idmef="${RFC_NAMESPACE}">`,
);

export const envelopeTail: Uint8Array = Buffer.from('</idmef:IDMEF-Message>\n');

/** Bytes an envelope adds to the bodies. */
export const envelopeBytes: number = envelopeHead.length + envelopeTail.length;
