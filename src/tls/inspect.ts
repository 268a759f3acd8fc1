/**
 * Looks through TLS files together, as `idmef certs check` does: each certificate, key and revocation list with its
 * facts, and what is wrong with each and between them. Pure: bytes come in, findings go out. Called by src/app/certs-check.ts.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { messageOf } from '../core/errors.ts';
import { subjectDer } from './certificate-facts.ts';
import type { Purpose } from './certificate-facts.ts';
import { readCrls } from './crl.ts';
import type { RevocationList } from './crl.ts';
import { readName } from './distinguished-name.ts';
import { dayOf, daysLeft, isStale } from './end-dates.ts';
import { certificateFacts, certificateFindings, keyText } from './inspect-certificate.ts';
import type { CertificateFacts, Finding } from './inspect-certificate.ts';
import { hasBrokenBlock, pemBlocks } from './pem.ts';

export interface TlsFile {
  readonly path: string;
  readonly bytes: Buffer;
  /** Permission bits. */
  readonly mode: number;
  /** What a program takes it for; undefined when only the file was named. */
  readonly use?: 'cert' | 'key' | 'ca' | 'crl';
  /** Which side the certificate is for. */
  readonly side?: Purpose;
}

export interface Inspected {
  readonly file: string;
  readonly kind: 'certificate' | 'key' | 'crl' | 'unknown';
  readonly facts: Readonly<Partial<CertificateFacts> & { revoked?: number }>;
  readonly findings: readonly Finding[];
}

interface Found {
  readonly file: TlsFile;
  readonly certificates: readonly X509Certificate[];
  readonly lists: readonly RevocationList[];
  readonly key: KeyObject | undefined;
  /** Why there is nothing of the three. */
  readonly problem: string | undefined;
}

export function inspectTlsFiles(files: readonly TlsFile[], now: number): readonly Inspected[] {
  const found = files.map(readAny);
  const pool = found.flatMap(({ certificates }) => certificates);
  return found.flatMap((each) => {
    const { file, certificates, lists, key, problem } = each;
    const items: Inspected[] = certificates.map((certificate, index) => ({
      file: file.path,
      kind: 'certificate' as const,
      facts: certificateFacts(certificate, now),
      findings: [
        ...certificateFindings(certificate, now, roleOf(file, certificate, index)),
        ...chainFindings(certificate, pool, index === 0 && file.use !== 'ca'),
      ],
    }));
    items.push(...lists.map((list) => listItem(file, list, pool, now)));
    if (key !== undefined) {
      items.push({
        file: file.path,
        kind: 'key',
        facts: { key: keyText(key) },
        findings: keyFindings(each, key, found),
      });
    }
    if (problem !== undefined) {
      const findings: Finding[] = [{ severity: 'error', code: 'unreadable', text: problem }];
      items.push({ file: file.path, kind: 'unknown', facts: {}, findings });
    }
    return items;
  });
}

function readAny(file: TlsFile): Found {
  const text = file.bytes.toString('latin1');
  const nothing = { file, certificates: [], lists: [], key: undefined };
  try {
    if (hasBrokenBlock(text)) {
      return { ...nothing, problem: 'is incomplete: a PEM block has no END line' };
    }
    const blocks = pemBlocks(text);
    const certificates = blocks
      .filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label))
      .map(({ text: block }) => new X509Certificate(block));
    const isList = blocks.some(({ label }) => label === 'X509 CRL') || file.use === 'crl';
    const read = isList || (blocks.length === 0 && !text.includes('PRIVATE KEY')) ? readCrls(file.bytes) : [];
    if (blocks.length === 0 && typeof read === 'string' && file.bytes[0] === 0x30 && file.use === undefined) {
      return { ...nothing, certificates: [new X509Certificate(file.bytes)], problem: undefined };
    }
    const key = text.includes('PRIVATE KEY-----') ? privateKey(text) : undefined;
    const lists = typeof read === 'string' ? [] : read;
    const empty = certificates.length + lists.length === 0 && key === undefined;
    const wrong = missing(file, certificates.length, lists.length, key !== undefined);
    const why = typeof read === 'string' && isList ? read : 'holds no certificate, key or revocation list';
    return { file, certificates, lists, key, problem: empty ? why : wrong };
  } catch (error) {
    return { ...nothing, problem: `cannot be read: ${messageOf(error)}` };
  }
}

function privateKey(text: string): KeyObject {
  if (text.includes('ENCRYPTED')) {
    throw new Error('the key is encrypted, and nobody is there to type the passphrase');
  }
  return createPrivateKey(text);
}

