/**
 * The one way in: every source hands its messages here, and what resolves is stored, routed and owed to its recipients.
 *
 * A batch goes through whole or not at all. Each message is identified, planned under the configuration in force, and given to
 * the store in one call, whose promise is the commit: no receipt before it. The store groups what concurrent callers bring. Sources
 * have validated the messages; what is refused here is our own delivery coming back, which is counted, and what exceeds the messages and
 * bytes that may be on their way (`UNAVAILABLE`, "busy"), which its source counts unless it asks again.
 */

import { RelayError } from '../../core/errors.ts';
import { doorLimits } from '../../core/limits.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import type { Inbound, Receipt } from '../model/message.ts';
import type { Door, Router } from '../model/ports.ts';
import type { Arrival, Store } from '../model/store.ts';
import { identify } from './identity.ts';
import { isOwnDelivery } from './own-delivery.ts';
import { RefusalCounts } from './refusal-counts.ts';

export interface DoorDeps {
  /** The one in force: asked at each batch. */
  readonly router: () => Router;
  readonly store: Pick<Store, 'accept' | 'refused'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the configuration that the router was made from. */
  readonly configHash: () => string;
  /** What this dispatcher marks its deliveries with: the store's id. */
  readonly mark: () => string;
  readonly limits?: { readonly messages: number; readonly bytes: number };
}

export interface CountingDoor extends Door {
  /** Received and not yet committed. */
  inFlight(): { readonly messages: number; readonly bytes: number };
  /** Resolves when all refusals so far are written. At the end. */
  settle(): Promise<void>;
}

function arrivalOf(inbound: Inbound, router: Router, config: string, at: number): Arrival {
  const { body, ...rest } = inbound;
  const { facts, analyzerChain } = router.read(body);
  const { origin, verbatim, lifecycle } = rest;
  return {
    ...identify(body, origin, { messageid: facts.messageid, analyzerChain }),
    body,
    facts,
    origin,
    ...(verbatim === undefined ? {} : { verbatim }),
    ...(lifecycle === undefined ? {} : { lifecycle }),
    at,
    config,
    plan: router.plan({ body, facts, inbound: rest, at }),
  };
}

export function createDoor(deps: DoorDeps): CountingDoor {
  const { store, clock, log, limits = doorLimits } = deps;
  const refusals = new RefusalCounts(store, log);
  let messages = 0;
  let bytes = 0;

  /** Throws for the first message that came back. */
  function checkLoops(batch: readonly Inbound[]): void {
    const own = deps.mark();
    const place = batch.findIndex((inbound) => isOwnDelivery(inbound, own));
    const inbound = batch[place];
    if (inbound === undefined) return;
    refusals.add('loop', 1);
    const { source, address } = inbound.origin;
    log.warning(`${source}: refused a delivery of our own${address === undefined ? '' : ` from ${address}`}`);
    throw new RelayError(
      'INVALID_IDMEF',
      `message ${place + 1} of ${batch.length} is a delivery of our own`,
      {
        fault: 'loop',
        hint: 'a recipient of this dispatcher sends what it gets back to it',
      },
    );
  }

  /** Throws when too much is on its way already; what comes alone is never too much. */
  function checkRoom(count: number, size: number): void {
    const isOver = messages + count > limits.messages || bytes + size > limits.bytes;
    if (messages === 0 || !isOver) return;
    throw new RelayError('UNAVAILABLE', `busy: ${messages} messages are still being stored`, {
      fault: 'busy',
      hint: 'send it again a little later',
    });
  }

  async function accept(batch: readonly Inbound[]): Promise<readonly Receipt[]> {
    if (batch.length === 0) return [];
    const size = batch.reduce((sum, { body }) => sum + body.length, 0);
    checkRoom(batch.length, size);
    checkLoops(batch);
    messages += batch.length;
    bytes += size;
    try {
      const router = deps.router();
      const config = deps.configHash();
      const at = clock.now();
      return await store.accept(batch.map((inbound) => arrivalOf(inbound, router, config, at)));
    } finally {
      messages -= batch.length;
      bytes -= size;
    }
  }

  return {
    accept,
    refused: (reason, count = 1) => {
      refusals.add(reason, count);
    },
    inFlight: () => ({ messages, bytes }),
    settle: () => refusals.settle(),
  };
}
