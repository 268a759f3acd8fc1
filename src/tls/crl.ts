/**
 * Certificate revocation lists (RFC 5280 §5) as an operator provides them: PEM with one or several lists, or
 * one DER list as corporate authorities publish it. Called by credentials.ts and src/app/certs-check.ts.
 *
 * Read by ourselves because OpenSSL refuses every peer while a list is past its end, and then says nothing
 * else about them. Serial numbers go into a set: lists of 100,000 entries exist. What could mean something else
 * than it says (delta and indirect lists, critical extensions we do not know) is refused, never half-read.
 */

import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readDer, readTime } from './der.ts';
import { readName } from './distinguished-name.ts';
import type { DistinguishedName } from './distinguished-name.ts';
import { hasBrokenBlock, pemBlocks, toPem } from './pem.ts';
import { signatureAlgorithm, signatureHolds } from './signature.ts';

export interface RevocationList {
  /** SHA-256 of its DER, hex. */
  readonly id: string;
  readonly issuer: DistinguishedName;
  /** Wall times, milliseconds. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  /** Serial numbers as canonicalSerial() writes them. */
  readonly revoked: ReadonlySet<string>;
  /** `sha256`, …, as in signature.ts. */
  readonly digest: string;
  /** One list, ready for node:tls, which reads only the first of a text. */
  readonly pem: () => string;
  readonly isSignedBy: (key: KeyObject) => boolean;
}

/** Extensions that may be critical here: issuer's key and name, number, distribution point, freshest list. */
const KNOWN_EXTENSIONS = new Set(['551d23', '551d12', '551d14', '551d1c', '551d2e']);
const DELTA_INDICATOR = '551d1b';
const DISTRIBUTION_POINT = '551d1c';
/** indirectCRL and onlySomeReasons of an IssuingDistributionPoint. */
const INDIRECT = 0x84;
const SOME_REASONS = 0x83;

/** The lists in a file, or why it cannot be used: `is …`. */
export function readCrls(bytes: Buffer): readonly RevocationList[] | string {
  const text = bytes.toString('latin1');
  if (hasBrokenBlock(text)) {
    return 'is incomplete: a PEM block has no END line';
  }
  const blocks = pemBlocks(text);
  const ders =
    blocks.length > 0 ? blocks.filter(({ label }) => label === 'X509 CRL').map(({ der }) => der) : [bytes];
  const lists: RevocationList[] = [];
  for (const der of ders) {
    const list = readCrl(der);
    if (typeof list === 'string') {
      return list;
    }
    lists.push(list);
  }
  return lists.length === 0 ? NO_LIST : lists;
}

/** `0A3F`, `-80` → `A3F`, `-80`: DER, OpenSSL and Node pad differently. */
export function canonicalSerial(hex: string): string {
  const upper = hex.toUpperCase();
  const start = upper.startsWith('-') ? 1 : 0;
  let at = start;
  while (at < upper.length - 1 && upper[at] === '0') {
    at += 1;
  }
  return start === 1 ? `-${upper.slice(at)}` : upper.slice(at);
}

const NO_LIST = 'is not a certificate revocation list';

