/**
 * http-proxy as a value: polls the sensors of its profiles and forwards to their destinations. Wiring only;
 * the life of a run is in src/poller.
 *
 * Called by src/bin/http-proxy.ts, and by tests. Profiles are isolated: each has its own journal, connections,
 * faults; the exit code is the worst of theirs (poller/exit-code.ts). `reload` (SIGHUP) re-reads the profiles
 * of a long-running program: what is gone stops, what is new starts, what has changed starts anew, and the others
 * re-read their certificates; a configuration that cannot be read, or whose files cannot, changes nothing.
 */

import { hostname } from 'node:os';

import { messageOf, RelayError } from '../core/errors.ts';
import { pollerLimits } from '../core/limits.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { OnHangup } from '../poller/follow.ts';
import { worstExit } from '../poller/exit-code.ts';
import type { ProfileConfig } from '../poller/profile.ts';
import type { PollerDeps } from '../poller/profile-session.ts';
import type { HttpProxyConfig } from './http-proxy-config.ts';
import type { MetricsFiles } from './metrics-files.ts';
import type { ServiceManager, ServiceNotices } from './service-notices.ts';

export interface HttpProxyDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** Of the program, for those who are told who we are. */
  readonly version?: () => string;
  readonly manager?: ServiceManager;
}

export interface HttpProxy {
  /** Resolves with the exit code. Runs end early, and cleanly, when the signal aborts. */
  run(signal: AbortSignal): Promise<number>;
  /** Re-read the profiles. Never throws: what is wrong is logged, and the old ones stay. */
  reload(): void;
}

export function createHttpProxy(config: HttpProxyConfig, deps: HttpProxyDeps): HttpProxy {
  const { logger: log } = deps;
  let profiles = config.profiles;
  let metrics: Promise<MetricsFiles> | undefined;
  const metricsFiles = async (): Promise<MetricsFiles> =>
    await (metrics ??= import('./metrics-files.ts').then(({ createMetricsFiles }) =>
      createMetricsFiles(pollerDeps),
    ));
  const pollerDeps: PollerDeps = {
    log,
    clock: deps.clock,
    random: deps.random,
    hostname: hostname(),
    ...(deps.version === undefined ? {} : { version: deps.version }),
    observe: async (profile, journal, end) => {
      if (profile.metricsFile !== undefined) await (await metricsFiles()).observe(profile, journal, end);
    },
  };
  /** Nothing is loaded where nobody asked for metrics. */
  const writeMetrics = async (): Promise<void> => {
    if (metrics !== undefined) await (await metrics).write(profiles);
  };
  let changed: (fresh: readonly ProfileConfig[]) => void = () => undefined;
  let reloading = Promise.resolve();

  const runAll = async (signal: AbortSignal): Promise<number> => {
    const { runProfile } = await import('../poller/profile-run.ts');
    const exits = await Promise.all(profiles.map((profile) => runProfile(profile, pollerDeps, signal)));
    await writeMetrics();
    return worstExit(exits);
  };

  const runFollowers = async (signal: AbortSignal, notices: ServiceNotices): Promise<number> => {
    const { followProfile } = await import('../poller/follow.ts');
    const { createPreludeLinks } = await import('../destinations/prelude/links.ts');
    const shared = { ...pollerDeps, preludeLinks: createPreludeLinks() };
    await profilesAtOnce(profiles.length, true);
    const untried = new Set(profiles.map(({ name }) => name));
    const tried = (name: string): void => {
      if (untried.delete(name) && untried.size === 0) notices.ready();
    };
    const followers = createFollowers(
      (profile, own, onHangup) => followProfile(profile, { ...shared, tried }, own, onHangup),
      signal,
    );
    changed = (fresh) => followers.adopt(fresh);
    followers.adopt(profiles);
    return await followers.ended;
  };

  const runScheduled = async (cron: string, signal: AbortSignal): Promise<number> => {
    const { scheduleRuns } = await import('../schedule/schedule.ts');
    const { createManyRuns } = await import('../poller/many-runs.ts');
    const { runProfile } = await import('../poller/profile-run.ts');
    const atOnce = await profilesAtOnce(profiles.length, false);
    if (atOnce < profiles.length) {
      log.notice(
        `of ${profiles.length} profiles at most ${atOnce} run at a time: so many file descriptors are allowed`,
      );
    }
    const runs = createManyRuns({
      run: (profile) => runProfile(profile, pollerDeps, signal),
      signal,
      log,
      atOnce,
    });
    await scheduleRuns(cron, async () => runs.tick(profiles), { signal });
    await runs.idle();
    return 0;
  };

  const refuse = (error: unknown): void => {
    const hint = error instanceof RelayError && error.hint !== undefined ? `; ${error.hint}` : '';
    log.error(`the configuration cannot be read again, the old one stays: ${messageOf(error)}${hint}`);
  };

  const take = async (fresh: readonly ProfileConfig[]): Promise<void> => {
    try {
      const { checkProfileTls } = await import('../poller/profile-tls.ts');
      for (const profile of fresh) {
        if (!profiles.some((old) => isSame(old, profile))) await checkProfileTls(profile, pollerDeps);
      }
    } catch (error) {
      refuse(error);
      return;
    }
    profiles = fresh;
    log.notice(`configuration read again: ${profiles.map(({ name }) => name).join(', ')}`);
    changed(profiles);
  };

  /** A program that stays tells the service manager how it is. */
  const runForGood = async (signal: AbortSignal): Promise<number> => {
    const { createServiceNotices } = await import('./service-notices.ts');
    const status = async (): Promise<string> =>
      `${profiles.length} ${profiles.length === 1 ? 'profile' : 'profiles'}`;
    const notices = createServiceNotices({ manager: deps.manager ?? {}, logger: log, status });
    signal.addEventListener('abort', () => notices.stopping(), { once: true });
    const writing = setInterval(() => void writeMetrics(), pollerLimits.summaryMs);
    try {
      if (config.mode.kind !== 'schedule') return await runFollowers(signal, notices);
      notices.ready();
      return await runScheduled(config.mode.cron, signal);
    } finally {
      clearInterval(writing);
      await writeMetrics();
      await notices.close();
    }
  };

  return {
    run: async (signal) => (config.mode.kind === 'oneshot' ? await runAll(signal) : await runForGood(signal)),
    reload: () => {
      if (config.mode.kind === 'oneshot') return;
      try {
        const fresh = config.reload();
        reloading = reloading.then(async () => take(fresh));
      } catch (error) {
        refuse(error);
      }
    },
  };
}

