/**
 * A prelude-manager's identity and the profiles registered with it, as `prelude-admin` writes them: for tests of the
 * native protocol without Prelude.
 *
 * The manager's certificate has its analyzerid as the dnQualifier of subject and issuer and is signed by its own key;
 * an agent's subject is `CN=<rights>, dnQualifier=<analyzerid>`. Keys are ECDSA P-256, which is faster than RSA.
 */

import { randomBytes, webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { loadX509, pem } from './pki.ts';

const HOUR = 3_600_000;
const DN_QUALIFIER = '2.5.4.46';
const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface PreludeSite {
  /** The manager's analyzerid. */
  readonly id: string;
  readonly certPem: string;
  readonly keyPem: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

export interface Registration {
  readonly site: PreludeSite;
  /** 1 idmef:r, 4 idmef:w; default both. */
  readonly rights?: number;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface RegisteredProfile {
  readonly dir: string;
  readonly analyzerid: string;
}

export async function makeSite(id: string): Promise<PreludeSite> {
  const keys = await webcrypto.subtle.generateKey(SIGNING, true, ['sign', 'verify']);
  const certPem = await certificate(keys, keys.publicKey, { id, subject: `${DN_QUALIFIER}=${id}` });
  return { id, certPem, keyPem: await privatePem(keys), keys };
}

/** Writes a profile that is registered with each of these. */
export async function register(
  dir: string,
  analyzerid: string,
  registrations: readonly Registration[],
): Promise<RegisteredProfile> {
  const keys = await webcrypto.subtle.generateKey(SIGNING, true, ['sign', 'verify']);
  const certificates = await Promise.all(
    registrations.map(({ site, rights = 5, ...dates }) => {
      const subject = `CN=${rights}, ${DN_QUALIFIER}=${analyzerid}`;
      return certificate(site.keys, keys.publicKey, { id: site.id, subject, ...dates });
    }),
  );
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'analyzerid'), `${analyzerid}\n`);
  writeFileSync(join(dir, 'key'), await privatePem(keys), { mode: 0o600 });
  writeFileSync(join(dir, 'client.keycrt'), certificates.join(''));
  writeFileSync(join(dir, 'client.trusted'), registrations.map(({ site }) => site.certPem).join(''));
  return { dir, analyzerid };
}

interface Subject {
  /** The issuer's analyzerid. */
  readonly id: string;
  readonly subject: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

async function certificate(
  issuer: webcrypto.CryptoKeyPair,
  publicKey: webcrypto.CryptoKey,
  { id, subject, notBefore, notAfter }: Subject,
): Promise<string> {
  const x509 = await loadX509();
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(8).toString('hex'),
    issuer: `${DN_QUALIFIER}=${id}`,
    subject,
    notBefore: notBefore ?? new Date(Date.now() - HOUR),
    notAfter: notAfter ?? new Date(Date.now() + 24 * HOUR),
    signingAlgorithm: SIGNING,
    publicKey,
    signingKey: issuer.privateKey,
    extensions: [new x509.BasicConstraintsExtension(false, undefined, true)],
  });
  return pem('CERTIFICATE', made.rawData);
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
}
