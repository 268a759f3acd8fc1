/** What a store is opened with, and what it reports by itself. Shared by all its makers. */

import type { Clock, Random } from '../../core/ports.ts';

/** The file was no sound database: it was moved to `path`, what is readable of it goes on in a new one. */
export interface StoreSetAside {
  readonly path: string;
  readonly reason: string;
  /** Undefined when an earlier process was killed after the salvage and this one only finished it. */
  readonly salvaged: StoreSalvage | undefined;
}

export interface StoreSalvage {
  readonly messages: number;
  /** Deliveries brought over, in any state. */
  readonly pairs: number;
  /** By recipient: deliveries that were owed and cannot be read any more; counted as dropped (damaged). */
  readonly lost: Readonly<Record<string, number>>;
  /** Rows brought over of every table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Tables of which something could not be read. */
  readonly damaged: readonly string[];
}

/** Deliveries that will not be made because their message cannot be read any more: counted as dropped (damaged). */
export interface StoreLoss {
  readonly seq: number;
  readonly recipient: string;
  readonly reason: string;
}

/** The part that can be sent to a worker thread. */
export interface StoreSettings {
  /** The database file; its directory is made when missing. */
  readonly path: string;
  /** Kept free beside the file for a full disk; default journalLimits.reserveBytes, 0: nothing. */
  readonly reserveBytes?: number;
}

export interface StoreEvents {
  readonly onSetAside?: (event: StoreSetAside) => void;
  readonly onLoss?: (event: StoreLoss) => void;
}

export interface StoreOptions extends StoreSettings, StoreEvents {
  /** For the pace of looking at the disk; times of messages come from the caller. */
  readonly clock: Clock;
  readonly random: Random;
}
