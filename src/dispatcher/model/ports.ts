/**
 * What the parts of the dispatcher ask of each other: the door, the renderer and the router, as functions. src/app
 * joins them; tests put in their own.
 */

import type { DigestFacts } from './delivery.ts';
import type { Inbound, MessageFacts, Receipt } from './message.ts';
import type { Plan } from './plan.ts';
import type { Recipient } from './recipient.ts';
import type { ApiKey, KeyScope } from './records.ts';
import type { Medium, Rendered, SendMessage, TextLimits } from './sink.ts';
import type { AlertView } from './alert-view.ts';

/** The one way in: validates nothing (sources do), identifies, routes, stores; resolves after the commit, all or nothing. */
export interface Door {
  accept(batch: readonly Inbound[]): Promise<readonly Receipt[]>;
  /** Count what was refused before it became a message. */
  refused(reason: RefusalReason, count?: number): void;
}

export type RefusalReason =
  | 'invalid'
  | 'too-large'
  | 'no-key'
  | 'unknown-key'
  | 'forbidden'
  | 'unknown-channel'
  | 'disabled-channel'
  | 'rate'
  | 'loop'
  | 'not-allowed'
  | 'malformed'
  | 'busy'
  | 'full';

/** Who may post with a key: looked up by sources. */
export interface KeyRing {
  /** The key if it is known, not revoked and not expired, and has the scope; else why not. Never says which. */
  check(key: string, scope: KeyScope): Promise<ApiKey | undefined>;
}

/** Channels as AlertGateway's clients see them. */
export interface Channels {
  /** By name; undefined when there is none. */
  find(
    name: string,
  ): { readonly name: string; readonly owner: string | undefined; readonly enabled: boolean } | undefined;
  ofOwner(owner: string): readonly { readonly name: string; readonly enabled: boolean }[];
}

export interface RouteInput {
  readonly body: Buffer;
  readonly facts: MessageFacts;
  readonly inbound: Omit<Inbound, 'body'>;
  readonly at: number;
}

export interface Router {
  /** Facts of a message, from its bytes, in one pass with what the criteria need. */
  read(body: Buffer): { readonly facts: MessageFacts; readonly analyzerChain: readonly string[] };
  plan(input: RouteInput): Plan;
}

export interface RenderWish {
  readonly recipient: Pick<Recipient, 'name' | 'locale' | 'timeZone' | 'template' | 'verbatim'>;
  readonly medium: Medium;
  readonly limits: TextLimits;
  readonly tag: string;
  readonly repeated: boolean;
}

export interface Renderer {
  view(body: Buffer): Promise<AlertView>;
  /** Never rejects for what stands in a message or template: falls back to the default text and says so in the log. */
  messages(messages: readonly SendMessage[], wish: RenderWish): Promise<Rendered>;
  digest(digest: DigestFacts, wish: RenderWish): Promise<Rendered>;
  test(wish: RenderWish, by: string): Promise<Rendered>;
  close(): Promise<void>;
}
