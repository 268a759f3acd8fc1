/**
 * What a provider is to the HTTP engine: a declaration. Parameters, limits and the request are data; only what its API does
 * differently from HTTP (errors inside a 200, several requests) is code.
 *
 * One file a provider in providers/; engine.ts makes a SinkType of each. Nothing here and nothing there makes a connection,
 * keeps state or knows the clock.
 */

import type { z } from 'zod';

import type { JsonObject } from '../../../core/json-object.ts';
import type { Audience } from '../../model/recipient.ts';
import type { LimitSpec, Medium, Notification, TextLimits } from '../../model/sink.ts';

/** Everything a request is made from. */
export interface Call<E, R> {
  readonly notification: Notification;
  readonly endpoint: E;
  readonly recipient: R;
  /** The text to send, within the type's limits. `plain`: without any markup, and to be shown so. */
  readonly text: { readonly subject: string; readonly body: string; readonly plain: boolean };
  /** Of this host, and of this program. */
  readonly hostname: string;
  readonly version: string;
  /** Wall ms. */
  readonly now: number;
}

export interface ProviderRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON … */
  readonly json?: unknown;
  /** … or as it is; `headers` names its type. */
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  /** Lower-case name; of several values the first. */
  header(name: string): string | undefined;
  /** At most 64 KiB of it. */
  readonly body: string;
  readonly truncated: boolean;
  /** Undefined when the body is no JSON object. */
  readonly json: JsonObject | undefined;
}

/** What an answer means. The engine makes an Outcome of it: masks, shortens, and leaves out `said` where that must not be echoed. */
export interface Verdict {
  readonly kind: 'ok' | 'again' | 'broken' | 'refused';
  /** Our words, in the third person: `answers 404`; who does so is put before them. Not for ok. */
  readonly words?: string;
  /** The provider's own words: untrusted. */
  readonly said?: string;
  readonly hint?: string;
  readonly retryAfterMs?: number;
  /** Too many requests, without a time to wait. */
  readonly limited?: true;
  /** With 429 and the like: the receiver's narrowest key alone must wait, not all of its keys. */
  readonly narrow?: true;
  /** May have arrived nevertheless. */
  readonly uncertain?: true;
  /** The provider's own id of what it made. */
  readonly ref?: string;
  /** Messages that fare otherwise than the call. */
  readonly each?: ReadonlyMap<number, Verdict>;
  /** The receiver has another name now: the call is repeated with it once, and it is kept. */
  readonly movedTo?: string;
  /** The provider says how much is left of the narrowest key, and until when. */
  readonly pace?: { readonly remaining: number; readonly resetAfterMs: number };
}

/** One request of an exchange: an answer, or the verdict on its failure. */
export type Ask = (
  request: ProviderRequest,
) => Promise<{ readonly answer: Answer } | { readonly failed: Verdict }>;

export interface Provider<E extends z.ZodObject, R extends z.ZodObject> {
  readonly type: string;
  readonly summary: string;
  readonly audience: Audience;
  readonly medium: Medium;
  readonly endpoint: E;
  readonly recipient: R;
  /** Names of endpoint and recipient parameters that are secrets. */
  readonly secrets: readonly string[];
  readonly batch: number;
  readonly text: TextLimits;
  /** How the provider counts: most count code points, some UTF-16 units; a body beyond is sent plain and cut. */
  readonly counts?: 'utf16';
  readonly ticket?: true;
  readonly timeoutMs: number;
  readonly everyMs?: number;
  /** Of one request, where a call makes several; default all of `timeoutMs`. */
  readonly requestMs?: number;
  /** Answers that are web pages: `broken` (a portal is in the way) unless the provider may be one. */
  readonly pages?: 'allowed';
  /**
   * Who set the address: decides what the outbound policy allows, and whether the server's words may be repeated. Default: the
   * endpoint. `provider`: it is the provider's own, which nobody chose; then neither has to be asked.
   */
  readonly addressOf?: (endpoint: z.output<E>, recipient: z.output<R>) => AddressOf;
  /** What is missing between endpoint and recipient. */
  lacks?(endpoint: z.output<E>, recipient: z.output<R>): string | undefined;
  /**
   * The list of those a recipient stands for (chats, webhooks), each called by itself; default one. Each is known by its
   * text. `param` is the recipient's parameter they stand in.
   */
  readonly receivers?: {
    readonly param: string;
    list(endpoint: z.output<E>, recipient: z.output<R>): readonly string[];
  };
  /** Buckets of a call to that receiver, the narrowest last. */
  limits(endpoint: z.output<E>, recipient: z.output<R>, receiver: string): readonly LimitSpec[];
  request?(call: Call<z.output<E>, z.output<R>>, receiver: string): ProviderRequest;
  /** Undefined: as judge.ts says. */
  judge?(answer: Answer, call: Call<z.output<E>, z.output<R>>, receiver: string): Verdict | undefined;
  /** Instead of `request` and `judge`, where one call takes several requests. Made once a sink, so that it can remember. */
  exchange?(
    endpoint: z.output<E>,
  ): (call: Call<z.output<E>, z.output<R>>, receiver: string, ask: Ask) => Promise<Verdict>;
}

export type AddressOf = 'provider' | 'endpoint' | 'recipient';

export const OK_VERDICT: Verdict = { kind: 'ok' };
