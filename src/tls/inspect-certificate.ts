/**
 * Everything an operator should know of one certificate, and what is wrong with it by itself. Pure; called by inspect.ts.
 *
 * `error`: it does not work now. `warning`: it will stop working, or works with some programs only.
 */

import type { KeyObject, X509Certificate } from 'node:crypto';
import { signatureDigest } from './certificate-facts.ts';
import type { Purpose } from './certificate-facts.ts';
import { dayOf, daysLeft, expiryStep } from './end-dates.ts';

export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Stable, for scripts. */
  readonly code: string;
  /** One sentence, lower case, no full stop. */
  readonly text: string;
}

export interface CertificateFacts {
  readonly subject: string;
  readonly names: readonly string[];
  readonly issuer: string;
  readonly from: string;
  readonly until: string;
  readonly daysLeft: number;
  /** `RSA 2048 bits`, `EC P-256`. */
  readonly key: string;
  readonly digest: string;
  readonly authority: boolean;
  /** `serverAuth`, `clientAuth`, other OIDs; empty: any purpose. */
  readonly purposes: readonly string[];
}

const MIN_RSA_BITS = 2048;
const MIN_EC_BITS = 224;
const LATER = 'Node 24.5 and later refuse it (OpenSSL security level 2): re-issue before upgrading';

const PURPOSES: ReadonlyMap<string, string> = new Map([
  ['1.3.6.1.5.5.7.3.1', 'serverAuth'],
  ['1.3.6.1.5.5.7.3.2', 'clientAuth'],
]);

export function certificateFacts(certificate: X509Certificate, now: number): CertificateFacts {
  return {
    subject: nameOf(certificate.subject),
    names: certificate.subjectAltName?.split(', ') ?? [],
    issuer: nameOf(certificate.issuer),
    from: new Date(certificate.validFrom).toISOString(),
    until: new Date(certificate.validTo).toISOString(),
    daysLeft: daysLeft({ until: Date.parse(certificate.validTo) }, now),
    key: keyText(certificate.publicKey),
    digest: signatureDigest(certificate),
    authority: certificate.ca,
    purposes: purposesOf(certificate),
  };
}

/** `role`: what its file is for; undefined when only the file was named. */
export function certificateFindings(
  certificate: X509Certificate,
  now: number,
  role: Purpose | 'authority' | undefined,
): readonly Finding[] {
  return [
    ...dateFindings(Date.parse(certificate.validFrom), Date.parse(certificate.validTo), now),
    ...strengthFindings(certificate),
    ...useFindings(certificate, role),
  ];
}

/** Of certificates; lists have their own words for their ends. */
function dateFindings(from: number, until: number, now: number): readonly Finding[] {
  if (until <= now) {
    return [{ severity: 'error', code: 'expired', text: `expired on ${dayOf(until)}` }];
  }
  if (from > now) {
    const text = `is not valid before ${dayOf(from)}: is the clock of this host right?`;
    return [{ severity: 'error', code: 'not-yet-valid', text }];
  }
  // As the programs warn: a certificate for a day is not always about to end.
  return expiryStep({ from, until }, now) === undefined
    ? []
    : [
        {
          severity: 'warning',
          code: 'ends-soon',
          text: `ends in ${daysLeft({ until }, now)} days, on ${dayOf(until)}`,
        },
      ];
}

function strengthFindings(certificate: X509Certificate): readonly Finding[] {
  const findings: Finding[] = [];
  const { publicKey } = certificate;
  const bits = bitsOf(publicKey);
  const least = publicKey.asymmetricKeyType === 'ec' ? MIN_EC_BITS : MIN_RSA_BITS;
  if (bits !== undefined && bits < least) {
    findings.push({ severity: 'warning', code: 'weak-key', text: `has a key of ${bits} bits. ${LATER}` });
  }
  const digest = signatureDigest(certificate);
  // The signature of a root is never checked.
  if ((digest === 'sha1' || digest === 'md5') && certificate.issuer !== certificate.subject) {
    const name = digest === 'sha1' ? 'SHA-1' : 'MD5';
    findings.push({ severity: 'warning', code: 'weak-digest', text: `is signed with ${name}. ${LATER}` });
  }
  return findings;
}

function useFindings(
  certificate: X509Certificate,
  role: Purpose | 'authority' | undefined,
): readonly Finding[] {
  const findings: Finding[] = [];
  const purposes = purposesOf(certificate);
  if (role === 'authority') {
    if (!certificate.ca) {
      const text = 'is no authority (basic constraints): nothing it issued is accepted';
      findings.push({ severity: 'error', code: 'no-authority', text });
    }
    return findings;
  }
  const wanted = role === undefined ? [] : [`${role}Auth`];
  const known = ['serverAuth', 'clientAuth'];
  const fits =
    role === undefined
      ? purposes.some((purpose) => known.includes(purpose))
      : purposes.includes(wanted[0] ?? '');
  if (purposes.length > 0 && !fits && !certificate.ca) {
    const text = `lacks the extended key usage ${wanted[0] ?? known.join(' or ')}: the other side refuses it`;
    findings.push({ severity: 'error', code: 'purpose', text });
  }
  if (certificate.subjectAltName === undefined && !certificate.ca) {
    const text = 'bears its name as common name only: issue it with a subject alternative name (RFC 9525)';
    findings.push({ severity: 'warning', code: 'no-alternative-name', text });
  }
  if (role !== undefined && certificate.ca) {
    const text = 'is the certificate of an authority, not of a host';
    findings.push({ severity: 'warning', code: 'is-authority', text });
  }
  return findings;
}

function purposesOf(certificate: X509Certificate): readonly string[] {
  // The type says string[], yet it is undefined where the extension is absent.
  const usage = certificate.keyUsage as readonly string[] | undefined;
  return (usage ?? []).map((oid) => PURPOSES.get(oid) ?? oid);
}

export function keyText(key: KeyObject): string {
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details } = key;
  if (type === 'ec') {
    return `EC ${details?.namedCurve ?? 'of an unnamed curve'}`;
  }
  const bits = bitsOf(key);
  return bits === undefined ? type : `${type === 'rsa' ? 'RSA' : type} ${bits} bits`;
}

function bitsOf({ asymmetricKeyDetails: details }: KeyObject): number | undefined {
  // prime256v1, secp384r1, sect163k1, brainpoolP512r1: the first number of three digits.
  return (
    (details?.modulusLength ?? Number(/\d{3}/.exec(details?.namedCurve ?? '')?.[0] ?? Number.NaN)) ||
    undefined
  );
}

/** Node separates the parts of a name by line breaks. */
function nameOf(name: string | undefined): string {
  return name === undefined || name === '' ? '(empty name)' : name.replaceAll('\n', ', ');
}
