/**
 * What the sources of this folder are given, and what they give back to src/app: something to listen with, and to close.
 *
 * `listen` binds (or begins to poll) and fails with RelayError LISTEN; `close` lets what is under way come to an end for a bounded
 * time, then cuts. After it nothing more reaches the door.
 */

import type { AddressInfo } from 'node:net';

import type { Clock, Logger, Random } from '../../../core/ports.ts';
import type { Credentials } from '../../../tls/credentials.ts';
import type { Channels, Door, KeyRing } from '../../model/ports.ts';
import type { Timers } from '../../model/timers.ts';

export interface LineDeps {
  readonly door: Door;
  readonly keyRing: KeyRing;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly log: Logger;
  /** Of this host: greeting, analyzerid. */
  readonly hostname: string;
  /** What this dispatcher marks its deliveries with: one that comes back is refused. */
  readonly mark: () => string;
}

export interface LineSource {
  /** Where it listens now. Throws RelayError LISTEN. */
  listen(): Promise<AddressInfo>;
  close(): Promise<void>;
}

export interface TlsLineSource extends LineSource {
  /** New certificates, for connections from now on, all or nothing. Throws what OpenSSL throws. */
  adopt(credentials: Credentials): void;
}

/** One whose peers show certificates. */
export interface JudgingLineSource extends TlsLineSource {
  /** As TlsLineSource; peers that may no longer be heard are cut off. */
  adopt(credentials: Credentials): void;
  /** What time alone changes: a revocation list has passed its end. Called every few seconds. */
  refresh(): void;
}
