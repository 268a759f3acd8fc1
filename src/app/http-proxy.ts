/**
 * http-proxy as a value: polls the sensors of its profiles and forwards to their destinations. Wiring only;
 * the life of a run is in src/poller.
 *
 * Called by src/bin/http-proxy.ts, and by tests. Profiles are isolated: each has its own journal, connections,
 * faults; the exit code is the worst of theirs (poller/exit-code.ts). `reload` (SIGHUP) re-reads the profiles
 * of a long-running program: what is gone stops, what is new starts, what has changed starts anew, and every
 * follower re-reads its certificates; a configuration that cannot be read changes nothing.
 */

import { hostname } from 'node:os';

import { messageOf, RelayError } from '../core/errors.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import { worstExit } from '../poller/exit-code.ts';
import type { ProfileConfig } from '../poller/profile.ts';
import type { HttpProxyConfig } from './http-proxy-config.ts';

export interface HttpProxyDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

export interface HttpProxy {
  /** Resolves with the exit code. Runs end early, and cleanly, when the signal aborts. */
  run(signal: AbortSignal): Promise<number>;
  /** Re-read the profiles. Never throws: what is wrong is logged, and the old ones stay. */
  reload(): void;
}

export function createHttpProxy(config: HttpProxyConfig, deps: HttpProxyDeps): HttpProxy {
  const { logger: log } = deps;
  const pollerDeps = { log, clock: deps.clock, random: deps.random, hostname: hostname() };
  let profiles = config.profiles;
  let changed: () => void = () => undefined;

  const runAll = async (signal: AbortSignal): Promise<number> => {
    const { runProfile } = await import('../poller/profile-run.ts');
    return worstExit(await Promise.all(profiles.map((profile) => runProfile(profile, pollerDeps, signal))));
  };

  const runFollowers = async (signal: AbortSignal): Promise<number> => {
    const { followProfile } = await import('../poller/follow.ts');
    const followers = createFollowers((profile, own) => followProfile(profile, pollerDeps, own), signal);
    changed = () => followers.adopt(profiles);
    followers.adopt(profiles);
    return await followers.ended;
  };

  const runScheduled = async (cron: string, signal: AbortSignal): Promise<number> => {
    const { scheduleRuns } = await import('../schedule/schedule.ts');
    const run = async (): Promise<void> => void (await runAll(signal));
    await scheduleRuns(cron, run, { signal });
    return 0;
  };

  return {
    run: async (signal) => {
      const { mode } = config;
      if (mode.kind === 'oneshot') return await runAll(signal);
      if (mode.kind === 'follow') return await runFollowers(signal);
      return await runScheduled(mode.cron, signal);
    },
    reload: () => {
      if (config.mode.kind === 'oneshot') return;
      try {
        profiles = config.reload();
      } catch (error) {
        const hint = error instanceof RelayError && error.hint !== undefined ? `; ${error.hint}` : '';
        log.error(`the configuration cannot be read again, the old one stays: ${messageOf(error)}${hint}`);
        return;
      }
      log.notice(`configuration read again: ${profiles.map(({ name }) => name).join(', ')}`);
      changed();
    },
  };
}

interface Followers {
  /** Resolves when the signal has stopped all, or when each has ended by itself. */
  readonly ended: Promise<number>;
  adopt(profiles: readonly ProfileConfig[]): void;
}

type Follow = (profile: ProfileConfig, signal: AbortSignal) => Promise<number>;

/** One follower a profile name. Adopting restarts all, which costs a handshake and rereads every certificate. */
function createFollowers(follow: Follow, signal: AbortSignal): Followers {
  const running = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>();
  const exits: number[] = [];
  let adopting = Promise.resolve();
  let finish: (exit: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => {
    finish = resolve;
  });

  const start = (profile: ProfileConfig): void => {
    const stop = new AbortController();
    const work = async (): Promise<void> => {
      const exit = await follow(profile, AbortSignal.any([signal, stop.signal]));
      running.delete(profile.name);
      if (!stop.signal.aborted) exits.push(exit);
      if (running.size === 0 && (signal.aborted || !stop.signal.aborted)) finish(worstExit(exits));
    };
    running.set(profile.name, { stop, done: work() });
  };

  const replace = async (profiles: readonly ProfileConfig[]): Promise<void> => {
    const old = [...running.values()];
    for (const { stop } of old) stop.abort();
    await Promise.all(old.map(({ done }) => done));
    if (!signal.aborted) for (const profile of profiles) start(profile);
  };

  return {
    ended,
    adopt: (profiles) => {
      adopting = adopting.then(() => replace(profiles));
    },
  };
}
