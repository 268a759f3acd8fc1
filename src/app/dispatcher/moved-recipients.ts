/**
 * Parameters a provider has changed (Telegram's migrate_to_chat_id), kept in the store and put over those of the configuration until that
 * says so too. The operator is told which line to mend.
 */

import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/ports.ts';
import type { Recipient } from '../../dispatcher/model/recipient.ts';
import type { Store } from '../../dispatcher/model/store.ts';
import { isObject } from '../../core/json-object.ts';

const keyOf = (recipient: string): string => `moved.${recipient}`;

interface Moved {
  /** As the configuration had them when the provider spoke. */
  readonly from: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Never rejects: what cannot be kept is in force until the end of the service, and said. */
export async function rememberMoved(
  store: Pick<Store, 'setState'>,
  recipient: Recipient,
  params: Readonly<Record<string, unknown>>,
  log: Logger,
): Promise<void> {
  const moved: Moved = { from: JSON.stringify(recipient.params), params };
  try {
    await store.setState(keyOf(recipient.name), JSON.stringify(moved));
  } catch (error) {
    log.error(
      `recipient ${recipient.name}: where its provider has moved it is not kept: ${messageOf(error)}`,
      {
        event: 'recipient-move-lost',
        recipient: recipient.name,
      },
    );
  }
  const words = Object.entries(params).map(([key, value]) => `${key}: ${String(value)}`);
  log.warning(
    `recipient ${recipient.name}: the provider has moved it: write ${words.join(', ')} into its settings`,
    {
      event: 'recipient-moved',
      recipient: recipient.name,
    },
  );
}

/** A configuration that has changed since is believed instead. */
export async function withMoved(
  store: Pick<Store, 'state'>,
  recipients: readonly Recipient[],
): Promise<readonly Recipient[]> {
  return await Promise.all(
    recipients.map(async (recipient) => {
      const state = await store.state(keyOf(recipient.name));
      const moved: unknown = state === undefined ? undefined : JSON.parse(state);
      if (
        !isObject(moved) ||
        moved['from'] !== JSON.stringify(recipient.params) ||
        !isObject(moved['params'])
      ) {
        return recipient;
      }
      return { ...recipient, params: { ...recipient.params, ...moved['params'] } };
    }),
  );
}
