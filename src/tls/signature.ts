/**
 * Signature algorithms of X.509 objects (RFC 5280 §4.1.1.2): which digest one uses, and whether a signature over DER
 * holds. Called by crl.ts, which must judge lists that OpenSSL would only judge together with everything else, and
 * by certificate-facts.ts, which tells weak digests.
 */

import { constants, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readDer } from './der.ts';

/** OID in hex → digest; `none`: the algorithm brings its own. */
const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d010104', 'md5'],
  ['2a864886f70d010105', 'sha1'],
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha1'],
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2a8648ce380403', 'sha1'],
  ['608648016503040302', 'sha256'],
  ['2b6570', 'none'],
  ['2b6571', 'none'],
]);

const RSA_PSS = '2a864886f70d01010a';

/** Digests named inside the parameters of RSA-PSS (RFC 4055 §3.1); without parameters it is SHA-1. */
const PSS_DIGESTS: ReadonlyMap<string, string> = new Map([
  ['2b0e03021a', 'sha1'],
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
]);

export interface SignatureAlgorithm {
  /** `sha256`, …, `none` (Ed25519, Ed448), `unknown`. */
  readonly digest: string;
  /** Only of RSA-PSS. */
  readonly saltLength?: number;
}

/** From the DER of an AlgorithmIdentifier's contents. */
export function signatureAlgorithm(contents: Buffer): SignatureAlgorithm {
  const [oid, parameters] = readDer(contents) ?? [];
  const name = oid?.tag === 0x06 ? oid.value.toString('hex') : '';
  if (name !== RSA_PSS) {
    return { digest: DIGESTS.get(name) ?? 'unknown' };
  }
  const fields = readDer(parameters?.value ?? Buffer.alloc(0)) ?? [];
  const inside = (tag: number): Buffer | undefined => {
    const field = fields.find((node) => node.tag === tag);
    return field === undefined ? undefined : readDer(field.value)?.[0]?.value;
  };
  const hash = readDer(inside(0xa0) ?? Buffer.alloc(0))?.[0]?.value.toString('hex');
  const salt = inside(0xa2);
  return {
    digest: hash === undefined ? 'sha1' : (PSS_DIGESTS.get(hash) ?? 'unknown'),
    saltLength: salt === undefined ? 20 : salt.readUIntBE(0, Math.min(salt.length, 4)),
  };
}

/** Whether `key` made this signature over `data`. False for algorithms that are not known here, MD5 among them. */
export function signatureHolds(
  { digest, saltLength }: SignatureAlgorithm,
  data: Buffer,
  signature: Buffer,
  key: KeyObject,
): boolean {
  if (digest === 'unknown' || digest === 'md5') {
    return false;
  }
  const options =
    saltLength === undefined ? { key } : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  try {
    return verify(digest === 'none' ? null : digest, data, options, signature);
  } catch {
    return false;
  }
}
