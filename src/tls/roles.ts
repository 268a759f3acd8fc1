/**
 * Who may do what, by certificate (ARCHITECTURE.md: The wire): `--allow-poller`, `--allow-producer`, `--allow-monitor`, and
 * the consumers named by `--consumer NAME[=SAN]`. Called by src/app/reverse-server.ts at start; the functions
 * made here run once per connection.
 *
 * role-table.ts compares the names. Without any role flag every certificate of the authority may poll and nothing else; with
 * one, every right must be granted.
 */

import type { PeerIdentity } from './peer.ts';
import { anyOf } from './role-table.ts';

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
