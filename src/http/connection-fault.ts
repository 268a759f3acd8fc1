/**
 * Translates what sockets, OpenSSL and the HTTP parser throw into one line with cause and remedy.
 *
 * Called by https-client.ts and gateway-pool.ts, the two places where such errors surface, and by idmef doctor,
 * which lists the table too. Every result is a RelayError with one of the peer's three codes and the name of the
 * fault; the original stays in `cause`. Node's own codes:
 * https://nodejs.org/api/tls.html#x509-certificate-error-codes; alerts: RFC 8446 §6.2.
 */

import { RelayError, messageOf, systemCode } from '../core/errors.ts';
import { fillTemplate } from '../core/fill-template.ts';
import type { ClientTls, Peer } from './peer.ts';

export interface PeerFault {
  readonly kind: keyof Peer['codes'];
  /** Follows the peer's label. `{code}`: the system's or OpenSSL's; `{cert}`: our certificate file; `{alert}`. */
  readonly text: string;
  readonly hint?: string;
}

export type ConnectionFault = keyof typeof connectionFaults;

export const connectionFaults = {
  'connection-refused': {
    kind: 'unreachable',
    text: 'refused the connection ({code})',
    hint: 'is the service running, and is the port right',
  },
  'name-unknown': {
    kind: 'unreachable',
    text: 'has a host name that does not exist ({code})',
    hint: 'check the URL and the DNS',
  },
  'name-unresolved': {
    kind: 'unreachable',
    text: 'has a host name that cannot be resolved now ({code})',
    hint: 'check the DNS',
  },
  'no-route': {
    kind: 'unreachable',
    text: 'cannot be reached: there is no route to it ({code})',
    hint: 'check the network, the address and the firewall',
  },
  'connection-timeout': {
    kind: 'unreachable',
    text: 'did not accept the connection in time',
    hint: 'check the network and the firewall',
  },
  'fell-silent': { kind: 'unreachable', text: 'fell silent in the middle of an exchange' },
  'connection-broken': { kind: 'unreachable', text: 'broke the connection off ({code})' },
  'not-tls': {
    kind: 'tls',
    text: 'does not speak TLS on this port',
    hint: 'something else, perhaps plain HTTP, listens there; check the port',
  },
  'tls-version': {
    kind: 'tls',
    text: 'has no TLS version in common with us ({code})',
    hint: 'TLS 1.2 is the oldest accepted',
  },
  'tls-name': {
    kind: 'tls',
    text: 'knows no host of the name we asked for (alert: unrecognized name)',
    hint: 'dial it by its own name, or give that with --sensor-name',
  },
  'tls-handshake-refused': {
    kind: 'tls',
    text: 'broke the TLS handshake off (alert handshake failure)',
    hint: 'no cipher in common, or it wants another client certificate than {cert}',
  },
  'certificate-weak': {
    kind: 'tls',
    text: 'uses a key or signature that is too weak ({code})',
    hint: 'issue its certificate anew',
  },
  'own-certificate-refused': {
    kind: 'tls',
    text: 'refused our certificate {cert} (alert: {alert})',
    hint: 'its own log says why',
  },
  'tls-failed': { kind: 'tls', text: 'failed the TLS handshake ({code})' },
  'not-http': {
    kind: 'protocol',
    text: 'does not answer in HTTP ({code})',
    hint: 'check that the URL names the right service',
  },
  'connection-failed': { kind: 'unreachable', text: 'cannot be talked to ({code})' },
} as const satisfies Record<string, PeerFault>;

/** Codes of the system, undici, OpenSSL 3.0 and 3.5 → fault. */
const faultOfCode: Readonly<Record<string, ConnectionFault>> = {
  ECONNREFUSED: 'connection-refused',
  ENOTFOUND: 'name-unknown',
  EAI_AGAIN: 'name-unresolved',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  ETIMEDOUT: 'connection-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connection-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'fell-silent',
  UND_ERR_BODY_TIMEOUT: 'fell-silent',
  ECONNRESET: 'connection-broken',
  EPIPE: 'connection-broken',
  UND_ERR_SOCKET: 'connection-broken',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'not-tls',
  ERR_SSL_HTTP_REQUEST: 'not-tls',
  ERR_SSL_RECORD_LAYER_FAILURE: 'not-tls',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'tls-version',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls-version',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'tls-name',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'tls-handshake-refused',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': 'tls-handshake-refused',
  ERR_SSL_NO_SHARED_CIPHER: 'tls-handshake-refused',
  ERR_SSL_DH_KEY_TOO_SMALL: 'certificate-weak',
  ERR_SSL_EE_KEY_TOO_SMALL: 'certificate-weak',
  ERR_SSL_CA_MD_TOO_WEAK: 'certificate-weak',
  ERR_SSL_CA_KEY_TOO_SMALL: 'certificate-weak',
};

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

/** The fault of a failed connection or exchange. A RelayError passes unchanged. */
export function connectionFault(
  error: unknown,
  peer: Pick<Peer, 'label' | 'codes'>,
  tls: Pick<ClientTls, 'certFile'>,
): RelayError {
  if (error instanceof RelayError) return error;
  const code = systemCode(error);
  const fault = faultOf(code);
  const { kind, text, hint }: PeerFault = connectionFaults[fault];
  const values = {
    code: code === '' ? messageOf(error) : code,
    cert: tls.certFile,
    alert: refusalOf(code) ?? '',
  };
  return new RelayError(peer.codes[kind], `${peer.label} ${fillTemplate(text, values)}`, {
    cause: error,
    fault,
    ...(hint === undefined ? {} : { hint: fillTemplate(hint, values) }),
  });
}

function faultOf(code: string): ConnectionFault {
  const known = faultOfCode[code];
  if (known !== undefined) return known;
  if (refusalOf(code) !== undefined) return 'own-certificate-refused';
  if (code.startsWith('ERR_SSL_')) return 'tls-failed';
  return code.startsWith('HPE_') ? 'not-http' : 'connection-failed';
}

/** What the other side said of our certificate; undefined when the code is no such alert. */
export function refusalOf(code: string): string | undefined {
  if (!code.startsWith('ERR_SSL_')) return undefined;
  return refusals.find(([suffix]) => code.endsWith(suffix))?.[1];
}
