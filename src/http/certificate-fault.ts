/**
 * Says why a server's certificate is not accepted, with the facts an operator needs: dates, names, files.
 *
 * Called by verified-connection.ts with the certificate still at hand; Node's own errors do not carry it.
 * Name rules: RFC 9525 (a certificate with subject alternative names is not looked up by its CN).
 */

import type { PeerCertificate } from 'node:tls';

import { RelayError } from '../core/errors.ts';
import { namesOf, type ClientTls, type Peer } from './peer.ts';

/** `code` is OpenSSL's verification code as Node spells it, e.g. `CERT_HAS_EXPIRED`. */
export function certificateFault(
  code: string,
  certificate: PeerCertificate,
  peer: Peer,
  tls: ClientTls,
): RelayError {
  const [text, hint] = words(code, certificate, tls);
  return new RelayError(peer.codes.tls, `${peer.label} ${text}`, { hint });
}

export function nameFault(wanted: string, certificate: PeerCertificate, peer: Peer): RelayError {
  const names = namesOf(certificate);
  const found = names.length === 0 ? 'no name at all' : names.join(', ');
  return new RelayError(peer.codes.tls, `${peer.label} shows a certificate for ${found}, not for ${wanted}`, {
    hint: 'dial it by a name in its certificate, or name that one with --sensor-name',
  });
}

function words(code: string, certificate: PeerCertificate, tls: ClientTls): readonly [string, string] {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return Date.parse(certificate.valid_to) < Date.now()
        ? [`shows a certificate that ended ${day(certificate.valid_to)}`, 'renew it on that host']
        : [
            `shows a certificate whose authority (${issuerOf(certificate)}) has expired`,
            'renew the authority',
          ];
    case 'CERT_NOT_YET_VALID':
      return [
        `shows a certificate that is not valid yet (it begins ${day(certificate.valid_from)})`,
        'check the clocks of both hosts',
      ];
    case 'CERT_REVOKED':
      return ['shows a certificate that has been revoked', 'issue a new one for it'];
    case 'CRL_HAS_EXPIRED':
    case 'CRL_NOT_YET_VALID':
    case 'UNABLE_TO_GET_CRL':
      return [
        `cannot be checked for revocation (${code})`,
        'fetch a current list for --crl, or leave --crl out',
      ];
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return [
        'shows a self-signed certificate',
        `issue it one from the authority in ${tls.caFile}, or name its own as --cacert`,
      ];
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
    case 'CERT_UNTRUSTED':
      return [
        `shows a certificate whose issuer (${issuerOf(certificate)}) is not in ${tls.caFile}`,
        'name its authority as --cacert; if that is right, it does not send its intermediate certificate',
      ];
    case 'INVALID_PURPOSE':
      return [
        'shows a certificate that is not meant for servers',
        'issue one with extended key usage serverAuth',
      ];
    default:
      return [
        `shows a certificate that cannot be accepted (${code})`,
        `trusted is what ${tls.caFile} issued`,
      ];
  }
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
