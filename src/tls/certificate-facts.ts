/**
 * What is wrong with a certificate that parses: dates, purpose, and strengths that newer OpenSSL refuses.
 * Called by credentials.ts; everything here is a warning, since only the other side can refuse it.
 */

import type { X509Certificate } from 'node:crypto';
import { readDer } from './der.ts';
import { signatureAlgorithm } from './signature.ts';

/** RSA below 2048 bits and SHA-1 are refused at OpenSSL's security level 2, the default from Node 24.5 on. */
const MIN_RSA_BITS = 2048;

const PURPOSE_OIDS = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;

/** Digests that OpenSSL's security level 2 refuses, as people write them. */
const WEAK_DIGESTS: ReadonlyMap<string, string> = new Map([
  ['md5', 'MD5'],
  ['sha1', 'SHA-1'],
]);

const NOTHING = Buffer.alloc(0);

export type Purpose = keyof typeof PURPOSE_OIDS;

/** Sentences without a subject: `expired on 2026-01-02`, `has a 1024 bit RSA key …`. */
export function certificateWarnings(certificate: X509Certificate, now: number, purpose?: Purpose): string[] {
  const warnings: string[] = [];
  const notBefore = Date.parse(certificate.validFrom);
  const notAfter = Date.parse(certificate.validTo);
  if (now > notAfter) {
    warnings.push(`expired on ${day(notAfter)}`);
  } else if (now < notBefore) {
    warnings.push(`is not valid before ${day(notBefore)} (is the clock of this host right?)`);
  }
  const bits = certificate.publicKey.asymmetricKeyDetails?.modulusLength;
  if (certificate.publicKey.asymmetricKeyType === 'rsa' && bits !== undefined && bits < MIN_RSA_BITS) {
    warnings.push(
      `has a ${bits} bit RSA key, which Node 24 and later refuse: re-issue it with ${MIN_RSA_BITS} or more`,
    );
  }
  const hash = WEAK_DIGESTS.get(signatureDigest(certificate));
  // The signature of a self-signed root is never checked.
  if (hash !== undefined && certificate.issuer !== certificate.subject) {
    warnings.push(`is signed with ${hash}, which Node 24 and later refuse: re-issue it with SHA-256`);
  }
  // The type says string[], yet it is undefined where the extension is absent.
  const usage = certificate.keyUsage as readonly string[] | undefined;
  if (purpose !== undefined && usage !== undefined && !usage.includes(PURPOSE_OIDS[purpose])) {
    warnings.push(`is not meant for a ${purpose} (extended key usage): the other side will refuse it`);
  }
  return warnings;
}

/** DER of the subject's name: tbsCertificate is [version] serial signature issuer validity subject … */
export function subjectDer(certificate: X509Certificate): Buffer {
  return tbsField(certificate, 4);
}

export function issuerDer(certificate: X509Certificate): Buffer {
  return tbsField(certificate, 2);
}

function tbsField(certificate: X509Certificate, index: number): Buffer {
  const tbs = readDer(readDer(readDer(certificate.raw)?.[0]?.value ?? NOTHING)?.[0]?.value ?? NOTHING);
  return tbs?.[tbs[0]?.tag === 0xa0 ? index + 1 : index]?.raw ?? NOTHING;
}

/** `sha256`, …, as in signature.ts. */
export function signatureDigest(certificate: X509Certificate): string {
  const algorithm = readDer(readDer(certificate.raw)?.[0]?.value ?? NOTHING)?.[1];
  return signatureAlgorithm(algorithm?.value ?? NOTHING).digest;
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
