/**
 * Who is dialled and with what: the facts every connection of src/http needs, and the words its errors use.
 *
 * Made by src/poller (the sensor) and src/destinations (a gateway). `codes` lets one translation of faults
 * serve both: an unreachable sensor and an unreachable gateway are different news for an operator.
 */

import type { X509Certificate } from 'node:crypto';
import type { PeerCertificate, SecureContext } from 'node:tls';

import type { ErrorCode } from '../core/errors.ts';

/** Our side of mutual TLS. Settings of the environment have no part in it: the context is all that counts. */
export interface ClientTls {
  /** Certificate, key, trusted CA, versions and ciphers. An explicit CA replaces every other trust. */
  readonly secureContext: SecureContext;
  /** By revocation lists: the name of the reason why a chain that OpenSSL accepts is refused, the peer's own first. */
  readonly judge?: (chain: readonly X509Certificate[]) => string | undefined;
  /** As the operator wrote them, for messages. */
  readonly certFile: string;
  readonly caFile: string;
}

export interface Peer {
  /** `https:` only. */
  readonly url: URL;
  /** Name (DNS or IP) the certificate must bear; undefined: the URL's host. */
  readonly name?: string;
  /** `sensor https://dmz1:3128/`: the subject of every error's sentence. */
  readonly label: string;
  readonly codes: {
    readonly unreachable: ErrorCode;
    readonly tls: ErrorCode;
    readonly protocol: ErrorCode;
  };
}

export const sensorCodes: Peer['codes'] = {
  unreachable: 'SENSOR_UNREACHABLE',
  tls: 'SENSOR_TLS',
  protocol: 'SENSOR_PROTOCOL',
};

export const destinationCodes: Peer['codes'] = {
  unreachable: 'DESTINATION_UNREACHABLE',
  tls: 'DESTINATION_BROKEN',
  protocol: 'DESTINATION_BROKEN',
};

/** The URL's host as sockets want it: IPv6 without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
}

/** Without user, password and query: these may be secrets. */
export function labelOf(kind: string, url: URL): string {
  return `${kind} ${url.protocol}//${url.host}${url.pathname}`;
}

/** Names of a certificate: the alternative names, the common name only where there are none. */
export function namesOf(certificate: PeerCertificate): string[] {
  const alternatives = (certificate.subjectaltname ?? '')
    .split(', ')
    .filter((entry) => entry !== '')
    .map((entry) => entry.replace(/^(DNS|IP Address|URI|email):/, ''));
  if (alternatives.length > 0) return alternatives;
  // Types say string, but Node gives an array for several, and nothing for an empty subject.
  const common: unknown = (certificate as { subject?: { CN?: unknown } }).subject?.CN;
  if (typeof common === 'string') return [common];
  return Array.isArray(common) ? common.map(String) : [];
}
