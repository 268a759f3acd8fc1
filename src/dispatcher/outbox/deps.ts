/**
 * What the outbox is given and what it tells: the ports it works through, its troubles, its attempts and its state. src/app joins
 * them to the store, the sinks, the renderer, metrics and reports.
 */

import type { Logger, Random } from '../../core/ports.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Renderer } from '../model/ports.ts';
import type { Recipient } from '../model/recipient.ts';
import type { Sink, SinkType } from '../model/sink.ts';
import type { Store } from '../model/store.ts';
import type { Timers } from '../model/timers.ts';
import type { StormRules } from './storm.ts';

export type OutboxStore = Pick<
  Store,
  | 'onDue'
  | 'nameRecipients'
  | 'queues'
  | 'queue'
  | 'claim'
  | 'claimDigest'
  | 'finish'
  | 'abandon'
  | 'hold'
  | 'resume'
  | 'fallBack'
  | 'giveUp'
  | 'escalate'
  | 'closeSilent'
  | 'limits'
  | 'storms'
  | 'setStorm'
  | 'endStorm'
  | 'state'
  | 'setState'
>;

export interface EndpointSink {
  readonly type: SinkType;
  readonly sink: Sink;
}

export interface OutboxDeps {
  readonly store: OutboxStore;
  /**
   * The sink of an endpoint, by name. The same object as long as the endpoint is configured the same: a new one tells a held
   * recipient that its cause may be gone. Rejects while the endpoint cannot work.
   */
  readonly sinks: (endpoint: string) => Promise<EndpointSink>;
  readonly renderer: Pick<Renderer, 'view' | 'messages' | 'digest' | 'test'>;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  /** In force at the start; later ones come through `configure`. */
  readonly recipients: () => readonly Recipient[];
  /** To be logged, and reported through another recipient. Must not throw. */
  readonly onTrouble?: (recipient: string, trouble: Trouble) => void;
  /** The provider moved the recipient: to be kept. From now on these parameters are used in any case. */
  readonly onMoved?: (recipient: string, params: Readonly<Record<string, unknown>>) => void;
  /** After each call, for metrics. */
  readonly onAttempt?: (attempt: Attempt) => void;
  readonly storms?: Partial<StormRules>;
  /** Calls under way of all recipients together. */
  readonly callsUnderWay?: number;
}

export interface Trouble {
  /** `held`: needs an operator, the queue is kept. `failing`: for ten minutes by now. `dead`: messages were given up or refused. */
  readonly kind: 'held' | 'failing' | 'dead';
  readonly reason: string;
  /** Pairs that it is about; 0 where they are not counted. */
  readonly pairs: number;
  /** Wall ms since when. */
  readonly since: number;
}

export interface Attempt {
  readonly recipient: string;
  readonly endpoint: string;
  readonly type: string;
  readonly form: 'messages' | 'digest' | 'plain';
  readonly outcome: Outcome['kind'];
  readonly pairs: number;
  /** Length of the call, ms. */
  readonly tookMs: number;
  /** From the acceptance of each message to the beginning of this call, its first. Empty for digests and repetitions. */
  readonly waitedMs: readonly number[];
}

export interface LaneStatus {
  readonly recipient: string;
  readonly endpoint: string;
  /** `waiting`: for a token, a round or a digest's time. `failing`: for the end of a pause. */
  readonly state: 'idle' | 'waiting' | 'calling' | 'failing' | 'held' | 'disabled';
  readonly attempts: Readonly<Record<Outcome['kind'], number>>;
  /** Sinks that threw: bugs. Counted among `again`. */
  readonly thrown: number;
  readonly digests: number;
  /** Calls in a row that failed, and since when. */
  readonly failures: number;
  readonly failingSince?: number;
  /** When it is tried again. */
  readonly retryAt?: number;
  /** The provider's last words that were not good. */
  readonly lastError?: string;
  readonly lastOkAt?: number;
  readonly heldReason?: string;
  readonly storm?: { readonly since: number; readonly nextDigestAt: number };
}

export interface OutboxStatus {
  readonly lanes: readonly LaneStatus[];
  readonly callsUnderWay: number;
}
