/**
 * What a long-running program tells systemd: when it is ready, how it is, that it lives, that it stops. Used by
 * reverse-server.ts and http-proxy.ts; without a notification socket every call does nothing.
 *
 * The watchdog is fed at half of its time, and only after `status` has answered (the journal's thread, asked over its
 * port; an error is an answer) on a main thread that runs its timers. A full disk or a peer that is away is no reason
 * for a restart; a thread that hangs is.
 */

import { setTimeout as delay } from 'node:timers/promises';

import { messageOf } from '../core/errors.ts';
import { notifyLimits } from '../core/limits.ts';
import type { Logger } from '../core/ports.ts';
import { createNotifier, type Notifier } from '../os/notify.ts';

/** From the process environment. */
export interface ServiceManager {
  /** `$NOTIFY_SOCKET`. */
  readonly socket?: string;
  /** `$WATCHDOG_USEC`. */
  readonly watchdogMs?: number;
}

export interface ServiceNotices {
  /** The first call counts. */
  ready(): void;
  stopping(): void;
  /** Resolves when everything is said. */
  close(): Promise<void>;
}

interface NoticesOptions {
  readonly manager: ServiceManager;
  readonly logger: Logger;
  /** One line for `systemctl status`. Whoever must be alive has a part in the answer. */
  readonly status: () => Promise<string>;
  /** Tests put their own in its place. */
  readonly notifier?: Notifier;
}

export function createServiceNotices({
  manager,
  logger,
  status,
  notifier: given,
}: NoticesOptions): ServiceNotices {
  const { socket, watchdogMs } = manager;
  if (socket === undefined) return { ready: () => {}, stopping: () => {}, close: async () => {} };
  const notifier = given ?? createNotifier({ socket, logger });
  const everyMs = watchdogMs === undefined ? notifyLimits.statusMs : watchdogMs / 2;
  let timer: NodeJS.Timeout | undefined;
  let asking = false;
  let said = '';

  const look = async (): Promise<void> => {
    if (asking) {
      logger.warning(`no answer within ${everyMs / 1000} s: the watchdog is not fed`, {
        event: 'watchdog-not-fed',
      });
      return;
    }
    asking = true;
    const text = await status().catch((error: unknown) => messageOf(error));
    asking = false;
    if (timer === undefined) return;
    // READY again: a manager that missed the first one (systemd before 246) still learns it.
    if (watchdogMs !== undefined) notifier.send({ READY: '1', WATCHDOG: '1', STATUS: text });
    else if (text !== said) notifier.send({ STATUS: text });
    said = text;
  };
  const end = (): void => {
    clearInterval(timer);
    timer = undefined;
  };

  return {
    ready() {
      if (timer !== undefined) return;
      timer = setInterval(() => void look(), everyMs).unref();
      notifier.send({ READY: '1' });
      void look();
    },
    stopping() {
      end();
      notifier.send({ STOPPING: '1', STATUS: 'stopping' });
    },
    async close() {
      end();
      await Promise.race([notifier.flushed(), delay(notifyLimits.closeMs, undefined, { ref: false })]);
    },
  };
}
