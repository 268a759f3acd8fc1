/**
 * Batches that are handed over in one turn of the event loop cross to the store's thread together, because a crossing costs as much
 * as a message. Nothing waits for it: the turn ends, they go. Used by remote.ts; each batch is stored or refused by itself.
 */

import { storeLimits } from '../../core/limits.ts';
import { RelayError } from '../../core/errors.ts';
import { fromPlain } from '../../journal/protocol.ts';
import type { Receipt } from '../model/message.ts';
import type { Arrival } from '../model/store.ts';
import type { Accepted } from './protocol.ts';

interface Waiting {
  readonly batch: readonly Arrival[];
  readonly resolve: (receipts: readonly Receipt[]) => void;
  readonly reject: (error: unknown) => void;
}

export class AcceptTogether {
  readonly #cross: (batches: readonly (readonly Arrival[])[]) => Promise<readonly Accepted[]>;
  #waiting: Waiting[] = [];
  #messages = 0;
  #bytes = 0;

  /** @param cross rejects when none of them has an answer */
  constructor(cross: (batches: readonly (readonly Arrival[])[]) => Promise<readonly Accepted[]>) {
    this.#cross = cross;
  }

  add(batch: readonly Arrival[]): Promise<readonly Receipt[]> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.flush());
      this.#waiting.push({ batch, resolve, reject });
      this.#messages += batch.length;
      for (const { body } of batch) this.#bytes += body.byteLength;
      // What fills a commit may be on its way already.
      if (this.#messages >= storeLimits.commitMessages || this.#bytes >= storeLimits.commitBytes)
        this.flush();
    });
  }

  /** What waits crosses now. */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#messages = 0;
    this.#bytes = 0;
    const answers = this.#cross(waiting.map(({ batch }) => batch));
    answers.then(
      (accepted) => waiting.forEach((one, index) => settle(one, accepted[index])),
      (error: unknown) => waiting.forEach(({ reject }) => reject(error)),
    );
  }
}

function missing(): RelayError {
  return new RelayError('BUG', 'a batch without an answer');
}

function settle({ resolve, reject }: Waiting, accepted: Accepted | undefined): void {
  if (accepted !== undefined && 'receipts' in accepted) resolve(accepted.receipts);
  else reject(accepted === undefined ? missing() : fromPlain(accepted.error));
}
