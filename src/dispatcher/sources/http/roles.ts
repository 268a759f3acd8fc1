/**
 * Who may do what at the dispatcher, by certificate: `sources.https.allow_relay`, `allow_producer`, `allow_monitor`. Made by
 * https-sources.ts at start and at each reload.
 *
 * Nobody may anything that was not granted. A relay's word on where messages come from is believed (IDMEF-Origin), a
 * producer's is not.
 */

import type { PeerIdentity } from '../../../tls/peer.ts';
import { anyOf } from '../../../tls/role-table.ts';
import type { SourcesConfig } from '../../model/config.ts';

export interface SourceRights {
  readonly relay: boolean;
  readonly producer: boolean;
  readonly monitor: boolean;
}

/** Of a peer; undefined for one without a certificate. */
export type SourceRoles = (peer: PeerIdentity | undefined) => SourceRights;

const NOBODY: SourceRights = { relay: false, producer: false, monitor: false };

/** Throws RelayError CONFIG for a name of an unknown type. */
export function createSourceRoles(https: NonNullable<SourcesConfig['https']>): SourceRoles {
  const relay = anyOf('sources.https.allow_relay', https.allowRelay);
  const producer = anyOf('sources.https.allow_producer', https.allowProducer);
  const monitor = anyOf('sources.https.allow_monitor', https.allowMonitor);
  return (peer) =>
    peer === undefined ? NOBODY : { relay: relay(peer), producer: producer(peer), monitor: monitor(peer) };
}
