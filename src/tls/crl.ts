/**
 * Certificate revocation lists (RFC 5280 §5) as an operator provides them: PEM with one or several lists, or
 * one DER list as corporate authorities publish it. Called by credentials.ts.
 *
 * OpenSSL refuses every peer while a list is missing, expired or not yet valid, so that is found here, at start.
 */

import { readDer, readTime } from './der.ts';
import { pemBlocks, toPem } from './pem.ts';

interface Crl {
  /** One list, ready for node:tls, which reads only the first of a text. */
  readonly pem: string;
  /** DER of the issuer's name. */
  readonly issuer: Buffer;
  /** Wall times, milliseconds. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
}

/** The lists in a file, or undefined when it holds anything else or nothing. */
export function readCrls(bytes: Buffer): readonly Crl[] | undefined {
  const blocks = pemBlocks(bytes.toString('latin1'));
  const ders =
    blocks.length > 0 ? blocks.filter(({ label }) => label === 'X509 CRL').map(({ der }) => der) : [bytes];
  const lists: Crl[] = [];
  for (const der of ders) {
    const list = readCrl(der);
    if (list === undefined) {
      return undefined;
    }
    lists.push(list);
  }
  return lists.length === 0 ? undefined : lists;
}

/** CertificateList → tbsCertList → [version] signature issuer thisUpdate [nextUpdate] … */
function readCrl(der: Buffer): Crl | undefined {
  const outer = readDer(der);
  const list = outer?.[0];
  if (outer?.length !== 1 || list?.tag !== 0x30) {
    return undefined;
  }
  const parts = readDer(list.value);
  const tbs = parts?.length === 3 ? readDer(parts[0]?.value ?? Buffer.alloc(0)) : undefined;
  if (tbs === undefined) {
    return undefined;
  }
  const fields = tbs[0]?.tag === 0x02 ? tbs.slice(1) : tbs;
  const issuer = fields[1];
  const thisUpdate = readTime(fields[2]);
  if (issuer?.tag !== 0x30 || thisUpdate === undefined) {
    return undefined;
  }
  return { pem: toPem('X509 CRL', der), issuer: issuer.raw, thisUpdate, nextUpdate: readTime(fields[3]) };
}
