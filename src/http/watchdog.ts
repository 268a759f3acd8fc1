/**
 * A timer that is put back at each sign of life: the idle timeout of a request.
 *
 * Called by https-client.ts. Between creation and stop it fires at most once.
 */

export interface Watchdog {
  kick(): void;
  stop(): void;
}

export function watchdog(ms: number, bark: () => void): Watchdog {
  const timer = setTimeout(bark, ms);
  return {
    kick: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
  };
}
