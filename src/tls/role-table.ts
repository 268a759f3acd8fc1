/**
 * Rights by certificate: names an operator granted a role to, matched against the typed names of a peer. Used by roles.ts (the
 * sensor) and src/dispatcher/sources/http; the functions made here run once per connection.
 *
 * Names are typed and compared exactly (DNS names without regard to case, RFC 4343). A name without a type is DNS.
 */

import { RelayError } from '../core/errors.ts';
import type { PeerIdentity } from './peer.ts';

export type Matcher = (peer: PeerIdentity) => boolean;

const TYPE_NAMES = new Set(['DNS', 'URI', 'email', 'CN']);

/** Whether a peer bears one of the names; nobody without names, everybody with `*`. Throws RelayError CONFIG, naming the option. */
export function anyOf(option: string, names: readonly string[] | undefined): Matcher {
  if (names === undefined || names.length === 0) {
    return () => false;
  }
  if (names.includes('*')) {
    return () => true;
  }
  const wanted = new Set(names.map((name) => normalise(typed(option, name))));
  return (peer) => peer.names.some((name) => wanted.has(normalise(name)));
}

function typed(option: string, name: string): string {
  const colon = name.indexOf(':');
  if (colon < 0) {
    return `DNS:${name}`;
  }
  const type = name.slice(0, colon);
  if (!TYPE_NAMES.has(type) || colon === name.length - 1) {
    throw new RelayError('CONFIG', `${option} ${name}: a name is DNS:…, URI:…, email:…, CN:… or * for all`, {
      hint: 'openssl x509 -in client.crt -noout -ext subjectAltName prints what a certificate bears',
    });
  }
  return name;
}

function normalise(name: string): string {
  return name.startsWith('DNS:') ? name.toLowerCase().replace('dns:', 'DNS:') : name;
}
