/**
 * Who may do what, by certificate (ARCHITECTURE.md: The wire): `--allow-poller`, `--allow-producer`, `--allow-monitor`, and
 * the consumers named by `--consumer NAME[=SAN]`. Called by src/app/reverse-server.ts at start; the functions
 * made here run once per connection.
 *
 * Names are typed and compared exactly (DNS names without regard to case, RFC 4343). Without any role flag
 * every certificate of the authority may poll and nothing else; with one, every right must be granted.
 */

import { RelayError } from '../core/errors.ts';
import type { PeerIdentity } from './peer.ts';

export interface RoleFlags {
  readonly poller?: readonly string[];
  readonly producer?: readonly string[];
  readonly monitor?: readonly string[];
}

export interface Rights {
  readonly poller: boolean;
  readonly producer: boolean;
  readonly monitor: boolean;
}

export interface Roles {
  rightsOf(peer: PeerIdentity): Rights;
  /** Whether anybody may POST: decides between 403 and 405. */
  readonly hasProducers: boolean;
  /** No `--allow-poller`, yet everybody may poll: worth a warning at each start. */
  readonly everybodyPolls: boolean;
}

type Matcher = (peer: PeerIdentity) => boolean;

const TYPE_NAMES = new Set(['DNS', 'URI', 'email', 'CN']);

/** Throws RelayError CONFIG for a name of an unknown type. */
export function createRoles(flags: RoleFlags): Roles {
  const none = flags.poller === undefined && flags.producer === undefined && flags.monitor === undefined;
  const poller = none ? () => true : anyOf('--allow-poller', flags.poller);
  const producer = anyOf('--allow-producer', flags.producer);
  const monitor = anyOf('--allow-monitor', flags.monitor);
  return {
    rightsOf: (peer) => ({ poller: poller(peer), producer: producer(peer), monitor: monitor(peer) }),
    hasProducers: (flags.producer?.length ?? 0) > 0,
    everybodyPolls: none,
  };
}

/**
 * Which named consumer a peer is; undefined when none of them. With no consumer configured the answer is
 * always `shared`. Throws RelayError CONFIG like createRoles.
 */
export function createConsumerLookup(
  consumers: readonly { readonly name: string; readonly peer?: string }[],
  shared: string,
): (peer: PeerIdentity) => string | undefined {
  if (consumers.length === 0) {
    return () => shared;
  }
  const table = consumers.map(({ name, peer }) => ({
    name,
    matches:
      peer === undefined
        ? anyOf('--consumer', [`DNS:${name}`, `CN:${name}`])
        : anyOf(`--consumer ${name}=`, [peer]),
  }));
  return (peer) => table.find(({ matches }) => matches(peer))?.name;
}

function anyOf(option: string, names: readonly string[] | undefined): Matcher {
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
