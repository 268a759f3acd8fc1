/**
 * What is wrong with the service, for `/healthz` and for the sign of life to a dead-man service. A provider that is down is no illness of
 * ours: its queue is kept.
 */

import { messageOf } from '../../core/errors.ts';
import type { Outbox } from '../../dispatcher/outbox/outbox.ts';
import type { Sources } from './sources.ts';
import type { StoreThread } from './store-thread.ts';

interface Examined {
  readonly thread: StoreThread;
  readonly outbox: Pick<Outbox, 'status'>;
  readonly sources: Pick<Sources, 'notListening'>;
}

/** Sentences; none is healthy. */
export async function healthProblems({ thread, outbox, sources }: Examined): Promise<string[]> {
  const problems: string[] = [];
  try {
    await thread.store.state('health');
  } catch (error) {
    problems.push(`the store does not answer: ${messageOf(error)}`);
  }
  const shortage = thread.shortage();
  if (shortage !== undefined) problems.push(shortage);
  for (const { source, reason } of sources.notListening) {
    problems.push(`source ${source} does not listen: ${reason}`);
  }
  for (const { recipient, heldReason } of outbox.status().lanes) {
    if (heldReason !== undefined) problems.push(`recipient ${recipient} is held: ${heldReason}`);
  }
  return problems;
}
