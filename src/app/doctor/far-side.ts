/**
 * What every check of a peer works with: whom to dial, with which certificate, how long to wait. Made by
 * check-profile.ts for the sensor and for each destination.
 */

import type { Socket } from 'node:net';
import type { X509Certificate } from 'node:crypto';

import { RelayError } from '../../core/errors.ts';
import type { TlsSettings } from '../../core/settings.ts';
import { hostOf, type ClientTls, type Peer } from '../../http/peer.ts';
import type { Credentials } from '../../tls/credentials.ts';

export interface FarSide {
  readonly peer: Peer;
  readonly tls: ClientTls;
  readonly settings: TlsSettings;
  readonly credentials: Credentials;
  /** One step, milliseconds. */
  readonly stepMs: number;
  /** Wall time, ms. */
  readonly now: () => number;
  /** A tunnel through `--proxy`; undefined: the peer is dialled directly. */
  readonly tunnel?: () => Promise<Socket>;
}

/** Name its certificate must bear. */
export function nameOf({ peer }: FarSide): string {
  return peer.name ?? hostOf(peer.url);
}

export function portOf(url: URL): number {
  return Number(url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : url.port);
}

/** The end of an exchange that does not come to one. */
export function tooLong({ peer, stepMs }: FarSide): RelayError {
  const text = `${peer.label} does not come to the end of an answer within ${(stepMs * 2) / 1000} s`;
  const hint = 'it is overloaded, or something between lets little through: look at it there';
  return new RelayError(peer.codes.unreachable, text, { fault: 'silent', hint });
}

/** `192.0.2.7:3128`, `[2001:db8::7]:3128`. */
export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `CN=manager1` of a certificate's subject or issuer. */
export function distinguishedName(name: X509Certificate['subject'] | undefined): string {
  const text = (name ?? '').replaceAll('\n', ', ');
  return text === '' ? 'nobody' : text;
}
