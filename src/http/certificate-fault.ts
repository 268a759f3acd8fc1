/**
 * Says why a server's certificate is not accepted, with the facts an operator needs: dates, names, files.
 *
 * Called by verified-connection.ts with the certificate still at hand (Node's own errors do not carry it), and by
 * idmef doctor, which lists the table too.
 * Name rules: RFC 9525 (a certificate with subject alternative names is not looked up by its CN).
 */

import type { PeerCertificate } from 'node:tls';

import { RelayError } from '../core/errors.ts';
import { fillTemplate } from '../core/fill-template.ts';
import type { PeerFault } from './connection-fault.ts';
import { namesOf, type ClientTls, type Peer } from './peer.ts';

type CertificateFault = keyof typeof certificateFaults;

/** `{issuer}` of the certificate, `{ca}`: the file of trusted authorities, `{code}` of OpenSSL. */
export const certificateFaults = {
  'certificate-expired': {
    kind: 'tls',
    text: 'shows a certificate that ended {until}',
    hint: 'renew it on that host',
  },
  'certificate-authority-expired': {
    kind: 'tls',
    text: 'shows a certificate whose authority ({issuer}) has expired',
    hint: 'renew the authority',
  },
  'certificate-not-yet-valid': {
    kind: 'tls',
    text: 'shows a certificate that is not valid yet (it begins {from})',
    hint: 'check the clocks of both hosts',
  },
  'certificate-revoked': {
    kind: 'tls',
    text: 'shows a certificate that has been revoked',
    hint: 'issue a new one for it',
  },
  'crl-unusable': {
    kind: 'tls',
    text: 'cannot be checked for revocation ({code})',
    hint: 'fetch a current list for --crl, or leave --crl out',
  },
  'certificate-self-signed': {
    kind: 'tls',
    text: 'shows a self-signed certificate',
    hint: 'issue it one from the authority in {ca}, or name its own as --cacert',
  },
  'certificate-authority-unknown': {
    kind: 'tls',
    text: 'shows a certificate whose issuer ({issuer}) is not in {ca}',
    hint: 'name its authority as --cacert; if that is right, it does not send its intermediate certificate',
  },
  'certificate-purpose': {
    kind: 'tls',
    text: 'shows a certificate that is not meant for servers',
    hint: 'issue one with extended key usage serverAuth',
  },
  'certificate-weak': {
    kind: 'tls',
    text: 'uses a key or signature that is too weak ({code})',
    hint: 'issue its certificate anew',
  },
  'certificate-name': {
    kind: 'tls',
    text: 'shows a certificate for {names}, not for {wanted}',
    hint: 'dial it by a name in its certificate{option}',
  },
  'certificate-refused': {
    kind: 'tls',
    text: 'shows a certificate that cannot be accepted ({code})',
    hint: 'trusted is what {ca} issued',
  },
} as const satisfies Record<string, PeerFault>;

const MIN_RSA_BITS = 2048;

/** OpenSSL's verdicts as Node spells them. */
const faultOfCode: Readonly<Record<string, CertificateFault>> = {
  CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
  CERT_REVOKED: 'certificate-revoked',
  CRL_HAS_EXPIRED: 'crl-unusable',
  CRL_NOT_YET_VALID: 'crl-unusable',
  UNABLE_TO_GET_CRL: 'crl-unusable',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-authority-unknown',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-authority-unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-authority-unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-authority-unknown',
  CERT_SIGNATURE_FAILURE: 'certificate-authority-unknown',
  CERT_UNTRUSTED: 'certificate-authority-unknown',
  INVALID_PURPOSE: 'certificate-purpose',
  EE_KEY_TOO_SMALL: 'certificate-weak',
  CA_KEY_TOO_SMALL: 'certificate-weak',
  CA_MD_TOO_WEAK: 'certificate-weak',
};

/** `code` is OpenSSL's verification code as Node spells it, e.g. `CERT_HAS_EXPIRED`. */
export function certificateFault(
  code: string,
  certificate: PeerCertificate,
  peer: Peer,
  tls: Pick<ClientTls, 'caFile'>,
): RelayError {
  const short = code === 'UNSPECIFIED' && isShort(certificate);
  return faultWith(short ? 'certificate-weak' : faultOf(code, certificate), peer, {
    code: short ? `RSA key of ${certificate.bits} bits` : code,
    ca: tls.caFile,
    issuer: issuerOf(certificate),
    from: day(certificate.valid_from),
    until: day(certificate.valid_to),
  });
}

/** Node has no word for OpenSSL's verdicts on weak keys (level 2, the default from Node 24.5 on). */
function isShort({ modulus, bits }: PeerCertificate): boolean {
  return modulus !== undefined && bits !== undefined && bits < MIN_RSA_BITS;
}

export function nameFault(wanted: string, certificate: PeerCertificate, peer: Peer): RelayError {
  const names = namesOf(certificate);
  const [first = 'NAME'] = names;
  const sensor = peer.codes.unreachable === 'SENSOR_UNREACHABLE';
  return faultWith('certificate-name', peer, {
    names: names.length === 0 ? 'no name at all' : names.join(', '),
    wanted,
    option: sensor ? `, or name that one: --sensor-name ${first}` : '',
  });
}

function faultOf(code: string, certificate: PeerCertificate): CertificateFault {
  if (code === 'CERT_HAS_EXPIRED') {
    const own = Date.parse(certificate.valid_to) < Date.now();
    return own ? 'certificate-expired' : 'certificate-authority-expired';
  }
  return faultOfCode[code] ?? 'certificate-refused';
}

function faultWith(
  fault: CertificateFault,
  peer: Peer,
  values: Readonly<Record<string, string>>,
): RelayError {
  const { kind, text, hint } = certificateFaults[fault];
  return new RelayError(peer.codes[kind], `${peer.label} ${fillTemplate(text, values)}`, {
    fault,
    hint: fillTemplate(hint, values),
  });
}

function issuerOf(certificate: PeerCertificate): string {
  const issuer = (certificate as { issuer?: Record<string, unknown> }).issuer ?? {};
  const name = issuer['CN'] ?? issuer['O'] ?? 'unnamed';
  return Array.isArray(name) ? name.map(String).join(', ') : typeof name === 'string' ? name : 'unnamed';
}

/** `Nov 19 10:00:00 2026 GMT` → `2026-11-19`. */
function day(openssl: string): string {
  const time = Date.parse(openssl);
  return Number.isNaN(time) ? openssl : new Date(time).toISOString().slice(0, 10);
}
