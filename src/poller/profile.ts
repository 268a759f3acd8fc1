/**
 * One profile as the poller needs it. src/app/http-proxy-config.ts has the same shape and is assignable to
 * it; it is stated again here because src/poller must not import from src/app.
 */

import type { MinFree, TlsSettings } from '../core/settings.ts';
import type { ValidationMode } from '../idmef/verdict.ts';

export interface HttpProxyProfile {
  readonly name: string;
  /** Journal, inbox and what could not be read live here. */
  readonly stateDir: string;
  readonly sensor: URL;
  readonly sensorName?: string;
  readonly tls: TlsSettings;
  readonly managers: readonly URL[];
  readonly managerTls: TlsSettings;
  readonly proxy?: URL;
  /** Silence on a socket. */
  readonly timeoutSeconds: number;
  /** A whole run. */
  readonly deadlineSeconds: number;
  readonly batch: number;
  readonly leaseSeconds: number;
  readonly validate: ValidationMode;
  readonly onInvalid: 'quarantine' | 'forward';
  readonly dialect: 'auto' | 'rfc';
  readonly maxJournalBytes?: number;
  readonly minFree: MinFree;
  readonly dryRun: boolean;
  readonly drain: boolean;
}