/** CertificateList → tbsCertList → [version] signature issuer thisUpdate [nextUpdate] [revoked] [extensions] */
function readCrl(der: Buffer): RevocationList | string {
  const outer = readDer(der);
  const list = outer?.[0];
  if (outer?.length !== 1 || list?.tag !== 0x30) {
    return NO_LIST;
  }
  const [tbs, algorithm, bits, ...more] = readDer(list.value) ?? [];
  const fields = tbs?.tag === 0x30 ? readDer(tbs.value) : undefined;
  if (tbs === undefined || fields === undefined || bits?.tag !== 0x03 || more.length > 0) {
    return NO_LIST;
  }
  const rest = fields[0]?.tag === 0x02 ? fields.slice(1) : fields;
  const [, issuer, from] = rest;
  const thisUpdate = readTime(from);
  if (issuer?.tag !== 0x30 || thisUpdate === undefined) {
    return NO_LIST;
  }
  const tail = rest.slice(3);
  const nextUpdate = readTime(tail[0]);
  if (nextUpdate === undefined && (tail[0]?.tag === 0x17 || tail[0]?.tag === 0x18)) {
    return 'is damaged: its next update is no time';
  }
  const entries = tail.find(({ tag }) => tag === 0x30);
  const revoked = entries === undefined ? new Set<string>() : readSerials(entries.value);
  const problem = extensionProblem(tail.find(({ tag }) => tag === 0xa0)?.value);
  if (revoked === undefined) {
    return 'is damaged: its entries cannot be read';
  }
  if (problem !== undefined) {
    return problem;
  }
  const signature = signatureAlgorithm(algorithm?.value ?? Buffer.alloc(0));
  const signed = Buffer.from(tbs.raw);
  const proof = Buffer.from(bits.value.subarray(1));
  return {
    id: createHash('sha256').update(der).digest('hex'),
    issuer: readName(issuer.raw),
    thisUpdate,
    nextUpdate,
    revoked,
    digest: signature.digest,
    pem: () => toPem('X509 CRL', der),
    isSignedBy: (key) => signatureHolds(signature, signed, proof, key),
  };
}

/** Each entry is SEQUENCE { serial INTEGER, date, [extensions] }; walked by hand, since there may be very many. */
function readSerials(bytes: Buffer): ReadonlySet<string> | undefined {
  const serials = new Set<string>();
  const hex = bytes.toString('hex').toUpperCase();
  let at = 0;
  while (at < bytes.length) {
    const entry = header(bytes, at);
    const serial = entry === undefined ? undefined : header(bytes, entry.start);
    if (
      entry?.tag !== 0x30 ||
      serial?.tag !== 0x02 ||
      serial.end > entry.end ||
      serial.end === serial.start
    ) {
      return undefined;
    }
    serials.add(serialOf(hex.slice(2 * serial.start, 2 * serial.end)));
    at = entry.end;
  }
  return serials;
}

function header(
  bytes: Buffer,
  at: number,
): { readonly tag: number; readonly start: number; readonly end: number } | undefined {
  const tag = bytes[at] ?? -1;
  let length = bytes[at + 1] ?? -1;
  let start = at + 2;
  if (length >= 0x80) {
    const size = length - 0x80;
    if (size === 0 || size > 4 || start + size > bytes.length) {
      return undefined;
    }
    length = bytes.readUIntBE(start, size);
    start += size;
  }
  return length < 0 || start + length > bytes.length ? undefined : { tag, start, end: start + length };
}

/** From the contents of an INTEGER; negative ones were issued by mistake and exist. */
function serialOf(hex: string): string {
  if (hex < '8') {
    return canonicalSerial(hex);
  }
  const magnitude = (1n << BigInt(hex.length * 4)) - BigInt(`0x${hex}`);
  return canonicalSerial(`-${magnitude.toString(16)}`);
}

function extensionProblem(extensions: Buffer | undefined): string | undefined {
  const sequence = extensions === undefined ? undefined : readDer(extensions)?.[0];
  for (const extension of readDer(sequence?.value ?? Buffer.alloc(0)) ?? []) {
    const [oid, ...values] = readDer(extension.value) ?? [];
    const name = oid?.value.toString('hex') ?? '';
    const critical = values[0]?.tag === 0x01 && values[0].value[0] !== 0;
    if (name === DELTA_INDICATOR) {
      return 'is a delta list, which says only what has changed: the complete list is wanted';
    }
    if (name === DISTRIBUTION_POINT) {
      const point = readDer(values.at(-1)?.value ?? Buffer.alloc(0))?.[0];
      const parts = readDer(point?.value ?? Buffer.alloc(0)) ?? [];
      if (parts.some(({ tag }) => tag === INDIRECT || tag === SOME_REASONS)) {
        return 'is an indirect or partial list: the complete list of the authority itself is wanted';
      }
    } else if (critical && !KNOWN_EXTENSIONS.has(name)) {
      return 'has a critical extension that is not understood here';
    }
  }
  return undefined;
}
