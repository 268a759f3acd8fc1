/**
 * Reads a profile as `prelude-admin register` left it on this host, and chooses from it the one certificate a manager
 * wants to see.
 *
 * Called by link.ts before a connection and by `idmef doctor`. Files: `analyzerid` (decimal), `key` (PEM),
 * `client.keycrt` (our certificates, one for each manager), `client.trusted` (the managers' own certificates, which are
 * pinned). The subject of ours is `CN=<rights>, dnQualifier=<analyzerid>`, its issuer `dnQualifier=<manager>`; rights
 * add up: 1 idmef:r, 2 admin:r, 4 idmef:w, 8 admin:w. Throws the faults of faults.ts.
 */

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { messageOf, RelayError, systemCode } from '../../core/errors.ts';
import { preludeSessionLimits } from '../../core/limits.ts';
import { preludeFault } from './faults.ts';
import type { PreludeAddress } from './prelude-url.ts';

export interface PreludeProfile {
  /** Ours, decimal. */
  readonly analyzerid: string;
  readonly keyPem: string;
  readonly key: KeyObject;
  readonly certificates: readonly AgentCertificate[];
  readonly managers: readonly TrustedManager[];
}

export interface AgentCertificate {
  readonly x509: X509Certificate;
  readonly pem: string;
  /** Who issued it: the manager's analyzerid. */
  readonly manager: string;
  readonly rights: number;
}

export interface TrustedManager {
  /** Its analyzerid. */
  readonly id: string;
  /** DER, compared with what it shows. */
  readonly raw: Buffer;
}

export const rights = { readIdmef: 1, readAdmin: 2, writeIdmef: 4, writeAdmin: 8 } as const;

const files = ['analyzerid', 'key', 'client.keycrt', 'client.trusted'] as const;

/** Changes when a file of the profile does. Does not throw. */
export function profileStamp({ dir }: PreludeAddress): string {
  return files
    .map((name) => {
      try {
        const { ino, size, mtimeMs, ctimeMs } = statSync(join(dir, name));
        return `${ino}/${size}/${mtimeMs}/${ctimeMs}`;
      } catch (error) {
        return systemCode(error);
      }
    })
    .join(' ');
}

export function readProfile(address: PreludeAddress): PreludeProfile {
  const analyzerid = readPart(address, 'analyzerid').trim();
  if (!/^\d{1,20}$/.test(analyzerid)) throw damaged(address, 'analyzerid', 'is no decimal number');
  const keyPem = readPart(address, 'key');
  const certificates = certificatesOf(address, 'client.keycrt').map((x509) => ({
    x509,
    pem: x509.toString(),
    manager: qualifierOf(x509.issuer),
    rights: Number(attributeOf(x509.subject, 'CN') ?? 0) || 0,
  }));
  const managers = certificatesOf(address, 'client.trusted').map(({ raw, subject }) => ({
    id: qualifierOf(subject),
    raw,
  }));
  return { analyzerid, keyPem, key: privateKey(address, keyPem), certificates, managers };
}

/** The certificate to show to this manager. `now` is wall time, ms. */
export function certificateFor(
  manager: string,
  { analyzerid, key, certificates }: PreludeProfile,
  address: PreludeAddress,
  now: number,
): AgentCertificate {
  const own = certificates
    .filter((certificate) => certificate.manager === manager)
    .toSorted((a, b) => Date.parse(b.x509.validFrom) - Date.parse(a.x509.validFrom));
  const certificate = own.find(({ x509 }) => Date.parse(x509.validTo) > now) ?? own[0];
  if (certificate === undefined) {
    const others = [...new Set(certificates.map((one) => `manager ${one.manager}`))].join(', ');
    throw preludeFault('prelude-certificate-missing', address, { manager, others });
  }
  const { x509 } = certificate;
  if (!x509.checkPrivateKey(key)) throw preludeFault('prelude-key-mismatch', address);
  const from = Date.parse(x509.validFrom);
  const until = Date.parse(x509.validTo);
  if (until < now) throw preludeFault('prelude-certificate-expired', address, { until: day(until) });
  if (from > now) throw preludeFault('prelude-certificate-not-yet-valid', address, { from: instant(from) });
  const subject = qualifierOf(x509.subject);
  if (subject !== analyzerid) {
    throw damaged(address, 'analyzerid', `says ${analyzerid}, and its certificate is for ${subject}`);
  }
  if ((certificate.rights & rights.writeIdmef) === 0) {
    throw preludeFault('prelude-no-write-right', address, { rights: rightsText(certificate.rights) });
  }
  return certificate;
}

/** `idmef:rw admin:r` */
export function rightsText(bits: number): string {
  const words = [
    ['idmef', rights.readIdmef, rights.writeIdmef] as const,
    ['admin', rights.readAdmin, rights.writeAdmin] as const,
  ].flatMap(([name, read, write]) => {
    const letters = `${(bits & read) === 0 ? '' : 'r'}${(bits & write) === 0 ? '' : 'w'}`;
    return letters === '' ? [] : [`${name}:${letters}`];
  });
  return words.length === 0 ? 'none' : words.join(' ');
}

function readPart(address: PreludeAddress, name: (typeof files)[number]): string {
  const path = join(address.dir, name);
  let file: number | undefined;
  try {
    // Not blocking: somebody may have put a FIFO there.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) throw damaged(address, name, 'is no file');
    if (stat.size > preludeSessionLimits.profileFileBytes) {
      throw damaged(address, name, `has ${stat.size} bytes, which no such file has`);
    }
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (error instanceof RelayError) throw error;
    const code = systemCode(error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw preludeFault('prelude-profile-unreadable', address, { path, code }, error);
    }
    if (code === 'ENOENT' && !isThere(address.dir)) throw preludeFault('prelude-profile-missing', address);
    throw damaged(address, name, code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function isThere(dir: string): boolean {
  return statSync(dir, { throwIfNoEntry: false }) !== undefined;
}

function privateKey(address: PreludeAddress, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw damaged(address, 'key', `holds no private key (${messageOf(error)})`);
  }
}

function certificatesOf(address: PreludeAddress, name: (typeof files)[number]): X509Certificate[] {
  const blocks =
    readPart(address, name).match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw damaged(address, name, 'holds no certificate');
  if (blocks.length > preludeSessionLimits.certificates) {
    throw damaged(address, name, `holds ${blocks.length} certificates, which no such file does`);
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw damaged(
        address,
        name,
        `holds a certificate, number ${index + 1}, that is none (${messageOf(error)})`,
      );
    }
  });
}

/** The analyzerid in a name; '?' when there is none. */
function qualifierOf(name: string): string {
  return attributeOf(name, 'dnQualifier') ?? '?';
}

/** `CN=4\ndnQualifier=17`, as Node writes names. */
function attributeOf(name: string, attribute: string): string | undefined {
  return name
    .split('\n')
    .find((line) => line.startsWith(`${attribute}=`))
    ?.slice(attribute.length + 1);
}

function damaged(address: PreludeAddress, name: (typeof files)[number], said: string): Error {
  return preludeFault('prelude-profile-damaged', address, { path: join(address.dir, name), said });
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
