/**
 * What delivers: one interface for chat, mail, files, Prelude and own modules. A sink type is declared as data (parameters,
 * limits, text limits) plus `create`; the outbox owns queues, leases, pacing and retries, a sink only makes the call and says
 * what became of it (core/outcome.ts).
 *
 * Types are listed in src/dispatcher/sinks/catalogue.ts. A sink never throws for what a provider does; it throws only
 * for bugs and when the signal aborts.
 */

import type { z } from 'zod';

import type { Logger, Random } from '../../core/ports.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { DigestFacts } from './delivery.ts';
import type { MessageFacts, MessageOrigin } from './message.ts';
import type { Audience, Endpoint, Recipient } from './recipient.ts';
import type { AlertView } from './alert-view.ts';
import type { Timers } from './timers.ts';

/** Which escaping constructor the text goes through (src/dispatcher/render). */
export type Medium =
  | 'plain'
  | 'line'
  | 'telegram-html'
  | 'slack-mrkdwn'
  | 'discord'
  | 'markdown'
  | 'teams'
  | 'html-mail'
  | 'json';

export interface TextLimits {
  /** Of the body, in code points, after escaping. */
  readonly body: number;
  readonly subject?: number;
}

/** A token bucket of the provider: `rate` calls a second on average, `burst` at once. Headers always overrule it. */
export interface LimitSpec {
  /** Stable and without secrets: `telegram:bot:<hash>`, `telegram:chat:<id>`. */
  readonly key: string;
  readonly rate: number;
  readonly burst: number;
  /** Tokens a call draws, when it makes several requests (lists of receivers); default 1. More than `burst` is owed to the bucket. */
  readonly cost?: number;
}

/** One message of a notification. */
export interface SendMessage {
  readonly seq: number;
  readonly body: Buffer;
  readonly facts: MessageFacts;
  readonly origin: MessageOrigin;
  readonly at: number;
  readonly verbatim?: string;
  readonly view: AlertView;
  readonly incident?: { readonly id: number; readonly count: number; readonly state: string };
}

/** Text for people, within the type's limits, escaped for its medium. */
export interface Rendered {
  /** One line, no control characters: mail subjects, issue titles. */
  readonly subject: string;
  /** For the type's medium. */
  readonly body: string;
  /** Without any markup, for the second try after a refusal. Within the same limits. */
  readonly plain: string;
}

export interface Notification {
  /** Number of the claim; `tag` is its short form for people (`#k3f9`), the same at every repetition. */
  readonly id: number;
  readonly tag: string;
  /** For idempotency keys: the same at every repetition, different for every notification, unguessable. */
  readonly idempotencyKey: string;
  /** May have arrived before. */
  readonly repeated: boolean;
  /** `plain`: the provider refused the usual form. `test`: `recipients test`; marked so in its text. */
  readonly form: 'messages' | 'digest' | 'plain' | 'test';
  readonly recipient: Recipient;
  /** Empty for a digest and a test. */
  readonly messages: readonly SendMessage[];
  readonly digest?: DigestFacts;
  readonly rendered: Rendered;
  /** Wall ms. */
  readonly at: number;
}

export interface SinkAnswer {
  /** Of the whole call. */
  readonly outcome: Outcome;
  /** Where the provider judges one by one: by seq. Others share `outcome`. */
  readonly each?: ReadonlyMap<number, Outcome>;
  /**
   * With `again`: the call may have reached the provider, so the next one is marked `repeated`. Absent: certainly nothing was
   * taken (not connected, 429, a refusal before the body).
   */
  readonly uncertain?: true;
  /**
   * Of several receivers of the recipient some have it: with `again` the way is not blocked for others, so of a person's messages only
   * these wait. In company of others they may come to all receivers again, so they are marked `repeated`.
   */
  readonly partly?: true;
  /** The provider's own id of what it made. */
  readonly providerRef?: string;
  /** What the provider said of its limits: applied to the whole key. */
  readonly limits?: readonly {
    readonly key: string;
    readonly notBefore?: number;
    readonly remaining?: number;
  }[];
  /** The provider moved the recipient: parameters to use and keep from now on (Telegram's migrate_to_chat_id). */
  readonly moved?: Readonly<Record<string, unknown>>;
}

export interface Sink {
  /** Buckets a call for this recipient draws from, each once. */
  limits(recipient: Recipient): readonly LimitSpec[];
  send(notification: Notification, signal: AbortSignal): Promise<SinkAnswer>;
  /** Anything but undefined: why the sink cannot be used now (own modules; ntopng's isAvailable). */
  isAvailable?(): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface SinkDeps {
  readonly log: Logger;
  readonly timers: Timers;
  readonly random: Random;
  readonly hostname: string;
  readonly version: string;
  /** What this dispatcher marks its deliveries with (delivery-mark.ts). */
  readonly mark?: () => string;
  /** Asked before an address is dialled (src/http/outbound-policy.ts). */
  readonly outbound: OutboundPolicy;
}

/** Which addresses may be dialled for an endpoint of that provenance. */
export interface OutboundPolicy {
  /** Undefined when allowed, else the reason. `address` is an IP address, after resolution. */
  refusal(provenance: 'file' | 'database', address: string, port: number): string | undefined;
}

export interface SinkType {
  readonly type: string;
  /** One line for documentation and `endpoints types`. */
  readonly summary: string;
  readonly audience: Audience;
  readonly medium: Medium;
  readonly endpoint: z.ZodObject;
  readonly recipient: z.ZodObject;
  /** Names of parameters that are secrets: never shown, `NAME_file` accepted. */
  readonly secrets: readonly string[];
  /** From the root-owned file only (`exec`, `file`, own modules). */
  readonly fileOnly?: true;
  /** Messages a call: 1 for chat, 100 for mail. */
  readonly batch: number;
  readonly text: TextLimits;
  /** One ticket for a whole storm instead of digests. */
  readonly ticket?: true;
  /** Milliseconds a call may take. */
  readonly timeoutMs: number;
  /** ntopng's EXPORT_FREQUENCY of that kind; undefined for at once. */
  readonly everyMs?: number;
  /** What is missing or contradictory between the two, both of them valid by their schemas; one clause. For `check`. */
  check?(endpoint: Endpoint, recipient: Recipient): string | undefined;
  /** Throws RelayError CONFIG when the endpoint cannot work (unreadable file, bad URL). */
  create(endpoint: Endpoint, deps: SinkDeps): Promise<Sink>;
}
