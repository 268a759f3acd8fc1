/**
 * A destination of the relay (src/destinations) as a sink: parcels in, one outcome for each message out.
 *
 * Called by the three types of this folder. Deliveries of one endpoint follow each other: a gateway asks for the origin of
 * the parcel it is given, and Prelude's sessions carry one at a time anyway. A destination that lives between deliveries
 * (sessions, heartbeats) is attended to from the start.
 */

import type { Clock } from '../../../../core/ports.ts';
import { OK, type Outcome } from '../../../../core/outcome.ts';
import type { Destination, Parcel } from '../../../../destinations/destination.ts';
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
  void destination.attend?.(stopping.signal).catch(() => undefined);

  const deliver = async (parcel: Parcel, from: string, signal: AbortSignal): Promise<Outcome[]> => {
    const outcomes: Outcome[] = parcel.sequences.map(() => ({
      kind: 'again',
      reason: 'nothing was said of it',
    }));
    await turn(async () => {
      origin = from;
      await destination.deliver(parcel, (index, outcome) => void (outcomes[index] = outcome), signal);
    });
    return outcomes;
  };

  const send = async (notification: Notification, signal: AbortSignal): Promise<SinkAnswer> => {
    const { messages } = notification;
    if (messages.length === 0) return answer(await sendWords(notification, signal));
    const outcomes = new Map<number, Outcome>();
    let stop: Outcome | undefined;
    const marked = mark === undefined ? messages : messages.map((message) => withMark(message, mark));
    for (const { parcel, origin: from, seqs } of toParcels(marked, journal, together)) {
      const results = stop === undefined ? await deliver(parcel, from, signal) : seqs.map(() => stop ?? OK);
      for (const [index, seq] of seqs.entries()) outcomes.set(seq, results[index] ?? OK);
      // What is wrong with the way is wrong for the other parcels too.
      stop ??= results.find(({ kind }) => kind === 'broken');
    }
    // Which of them got through before a connection broke nobody knows.
    return answerEach(proof.judge(outcomes), true);
  };

  const sendWords = async (notification: Notification, signal: AbortSignal): Promise<Outcome> => {
    const body = await wordsAlert(notification, deps);
    const { id } = notification;
    const parcel = { journal, sequences: [id], ranges: String(id), lengths: [body.length], bodies: [body] };
    const [outcome = OK] = await deliver(parcel, originText({ source: '' }), signal);
    return outcome;
  };

  return {
    limits: () => [],
    send,
    close: async () => {
      stopping.abort();
      await turn(() => Promise.resolve());
      await destination.close();
      options.closing?.();
    },
  };
}

/** What a destination remembers of its receiver; asked again after a restart. */
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
