/**
 * The recipients the outbox works for: those of the configuration, where their providers have moved them. Made by assemble.ts.
 *
 * Taking them up writes to the store, which may fail for a while (a full disk). The configuration is in force then all the same; it is
 * said, and tried again until it is done.
 */

import { messageOf } from '../../core/errors.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import type { Logger } from '../../core/ports.ts';
import type { Recipient } from '../../dispatcher/model/recipient.ts';
import type { Store } from '../../dispatcher/model/store.ts';
import type { Timers } from '../../dispatcher/model/timers.ts';
import type { Outbox } from '../../dispatcher/outbox/outbox.ts';
import type { Prepared } from './configuration.ts';
import { withMoved } from './moved-recipients.ts';

export interface OutboxRecipients {
  /** In force. */
  current(): readonly Recipient[];
  prepare(recipients: readonly Recipient[]): Promise<Prepared>;
}

export function createOutboxRecipients(deps: {
  readonly store: Pick<Store, 'state'>;
  readonly outbox: () => Pick<Outbox, 'configure'>;
  readonly timers: Timers;
  readonly log: Logger;
}): OutboxRecipients {
  const { store, outbox, timers, log } = deps;
  let current: readonly Recipient[] = [];

  const takeUp = async (isAgain: boolean): Promise<void> => {
    const wanted = current;
    try {
      await outbox().configure(wanted);
      if (isAgain) log.notice('the recipients are taken up now', { event: 'recipients-taken-up' });
    } catch (error) {
      if (!isAgain) {
        log.error(`the recipients cannot be taken up, tried again: ${messageOf(error)}`, {
          event: 'recipients-not-taken-up',
        });
      }
      timers.after(dispatcherLimits.retryListenMs, () => {
        // Another configuration has its own try.
        if (current === wanted) void takeUp(true);
      });
    }
  };

  return {
    current: () => current,
    async prepare(recipients) {
      const next = await withMoved(store, recipients);
      return {
        async commit() {
          current = next;
          await takeUp(false);
        },
        discard: () => undefined,
      };
    },
  };
}
