/**
 * A claim made into what a sink gets: views of the messages, text for people, names that stay the same at every repetition.
 *
 * Called by deliver.ts. Rejects only when the renderer itself cannot work; for what stands in a message it never does.
 */

import type { Claim, ClaimedPair, DigestClaim } from '../model/delivery.ts';
import type { Recipient } from '../model/recipient.ts';
import type { Notification, SendMessage, SinkType } from '../model/sink.ts';
import type { RenderWish } from '../model/ports.ts';
import type { OutboxDeps } from './deps.ts';
import { nameOf, type Names } from './tag.ts';

/** What one call is to carry. */
export type Load =
  | { readonly kind: 'messages'; readonly claim: Claim }
  | {
      readonly kind: 'digest';
      readonly claim: DigestClaim;
      readonly plain: boolean;
      readonly repeated: boolean;
      /** It ends the storm. */
      readonly last: boolean;
      /** Pairs ever planned for the recipient when it was claimed. */
      readonly planned: number;
    };

interface NotifyTerms {
  readonly recipient: Recipient;
  readonly type: SinkType;
  readonly secret: string;
  readonly renderer: OutboxDeps['renderer'];
  /** Wall ms. */
  readonly at: number;
}

export async function notify(load: Load, terms: NotifyTerms): Promise<Notification> {
  return load.kind === 'digest' ? digestOf(load, terms) : messagesOf(load.claim, terms);
}

async function messagesOf({ id, pairs }: Claim, terms: NotifyTerms): Promise<Notification> {
  const { recipient, renderer, secret, at } = terms;
  const names = nameOf(secret, recipient.name, { seqs: pairs.map(({ seq }) => seq) });
  const repeated = pairs.some(({ uncertain }) => uncertain);
  const messages = await Promise.all(pairs.map((pair) => messageOf(pair, renderer)));
  const rendered = await renderer.messages(messages, renderWish(names, repeated, terms));
  const form = pairs.some(({ plain }) => plain) ? 'plain' : 'messages';
  return { id, ...names, repeated, form, recipient, messages, rendered, at };
}

async function messageOf(pair: ClaimedPair, renderer: OutboxDeps['renderer']): Promise<SendMessage> {
  const { seq, body, facts, origin, at, verbatim, incident } = pair;
  const view = await renderer.view(body);
  return {
    seq,
    body,
    facts,
    origin,
    at,
    view,
    ...(verbatim === undefined ? {} : { verbatim }),
    ...(incident === undefined ? {} : { incident }),
  };
}

async function digestOf(load: Load & { kind: 'digest' }, terms: NotifyTerms): Promise<Notification> {
  const { claim, plain, repeated } = load;
  const { recipient, renderer, secret, at } = terms;
  const { id, digest } = claim;
  const names = nameOf(secret, recipient.name, { digest: { firstAt: digest.firstAt, count: digest.count } });
  const rendered = await renderer.digest(digest, renderWish(names, repeated, terms));
  const form = plain ? 'plain' : 'digest';
  return { id, ...names, repeated, form, recipient, messages: [], digest, rendered, at };
}

export function renderWish(
  { tag }: Names,
  repeated: boolean,
  { recipient, type }: Pick<NotifyTerms, 'recipient' | 'type'>,
): RenderWish {
  return { recipient, medium: type.medium, limits: type.text, tag, repeated };
}
