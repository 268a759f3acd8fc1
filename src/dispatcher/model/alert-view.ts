/**
 * The neutral view of one message that every rendering starts from: what a person wants to know, from untrusted text.
 *
 * Made once a notification by src/dispatcher/render from the bytes. Strings are as in the message (trimmed, not
 * escaped: escaping belongs to the medium). Missing parts are undefined or empty, never words like "unknown".
 */

import type { Severity } from '../../core/severity.ts';
import type { MessageView } from '../../idmef/message-view.ts';

export interface PartyView {
  /** `198.51.100.7`, else the node's name; '' for none. */
  readonly address: string;
  readonly name: string;
  readonly port: string;
  readonly user: string;
  readonly process: string;
  readonly file: string;
}

export interface AlertView {
  /** `Brute force attack`; '' for none. */
  readonly title: string;
  /** As written in the message; 0 for none ("unrated", treated as medium). */
  readonly severity: Severity;
  /** severity, +1 if completion is succeeded, −1 if failed, −1 if confidence is low; clamped to 1–4. Unrated starts at 3. */
  readonly urgency: Severity;
  readonly completion: string;
  readonly confidence: string;
  /** DetectTime, else CreateTime; milliseconds, undefined when none can be read. */
  readonly when: number | undefined;
  /** Innermost analyzer: name, else id; its node. */
  readonly analyzer: string;
  readonly node: string;
  readonly sources: readonly PartyView[];
  readonly targets: readonly PartyView[];
  readonly references: readonly { readonly name: string; readonly url: string }[];
  readonly details: readonly { readonly name: string; readonly value: string }[];
  readonly messageid: string;
  /** Name of a CorrelationAlert and the ids it joins. */
  readonly correlation?: { readonly name: string; readonly messageids: readonly string[] };
  readonly heartbeat: boolean;
  /** Everything, for templates and machine formats. */
  readonly message: MessageView;
}
