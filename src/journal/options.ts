/** What a journal is opened with, and what it reports by itself. Shared by all its makers. */

import type { Clock, Random } from '../core/ports.ts';
import type { SalvageReport } from './salvage/report.ts';

/** The file was no sound database: it was moved to `path`, what is readable of it goes on under another id. */
export interface SetAside {
  readonly path: string;
  readonly reason: string;
  /** Undefined when an earlier process was killed after the salvage and this one only finished it. */
  readonly salvaged: SalvageReport | undefined;
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
  /** With `readOnly`: for so long that the program may write meanwhile. */
  readonly steady?: boolean;
  /** Kept free beside the file for a full disk; default journalLimits.reserveBytes, 0: nothing. */
  readonly reserveBytes?: number;
  /** What may be dropped, and counted, when it is too old or too much. Default: nothing ever. */
  readonly retention?: Bounds;
  /** A consumer beyond these loses its claim to what it is owed. Default: never. */
  readonly consumerBounds?: Bounds;
}

export interface Bounds {
  /** Messages: since they were accepted. A consumer: since it was last heard of. */
  readonly maxAgeMs?: number;
  /** Bodies. */
  readonly maxBytes?: number;
}

/** Messages that nobody will get any more, because the operator said so. */
export interface Loss {
  readonly reason: 'retention' | 'lapsed';
  readonly consumer: string;
  readonly messages: number;
  readonly bytes: number;
  /** Accepted at, ms: the oldest and the youngest of them. */
  readonly from: number;
  readonly to: number;
}

export interface JournalEvents {
  readonly onSetAside?: (event: SetAside) => void;
  readonly onDamage?: (event: Damage) => void;
  readonly onLoss?: (event: Loss) => void;
}

export interface JournalOptions extends JournalSettings, JournalEvents {
  readonly clock: Clock;
  readonly random: Random;
}

export const DEFAULT_CONSUMER = 'default';
