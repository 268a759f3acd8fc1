/**
 * Which TLS versions a peer speaks with any suite at all, asked one by one: tells a version mismatch from a suite
 * mismatch from a refused certificate. Called by check-handshake.ts after a handshake has failed.
 */

import { createSecureContext } from 'node:tls';

import { lookAtTls, type TlsTarget } from './tls-look.ts';

const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

/** Those of TLS 1.3 by name, the short-tagged one too, and all others. */
const everySuite = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
  'ALL',
  '@SECLEVEL=0',
].join(':');

type Version = (typeof versions)[number];

export interface SpokenVersion {
  readonly version: Version;
  /** The suite it chose when all were offered. */
  readonly cipher: string;
}

interface VersionQuestion {
  readonly cert: string;
  readonly key: string;
  /** A connection for each attempt. */
  readonly target: () => Promise<Omit<TlsTarget, 'context'>>;
}

/** From the oldest to the newest. */
export async function spokenVersions({
  cert,
  key,
  target,
}: VersionQuestion): Promise<readonly SpokenVersion[]> {
  const looks = await Promise.all(
    versions.map(async (version) => {
      // Level 0: what is refused by policy is to be seen as well. Nothing is sent over these connections.
      const context = createSecureContext({
        cert,
        key,
        minVersion: version,
        maxVersion: version,
        ciphers: everySuite,
      });
      const look = await lookAtTls({ ...(await target()), context, settleMs: 0 });
      return look.done ? { version, cipher: look.cipher } : undefined;
    }),
  );
  return looks.filter((spoken) => spoken !== undefined);
}
