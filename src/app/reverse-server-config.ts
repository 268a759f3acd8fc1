/** What reverse-server is told: the typed, frozen form of its options (src/cli/reverse-server.ts makes it). */

import type { LogSettings, MinFree, TlsSettings } from '../core/settings.ts';
import type { Bounds } from '../journal/options.ts';

export interface ReverseServerConfig {
  readonly tls: TlsSettings;
  /** '' listens on every address of both families. */
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly spoolDir: string;
  /** Taken files go there. Wins over `delete`. */
  readonly moveDir?: string;
  /** Files there are removed when they are older. */
  readonly moveDirMaxAgeMs?: number;
  /** Taken files are removed. */
  readonly delete: boolean;
  /** Spool files may hold several documents, one after another. */
  readonly intakeStreams?: boolean;
  /** Messages in one plain answer; undefined is no limit. */
  readonly maxBatchSize?: number;
  readonly stateDir: string;
  /** Role names as written: `DNS:…`, `URI:…`, `email:…`, `CN:…`, bare (= DNS), or `*`. undefined: flag not given. */
  readonly allow: {
    readonly poller?: readonly string[];
    readonly producer?: readonly string[];
    readonly monitor?: readonly string[];
  };
  /** Named consumers; empty: one shared queue. `peer` undefined: the certificate bears the name itself. */
  readonly consumers: readonly { readonly name: string; readonly peer?: string }[];
  readonly maxJournalBytes?: number;
  /** What may be dropped, counted and logged, when nobody fetches it. */
  readonly retention?: Bounds;
  /** Named consumers beyond these lose their claims. */
  readonly consumerBounds?: Bounds;
  readonly minFree: MinFree;
  readonly log: LogSettings;
}
