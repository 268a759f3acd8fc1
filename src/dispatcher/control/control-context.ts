/**
 * What commands work on: the store and the configuration, and, where the service itself answers, its running parts. Made by the
 * service for its control socket, and by a command itself when no service runs.
 */

import type { Clock, Random } from '../../core/ports.ts';
import type { DispatcherConfig } from '../model/config.ts';
import type { Renderer, Router } from '../model/ports.ts';
import type { Inbound } from '../model/message.ts';
import type { SinkAnswer, SinkType } from '../model/sink.ts';
import type { Store } from '../model/store.ts';
import type { ConfigProblem } from '../config/problem.ts';
import type { StoredSettings } from '../config/stored-settings.ts';
import type { ChangeNote, SettingsChange } from '../model/records.ts';

export type ChangeSettings = (
  edit: (stored: StoredSettings) => SettingsChange,
  note: ChangeNote | ((change: SettingsChange) => ChangeNote),
) => Promise<SettingsChange>;

export interface ControlContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** In force. Throws RelayError CONFIG when a command works alone and the configuration is not sound: then only what needs none works. */
  readonly config: () => DispatcherConfig;
  readonly types: () => ReadonlyMap<string, SinkType>;
  /** Names `sources enable|disable` knows. */
  readonly sourceNames: () => readonly string[];
  readonly router: () => Router;
  readonly renderer: () => Renderer;
  /** How a message would be routed now, as text and as data. */
  readonly explain: (inbound: Inbound) => { readonly text: string; readonly data: unknown };
  /**
   * What commands have made, changed: kept with its entry in the audit log and taken up, or nothing of it. `edit` may throw. Throws
   * RelayError INVALID_INPUT with the first problem that the configuration would have.
   */
  readonly changeSettings: ChangeSettings;
  /** Whether the configuration would be sound with this change. Throws RelayError INVALID_INPUT. */
  readonly tryOut: (change: SettingsChange) => Promise<void>;
  /** Take up what is in files and database now. The problems that keep it from being used; empty when it is. */
  readonly reload: () => Promise<readonly ConfigProblem[]>;
  /** Silences, keys or users changed. */
  readonly changed: (what: 'silences' | 'keys' | 'users') => Promise<void>;
  /** A marked message past all routes and queues; a held recipient that answers well is resumed. */
  readonly testRecipient: (name: string, by: string) => Promise<SinkAnswer>;
  /** Something may be due. */
  readonly wake: () => void;
  /** Of the running service; undefined when a command works alone. */
  readonly service?: () => ServiceFacts;
}

export interface ServiceFacts {
  readonly version: string;
  readonly startedAt: number;
  readonly configHash: string;
  readonly configAt: number;
  /** Problems of the last reload that was not used. */
  readonly refusedReload?: { readonly at: number; readonly problems: readonly string[] };
  readonly listeners: readonly { readonly source: string; readonly address: string; readonly port: number }[];
  /** Sources that should listen and cannot, and why; tried again and again. */
  readonly notListening: readonly { readonly source: string; readonly reason: string }[];
  readonly underWay: number;
  /** How delivery to each recipient goes; since when it fails, wall ms. */
  readonly lanes: readonly {
    readonly recipient: string;
    readonly state: 'idle' | 'waiting' | 'calling' | 'failing' | 'held' | 'disabled';
    readonly failingSince?: number;
  }[];
  /** Why nothing is taken in: the disk is full. */
  readonly shortage?: string;
}
