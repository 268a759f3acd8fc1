/**
 * A message as the dispatcher knows it, from the door to the store: bytes, where they came from, and the few facts that
 * columns, queues and listings need without reading the XML again.
 *
 * Made by src/dispatcher/door, kept by the store, read by everybody. Nothing here is believed of a sender that has
 * not proven it: `origin` holds authenticated facts only (certificate, key), never what stands in the IDMEF text.
 */

import type { Severity } from '../../core/severity.ts';

/** 32 hex digits: SHA-256 of (authenticated sender, analyzerid chain, messageid), or of (sender, bytes) where there is no messageid. */
export type MessageId = string;

/** Where a message came from, as far as it was authenticated. */
export interface MessageOrigin {
  /** Name of the source in the configuration: `idmef`, `rest`, `syslog`, … */
  readonly source: string;
  /** Network address of the sender, without port. */
  readonly address?: string;
  /** First name in the client's certificate. */
  readonly peer?: string;
  /** `IDMEF-Origin` of a certificate with role relay: the poller's profile, and the name in the sensor's certificate. */
  readonly profile?: string;
  readonly sensor?: string;
  /** `IDMEF-Sequence` of a certificate with role relay. */
  readonly journal?: string;
  readonly sequence?: number;
  /** API key (its number) and the user it belongs to. */
  readonly key?: number;
  readonly owner?: string;
}

/** ntopng's life of an alert: `engage` opens (or extends) an incident of that key, `release` closes it. */
export interface Lifecycle {
  readonly action: 'engage' | 'release';
  readonly key: string;
}

/** What a source hands to the door: one message, and how it is to be treated. */
export interface Inbound {
  /** One Alert or Heartbeat element, self-contained, valid by RFC 4765. */
  readonly body: Buffer;
  readonly origin: MessageOrigin;
  /** AlertGateway: exactly these recipients, past all routes. Never grouped, silenced or suppressed. */
  readonly forced?: readonly string[];
  /** AlertGateway: the text as it was posted, which is what such recipients get. */
  readonly verbatim?: string;
  readonly lifecycle?: Lifecycle;
}

/** What the store keeps beside the bytes, for queues, listings and digests. All from the IDMEF text: for display, not for trust. */
export interface MessageFacts {
  readonly kind: 'alert' | 'heartbeat';
  readonly severity: Severity;
  readonly messageid: string;
  /** analyzerid (else name) of the originating Analyzer, the innermost; '' for none. */
  readonly analyzer: string;
  /** Classification@text; '' for none. */
  readonly classification: string;
  /** First address of the first Source and Target, else the node's name; '' for none. */
  readonly source: string;
  readonly target: string;
  /** Milliseconds: CreateTime; undefined when it cannot be read. */
  readonly createTime: number | undefined;
}

/** What the door answers for each message, after the commit. */
export interface Receipt {
  readonly status: 'stored' | 'duplicate' | 'conflict';
  /** Number in this store; of the remembered one for a duplicate. */
  readonly seq: number;
  readonly id: MessageId;
}
