/**
 * Alerts whose every byte follows from their id, so that what arrives can be judged without keeping what was sent.
 *
 * Used by producers (what to write) and sinks (what it should be). The element declares its own namespace: splitting
 * and batching then carry it verbatim. Valid under RFC 4765, so that no repair touches it.
 */

import { createHash } from 'node:crypto';

import { envelopeHead, envelopeTail, RFC_NAMESPACE } from '../../src/idmef/envelope.ts';

const severities = ['info', 'low', 'medium', 'high'] as const;

/** The Alert element. Between 0.6 and 2.6 kB. */
export function faultElement(id: string): string {
  const digest = createHash('sha256').update(id).digest();
  const severity = severities[(digest[0] ?? 0) % severities.length] ?? 'info';
  const fill = digest
    .toString('hex')
    .repeat(32)
    .slice(0, digest.readUInt16BE(1) % 2000);
  return (
    `<idmef:Alert xmlns:idmef="${RFC_NAMESPACE}" messageid="${id}"><idmef:Analyzer analyzerid="faults"/>` +
    '<idmef:CreateTime ntpstamp="0xbc72541d.0x00000000">2000-03-09T18:47:25+02:00</idmef:CreateTime>' +
    `<idmef:Classification text="fault probe ${id}"/>` +
    `<idmef:Assessment><idmef:Impact severity="${severity}"/></idmef:Assessment>` +
    `<idmef:AdditionalData type="string" meaning="fill"><idmef:string>${fill}</idmef:string>` +
    '</idmef:AdditionalData></idmef:Alert>'
  );
}

/** A spool file with these alerts. */
export function faultDocument(ids: readonly string[]): Buffer {
  return Buffer.concat([envelopeHead, Buffer.from(ids.map(faultElement).join('')), envelopeTail]);
}

/** Well-formed, but not what RFC 4765 calls an alert. */
export function invalidElement(id: string): string {
  return faultElement(id).replace(
    '<idmef:Assessment>',
    '<idmef:Colour>blue</idmef:Colour><idmef:Assessment>',
  );
}

export function hashOf(element: string | Uint8Array): string {
  return createHash('sha256').update(element).digest('hex');
}

/** One alert as a sink has it. */
export interface Arrival {
  readonly id: string;
  readonly hash: string;
}

/** Every alert of a document in order, except those our own programs make about themselves. */
export function arrivalsIn(document: string | Uint8Array): Arrival[] {
  const text = typeof document === 'string' ? document : Buffer.from(document).toString('utf8');
  const arrivals: Arrival[] = [];
  for (const [element, id = ''] of text.matchAll(
    /<(?:[\w-]+:)?Alert\b[^>]*?\bmessageid="([^"]*)"[\s\S]*?<\/(?:[\w-]+:)?Alert>/g,
  )) {
    if (!isReport(element)) arrivals.push({ id, hash: hashOf(element) });
  }
  return arrivals;
}

/** A report of the poller about its own work: nobody produced it, so nobody misses it. */
function isReport(element: string): boolean {
  return /<(?:[\w-]+:)?Analyzer\b[^>]*\banalyzerid="idmef-relay@/.test(element);
}
