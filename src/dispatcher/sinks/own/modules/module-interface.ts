/**
 * What an own sink of a site is: an ES module in the directory `modules_dir`, which exports `sink`. This file is its manual.
 *
 *     export const sink = {
 *       name: 'pager',
 *       params: { endpoint: [{ name: 'url', required: true }, { name: 'token', required: true, secret: true }],
 *                 recipient: [{ name: 'number', required: true }] },
 *       async send(batch, context) {
 *         for (const alert of batch.alerts) await page(context.endpoint.url, context.recipient.number, alert.text);
 *         return { ok: true };
 *       },
 *     };
 *
 * `name` is then a `type` for endpoints. Who knows ntopng's endpoint modules: `dequeueRecipientAlerts(recipient, budget)` is `send`, called with what is
 * due instead of a budget to be taken from a queue; nothing leaves the queue before `send` says `{ ok: true }` (there: `{success=true}`).
 * `{success=false, error_message=…}` is `{ error: … }`; `endpoint_params` and `recipient_params` are `params`; EXPORT_FREQUENCY is `everyMs`, `budget` is `budget` (calls a
 * round), `prio` is the recipient's `priority`; `runTest` is `test`; templates of forms there are none. `context.ntopngText` is `format_utils.formatAlertNotification`.
 *
 * Modules run inside the service, as its user and within its sandbox. One that throws, does not answer in time or answers nonsense has failed this time,
 * nothing more; one that never yields the processor stops everything, and what it throws outside of its calls (in a timer, say) ends the service,
 * which is why directory and files must be root's.
 */

import type { DigestFacts } from '../../../model/delivery.ts';
import type { MessageOrigin } from '../../../model/message.ts';
import type { AlertView } from '../../../model/alert-view.ts';
import type { NtopngTextOptions } from '../../../render/ntopng-text.ts';

export interface OwnSink {
  /** `type` of its endpoints: small letters, digits, hyphens. */
  readonly name: string;
  /** One line, for `endpoints types`. */
  readonly summary?: string;
  /** Default `people`. `machine`: every alert once, never silenced or folded into digests. */
  readonly audience?: 'people' | 'machine';
  readonly params?: {
    readonly endpoint?: readonly OwnParam[];
    readonly recipient?: readonly OwnParam[];
  };
  /** Rounds are so far apart; default: at once. */
  readonly everyMs?: number;
  /** Alerts a call at most; default 1. */
  readonly batch?: number;
  /** Calls a round (of `everyMs`, else of a second). */
  readonly budget?: number;
  /** A call may take so long; default 30 s. */
  readonly timeoutMs?: number;
  /** Once for each endpoint, before anything else, and by `alert-dispatcher check`. What it throws refuses the endpoint. */
  onLoad?(context: OwnContext): void | Promise<void>;
  /** false, or why it cannot be used now: the alerts are kept. */
  isAvailable?(context: OwnContext): boolean | string | Promise<boolean | string>;
  send(batch: OwnBatch, context: OwnContext): OwnResult | Promise<OwnResult>;
  /** `recipients test`; without it `send` is called with form `test` and no alerts. */
  test?(batch: OwnBatch, context: OwnContext): OwnResult | Promise<OwnResult>;
}

export interface OwnParam {
  readonly name: string;
  readonly required?: boolean;
  /** Never shown; `NAME_file` is accepted. */
  readonly secret?: boolean;
  /** Default `string`. */
  readonly type?: 'string' | 'number' | 'boolean';
  readonly description?: string;
}

export interface OwnContext {
  readonly endpoint: Readonly<Record<string, unknown>>;
  /** Empty for onLoad and isAvailable. */
  readonly recipient: Readonly<Record<string, unknown>>;
  readonly log: (text: string) => void;
  /** An alert in ntopng's words: `[date][ifid][ifname][Severity][Type]([Entity][value])[Engaged] message`. */
  readonly ntopngText: (alert: OwnAlert, options?: NtopngTextOptions) => string;
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  readonly hostname: string;
  readonly version: string;
}

export interface OwnBatch {
  /** Short name for people, `#k3f9`; the same when it is repeated. */
  readonly tag: string;
  /** The same when it is repeated, and of no other. */
  readonly idempotencyKey: string;
  /** It may have arrived before. */
  readonly repeated: boolean;
  readonly form: 'messages' | 'digest' | 'plain' | 'test';
  /** All of it as rendered for the recipient: locale, zone, template. */
  readonly subject: string;
  readonly text: string;
  readonly alerts: readonly OwnAlert[];
  readonly digest?: DigestFacts;
}

/** All but `seq`, `received` and `origin` is the alert's own text: not to be trusted. */
export interface OwnAlert {
  readonly seq: number;
  readonly received: string;
  readonly kind: 'alert' | 'heartbeat';
  /** info, low, medium, high or unrated. */
  readonly severity: string;
  /** One line, ready to be sent. */
  readonly text: string;
  readonly messageid: string;
  readonly title: string;
  readonly origin: MessageOrigin;
  readonly incident?: { readonly id: number; readonly count: number; readonly state: string };
  /** As it was posted by key. */
  readonly verbatim?: string;
  /** Fields of ntopng's alert, by its own names, where it came from there. */
  readonly ntopng?: Readonly<Record<string, string | number | boolean>>;
  readonly view: AlertView;
  /** The Alert element, XML. */
  readonly idmef: string;
}

/** `retry: false`: this batch will never be taken. Else it is tried again, not before `retryAfterMs`, of which an hour counts at most. */
export type OwnResult =
  | { readonly ok: true; readonly ref?: string }
  | { readonly error: string; readonly retry?: boolean; readonly retryAfterMs?: number };
