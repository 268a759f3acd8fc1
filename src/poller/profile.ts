/**
 * One profile: a sensor, where its alerts go, and how. The typed, frozen form of its options and settings files
 * (src/cli makes it); part of src/app/http-proxy-config.ts.
 */

import type { MinFree, TlsSettings } from '../core/settings.ts';
import type { ValidationMode } from '../idmef/verdict.ts';
import type { Bounds } from '../journal/options.ts';

export interface ProfileConfig {
  /** `--profile` name, or derived from the sensor's host and port when polled by flags alone. */
  readonly name: string;
  /** Journal, inbox and quarantine of this profile live here. */
  readonly stateDir: string;
  readonly sensor: URL;
  /** Name the sensor's certificate must bear, when it is not the URL's host (`--sensor-name`). */
  readonly sensorName?: string;
  readonly tls: TlsSettings;
  /** Destinations in the order given; normalised URLs are their identities. */
  readonly managers: readonly URL[];
  /** For https destinations; defaults to `tls`. */
  readonly managerTls: TlsSettings;
  /** HTTP proxy (CONNECT) for the destinations. */
  readonly proxy?: URL;
  /** Silence on a socket. */
  readonly timeoutSeconds: number;
  /** A whole run (oneshot and each scheduled run). */
  readonly deadlineSeconds: number;
  readonly batch: number;
  readonly leaseSeconds: number;
  readonly validate: ValidationMode;
  readonly onInvalid: 'quarantine' | 'forward';
  /** Form of what https destinations get; `auto`: as the receiver is. */
  readonly dialect: 'auto' | 'secef' | 'rfc';
  /** Messages of severity high overtake a backlog, at the sensor and towards the destinations. */
  readonly highFirst: boolean;
  /** Ask the sensor for compressed batches. */
  readonly gzip: boolean;
  /** A sensor silent, or messages waiting, for longer is reported to the destinations; 0: never. */
  readonly reportAfterMs: number;
  readonly maxJournalBytes?: number;
  /** What may be dropped, counted and logged, when a destination does not take it. */
  readonly retention?: Bounds;
  readonly minFree: MinFree;
  /** Where metrics of the profile are written, for a textfile collector; several profiles may share it. */
  readonly metricsFile?: string;
  /** Fetch nothing for good: say what would happen (peek) and end. */
  readonly dryRun: boolean;
  /** Forward what is kept, pull nothing. */
  readonly drain: boolean;
}
