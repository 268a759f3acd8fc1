/** What a journal is opened with, and what it reports by itself. Shared by all its makers. */

import type { Clock, Random } from '../core/ports.ts';

/** The file was no sound database: it was moved to `path`, and the journal starts anew with another id. */
export interface SetAside {
  readonly path: string;
  readonly reason: string;
}

/** A stored message was not what had been written (checksum, length): it is dropped and counted. */
export interface Damage {
  readonly sequence: number;
  /** To whom it was still owed. */
  readonly consumers: readonly string[];
  readonly reason: string;
  /** What is left of the message, for whoever can still read it. */
  readonly body: Uint8Array | undefined;
}

/** The part that can be sent to a worker thread. */
export interface JournalSettings {
  /** The database file; its directory is made when missing. */
  readonly path: string;
  /** Who is owed the messages; default one, `default`. */
  readonly consumers?: readonly string[];
  /** Used pages at which appending is refused (JOURNAL_FULL). */
  readonly maxBytes?: number;
  /** Look only, beside a running program: stats, quarantine list and show, state. */
  readonly readOnly?: boolean;
}

export interface JournalEvents {
  readonly onSetAside?: (event: SetAside) => void;
  readonly onDamage?: (event: Damage) => void;
}

export interface JournalOptions extends JournalSettings, JournalEvents {
  readonly clock: Clock;
  readonly random: Random;
}

export const DEFAULT_CONSUMER = 'default';
