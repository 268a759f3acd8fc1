/**
 * A destination of the relay (src/destinations) as a sink: parcels in, one outcome for each message out.
 *
 * Called by the three types of this folder. Deliveries of one endpoint follow each other: a gateway asks for the origin of
 * the parcel it is given, and Prelude's sessions carry one at a time anyway. A destination that lives between deliveries
 * (sessions, heartbeats) is attended to from the outbox's first question on: `check` makes sinks as well, and calls nobody.
 */

import { createHash } from 'node:crypto';

import type { Clock } from '../../../../core/ports.ts';
import { OK, type Outcome } from '../../../../core/outcome.ts';
import { isRefusesAll, type Destination, type Parcel } from '../../../../destinations/destination.ts';
import type { Memory } from '../../../../destinations/receiver-verdict.ts';
import type { Notification, Sink, SinkAnswer, SinkDeps } from '../../../model/sink.ts';
import { answer, answerEach } from '../say.ts';
import { oneByOne } from '../turns.ts';
import { originText, ownJournal, toParcels } from './parcels.ts';
import { withMark } from './with-mark.ts';
import { createRefusalProof } from './refusal-proof.ts';
import { wordsAlert } from './words-alert.ts';

export interface DestinationSinkOptions {
  readonly name: string;
  readonly deps: SinkDeps;
  /** Origins do not matter to the receiver: one parcel a call. */
  readonly together: boolean;
  /** Messages bear our mark, so that one that comes back is known. */
  readonly marks?: true;
  /** `origin`: of the parcel under way. */
  readonly open: (shared: {
    readonly origin: () => Promise<string>;
    readonly memory: Memory;
  }) => Promise<Destination>;
  readonly closing?: () => void;
}

export async function createDestinationSink(options: DestinationSinkOptions): Promise<Sink> {
  const { deps, name, together } = options;
  const mark = options.marks === true ? deps.mark?.() : undefined;
  let origin = originText({ source: '' });
  const destination = await options.open({ origin: () => Promise.resolve(origin), memory: createMemory() });
  const journal = ownJournal(deps, name);
  const proof = createRefusalProof();
  const turn = oneByOne();
  const stopping = new AbortController();
  for (const text of destination.notices?.() ?? [])
    deps.log.notice(`endpoint ${name}: ${destination.label} ${text}`);
  let attended = false;
  const attend = (): void => {
    if (!attended) void destination.attend?.(stopping.signal).catch(() => undefined);
    attended = true;
  };

  const deliver = async (parcel: Parcel, from: string, signal: AbortSignal): Promise<Outcome[]> => {
    const outcomes: Outcome[] = parcel.sequences.map(() => ({
      kind: 'again',
      reason: 'said nothing of it',
    }));
    await turn(async () => {
      if (signal.aborted) return;
      origin = from;
      try {
        await destination.deliver(parcel, (index, outcome) => void (outcomes[index] = outcome), signal);
      } catch (error) {
        // What it has said until then is true all the same.
        if (!signal.aborted) throw error;
      }
    });
    return outcomes.map((outcome) => named(outcome, destination.label));
  };

  const send = async (notification: Notification, signal: AbortSignal): Promise<SinkAnswer> => {
    const { messages } = notification;
    if (messages.length === 0) return answer(await sendWords(notification, signal));
    const outcomes = new Map<number, Outcome>();
    let stop: Outcome | undefined;
    let blocked = 0;
    const marked = mark === undefined ? messages : messages.map((message) => withMark(message, mark));
    for (const { parcel, origin: from, seqs } of toParcels(marked, journal, together)) {
      const results = stop === undefined ? await deliver(parcel, from, signal) : seqs.map(() => stop ?? OK);
      for (const [index, seq] of seqs.entries()) outcomes.set(seq, results[index] ?? OK);
      blocked = results.every(({ kind }) => kind === 'again') ? blocked + 1 : 0;
      // What is wrong with the way is wrong for the other parcels too; one alone may be its own doing.
      stop ??= results.find(({ kind }) => kind === 'broken') ?? (blocked > 1 ? results[0] : undefined);
    }
    if (signal.aborted && [...outcomes.values()].every(({ kind }) => kind === 'again'))
      signal.throwIfAborted();
    // Which of them got through before a connection broke nobody knows.
    return answerEach(proof.judge(outcomes), true);
  };

  const sendWords = async (notification: Notification, signal: AbortSignal): Promise<Outcome> => {
    const body = await wordsAlert(notification, deps);
    // A journal of its own: our store numbers messages, and this is none of them.
    const own = createHash('sha256')
      .update(`${journal} ${notification.idempotencyKey}`)
      .digest('hex')
      .slice(0, 32);
    const parcel = { journal: own, sequences: [1], ranges: '1', lengths: [body.length], bodies: [body] };
    const [outcome = OK] = await deliver(parcel, originText({ source: '' }), signal);
    if (outcome.kind === 'again') signal.throwIfAborted();
    return outcome;
  };

  return {
    limits: () => {
      attend();
      return [];
    },
    send,
    close: async () => {
      stopping.abort();
      await turn(() => Promise.resolve());
      await destination.close();
      options.closing?.();
    },
  };
}

/**
 * An outcome with its receiver's name. What refuses everything is ill, for all we know (a gateway says 500 while its manager is away):
 * it is tried again by itself, where `broken` would wait for an operator.
 */
function named(outcome: Outcome, label: string): Outcome {
  if (outcome.kind === 'ok' || (outcome.kind === 'refused' && outcome.certain === true)) return outcome;
  const reason = `${label} ${outcome.reason}`;
  return isRefusesAll(outcome) ? { kind: 'again', reason } : { ...outcome, reason };
}

/** What a destination remembers of its receiver: what kind it is, for a day; asked again after a restart, which costs one request. */
function createMemory(): Memory {
  const entries = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(entries.get(key)),
    set: (key, value) => {
      entries.set(key, value);
      return Promise.resolve();
    },
  };
}

/** The ports of the dispatcher as destinations want them. */
export function clockOf({ timers }: Pick<SinkDeps, 'timers'>): Clock {
  return { now: () => timers.now(), monotonic: () => timers.monotonic() };
}
