/**
 * `--metrics-file`: what the last run of each profile left, as a file for node_exporter's textfile collector.
 *
 * Made by http-proxy.ts when a profile has such a file. `observe` is called at the end of each run (a follower: each
 * minute) while the journal is open; `write` then writes each file with the profiles that name it. A file that
 * cannot be written is a warning, once while it lasts, and never a reason for an exit code. Files are readable by
 * everybody: there are counts, host names and times in them, no content of alerts.
 */

import { messageOf } from '../core/errors.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import { writeFileAtomic } from '../os/atomic-write.ts';
import { diskReserve } from '../os/disk-reserve.ts';
import { lookAtProfile } from '../poller/look-at-profile.ts';
import { pollerMetrics, type ProfileSample } from '../poller/metrics.ts';
import { gatherFacts } from '../poller/profile-facts.ts';
import type { ProfileConfig } from '../poller/profile.ts';
import type { Observe } from '../poller/profile-session.ts';
import { certificateEnd } from '../tls/certificate-end.ts';

const READABLE = 0o644;

export interface MetricsFiles {
  readonly observe: Observe;
  /** Never throws. Only of these profiles: others are gone from the configuration. */
  write(profiles: readonly ProfileConfig[]): Promise<void>;
}

interface Deps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

export function createMetricsFiles(deps: Deps): MetricsFiles {
  const { log, clock } = deps;
  const samples = new Map<string, ProfileSample>();
  const failing = new Map<string, string>();

  const write = async (path: string, some: readonly ProfileSample[]): Promise<void> => {
    const { exposition } = await import('../log/exposition.ts');
    writeFileAtomic(path, await exposition(pollerMetrics(some)), { mode: READABLE, exactMode: true });
  };

  return {
    observe: async (profile, journal, { exit, ms }) => {
      const facts = await factsOf(profile, journal, deps);
      samples.set(profile.name, {
        profile: profile.name,
        at: clock.now(),
        exit,
        ms,
        facts,
        certificateEnd: certificateEnd(profile.tls.certFile),
        disk: disk(profile),
      });
    },
    write: async (profiles) => {
      for (const [path, some] of byFile(profiles, samples)) {
        try {
          await write(path, some);
          failing.delete(path);
        } catch (error) {
          const text = messageOf(error);
          if (failing.get(path) !== text)
            log.warning(`--metrics-file is not written: ${text}`, { event: 'metrics-file' });
          failing.set(path, text);
        }
      }
    },
  };
}

/** Of the open journal; of a run that got none, as it was left before. */
async function factsOf(
  { stateDir }: ProfileConfig,
  journal: Parameters<Observe>[1],
  deps: Deps,
): Promise<ProfileSample['facts']> {
  try {
    if (journal !== undefined) return await gatherFacts(journal, deps.clock.now());
    const look = await lookAtProfile(stateDir, deps);
    return look.kind === 'facts' ? look.facts : undefined;
  } catch {
    return undefined; // The run has said what is wrong with it.
  }
}

function disk({ stateDir, minFree }: ProfileConfig): ProfileSample['disk'] {
  try {
    const { freeBytes, needed } = diskReserve(stateDir, minFree);
    return { freeBytes, reserveBytes: needed };
  } catch {
    return undefined;
  }
}

function byFile(
  profiles: readonly ProfileConfig[],
  samples: ReadonlyMap<string, ProfileSample>,
): Map<string, ProfileSample[]> {
  const files = new Map<string, ProfileSample[]>();
  for (const { name, metricsFile } of profiles) {
    const sample = samples.get(name);
    if (metricsFile === undefined || sample === undefined) continue;
    files.set(metricsFile, [...(files.get(metricsFile) ?? []), sample]);
  }
  return files;
}
