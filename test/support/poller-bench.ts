/** What the poller's tests work with: a profile towards a sensor, a log in memory, a clock held by hand. */

import type { LogLevel, Random } from '../../src/core/ports.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import type { PollerDeps } from '../../src/poller/profile-session.ts';
import { manualClock, type ManualClock } from './manual-clock.ts';
import type { Issued, Pki } from './pki.ts';
import { recordingLogger, type RecordingLogger } from './recording-logger.ts';

/** Different numbers each time, and hardly any jitter. */
function countingRandom(): Random {
  let counter = 0;
  return {
    bytes: (count) => {
      counter += 1;
      const bytes = Buffer.alloc(count);
      bytes.writeUInt32BE(counter, count - 4);
      return bytes;
    },
  };
}

export interface Bench extends PollerDeps {
  readonly log: RecordingLogger;
  readonly clock: ManualClock;
  /** Texts logged so far, of a level or all. */
  texts(level?: LogLevel): string[];
}

export function pollerBench(): Bench {
  const log = recordingLogger();
  return {
    log,
    clock: manualClock(),
    random: countingRandom(),
    hostname: 'manager1',
    texts: (level) =>
      log.lines.filter((line) => level === undefined || line.level === level).map(({ text }) => text),
  };
}

export function profileFor(
  pki: Pki,
  sensor: URL,
  stateDir: string,
  more: Partial<ProfileConfig> = {},
  client: Issued = pki.client,
): ProfileConfig {
  const tls = {
    certFile: client.certFile,
    keyFile: client.keyFile,
    caFile: pki.caFile,
    policy: 'intermediate',
  } as const;
  return {
    name: 'dmz1',
    stateDir,
    sensor,
    tls,
    managers: [],
    managerTls: tls,
    timeoutSeconds: 5,
    deadlineSeconds: 30,
    batch: 500,
    leaseSeconds: 15,
    validate: 'lenient',
    onInvalid: 'quarantine',
    dialect: 'auto',
    highFirst: false,
    gzip: false,
    reportAfterMs: 0,
    minFree: { bytes: 0 },
    dryRun: false,
    drain: false,
    ...more,
  };
}