/** A file of another kind than the option wants. */
function missing({ use }: TlsFile, certificates: number, lists: number, key: boolean): string | undefined {
  if ((use === 'cert' || use === 'ca') && certificates === 0) return 'holds no certificate';
  if (use === 'key' && !key) return 'holds no private key';
  return use === 'crl' && lists === 0 ? 'holds no revocation list' : undefined;
}

function roleOf(
  { use, side }: TlsFile,
  certificate: X509Certificate,
  index: number,
): Purpose | 'authority' | undefined {
  if (use === 'ca') return 'authority';
  if (use === 'cert') return index === 0 ? side : 'authority';
  return index > 0 || certificate.ca ? 'authority' : undefined;
}

/** Whether a path to a root is among all the certificates given; said of the first of a file only. */
function chainFindings(
  leaf: X509Certificate,
  pool: readonly X509Certificate[],
  wanted: boolean,
): readonly Finding[] {
  const seen = new Set<X509Certificate>();
  let open = wanted && !leaf.ca ? [leaf] : [];
  let end: X509Certificate | undefined;
  while (open.length > 0) {
    const issuers = open.flatMap((child) => pool.filter((other) => issued(other, child)));
    if (issuers.some((issuer) => issued(issuer, issuer))) return [];
    end = open[0];
    for (const child of open) seen.add(child);
    open = issuers.filter((issuer) => !seen.has(issuer));
  }
  if (end === undefined || pool.length < 2) return [];
  const issuer = end.issuer.replaceAll('\n', ', ');
  const text = `its chain is incomplete: the certificate of ${issuer} is in none of the files`;
  return [{ severity: 'warning', code: 'chain', text }];
}

function issued(issuer: X509Certificate, child: X509Certificate): boolean {
  return child.checkIssued(issuer) && child.verify(issuer.publicKey);
}

function keyFindings({ file }: Found, key: KeyObject, found: readonly Found[]): readonly Finding[] {
  const findings: Finding[] = [];
  const own = found.filter((other) => other.file.use === 'cert' && other.file.side === file.side);
  const candidates =
    file.use === 'key'
      ? own.flatMap(({ certificates }) => certificates.slice(0, 1))
      : found.flatMap(({ certificates }) => certificates);
  if (candidates.length > 0 && !candidates.some((certificate) => certificate.checkPrivateKey(key))) {
    const which =
      file.use === 'key' ? 'does not match the certificate' : 'belongs to none of the certificates';
    findings.push({ severity: 'error', code: 'key-mismatch', text: which });
  }
  if ((file.mode & 0o007) !== 0) {
    findings.push({
      severity: 'warning',
      code: 'key-readable',
      text: 'can be read by every user of this host: chmod o-rwx',
    });
  }
  return findings;
}

function listItem(
  file: TlsFile,
  list: RevocationList,
  pool: readonly X509Certificate[],
  now: number,
): Inspected {
  const { issuer, thisUpdate, nextUpdate, revoked, digest } = list;
  const findings: Finding[] = [];
  if (isStale(list, now)) {
    const text = `should have been renewed by ${dayOf(nextUpdate ?? 0)}: later revocations are unknown here`;
    findings.push({ severity: 'error', code: 'crl-stale', text });
  }
  if (thisUpdate > now) {
    findings.push({
      severity: 'error',
      code: 'not-yet-valid',
      text: `is not valid before ${dayOf(thisUpdate)}`,
    });
  }
  const named = pool.filter((certificate) => readName(subjectDer(certificate)).key === issuer.key);
  if (named.length === 0 && pool.length > 0) {
    const text = `is of ${issuer.text}, which is none of the authorities given`;
    findings.push({ severity: 'warning', code: 'crl-foreign', text });
  }
  if (named.length > 0 && !named.some(({ publicKey }) => list.isSignedBy(publicKey))) {
    findings.push({
      severity: 'error',
      code: 'crl-unsigned',
      text: 'is not signed by the key of its authority',
    });
  }
  return {
    file: file.path,
    kind: 'crl',
    facts: {
      issuer: issuer.text,
      from: new Date(thisUpdate).toISOString(),
      ...(nextUpdate === undefined
        ? {}
        : { until: new Date(nextUpdate).toISOString(), daysLeft: daysLeft({ until: nextUpdate }, now) }),
      digest,
      revoked: revoked.size,
    },
    findings,
  };
}
