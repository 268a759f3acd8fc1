/** `why`: what became of a message, of an incident, of the notification somebody holds in their hand. */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { dispatcherLimits } from '../../../core/limits.ts';
import type { Incident } from '../../model/incident.ts';
import type { NotificationRecord, PairRecord, Store } from '../../model/store.ts';
import { tagOf } from '../../outbox/tag.ts';
import { verb } from '../verb.ts';
import { inOrder, messageOf, plainMessage, type PlainMessage } from './plain.ts';

export interface Why {
  readonly message?: PlainMessage;
  readonly incident?: Incident;
  /** Those that bear the tag, newest first: others than the one that is meant may bear it too. */
  readonly notifications?: readonly TaggedNotification[];
  /** How many messages the pairs are of; there may be more than were looked at. */
  readonly messages: number;
  readonly pairs: readonly PairRecord[];
}

/** One text that people saw, and every call that carried it. */
export interface TaggedNotification {
  readonly tag: string;
  readonly recipient: string;
  /** Messages it carried; `seqs` has the first of them. */
  readonly pairs: number;
  readonly seqs: readonly number[];
  /** Newest first. */
  readonly calls: readonly NotificationRecord[];
}

const wish = z.strictObject({ id: z.string().min(1).max(64), recipient: z.string().optional() });

export const whyVerbs = {
  why: verb(wish, async ({ store }, { id, recipient }): Promise<Why> => {
    const why = await whyOf(store, id, recipient);
    const pairs =
      recipient === undefined ? why.pairs : why.pairs.filter((pair) => pair.recipient === recipient);
    return { ...why, pairs: inOrder(pairs) };
  }),
} as const;

async function whyOf(store: Store, id: string, recipient: string | undefined): Promise<Why> {
  const incident = /^incident:(\d{1,15})$/.exec(id)?.[1];
  if (incident !== undefined) return await ofIncident(store, Number(incident));
  if (/^(?:\d{1,15}|[0-9a-f]{32})$/.test(id)) return await ofMessage(store, id);
  const tag = tagOf(id);
  if (tag !== undefined) return await ofTag(store, tag, recipient);
  throw new RelayError('USAGE', `'${id}' names neither a message nor a notification nor an incident`, {
    hint: 'a message: 17 or its 32 hex digits; a notification: its tag, k3f9; an incident: incident:5',
  });
}

async function ofMessage(store: Store, id: string): Promise<Why> {
  const message = await messageOf(store, id);
  return { message: plainMessage(message), messages: 1, pairs: await store.pairs(message.seq) };
}

async function ofIncident(store: Store, id: number): Promise<Why> {
  const incident = await store.incident(id);
  if (incident === undefined) throw new RelayError('NOT_FOUND', `there is no incident ${id}`);
  const messages = await store.messagesOf(id, dispatcherLimits.whyMessages);
  const pairs = await Promise.all(messages.map(({ seq }) => store.pairs(seq)));
  return { incident, messages: messages.length, pairs: pairs.flat() };
}

async function ofTag(store: Store, tag: string, recipient: string | undefined): Promise<Why> {
  const most = { limit: dispatcherLimits.whyMessages, seqs: dispatcherLimits.whyMessages };
  const calls = (await store.notifications(tag, most)).filter(
    (call) => recipient === undefined || call.recipient === recipient,
  );
  if (calls.length === 0) {
    throw new RelayError('NOT_FOUND', `there is no notification ${tag}`, {
      hint: 'retention may have removed it, or the call never came to an end',
    });
  }
  const notifications = together(tag, calls);
  const [newest] = notifications;
  const seqs = [...new Set(notifications.flatMap((one) => one.seqs))].slice(0, dispatcherLimits.whyMessages);
  const told = new Set(notifications.map((one) => one.recipient));
  const pairs = (await Promise.all(seqs.map((seq) => store.pairs(seq)))).flat();
  const message =
    newest?.seqs.length === 1 && seqs.length === 1 ? await store.message(newest.seqs[0] ?? 0) : undefined;
  return {
    ...(message === undefined ? {} : { message: plainMessage(message) }),
    notifications,
    messages: seqs.length,
    pairs: pairs.filter((pair) => told.has(pair.recipient)),
  };
}

/** Calls with the same content to the same recipient carried the same text. */
function together(tag: string, calls: readonly NotificationRecord[]): TaggedNotification[] {
  const groups = new Map<string, NotificationRecord[]>();
  for (const call of calls) {
    const key = JSON.stringify([call.recipient, call.pairs, call.seqs]);
    groups.set(key, [...(groups.get(key) ?? []), call]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { recipient, pairs, seqs } = first;
    return [{ tag, recipient, pairs, seqs, calls: group }];
  });
}
