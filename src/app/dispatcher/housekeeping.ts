/**
 * What is due by time and by nobody else: retention, the daily head of the audit log, sensors that fell silent. One tick after the other;
 * what fails is said once in a while and tried again.
 */

import { messageOf } from '../../core/errors.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import type { Logger } from '../../core/ports.ts';
import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { Store } from '../../dispatcher/model/store.ts';
import type { Timers } from '../../dispatcher/model/timers.ts';
import type { Reports } from './reports.ts';

export interface Housekeeping {
  /** Resolves when the tick under way is over. */
  close(): Promise<void>;
}

export function startHousekeeping(deps: {
  readonly store: Pick<Store, 'tidy'>;
  readonly config: () => DispatcherConfig;
  readonly reports: Reports;
  readonly timers: Timers;
  readonly log: Logger;
}): Housekeeping {
  const { store, config, reports, timers, log } = deps;
  let closed = false;
  let cancel = (): void => undefined;
  let busy: Promise<void> = Promise.resolve();
  let saidAt = -Infinity;

  const tick = async (): Promise<void> => {
    try {
      let more = true;
      while (more) more = (await store.tidy(timers.now(), config().retention)) && !closed;
      await reports.auditHead();
    } catch (error) {
      if (timers.monotonic() - saidAt < dispatcherLimits.repeatSayingMs) return;
      saidAt = timers.monotonic();
      log.warning(`housekeeping: ${messageOf(error)}`, { event: 'housekeeping' });
    }
  };
  const later = (): void => {
    cancel = timers.after(dispatcherLimits.tidyMs, () => {
      busy = (async () => {
        await tick();
        if (!closed) later();
      })();
    });
  };
  later();
  return {
    async close() {
      closed = true;
      cancel();
      await busy;
    },
  };
}
