/**
 * Translates what sockets, OpenSSL and the HTTP parser throw into one line with cause and remedy.
 *
 * Called by https-client.ts and gateway-pool.ts, the two places where such errors surface. Every result is
 * a RelayError with one of the peer's three codes; the original stays in `cause`. Node's own codes:
 * https://nodejs.org/api/tls.html#x509-certificate-error-codes; alerts: RFC 8446 §6.2.
 */

import { RelayError, messageOf, systemCode } from '../core/errors.ts';
import type { ClientTls, Peer } from './peer.ts';

type Kind = keyof Peer['codes'];
type Words = readonly [kind: Kind, text: string, hint?: string];

/** The fault of a failed connection or exchange. A RelayError passes unchanged. */
export function connectionFault(error: unknown, peer: Peer, tls: ClientTls): RelayError {
  if (error instanceof RelayError) return error;
  const code = systemCode(error);
  const [kind, text, hint] = words(code, tls) ?? unknownFault(code, error);
  return new RelayError(peer.codes[kind], `${peer.label} ${text}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

function words(code: string, tls: ClientTls): Words | undefined {
  return networkWords(code) ?? protocolWords(code, tls) ?? alertWords(code, tls);
}

function networkWords(code: string): Words | undefined {
  switch (code) {
    case 'ECONNREFUSED':
      return [
        'unreachable',
        'refused the connection (ECONNREFUSED)',
        'is the service running, and is the port right',
      ];
    case 'ENOTFOUND':
      return ['unreachable', 'has a host name that does not exist (ENOTFOUND)', 'check the URL and the DNS'];
    case 'EAI_AGAIN':
      return ['unreachable', 'has a host name that cannot be resolved now (EAI_AGAIN)', 'check the DNS'];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return [
        'unreachable',
        `has no route to it (${code})`,
        'check the network, the address and the firewall',
      ];
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return ['unreachable', 'did not accept the connection in time', 'check the network and the firewall'];
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return ['unreachable', 'fell silent in the middle of an exchange'];
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return ['unreachable', `broke the connection off (${code})`];
    default:
      return undefined;
  }
}

function protocolWords(code: string, tls: ClientTls): Words | undefined {
  switch (code) {
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'ERR_SSL_HTTP_REQUEST':
    case 'ERR_SSL_RECORD_LAYER_FAILURE':
      return [
        'tls',
        'does not speak TLS on this port',
        'something else, perhaps plain HTTP, listens there; check the port',
      ];
    case 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION':
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
    case 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME':
      return ['tls', `has no TLS version in common with us (${code})`, 'TLS 1.2 is the oldest accepted'];
    case 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE':
    case 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE':
    case 'ERR_SSL_NO_SHARED_CIPHER':
      return [
        'tls',
        'broke the TLS handshake off (alert handshake failure)',
        `no cipher in common, or it wants another client certificate than ${tls.certFile}`,
      ];
    case 'ERR_SSL_DH_KEY_TOO_SMALL':
    case 'ERR_SSL_EE_KEY_TOO_SMALL':
    case 'ERR_SSL_CA_MD_TOO_WEAK':
    case 'ERR_SSL_CA_KEY_TOO_SMALL':
      return ['tls', `uses a key or signature that is too weak (${code})`, 'issue its certificate anew'];
    default:
      return undefined;
  }
}

/** Alerts by which the other side refuses our certificate. TLS 1.2 and 1.3 name them differently in OpenSSL. */
const refusals: readonly (readonly [suffix: string, meaning: string])[] = [
  ['ALERT_CERTIFICATE_REQUIRED', 'certificate required'],
  ['ALERT_CERTIFICATE_REVOKED', 'certificate revoked'],
  ['ALERT_CERTIFICATE_EXPIRED', 'certificate expired'],
  ['ALERT_CERTIFICATE_UNKNOWN', 'certificate unknown'],
  ['ALERT_BAD_CERTIFICATE', 'bad certificate'],
  ['ALERT_UNSUPPORTED_CERTIFICATE', 'unsupported certificate'],
  ['ALERT_UNKNOWN_CA', 'unknown certification authority'],
  ['ALERT_ACCESS_DENIED', 'access denied'],
  ['ALERT_DECRYPT_ERROR', 'signature does not verify'],
];

function alertWords(code: string, tls: ClientTls): Words | undefined {
  const refusal = refusals.find(([suffix]) => code.startsWith('ERR_SSL_') && code.endsWith(suffix));
  if (refusal !== undefined) {
    return ['tls', `refused our certificate ${tls.certFile} (alert: ${refusal[1]})`, 'its own log says why'];
  }
  if (code.startsWith('ERR_SSL_')) return ['tls', `failed the TLS handshake (${code})`];
  if (code.startsWith('HPE_')) {
    return ['protocol', `does not answer in HTTP (${code})`, 'check that the URL names the right service'];
  }
  return undefined;
}

function unknownFault(code: string, error: unknown): Words {
  const detail = code === '' ? messageOf(error) : code;
  return ['unreachable', `cannot be talked to (${detail})`];
}