/** How many profiles may be at work at once. Throws when not even so many may rest. */
async function profilesAtOnce(profiles: number, resting: boolean): Promise<number> {
  const { descriptorLimit } = await import('../os/descriptor-limit.ts');
  const { descriptorsReserved, descriptorsAtRest, descriptorsPerProfile } = pollerLimits;
  const limit = descriptorLimit();
  const room = limit - descriptorsReserved;
  const needed = descriptorsReserved + profiles * descriptorsPerProfile;
  if (resting && room < profiles * descriptorsAtRest) {
    throw new RelayError(
      'CONFIG',
      `${profiles} profiles need more than the ${limit} file descriptors allowed`,
      {
        hint: `LimitNOFILE=${needed} in the unit, or ulimit -n ${needed}; --schedule does with fewer`,
      },
    );
  }
  return Math.max(1, Math.floor(room / descriptorsPerProfile));
}

/** Values only: URLs print as themselves. */
function isSame(one: ProfileConfig, other: ProfileConfig): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

interface Followers {
  /** Resolves when the signal has stopped all, or when each has ended by itself. */
  readonly ended: Promise<number>;
  adopt(profiles: readonly ProfileConfig[]): void;
}

type Follow = (profile: ProfileConfig, signal: AbortSignal, onHangup: OnHangup) => Promise<number>;

interface Follower {
  readonly profile: ProfileConfig;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** One follower a profile name. Adopting ends what is gone or has changed; the others look at their files. */
function createFollowers(follow: Follow, signal: AbortSignal): Followers {
  const running = new Map<string, Follower>();
  const hangups = new Map<string, () => void>();
  const exits: number[] = [];
  let adopting = Promise.resolve();
  let finish: (exit: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => {
    finish = resolve;
  });

  const start = (profile: ProfileConfig): void => {
    const stop = new AbortController();
    const work = async (): Promise<void> => {
      const onHangup: OnHangup = (listener) => {
        hangups.set(profile.name, listener);
        return () => hangups.delete(profile.name);
      };
      const exit = await follow(profile, AbortSignal.any([signal, stop.signal]), onHangup);
      running.delete(profile.name);
      if (!stop.signal.aborted) exits.push(exit);
      if (running.size === 0 && (signal.aborted || !stop.signal.aborted)) finish(worstExit(exits));
    };
    running.set(profile.name, { profile, stop, done: work() });
  };

  const replace = async (profiles: readonly ProfileConfig[]): Promise<void> => {
    const stays = ({ profile }: Follower): boolean => profiles.some((fresh) => isSame(fresh, profile));
    const ending = [...running.values()].filter((follower) => !stays(follower));
    for (const name of running.keys()) hangups.get(name)?.();
    for (const { stop } of ending) stop.abort();
    await Promise.all(ending.map(({ done }) => done));
    if (signal.aborted) return;
    for (const profile of profiles) if (!running.has(profile.name)) start(profile);
  };

  return {
    ended,
    adopt: (profiles) => {
      adopting = adopting.then(() => replace(profiles));
    },
  };
}
